"""Fetch servers from Debian's releases into a private folder, on any Debian, changing nothing of the system."""

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from fjarrkoll.services.apt_sources import Source, exchange_release, parse_list, parse_sources, render_sources
from fjarrkoll.services.errors import InstallError
from fjarrkoll.services.places import locked

# Raise this when the unpacked trees would come out different, so that old ones are left behind.
_RECIPE = 2


@dataclass(frozen=True, slots=True)
class Selection:
    """What is taken from one release of Debian, into a tree of its own.

    Attributes:
        what: part of the tree's name.
        release: Debian's name of it.
        packages: those wanted; the libraries they need come with them.
        executables: patterns of the programs that are run.
    """

    what: str
    release: str
    packages: tuple[str, ...]
    executables: tuple[str, ...]

    def tree(self, cache: Path) -> Path:
        """Where it is unpacked."""
        return cache / f"{self.what}-{self.release}-{platform.machine()}-{_RECIPE}"


DATABASE = Selection(
    "database",
    "trixie",
    ("postgresql-17", "postgresql-17-timescaledb", "postgresql-client-17"),
    ("usr/lib/postgresql/17/bin/*",),
)
BROKER = Selection("broker", "forky", ("mosquitto", "mosquitto-clients"), ("usr/bin/mosquitto_*", "usr/sbin/mosquitto"))
"""Mosquitto 2.1, which reads many packets at once and needs a third less CPU for a message (docs/decisions/0031)."""
OLDER_BROKER = replace(BROKER, release=DATABASE.release)
"""Mosquitto 2.0, where the mirror does not have the other: it does the same."""

# The closure is kept where it is a library. Left out: LLVM and Z3, a third of the download, needed only for compilation
# just in time, which we switch off; Perl and account tooling, needed only by Debian's wrappers and install scripts.
_KEPT = re.compile(r"^(lib|zlib)")
_DROPPED = re.compile(r"^lib(llvm|z3|pam-modules|perl|semanage|sepol|c-l10n|db5)|-(perl|bin|common)$")
_UNUSED_FOLDERS = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/lib/postgresql/17/lib/bitcode")
_ELF = b"\x7fELF"
_SYSTEM_PATH = os.pathsep.join(("/usr/sbin", "/sbin", os.defpath))

Progress = Callable[[str], None]


def tell(sentence: str) -> None:
    """Show one line of progress on standard error."""
    sys.stderr.write(f"fjarrkoll: {sentence}\n")
    sys.stderr.flush()


def fetch(cache: Path, selection: Selection, progress: Progress = tell) -> Path:
    """Return the root folder of unpacked servers, fetching them first if they are not there.

    An interrupted fetch leaves nothing that a later one would trust: the tree gets its final name last. Two processes
    that come at once take turns, and the second finds the first one's work.

    Raises:
        InstallError: apt or patchelf is missing, the mirror cannot be reached, or the result does not run here.
    """
    target = selection.tree(cache)
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    cache.chmod(0o755)  # whatever our umask: the servers' account reads it too
    with locked(cache / "lock"):
        if not target.is_dir():
            _clear_leftovers(cache)
            _build(cache, selection, progress)
    return target


def fetch_broker(cache: Path, progress: Progress = tell) -> Path:
    """Return the root folder of the broker: the newer one, or the older where the mirror does not have that.

    Raises:
        InstallError: neither can be had.
    """
    if not BROKER.tree(cache).is_dir() and OLDER_BROKER.tree(cache).is_dir():
        return OLDER_BROKER.tree(cache)  # chosen before, and told: not tried anew at every start
    try:
        return fetch(cache, BROKER, progress)
    except InstallError as error:
        progress(
            f"Mosquitto 2.1 cannot be had from Debian {BROKER.release} ({str(error).splitlines()[0]}); taking 2.0 of "
            f"Debian {OLDER_BROKER.release}, which does the same with more CPU. To try again later, remove "
            f"{OLDER_BROKER.tree(cache)}."
        )
        return fetch(cache, OLDER_BROKER, progress)


def _build(cache: Path, selection: Selection, progress: Progress) -> None:
    target = selection.tree(cache)
    work = cache / f"{target.name}.work"
    tree = work / "root"
    tree.mkdir(parents=True)
    packages = _download(work, selection, progress)
    progress(f"unpacking {len(packages)} packages below {cache}")
    for package in packages:
        _run(["dpkg-deb", "--extract", str(package), str(tree)])
    for folder in _UNUSED_FOLDERS:
        shutil.rmtree(tree / folder, ignore_errors=True)
    _name_libraries(_loader(tree).parent)
    executables = list(_executables(tree, selection))
    _point_at_own_libraries(tree, executables, target)
    for executable in executables:
        _check_libraries(executable, tree)
    tree.chmod(0o755)
    tree.rename(target)
    shutil.rmtree(work)


def _clear_leftovers(cache: Path) -> None:
    for leftover in cache.glob("*.work"):
        shutil.rmtree(leftover)


def _download(work: Path, selection: Selection, progress: Progress) -> list[Path]:
    """Download the packages and their library closure into `work`; return the package files."""
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise InstallError(
                f"{tool} is missing: this way of getting the servers needs Debian. Elsewhere use docker-compose.yml, "
                "or install PostgreSQL 17 with TimescaleDB 2.19 or later and Mosquitto 2 so that they are found."
            )
    apt = ["apt-get", "--config-file", str(_write_apt_configuration(work, selection.release))]
    progress(f"reading Debian {selection.release}'s package list from this machine's mirror")
    update = _run([*apt, "update"], check=False)
    listing = ["install", "--print-uris", "-qq", "--yes", "--no-install-recommends", *selection.packages]
    listed = _run([*apt, *listing], check=False)
    if listed.returncode != 0:
        raise InstallError(
            f"Debian {selection.release}'s packages cannot be had from the mirror in this machine's apt configuration. "
            f"Check that `apt-get update` works here (network, proxy), then try again. apt said:\n"
            f"{update.stderr}{listed.stderr}"
        )
    names = sorted(wanted_packages(listed.stdout, selection.packages))
    progress(f"downloading {len(names)} packages: {', '.join(selection.packages)} and the libraries they need")
    archives = work / "archives"
    archives.mkdir()
    _run([*apt, "download", "-qq", *names], folder=archives)
    return sorted(archives.glob("*.deb"))


def wanted_packages(uris: str, packages: tuple[str, ...]) -> set[str]:
    """Choose from the lines of `apt-get --print-uris` the named packages and the libraries among their closure."""
    files = [line.split()[1] for line in uris.splitlines() if line.startswith("'")]
    names = {file.split("_", 1)[0] for file in files}
    return {name for name in names if name in packages or (_KEPT.match(name) and not _DROPPED.search(name))}


def _write_apt_configuration(work: Path, release: str) -> Path:
    """Give apt lists, state and sources of our own, and leave proxies and keys as the machine has them.

    The empty status file makes apt believe that nothing is installed, so that it names the whole closure.
    """
    sources = exchange_release(machine_sources(Path("/etc/apt")), _codename(), release)
    if not sources:
        raise InstallError(
            "this machine's apt configuration names no Debian archive with the component main, so there is no mirror "
            "to fetch from. Add one to /etc/apt/sources.list.d, or use docker-compose.yml."
        )
    for folder in ("lists/partial", "archives.d/partial"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    (work / "debian.sources").write_text(render_sources(sources), encoding="utf-8")
    settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": f"{work}/sources.d",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": str(work),
        "Dir::State::Lists": f"{work}/lists",
        "Dir::State::status": f"{work}/status",
        "Dir::Cache": str(work),
        "Dir::Cache::archives": f"{work}/archives.d",
        "APT::Default-Release": "",
        # Our folders are closed to apt's download account, and there is nothing to protect in them.
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "Acquire::http::Timeout": "20",
    }
    (work / "sources.d").mkdir()
    (work / "debian.sources").rename(work / "sources.d" / "debian.sources")
    hooks = "".join(f"#clear {hook};\n" for hook in ("APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success"))
    path = work / "apt.conf"
    path.write_text(hooks + "".join(f'{name} "{value}";\n' for name, value in settings.items()), encoding="utf-8")
    return path


def machine_sources(folder: Path) -> list[Source]:
    """Read every package source below an apt configuration folder such as `/etc/apt`."""
    lists = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]
    stanzas = sorted((folder / "sources.list.d").glob("*.sources"))
    found = [source for path in stanzas for source in parse_sources(_text(path))]
    return found + [source for path in lists for source in parse_list(_text(path))]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _codename() -> str:
    return platform.freedesktop_os_release().get("VERSION_CODENAME", DATABASE.release)


def _name_libraries(folder: Path) -> None:
    """Give each library the name that programs ask for, which a package may leave to its installation."""
    ldconfig = shutil.which("ldconfig", path=_SYSTEM_PATH)
    if ldconfig is None:
        raise InstallError("ldconfig is missing: it is part of every Debian (apt-get install libc-bin)")
    _run([ldconfig, "-n", str(folder)])


def _executables(tree: Path, selection: Selection) -> Iterator[Path]:
    for pattern in selection.executables:
        for path in sorted(tree.glob(pattern)):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    begins = file.read(len(_ELF))
                if begins == _ELF:
                    yield path


def _point_at_own_libraries(tree: Path, executables: list[Path], target: Path) -> None:
    """Make executables use the loader of the tree's later name `target`, and the libraries beside them.

    A forced RPATH, unlike a RUNPATH, also serves libraries of libraries and the modules that PostgreSQL loads later.
    """
    patchelf = shutil.which("patchelf", path=os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"])))
    if patchelf is None:
        raise InstallError("patchelf is missing from the virtual environment: run scripts/setup")
    loader = _loader(tree)
    for executable in executables:
        libraries = f"$ORIGIN/{os.path.relpath(loader.parent, executable.parent)}"
        interpreter = str(target / loader.relative_to(tree))
        _run([patchelf, "--set-interpreter", interpreter, "--force-rpath", "--set-rpath", libraries, str(executable)])


def _check_libraries(executable: Path, tree: Path) -> None:
    """Ask the loader where each library comes from; one from outside would be of the wrong release."""
    listing = _run([str(_loader(tree)), "--list", str(executable)], check=False)
    strays = [line.strip() for line in listing.stdout.splitlines() if "=>" in line and str(tree) not in line]
    if listing.returncode != 0 or strays:
        raise InstallError(f"{executable.name} does not find its libraries: {'; '.join(strays) or listing.stderr}")


def _loader(tree: Path) -> Path:
    return next(tree.glob("usr/lib/*/ld-linux-*.so.*"))


def _run(command: list[str], *, folder: Path | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if check and done.returncode != 0:
        raise InstallError(
            f"`{' '.join(command[:3])} …` failed; if it was the network, try again. It said:\n{done.stderr}"
        )
    return done
