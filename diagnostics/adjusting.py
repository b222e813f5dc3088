"""A number of an alarm rule that somebody sets, for a device or a whole class: which rule it is, and its bounds."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated

from pydantic import Field

from diagnostics.problems import Problem, not_found
from fleet.errors import ProfileError
from fleet.rules import Rule
from fleet.text import Text

Reason = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
"""Why it is set: words on one line."""


def adjustable(rules: Iterable[Rule], name: str, setting: str, value: float | None) -> Rule:
    """The rule of that name, which takes the value; none gives the profile's own back.

    Raises:
        Problem: there is no such rule or setting, or the value lies outside its bounds.
    """
    found = next((rule for rule in rules if rule.name == name and setting in rule.adjust), None)
    if found is None:
        raise not_found(Text("Inställningen", "The setting"))
    if value is not None:
        try:
            found.adjusted({setting: value})
        except ProfileError:
            raise _out_of_bounds(found, setting) from None
    return found


def _out_of_bounds(rule: Rule, setting: str) -> Problem:
    low, high = rule.adjust[setting]
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "setting_refused",
        Text("Värdet ligger utanför sina gränser", "The value lies outside its bounds"),
        Text(f"Mellan {low:g} och {high:g}.", f"Between {low:g} and {high:g}."),
        extra={"low": low, "high": high},
    )
