"""Spreadsheets that people already use: written so that Excel shows them right, read so that no file can harm us."""

from fleet.plumbing.sheets.reading import Limits, SheetRefusedError, SheetRow, Table, read_table
from fleet.plumbing.sheets.writing import Cell, Column, Kind, Leaf, Tell, neutral, write_csv, write_workbook

__all__ = [
    "Cell",
    "Column",
    "Kind",
    "Leaf",
    "Limits",
    "SheetRefusedError",
    "SheetRow",
    "Table",
    "Tell",
    "neutral",
    "read_table",
    "write_csv",
    "write_workbook",
]
