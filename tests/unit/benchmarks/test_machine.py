import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.machine import parse_file_system, parse_processor
from benchmarks.resources import (
    Watched,
    cpu_seconds,
    family_cpu_seconds,
    parse_busy,
    parse_peak_mebibytes,
    parse_times,
    peak_mebibytes,
    spent,
)

TICKS = os.sysconf("SC_CLK_TCK")
BURN = "import time\nwhile time.process_time() < 0.4: pass\n"


def test_times_are_read_after_a_name_with_blanks_and_brackets() -> None:
    fields = ["S", "42", *["0"] * 9, "100", "50", "30", "20", "20", "0"]
    times = parse_times(f"7 (a (b) c) {' '.join(fields)}")
    assert times == (42, 150 / TICKS, 50 / TICKS)


def test_waiting_and_idle_are_not_busy_but_stolen_time_is() -> None:
    assert parse_busy("cpu  1 2 3 1000 2000 4 5 6 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n") == (1 + 2 + 3 + 4 + 5 + 6) / TICKS


def test_the_peak_is_read_in_mebibytes() -> None:
    assert parse_peak_mebibytes("Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n") == 2.0


def test_a_process_that_works_is_seen_to_work() -> None:
    before = Watched(single={"we": os.getpid()}, families={}).snapshot()
    sum(number * number for number in range(2_000_000))
    took = spent(before, Watched(single={"we": os.getpid()}, families={}).snapshot())
    assert 0 < took["we"] <= took["machine"] + 0.05
    assert peak_mebibytes(os.getpid()) > 5


FAMILY = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BURN!r}])
alive = subprocess.Popen([sys.executable, "-c", {BURN + "input()"!r}], stdin=subprocess.PIPE)
print(alive.pid, flush=True)
input()
alive.communicate(b"go")
"""


def test_a_familys_time_holds_that_of_children_alive_and_ended_but_not_of_observers() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", FAMILY], stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        alive = int(parent.stdout.readline())
        while cpu_seconds(alive) < 0.3:
            time.sleep(0.01)
        whole, without = family_cpu_seconds(parent.pid), family_cpu_seconds(parent.pid, without=[alive])
        parent.communicate("go\n")
    assert whole >= 0.6
    assert without == pytest.approx(whole - 0.3, abs=0.15)


def test_the_file_system_is_that_of_the_deepest_mount_point() -> None:
    mounts = "/dev/a / ext4 rw 0 0\ntmpfs /srv tmpfs rw 0 0\n/dev/b /srv/deep xfs rw 0 0\n"
    assert parse_file_system(mounts, Path("/srv/x")) == "tmpfs"
    assert parse_file_system(mounts, Path("/srv/deep/x")) == "xfs"
    assert parse_file_system(mounts, Path("/home")) == "ext4"


def test_the_processor_has_a_name_even_where_the_kernel_tells_none() -> None:
    assert parse_processor("processor : 0\nmodel name : Great CPU @ 1 GHz\n") == "Great CPU @ 1 GHz"
    assert parse_processor("processor : 0\n")
