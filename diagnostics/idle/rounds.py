"""The worker's part in the idle verdict: a run now and then, in a process of its own, so that no alarm waits for it."""

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from typing import Final

from fleet.plumbing.logs import get_logger
from fleet.plumbing.settings import PREFIX

AFTER_FAILURE: Final = 120.0
_SHARE: Final = 0.05  # of the time spent judging, so that a region's runs leave the machine to others
_RUN: Final = (sys.executable, "-m", "diagnostics.idle.once")
THRIFTY: Final = {"OPENBLAS_NUM_THREADS": "1"}
"""Products are small here: threads that share one wait for each other in a loop, and took a core from the database."""
_log = get_logger(part="worker")


@dataclass(slots=True)
class VerdictRounds:
    """Runs of verdicts over the database at an address, as the worker, `pause` seconds apart or more."""

    url: str
    pause: float

    async def round(self) -> float:
        """One run; returns how long to wait until the next. Cancelling it ends the run's process and rolls it back."""
        began = time.monotonic()
        settings = {f"{PREFIX}WORKER_DATABASE_URL": self.url, f"{PREFIX}ENV_FILE": os.devnull}
        environment = {**os.environ, **THRIFTY, **settings}
        process = await asyncio.create_subprocess_exec(
            *_RUN, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            said, complaint = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        took = time.monotonic() - began
        if process.returncode:
            last = complaint.decode(errors="replace").strip().splitlines()[-1:]
            _log.warning("Verdicts were not made", event_name="verdicts_failed", reason=last, seconds=took)
            return AFTER_FAILURE
        _log.info("Verdicts are up to date", event_name="verdicts_done", run=said.decode().strip(), seconds=took)
        judging: float = sum(json.loads(said)["seconds"].values())
        return max(self.pause, judging / _SHARE)
