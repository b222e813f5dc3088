"""What a failure of the database means for the batch at hand: pure."""

from enum import Enum
from typing import Final

import psycopg


class Verdict(Enum):
    """What to do with a batch that could not be stored."""

    AGAIN = "again"
    """Hold it, acknowledge nothing, and try the very same later: nothing is wrong with the messages."""
    POISON = "poison"
    """A message in it cannot be stored as it is; find it, keep it in quarantine, store the others."""


# Classes of SQLSTATE (PostgreSQL documentation, appendix A) that blame the data: cardinality, data exception,
# integrity constraint, feature not supported, program limit exceeded, raised by a trigger. Everything else blames the
# server, the line, or the installation.
_BLAMES_DATA: Final = ("21", "22", "23", "0A", "54", "P0")


def verdict(error: psycopg.Error) -> Verdict:
    """The meaning of an error; without SQLSTATE it is the line that broke."""
    return Verdict.POISON if (error.sqlstate or "08").startswith(_BLAMES_DATA) else Verdict.AGAIN


def said(error: psycopg.Error) -> str:
    """The error in one line, without the values it may quote."""
    return (error.diag.message_primary or str(error) or type(error).__name__).splitlines()[0]
