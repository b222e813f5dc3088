"""The seal of an evidence package: a manifest with the SHA-256 of every file, and that of the manifest. Pure.

Nothing secret is needed to verify one: who has the package and the seal, kept elsewhere (the database, a paper), can
tell whether a byte was changed, a file added or one taken away.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

MANIFEST: Final = "manifest.json"
SCHEMA: Final = "urn:fjarrkoll:evidence:1"
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class FileSeal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a package: its hash, its size in bytes and how many rows it holds."""

    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, msgspec.Meta(ge=0)]
    rows: Annotated[int, msgspec.Meta(ge=0)]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a package holds, of whom, and for whose eyes it was made.

    `audiences` says which views the person who made it may see: what others would see is not in it, and the manifest
    says so instead of looking complete.
    """

    hold_id: int
    device_id: str
    individual_number: str
    placed_at: str
    reason: str
    made_at: str
    made_by: str
    audiences: tuple[str, ...]
    whole_life: bool
    files: dict[str, FileSeal]
    schema: str = SCHEMA


def sealed(manifest: Manifest) -> tuple[bytes, str]:
    """The manifest's bytes, and the seal: their SHA-256 in hexadecimal."""
    text = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2)
    return text, hashlib.sha256(text).hexdigest()


def problems(manifest_bytes: bytes, found: Mapping[str, tuple[str, int]], seal: str | None = None) -> list[str]:
    """What is wrong with a package; an empty list where it is exactly as it was sealed.

    Args:
        manifest_bytes: `manifest.json` as it stands in the package.
        found: every other file in it, with its SHA-256 and its size in bytes.
        seal: the seal kept elsewhere; without it only the package's agreement with itself is judged.
    """
    told = []
    if seal is not None and not _HASH.fullmatch(seal):
        told.append("the seal given is no SHA-256: 64 hexadecimal digits")
    elif seal is not None and hashlib.sha256(manifest_bytes).hexdigest() != seal:
        told.append(f"{MANIFEST}: it is not the one that was sealed")
    try:
        manifest = msgspec.json.decode(manifest_bytes, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return [*told, f"{MANIFEST}: it is no manifest of this kind"]
    for name in sorted(manifest.files.keys() | found.keys()):
        listed = manifest.files.get(name)
        if listed is None:
            told.append(f"{name}: it was added after the sealing")
        elif name not in found:
            told.append(f"{name}: it is missing")
        elif found[name] != (listed.sha256, listed.bytes):
            told.append(f"{name}: it was changed")
    return told
