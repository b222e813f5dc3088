"""Shows and sets what holds for a whole class: within the profile's bounds, from a day on, with a reason, audited."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final

from diagnostics.adjusting import adjustable
from diagnostics.administration.problems import need_whole_installation, refused
from diagnostics.class_settings.reading import registry_at
from diagnostics.class_settings.schemas import (
    ClassItem,
    ClassLine,
    ClassSettings,
    IdleEstimate,
    IdleLimits,
    NewClassValue,
    NewIdleLimits,
)
from diagnostics.problems import not_found
from diagnostics.queries import Row, fetch_all, fetch_one, room
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.class_settings import IDLE_LIMITS, Kind, with_limits
from fleet.clock import STOCKHOLM, local_day
from fleet.errors import ProfileError
from fleet.profile import DeviceProfile
from fleet.text import Text
from fleet.usage import IdlePolicy

_SQL: Final = room(__file__)
_LATEST: Final = 366
"""Days ahead that a change can be planned."""


async def show(work: Work, device_class: str) -> ClassSettings:
    """What may be set for a class, what holds, what is planned and what was set.

    Raises:
        Problem: there is no such class.
    """
    found = await _shown(work, _profile(work, device_class))
    await work.record("class_settings.read", device_class=device_class)
    return found


async def set_rule(work: Work, device_class: str, rule: str, setting: str, new: NewClassValue) -> ClassSettings:
    """Sets a number of a rule for a class, or gives the profile's own back.

    Raises:
        Problem: no such class, rule or setting; a value its bounds refuse; a day that has passed; or the caller does
            not see the whole installation.
    """
    need_whole_installation(work)
    profile = _profile(work, device_class)
    adjustable(profile.rules, rule, setting, new.value)
    await _set(work, (profile, Kind.RULE, rule), {setting: new.value}, new)
    return await _shown(work, profile)


async def set_idle(work: Work, device_class: str, policy: str, new: NewIdleLimits) -> ClassSettings:
    """Sets the limits of an idle policy, or gives the profile's own back.

    Raises:
        Problem: no such class or policy; limits that do not rise or lie outside their bounds; a day that has passed; or
            the caller does not see the whole installation.
    """
    need_whole_installation(work)
    profile = _profile(work, device_class)
    found = _policy(profile, policy)
    if new.limits is not None:
        _tried(found, new.limits)
    values = new.limits.model_dump() if new.limits else dict.fromkeys(IDLE_LIMITS)
    await _set(work, (profile, Kind.IDLE, policy), values, new)
    return await _shown(work, profile)


async def estimate(work: Work, device_class: str, policy: str, limits: IdleLimits) -> IdleEstimate:
    """What these limits would make of the latest verdicts.

    Raises:
        Problem: no such class or policy, limits that do not rise, or the caller does not see the whole installation.
    """
    need_whole_installation(work)
    profile = _profile(work, device_class)
    _tried(_policy(profile, policy), limits)
    holds = _policy((await registry_at(work.connection, work.registry, work.now))[device_class], policy)
    values = {
        **limits.model_dump(),
        "old_note": holds.note_days,
        "old_contact": holds.contact_days,
        "old_propose": holds.propose_days,
    }
    row = await fetch_one(work.connection, _SQL["estimate"], {**values, "device_class": device_class, "policy": policy})
    await work.record("class_settings.estimate", device_class=device_class, policy=policy, **limits.model_dump())
    return IdleEstimate(device_class=device_class, policy=policy, **(row or {}))


async def _set(
    work: Work,
    thing: tuple[DeviceProfile, Kind, str],
    values: Mapping[str, float | None],
    new: NewClassValue | NewIdleLimits,
) -> None:
    profile, kind, name = thing
    parameters = {
        "device_class": profile.name,
        "kind": kind,
        "name": name,
        "settings": list(values),
        "values": list(values.values()),
        "begins": _moment(work, new.begins),
        "reason": new.reason,
        "by": work.caller.name,
    }
    await fetch_one(work.connection, _SQL["set"], parameters)
    told: dict[str, Any] = {"device_class": profile.name, "kind": kind, "name": name, "values": dict(values)}
    await work.record("class_settings.set", **told, begins=new.begins, reason=new.reason)


def _moment(work: Work, begins: date | None) -> datetime:
    """The beginning of a Swedish day that has not passed; now for today, so that nothing is set back in time."""
    today = local_day(work.now)
    if begins is None or begins == today:
        return work.now
    if not 0 < (begins - today).days <= _LATEST:
        raise refused(
            "bad_day", "Det börjar gälla i dag eller inom ett år.", "It begins to hold today or within a year."
        )
    return datetime.combine(begins, time(), STOCKHOLM)


def _profile(work: Work, device_class: str) -> DeviceProfile:
    profile = work.registry.by_name.get(device_class)
    if profile is None:
        raise not_found(Text("Hjälpmedelstypen", "The device class"))
    return profile


def _policy(profile: DeviceProfile, name: str) -> IdlePolicy:
    found = next((policy for policy in profile.idle_policies if policy.name == name), None)
    if found is None:
        raise not_found(Text("Gränserna", "The limits"))
    return found


def _tried(policy: IdlePolicy, limits: IdleLimits) -> None:
    try:
        with_limits(policy, limits.model_dump())
    except ProfileError:
        raise refused(
            "limits_refused",
            "Dagarna ska stiga: notera, kontakta, föreslå; och inte gå över de tysta månadernas gräns.",
            "The days must rise: note, contact, propose; and not go beyond the limit of quiet months.",
        ) from None


async def _shown(work: Work, profile: DeviceProfile) -> ClassSettings:
    holds = (await registry_at(work.connection, work.registry, work.now))[profile.name]
    rows = await fetch_all(work.connection, _SQL["lines"], {"device_class": profile.name})
    by_key: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        by_key[row["kind"], row["name"], row["setting"]].append(row)
    items = [
        _item(
            Kind.IDLE,
            policy.name,
            Text(policy.name, policy.name),
            setting,
            (policy, now),
            IDLE_LIMITS[setting],
            by_key,
            work.now,
        )
        for policy, now in zip(profile.idle_policies, holds.idle_policies, strict=True)
        for setting in IDLE_LIMITS
    ]
    items += [
        _item(Kind.RULE, rule.name, rule.title, setting, (rule, now), rule.adjust[setting], by_key, work.now)
        for rule, now in zip(profile.rules, holds.rules, strict=True)
        for setting in sorted(rule.adjust)
    ]
    return ClassSettings(device_class=profile.name, items=items, lines=[ClassLine(**row) for row in rows])


def _item(  # noqa: PLR0913, PLR0917 - one number with everything that is said of it
    kind: Kind,
    name: str,
    title: Text,
    setting: str,
    own_and_now: tuple[object, object],
    bounds: tuple[float, float],
    lines: dict[tuple[str, str, str], list[Row]],
    now: datetime,
) -> ClassItem:
    own, holds = (float(getattr(thing, setting)) for thing in own_and_now)
    mine = lines[kind, name, setting]
    ahead = [row for row in mine if row["valid_from"] > now]
    soonest = min((row["valid_from"] for row in ahead), default=None)
    planned = next((row for row in ahead if row["valid_from"] == soonest), None)
    begun = next((row for row in mine if row["valid_from"] <= now), None)
    return ClassItem(
        kind=kind.value,
        name=name,
        title=BilingualText.of(title),
        setting=setting,
        default=own,
        low=bounds[0],
        high=bounds[1],
        holds=holds,
        is_set=begun is not None and begun["value"] is not None,
        planned=planned["value"] if planned else None,
        planned_from=planned["valid_from"] if planned else None,
    )
