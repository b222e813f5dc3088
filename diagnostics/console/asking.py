"""What stands in an address or a form, as the services ask for it; what does not fit is told in plain words."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from diagnostics.problems import Problem
from fleet.text import Text

Asked = TypeVar("Asked", bound=BaseModel)


def filters(request: Request, names: Iterable[str]) -> dict[str, str]:
    """The filters that an address gives, without empty ones, so that a list can be mailed as a link."""
    return {name: value for name in names if (value := request.query_params.get(name, "").strip())}


def fields(form: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """The fields of a form that were filled in."""
    return {name: value for name in names if (value := str(form.get(name, "")).strip())}


def checked(model: type[Asked], given: Mapping[str, Any]) -> Asked:
    """A question to a service.

    Raises:
        Problem: it breaks the limits; which field is wrong is told, its content is not repeated.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        places = sorted({str(entry["loc"][0]) for entry in error.errors(include_input=False) if entry["loc"]})
        raise _not_right(places) from None


def _not_right(places: list[str]) -> Problem:
    named = ", ".join(places) or "–"
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        Text("Något i det du fyllde i stämmer inte", "Something that was filled in is not right"),
        Text(
            f"Rätta fältet och försök igen: {named}. Skriv inte namn eller personnummer.",
            f"Mend the field and try again: {named}. Write no name and no personal number.",
        ),
    )
