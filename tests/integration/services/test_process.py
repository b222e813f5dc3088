import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from fjarrkoll.services import Binaries, Mosquitto, Postgres
from fjarrkoll.services.places import service_account
from fjarrkoll.services.process import free_port, listens

# A program that starts both servers, says who they are, and waits.
PARENT = textwrap.dedent("""\
    import sys, time
    from pathlib import Path
    from fjarrkoll.services import Mosquitto, Postgres, install
    folder = Path(sys.argv[1])
    binaries = install()
    with Postgres(binaries, folder / "postgres") as database, Mosquitto(binaries, folder / "mosquitto", {}) as broker:
        print(database.pid, broker.pid, flush=True)
        time.sleep(60)
    """)


def family(folder: Path) -> set[int]:
    """Every process that works in a folder below `folder`: the servers, their children, their watchers."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            inside = (entry / "cwd").readlink().is_relative_to(folder) and "State:\tZ" not in (
                entry / "status"
            ).read_text()
        except OSError:  # ended meanwhile, or not ours to see
            continue
        if inside:
            found.add(int(entry.name))
    return found


def gone_within(folder: Path, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while family(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_running_when_the_parent_goes(server_folder: Path, way: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(server_folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    pids = {int(word) for word in parent.stdout.readline().split()}
    assert len(pids) == 2
    assert pids <= family(server_folder)  # negative control: they did run
    os.killpg(parent.pid, way)  # the whole group, as Ctrl-C in a terminal does
    parent.wait(20)
    parent.stdout.close()
    try:
        assert gone_within(server_folder, 10)
    finally:
        for pid in family(server_folder):
            os.kill(pid, signal.SIGKILL)


def test_nothing_is_left_running_after_the_block(binaries: Binaries, server_folder: Path) -> None:
    with Postgres(binaries, server_folder / "postgres"), Mosquitto(binaries, server_folder / "mosquitto", {}):
        assert len(family(server_folder)) >= 2
    assert gone_within(server_folder, 5)


def test_nothing_is_left_running_after_a_block_that_failed(binaries: Binaries, server_folder: Path) -> None:
    def fail() -> None:
        with Postgres(binaries, server_folder) as server:
            assert server.pid in family(server_folder)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert gone_within(server_folder, 5)


def test_servers_outlive_the_thread_that_started_them(binaries: Binaries, server_folder: Path) -> None:
    broker = Mosquitto(binaries, server_folder, {})
    thread = threading.Thread(target=broker.start)
    thread.start()
    thread.join()
    time.sleep(0.1)
    try:
        assert broker.running
    finally:
        broker.stop()


def test_a_listener_is_told_from_a_strangers(broker: Mosquitto, postgres: Postgres) -> None:
    account = service_account()
    assert listens(broker.pid, broker.port, account)
    assert listens(postgres.pid, postgres.port, account)
    assert not listens(broker.pid, postgres.port, account)
    assert not listens(os.getpid(), broker.port, account)
    assert not listens(broker.pid, free_port(), account)


# Run by a root from which the right to look into other accounts' processes was taken, as in most containers.
LOOKER = textwrap.dedent("""\
    import os, sys
    from pathlib import Path
    from fjarrkoll.services.places import service_account
    from fjarrkoll.services.process import listens
    pid, port, closed_port = map(int, sys.argv[1:])
    try:
        print({os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()})
    except PermissionError:
        print("may not look")
    print(listens(pid, port, service_account()), listens(pid, closed_port, service_account()))
    """)


@pytest.mark.skipif(os.geteuid() != 0, reason="takes a right away from root")
def test_a_root_that_may_not_look_into_other_processes_knows_the_listener_too(broker: Mosquitto) -> None:
    drop = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"]
    command = [*drop, sys.executable, "-c", LOOKER, str(broker.pid), str(broker.port), str(free_port())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["may not look", "True False"]
