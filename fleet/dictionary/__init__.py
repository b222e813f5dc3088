"""The fault dictionary: one file per device class, beside its profile, with causes, signs, checks and parts as data.

A new native code is one line: its spelling in the catalogue (`fleet/profiles`). A new cause is one entry of its class's file here.
"""

import importlib
import importlib.util

from fleet.diagnosis.knowledge import Knowledge, plain_knowledge
from fleet.errors import ProfileError
from fleet.profile import DeviceProfile
from fleet.registry import Registry


def knowledge_of(profile: DeviceProfile) -> Knowledge:
    """The knowledge of a class; for one without a file, what its catalogue says and no more.

    Raises:
        ProfileError: the file has no KNOWLEDGE.
    """
    name = f"{__name__}.{profile.name}"
    if importlib.util.find_spec(name) is None:
        return plain_knowledge(profile)
    found = getattr(importlib.import_module(name), "KNOWLEDGE", None)
    if not isinstance(found, Knowledge):
        raise ProfileError(f"fleet/dictionary/{profile.name}.py has no KNOWLEDGE")
    return found


def load_knowledge(registry: Registry) -> dict[str, Knowledge]:
    """The knowledge of every class of a registry, by name."""
    return {profile.name: knowledge_of(profile) for profile in registry}
