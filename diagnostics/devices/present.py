"""The present of one device: every metric its model has, with its value and age, or said to be unknown."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from diagnostics.devices import repository
from diagnostics.devices.schemas import EventState, MetricState
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.clock import from_milliseconds
from fleet.profile import DeviceProfile
from fleet.signals import Audience, Kind, Metric

_NEVER: Final = BilingualText(sv="Har aldrig rapporterats.", en="Has never been reported.")
_NOT_IN_LOAN: Final = BilingualText(sv="Inget värde under den här uthyrningen.", en="No value during this loan.")


async def metric_states(work: Work, device: Row) -> list[MetricState]:
    """The newest value of each metric that the model has and the caller may see, in the profile's order."""
    profile = work.registry.by_name.get(device["device_class"])
    if profile is None:
        return []
    stored: Mapping[str, Any] = device["metric_values"] or {}
    samples = {key: (entry[0], from_milliseconds(int(entry[1]))) for key, entry in stored.items()}
    metrics = [metric for metric in _of_model(profile, device) if metric.audience in work.caller.audiences]
    known_at = await _known_at(work, device, metrics, samples)
    return [_state(work, device, metric, samples.get(metric.key), known_at) for metric in metrics]


def event_states(work: Work, device: Row) -> list[EventState]:
    """When each kind of event last happened, newest first; the database gives those the caller may see."""
    profile = work.registry.by_name.get(device["device_class"])
    titles = {event.name: event.title for event in profile.all_events} if profile else {}
    stored: Mapping[str, Any] = device["latest_events"] or {}
    states = [
        EventState(event=name, title=BilingualText.of(titles[name]), happened_at=from_milliseconds(int(milliseconds)))
        for name, milliseconds in stored.items()
        if name in titles
    ]
    return sorted(states, key=lambda state: state.happened_at, reverse=True)


def _of_model(profile: DeviceProfile, device: Row) -> list[Metric]:
    model = profile.model(device["model_key"], device["firmware"])
    return [metric for metric in profile.metrics if model is None or metric.key not in model.missing]


async def _known_at(
    work: Work, device: Row, metrics: list[Metric], samples: Mapping[str, tuple[Any, datetime]]
) -> dict[tuple[Audience, datetime], datetime]:
    found = {}
    for audience in sorted({metric.audience for metric in metrics if metric.key in samples}):
        moments = [samples[m.key][1] for m in metrics if m.key in samples and m.audience is audience]
        for moment, known in (await repository.known_at(work, device, audience, moments)).items():
            found[audience, moment] = known
    return found


def _state(
    work: Work,
    device: Row,
    metric: Metric,
    sample: tuple[Any, datetime] | None,
    known_at: Mapping[tuple[Audience, datetime], datetime],
) -> MetricState:
    if sample is None:
        return _unknown(device, metric)
    value, at = sample
    return MetricState(
        metric=metric.key,
        title=BilingualText.of(metric.title),
        unit=metric.unit,
        known=True,
        value=bool(value) if metric.kind is Kind.FLAG else value,
        happened_at=at,
        known_at=known_at.get((metric.audience, at)),
        age_seconds=max(0, (work.now - at) // timedelta(seconds=1)),
    )


def _unknown(device: Row, metric: Metric) -> MetricState:
    # Whether an earlier borrower's values exist is not this caller's to know.
    heard = device["loan_started_at"] is not None and device["first_seen_at"] is not None
    return MetricState(
        metric=metric.key,
        title=BilingualText.of(metric.title),
        unit=metric.unit,
        known=False,
        value=None,
        happened_at=None,
        known_at=None,
        age_seconds=None,
        why_unknown=_NOT_IN_LOAN if heard else _NEVER,
    )
