"""What a person typed or scanned into the search box, pure: an individual number, a GS1 code, or a label's address."""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

# GS1 General Specifications: application identifiers with a serial number, in scanners' two spellings. 8003 is a
# returnable asset (14 digits, then its serial), 8004 an individual asset; 21 is the serial number beside an article
# number (01).
_IN_BRACKETS: Final = re.compile(r"\((21|8004|8003)\)([^(\x1d]{1,44})")
_BARE: Final = re.compile(r"^\]?(?:[dC][12])?01\d{14}(?:1[17]\d{6})*21([\x21-\x7e]{1,20})")
_ASSET_DIGITS: Final = 14


def search_text(scanned: str) -> str:
    """The number to search for; what is no code is searched for as it stands.

    Args:
        scanned: as typed, or as a scanner that plays keyboard sends it.
    """
    text = scanned.strip()
    bracketed = _IN_BRACKETS.search(text)
    if bracketed:
        identifier, value = bracketed.groups()
        return value[_ASSET_DIGITS:] if identifier == "8003" and len(value) > _ASSET_DIGITS else value.strip()
    if bare := _BARE.match(text):
        return bare[1].split("\x1d")[0]
    if re.match(r"https?://", text):
        return _from_address(text)
    return text


def _from_address(text: str) -> str:
    """A label's web address: GS1 Digital Link (`/21/<serial>`), `?individ=`, or the last part of the path."""
    address = urlsplit(text)
    for name in ("individ", "individnummer"):
        if found := parse_qs(address.query).get(name):
            return found[0]
    parts = [part for part in address.path.split("/") if part]
    if "21" in parts[:-1]:
        return parts[parts.index("21") + 1]
    return parts[-1] if parts else text
