"""Read where this machine gets its Debian packages from, and say the same of another Debian release (pure)."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_FLOATING_SUITES = frozenset({"stable", "oldstable", "oldoldstable", "testing", "unstable", "sid"})
_SUFFIXES = ("", "-updates", "-security")
_ONE_LINE = re.compile(
    r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>(?:\s+\S+)*)$"
)


@dataclass(frozen=True, slots=True)
class Source:
    """One package source of apt: a mirror, one suite of it, and the key it is checked with.

    `signed_by` is apt's value as written (a keyring's path, fingerprints, or an inline key block), empty for apt's
    own trusted keys.
    """

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""


def parse_sources(text: str) -> list[Source]:
    """Read a deb822 file (`*.sources`): every suite of every enabled stanza with binary packages."""
    return [source for stanza in re.split(r"\n\s*\n", text) for source in _stanza_sources(_fields(stanza))]


def parse_list(text: str) -> list[Source]:
    """Read a one-line file (`*.list`), one source a line; `deb-src` lines and comments are passed over."""
    return [source for line in text.splitlines() if (source := _line_source(line)) is not None]


def exchange_release(sources: list[Source], codename: str, target: str) -> list[Source]:
    """Keep Debian's own main archive, with its updates and security suites, each renamed to the `target` release.

    Args:
        sources: what the machine uses.
        codename: the machine's own release, such as `bookworm`; floating names such as `stable` count as it.
        target: the release wanted, such as `trixie`.
    """
    own = _FLOATING_SUITES | {codename, target}
    names = {name + suffix: target + suffix for name in own for suffix in _SUFFIXES}
    # Before Debian 11 the security suite was spelled with a slash.
    names |= {f"{name}/updates": f"{target}-security" for name in own}
    kept = (
        Source(source.uri, names[suite], ("main",), source.signed_by)
        for source in sources
        if (suite := source.suite.rstrip("/")) in names and "main" in source.components
    )
    return list(dict.fromkeys(kept))


def render_sources(sources: list[Source]) -> str:
    """Write sources as one deb822 file, which every form of `signed_by` fits into."""
    return "\n".join(_render(source) for source in sources)


def _render(source: Source) -> str:
    lines = [
        "Types: deb",
        f"URIs: {source.uri}",
        f"Suites: {source.suite}",
        f"Components: {' '.join(source.components)}",
    ]
    if source.signed_by:
        lines.append(f"Signed-By: {source.signed_by}")
    return "\n".join(lines) + "\n"


def _fields(stanza: str) -> dict[str, str]:
    """One deb822 stanza as field (lower case) to value; a continuation line keeps its leading space."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace() and name:
            fields[name] += "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def _stanza_sources(fields: Mapping[str, str]) -> Iterator[Source]:
    if fields.get("enabled", "yes").lower() in {"no", "false", "0"} or "deb" not in fields.get("types", "").split():
        return
    for uri in fields.get("uris", "").split():
        for suite in fields.get("suites", "").split():
            components = tuple(fields.get("components", "").split())
            yield Source(uri, suite, components, fields.get("signed-by", ""))


def _line_source(line: str) -> Source | None:
    found = _ONE_LINE.match(line.split("#", 1)[0].strip())
    if found is None:
        return None
    options = dict(option.split("=", 1) for option in shlex.split(found["options"] or "") if "=" in option)
    return Source(found["uri"], found["suite"], tuple(found["components"].split()), options.get("signed-by", ""))
