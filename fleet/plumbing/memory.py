"""What Python's collector need not look at again: everything that was made at the start of a long-lived process."""

import gc


def settle() -> None:
    """Leaves out of every later collection what was made at the start: it lives as long as the process.

    Profiles, schemas, templates and modules are some hundred thousand objects; walking them all holds a process for a
    tenth of a second (0.17 s was seen in the worker), in the middle of somebody's request.
    """
    gc.collect()
    gc.freeze()
