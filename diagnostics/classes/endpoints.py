"""HTTP: the catalogue of device classes, straight from the profiles; nobody's data, so no audit line."""

from typing import Annotated

from fastapi import APIRouter, Path

from diagnostics.classes.schemas import (
    ClassDetail,
    ClassItem,
    CommandKind,
    EventKind,
    MetricItem,
    ModelItem,
    ParameterItem,
    PermissionItem,
    PolicyItem,
    RuleItem,
    SubsystemItem,
    TextParameterItem,
)
from diagnostics.faults.service import meaning
from diagnostics.paging import Page
from diagnostics.problems import not_found
from diagnostics.schemas import BilingualText, Word
from diagnostics.security import DeviceReader
from diagnostics.work import Entrance
from fleet.commands import Command
from fleet.profile import DeviceProfile
from fleet.text import Text

router = APIRouter(prefix="/classes", tags=["classes"])


@router.get("", summary="Device classes")
async def list_classes(caller: DeviceReader, door: Entrance) -> Page[ClassItem]:
    """Every class this installation knows."""
    del caller
    profiles = door.resources.registry
    return Page(items=[ClassItem(name=profile.name, title=BilingualText.of(profile.title)) for profile in profiles])


@router.get("/{name}", summary="One device class")
async def show_class(name: Annotated[Word, Path()], caller: DeviceReader, door: Entrance) -> ClassDetail:
    """Metrics, events, fault catalogue, commands, alarm rules, idle policies and models."""
    del caller
    profile = door.resources.registry.by_name.get(name)
    if profile is None:
        raise not_found(Text("Hjälpmedelstypen", "The device class"))
    return _detail(profile)


def _detail(profile: DeviceProfile) -> ClassDetail:
    return ClassDetail(
        name=profile.name,
        title=BilingualText.of(profile.title),
        metrics=[MetricItem.model_validate(metric) for metric in profile.metrics],
        events=[EventKind.model_validate(event) for event in profile.all_events],
        faults=[meaning(fault) for fault in profile.faults],
        commands=[_command(command) for command in profile.all_commands],
        subsystems=[SubsystemItem.model_validate(part) for part in profile.subsystems],
        operating_states=list(profile.operating_states),
        rules=[RuleItem.model_validate(rule) for rule in profile.rules],
        idle_policies=[PolicyItem.model_validate(policy) for policy in profile.idle_policies],
        used_means=BilingualText.of(profile.usage.reason),
        models=[ModelItem.model_validate(model) for model in profile.models],
    )


def _command(command: Command) -> CommandKind:
    return CommandKind(
        name=command.name,
        title=BilingualText.of(command.title),
        level=command.level,
        refused_while=list(command.refused_while),
        expires_seconds=command.expires_seconds,
        parameters=[ParameterItem.model_validate(parameter) for parameter in command.parameters],
        texts=[TextParameterItem.model_validate(text) for text in command.texts],
        permission=PermissionItem.model_validate(command.permission) if command.permission else None,
    )
