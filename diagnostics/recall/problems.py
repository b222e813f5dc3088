"""Why a recall case is not moved, as problems."""

from http import HTTPStatus

from diagnostics.problems import Problem
from fleet.recall import Refusal
from fleet.text import Text


def not_possible(refusal: Refusal) -> Problem:
    """The rules of recall refuse it; the sentence is theirs."""
    return Problem(
        HTTPStatus.CONFLICT,
        "recall_refused",
        Text("Det går inte i det här ärendet", "Not possible in this case"),
        refusal.reason,
    )


def moved_already() -> Problem:
    """Somebody else moved the case while this was asked."""
    return Problem(
        HTTPStatus.CONFLICT,
        "recall_moved",
        Text("Någon annan hann före", "Somebody else was first"),
        Text("Läs ärendet igen och gör om det om det behövs.", "Read the case again, and repeat it if it is needed."),
    )


def used_again() -> Problem:
    """The device has been used since the case was opened."""
    return Problem(
        HTTPStatus.CONFLICT,
        "recall_used_again",
        Text("Hjälpmedlet används igen", "The device is used again"),
        Text(
            "Ärendet stoppas av sig självt; föreslå på nytt om hjälpmedlet blir stående.",
            "The case stops by itself; propose it anew if the device is put aside again.",
        ),
    )


def only_answers() -> Problem:
    """A prescriber unit answers; the centre does the rest."""
    return Problem(
        HTTPStatus.FORBIDDEN,
        "recall_answers_only",
        Text("Rollen får bara svara", "The role may only answer"),
        Text(
            "Din roll får svara behövs, oanvänt eller förkommet; hjälpmedelscentralen gör resten.",
            "Your role may answer needed, unused or lost; the centre does the rest.",
        ),
    )
