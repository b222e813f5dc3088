import psycopg
import pytest
from psycopg import errors

from ingest.write.verdict import Verdict, said, verdict


@pytest.mark.parametrize(
    "kind",
    [
        psycopg.OperationalError,
        errors.DeadlockDetected,
        errors.SerializationFailure,
        errors.AdminShutdown,
        errors.DiskFull,
        errors.LockNotAvailable,
        errors.QueryCanceled,
        errors.UndefinedTable,
        errors.InsufficientPrivilege,
        errors.ReadOnlySqlTransaction,
        errors.InternalError_,
    ],
)
def test_the_server_the_line_and_the_installation_are_waited_for(kind: type[psycopg.Error]) -> None:
    assert verdict(kind()) is Verdict.AGAIN


@pytest.mark.parametrize(
    "kind",
    [
        errors.NumericValueOutOfRange,
        errors.UntranslatableCharacter,
        errors.ForeignKeyViolation,
        errors.CheckViolation,
        errors.CardinalityViolation,
        errors.ProgramLimitExceeded,
        errors.RaiseException,
    ],
)
def test_what_blames_the_data_is_looked_for(kind: type[psycopg.Error]) -> None:
    assert verdict(kind()) is Verdict.POISON


def test_an_error_is_said_in_one_line() -> None:
    assert said(psycopg.OperationalError("no route\nto host")) == "no route"
    assert said(psycopg.OperationalError()) == "OperationalError"
