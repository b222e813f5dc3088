"""Asks a service of ours whether it is well: `python healthcheck.py ADDRESS [LINE]`; the exit code is 0 if it is.

ADDRESS must answer with success, and if LINE is given it must be one of the lines of the answer.
"""

import sys
import urllib.request

SECONDS = 4.0


def main(address: str, line: str | None = None) -> int:
    """0 if all is well, 1 if not, with one sentence on stderr."""
    try:
        # Straight there: no proxy of the environment has a say in what happens inside one container.
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=SECONDS) as answer:
            lines = answer.read().decode().splitlines()
    except OSError as error:
        sys.stderr.write(f"{address} does not answer: {error}\n")
        return 1
    if line is not None and line not in lines:
        sys.stderr.write(f"{address} does not say {line!r}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
