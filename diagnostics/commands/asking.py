"""Whether a command may be asked for, pure: declared by the class, allowed to the role, parameters within bounds."""

from collections.abc import Mapping
from http import HTTPStatus

from diagnostics.problems import Problem
from diagnostics.rights import RIGHT_FOR_LEVEL, Role, may
from diagnostics.security import forbidden
from fleet.commands import Command, Parameter
from fleet.profile import DeviceProfile
from fleet.text import Text


def allowed_command(profile: DeviceProfile, name: str, role: Role) -> Command:
    """The class's command of that name, if a role may ask for it.

    Raises:
        Problem: the class has no such command, or the role may not ask for it.
    """
    command = profile.commands_by_name.get(name)
    if command is None:
        raise _unknown_command(profile)
    if not may(role, RIGHT_FOR_LEVEL[command.level]):
        raise forbidden()
    return command


def complete_parameters(command: Command, given: Mapping[str, float | str]) -> dict[str, float | str]:
    """Every parameter of the command, from what was given and the defaults.

    Raises:
        Problem: one is unknown, missing or outside its bounds; the sentence names the declared one and its bounds.
    """
    if given.keys() - set(command.parameter_names):
        raise _wrong_parameters(command)
    complete: dict[str, float | str] = {}
    for parameter in command.parameters:
        value = given.get(parameter.name, parameter.default)
        if not isinstance(value, int | float) or not parameter.low <= value <= parameter.high:
            raise _wrong_parameters(command)
        complete[parameter.name] = value
    for text in command.texts:
        if not text.allows(given.get(text.name)):
            raise _wrong_parameters(command)
        complete[text.name] = given[text.name]
    return complete


def _unknown_command(profile: DeviceProfile) -> Problem:
    names = ", ".join(profile.commands_by_name)
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "unknown_command",
        Text("Kommandot finns inte för hjälpmedelstypen", "The device class has no such command"),
        Text(f"{profile.title.sv} kan: {names}.", f"{profile.title.en} can: {names}."),
    )


def _wrong_parameters(command: Command) -> Problem:
    listed = "; ".join([*map(_bounds, command.parameters), *(f"{text.name} {text.example}" for text in command.texts)])
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "wrong_parameters",
        Text("Kommandots parametrar stämmer inte", "The command's parameters are not right"),
        Text(
            f"{command.name} tar: {listed or 'inga parametrar'}.",
            f"{command.name} takes: {listed or 'no parameters'}.",
        ),
    )


def _bounds(parameter: Parameter) -> str:
    return f"{parameter.name} {parameter.low:g}..{parameter.high:g} {parameter.unit}"
