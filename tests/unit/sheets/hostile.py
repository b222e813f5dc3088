"""Workbooks made to harm, by hand: small files that are large within, and what no list should have."""

import io
import zipfile
from typing import Final

HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACK: Final = "http://schemas.openxmlformats.org/package/2006"


def workbook(sheet_xml: str, *, shared: str = "", **parts: bytes) -> bytes:
    """A workbook whose one sheet is `sheet_xml` (what stands within `worksheet`)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'{HEAD}<Types xmlns="{PACK}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            "</Types>",
        )
        archive.writestr(
            "_rels/.rels",
            f'{HEAD}<Relationships xmlns="{PACK}/relationships"><Relationship Id="r1" Type="{REL}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets><sheet name="Lista" sheetId="1" r:id="r1"/>'
            "</sheets></workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'{HEAD}<Relationships xmlns="{PACK}/relationships"><Relationship Id="r1" Type="{REL}/worksheet"'
            f' Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{REL}/sharedStrings"'
            ' Target="sharedStrings.xml"/></Relationships>',
        )
        if shared:
            archive.writestr("xl/sharedStrings.xml", f'{HEAD}<sst xmlns="{MAIN}">{shared}</sst>')
        archive.writestr("xl/worksheets/sheet1.xml", f'{HEAD}<worksheet xmlns="{MAIN}">{sheet_xml}</worksheet>')
        for name, body in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), body)
    return out.getvalue()


def inline(reference: str, text: str) -> str:
    """A cell with its text in place."""
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADING: Final = f'<row r="1">{inline("A1", "Ärende")}{inline("B1", "Individnummer")}{inline("C1", "Svar")}</row>'


def rows(*lines: str) -> str:
    """A sheet with the heading of answers and further rows."""
    return f"<sheetData>{HEADING}{''.join(lines)}</sheetData>"


def lying(content: bytes, name: str) -> bytes:
    """The same zip whose directory says that a part unpacks to a hundred bytes."""
    return _said(content, name, 24, (100).to_bytes(4, "little"))


def packed_otherwise(content: bytes, name: str, method: int = 97) -> bytes:
    """The same zip whose directory says that a part is packed by a method that Python does not know."""
    return _said(content, name, 10, method.to_bytes(2, "little"))


def locked(content: bytes, name: str) -> bytes:
    """The same zip whose directory says that a part needs a password."""
    return _said(content, name, 8, (1).to_bytes(2, "little"))


def _said(content: bytes, name: str, place: int, value: bytes) -> bytes:
    """The same zip with something else at a place of a part's entry in the directory."""
    raw = bytearray(content)
    at = 0
    while (at := raw.find(b"PK\x01\x02", at)) >= 0:
        length = int.from_bytes(raw[at + 28 : at + 30], "little")
        if raw[at + 46 : at + 46 + length] == name.encode():
            raw[at + place : at + place + len(value)] = value
        at += 4
    return bytes(raw)
