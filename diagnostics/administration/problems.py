"""What can be wrong with an administrator's wish, in words."""

from http import HTTPStatus
from typing import Final

from diagnostics.problems import Problem
from diagnostics.work import Work
from fleet.text import Text

_FRAMES: Final = frozenset({"HSL", "SoL"})


def refused(code: str, sv: str, en: str) -> Problem:
    """A wish that is not carried out; the sentence says why and what to do."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, code, Text("Det gick inte att spara", "It could not be saved"), Text(sv, en)
    )


def need_whole_installation(work: Work) -> None:
    """Refuses a caller whose scope is not every payer and frame: what comes now belongs to all of them.

    Raises:
        Problem: the scope is narrower.
    """
    if work.caller.scope.payers is not None or not work.caller.scope.frames >= _FRAMES:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "whole_installation_only",
            Text("Din behörighet räcker inte hit", "Your scope does not reach this far"),
            Text(
                "Det här gäller alla betalare och båda lagrummen. Be någon som ansvarar för hela installationen.",
                "This concerns every payer and both legal frames. Ask somebody who answers for the whole installation.",
            ),
        )
