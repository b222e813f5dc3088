"""Lists that people send: what can be read is read, what would harm is refused with a sentence, before it harms."""

import resource
import zipfile
from contextlib import suppress
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.plumbing.sheets import Column, Kind, Limits, SheetRefusedError, read_table, write_csv, write_workbook
from tests.unit.sheets.hostile import HEADING, inline, locked, lying, packed_otherwise, rows, workbook

LIMITS = Limits(file_bytes=4 * 1024**2, unpacked_bytes=16 * 1024**2, rows=1000)
WANTED = ("Ärende", "Individnummer", "Svar")
COLUMNS = (
    Column(field="case_id", title="Ärende", explanation="nummer"),
    Column(field="individual_number", title="Individnummer", explanation="text"),
    Column(field="answer", title="Svar", explanation="svar", kind=Kind.ANSWER, choices=("behövs",)),
    Column(field="since", title="Sedan", explanation="dag", kind=Kind.DATE),
    Column(field="rent", title="Hyra", explanation="kr", kind=Kind.MONEY),
)
ONE = ["12", "0012345", "=1+1", date(2026, 10, 25), 410.5]


def written(*lines: list[object], csv: bool = False) -> bytes:
    out = BytesIO()
    if csv:
        write_csv(out, COLUMNS, lines)  # type: ignore[arg-type]
    else:
        write_workbook(out, sheet="Lista", columns=COLUMNS, rows=lines, notes=[("Urval", "alla")])  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("csv", [False, True])
def test_what_is_written_is_read_again_with_numbers_as_text_and_days_as_days(csv: bool) -> None:
    table = read_table(written(ONE, ["13", "0012346", None, None, None], csv=csv), WANTED, LIMITS)
    assert table.titles == tuple(column.title for column in COLUMNS)
    first, second = table.rows
    assert (first.number, second.number) == (2, 3)
    assert first.cells["individnummer"] == "0012345"
    assert first.problem is None, "a text that looks like a formula is a text"
    assert first.cells["svar"] == ("'=1+1" if csv else "=1+1")
    assert first.cells["sedan"] == ("2026-10-25" if csv else date(2026, 10, 25))
    assert first.cells["hyra"] == ("410,50" if csv else 410.5)
    assert second.cells["svar"] is None


def test_days_that_excel_counts_wrongly_are_written_as_text() -> None:
    days = [date(1899, 1, 2), date(1900, 2, 28), date(1900, 3, 1), date(2104, 2, 29)]
    lines: list[list[object]] = [["1", "2", None, day, None] for day in days]
    table = read_table(written(*lines), WANTED, LIMITS)
    assert [row.cells["sedan"] for row in table.rows] == ["1899-01-02", "1900-02-28", days[2], days[3]]


def test_an_empty_cell_to_fill_in_is_seen_and_a_row_of_another_length_is_refused() -> None:
    with zipfile.ZipFile(BytesIO(written(["1", "2", None, None, None]))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert '<c r="C2" s=' in sheet, "the answer's frame"
    assert '<c r="D2"' not in sheet
    lines: list[list[object]] = [["1", "2"], ["1", "2", None, None, None, "3"]]
    for line in lines:
        with pytest.raises(ValueError, match="zip"):
            written(line)


def test_the_workbook_is_what_people_expect() -> None:
    with zipfile.ZipFile(BytesIO(written(ONE, ONE))) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        notes = book.read("xl/worksheets/sheet2.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:E3"' in sheet
    assert "<dataValidation " in sheet
    assert "<f>" not in sheet
    assert "<t>0012345</t>" in sheet
    assert "yyyy-mm-dd" in styles
    assert "Urval" in notes
    assert "svar" in notes


def test_the_csv_opens_in_a_swedish_excel() -> None:
    content = written(ONE, csv=True)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").splitlines()[1] == "12;0012345;'=1+1;2026-10-25;410,50"
    assert content.count(b"\r\n") == 2


@given(st.text(max_size=30))
def test_no_text_becomes_a_formula_in_the_csv(text: str) -> None:
    content = written(["1", text, None, None, None], csv=True).decode("utf-8-sig")
    cell = content.split("\r\n", 1)[1].split(";", 1)[1].lstrip('"')
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_headings_may_stand_in_another_order_below_a_title_on_another_sheet() -> None:
    sheet = (
        f'<sheetData><row r="1">{inline("A1", "Vår lista")}</row><row r="3">{inline("B3", " SVAR ")}'
        f"{inline('C3', 'individnummer')}{inline('D3', 'Ärende')}</row>"
        f'<row r="4">{inline("B4", "behövs")}{inline("C4", "7")}<c r="D4"><v>12</v></c></row></sheetData>'
    )
    table = read_table(workbook(sheet), WANTED, LIMITS)
    assert [(row.number, row.cells["ärende"], row.cells["svar"]) for row in table.rows] == [(4, 12, "behövs")]


def test_formulas_and_merged_cells_are_told_at_their_rows_and_the_others_are_taken() -> None:
    lines = "".join(f'<row r="{n}">{inline(f"A{n}", str(n))}{inline(f"C{n}", "behövs")}</row>' for n in (2, 4, 5))
    formula = f'<row r="3"><c r="A3"><f>1+1</f><v>2</v></c>{inline("C3", "behövs")}</row>'
    sheet = rows(lines[: lines.index('<row r="4"')], formula, lines[lines.index('<row r="4"') :])
    sheet += '<mergeCells count="1"><mergeCell ref="A4:B5"/></mergeCells>'
    table = read_table(workbook(sheet), WANTED, LIMITS)
    assert {row.number: row.problem and row.problem.sv.split(";")[0] for row in table.rows} == {
        2: None,
        3: "Raden har en formel",
        4: "Raden har sammanslagna celler",
        5: "Raden har sammanslagna celler",
    }


FAR = f'<row r="2">{inline("A2", "1")}</row><row r="1048576">{inline("XFD1048576", "x")}</row>'
WIDE = f'<row r="2">{inline("XFD2", "x")}</row>'
BOMB = f'<row r="2">{inline("A2", "A" * 40_000_000)}</row>'
MANY = "".join(f'<row r="{n}">{inline(f"A{n}", "1")}</row>' for n in range(2, 1500))
CELLS = '<c t="s"><v>0</v></c>' * 100
SHARED = "".join(f'<row r="{n}">{CELLS}</row>' for n in range(2, 900))
TWICE = HEADING.replace("</row>", f"{inline('D1', 'svar')}</row>")
HOSTILE = {
    "two corners": (workbook(rows(FAR)), "rader"),
    "far column": (workbook(rows(WIDE)), "utanför listan"),
    "zip bomb": (workbook(rows(BOMB)), "för stor"),
    "zip bomb that lies": (lying(workbook(rows(BOMB)), "xl/worksheets/sheet1.xml"), "ingen hel Excelbok"),
    "packed in an unknown way": (packed_otherwise(workbook(rows()), "xl/worksheets/sheet1.xml"), "ingen hel Excelbok"),
    "with a password": (locked(workbook(rows()), "xl/worksheets/sheet1.xml"), "ingen hel Excelbok"),
    "too many rows": (workbook(rows(MANY)), "mer än 1000 rader"),
    "one text in a million cells": (workbook(rows(SHARED), shared=f"<si><t>{'A' * 30_000}</t></si>"), "alltför mycket"),
    "macros": (workbook(rows(), xl__vbaProject_dot_bin=b"x"), "makron"),
    "no list": (workbook(f'<sheetData><row r="1">{inline("A1", "annat")}</row></sheetData>'), "Ingen flik"),
    "heading twice": (
        workbook(f"<sheetData>{TWICE}</sheetData>"),
        "två",
    ),
    "broken": (workbook(rows())[:400], "ingen hel Excelbok"),
    "not xml": (workbook("<sheetData>"), "ingen hel Excelbok"),
    "old or locked": (b"\xd0\xcf\x11\xe0" + bytes(600), ".xls"),
    "image": (b"\x89PNG\r\n\x1a\n" + bytes(100), "går inte att läsa"),
    "empty": (b"", "Ingen flik"),
    "too large": (bytes(5 * 1024**2), "för stor"),
    "csv too long": ("Ärende;Individnummer;Svar\n".encode() + b"1;2;\n" * 1001, "mer än 1000 rader"),
    "csv without heading": (b"a;b\n1;2\n", "Ingen flik"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence(name: str) -> None:
    content, sentence = HOSTILE[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(SheetRefusedError) as refused:
        read_table(content, WANTED, LIMITS)
    assert sentence in refused.value.reason.sv
    assert refused.value.reason.en
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024, "kilobytes of memory"


def test_an_xml_bomb_is_refused() -> None:
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook(rows()))) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            body = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                body = body.replace(b"<worksheet", b'<!DOCTYPE a [<!ENTITY b "bbbb">]><worksheet', 1)
            target.writestr(entry.filename, body)
    with pytest.raises(SheetRefusedError, match="whole Excel"):
        read_table(out.getvalue(), WANTED, LIMITS)
    assert read_table(workbook(rows()), WANTED, LIMITS).rows == [], "control: without it the file is read"


@given(st.binary(max_size=300))
def test_no_bytes_end_in_anything_but_a_table_or_a_refusal(noise: bytes) -> None:
    whole = workbook(rows(f'<row r="2">{inline("A2", "1")}</row>'))
    cut = len(noise) * 7 % len(whole)
    for content in (noise, whole[:cut] + noise + whole[cut:], whole[:cut] + noise + whole[cut + len(noise) :]):
        with suppress(SheetRefusedError):
            assert len(read_table(content, WANTED, LIMITS).titles) >= len(WANTED)


def test_windows_letters_are_read() -> None:
    table = read_table("Ärende;Individnummer;Svar\n1;2;behövs\n".encode("cp1252"), WANTED, LIMITS)
    assert table.rows[0].cells["svar"] == "behövs"
