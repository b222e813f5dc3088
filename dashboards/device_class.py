"""One dashboard per device class, made from its profile alone: a new profile is a new dashboard, no code changes."""

from typing import Final

from dashboards import fleet_panels as shared
from dashboards.dashboard import Dashboard, Folder
from dashboards.layout import Section
from dashboards.panels import About, Column, Panel, Query, bars, lines, note, states, table
from dashboards.queries import query
from dashboards.units import grafana_unit
from dashboards.variables import PAYER, SAMPLE, SEARCH, device, device_page, model
from dashboards.words import SEVERITIES, YES_NO
from fleet.profile import DeviceProfile
from fleet.signals import Audience, Kind, Metric
from fleet.text import Text
from fleet.usage import Measure

_SHORTEST_BUCKET: Final = 300
"""Seconds. A point per device and minute over a month is more than a screen has pixels."""


def device_class(profile: DeviceProfile, device_page_address: str) -> Dashboard:
    """The dashboard of one class."""
    chosen = query("fleet/chosen_class", device_class=profile.name)
    return Dashboard(
        uid=f"fk-class-{profile.name}",
        title=profile.title.sv,
        description=Text(
            f"{profile.title.sv}: läge, användning, mätvärden, fel, larm och vad som står oanvänt. Gjord av profilen.",
            f"{profile.title.en}: state, use, metrics, faults, alarms and what stands idle. Made from the profile.",
        ),
        folder=Folder.TECHNICIANS,
        variables=(
            PAYER, model(profile.name), SEARCH, device(profile.name), SAMPLE, device_page(device_page_address),
        ),
        sections=(
            Section("Läge", (shared.state_figures(chosen), shared.heard(chosen), shared.used_days(chosen))),
            Section("Fel och larm", _trouble(chosen)),
            Section("Användning", _use(profile, chosen)),
            Section("Oanvänt", (shared.idle_figures(chosen), shared.verdicts(chosen), shared.idle_top(chosen))),
            Section("Mätvärden", (_coverage(profile, chosen), *_metrics(profile, chosen))),
        ),
    )  # fmt: skip


def technical_metrics(profile: DeviceProfile) -> list[Metric]:
    """The metrics that Grafana's role may see."""
    return [metric for metric in profile.metrics if metric.audience is Audience.TECHNICAL]


def _use(profile: DeviceProfile, chosen: str) -> list[Panel]:
    return [_definition(profile), *(_measure(profile, measure, chosen) for measure in technical_measures(profile))]


def technical_measures(profile: DeviceProfile) -> list[Measure]:
    """The usage measures that are drawn: doses and time in bed are no technician's business.

    Whether a day counts as used may rest on such a measure all the same; only the verdict is shown then.
    """
    audiences = {metric.key: metric.audience for metric in profile.metrics}
    audiences |= {event.name: event.audience for event in profile.all_events}
    return [m for m in profile.usage.measures if audiences[m.metric or m.event or ""] is Audience.TECHNICAL]


def _trouble(chosen: str) -> tuple[Panel, ...]:
    return (
        _faults_active(chosen),
        shared.faults_daily(chosen),
        shared.alarms_daily(chosen),
        _faults_devices(chosen),
        shared.alarms_open(chosen),
    )


def _faults_active(chosen: str) -> Panel:
    columns = (
        Column(name="severity", title="Allvar", words=SEVERITIES, width=130),
        Column(name="code", title="Felkod", width=130),
        Column(name="fault", title="Fel", width=320),
        Column(name="devices", title="Enheter, av dem som kan rapportera", width=240),
        Column(name="oldest", title="Äldsta sedan", width=170),
        Column(name="newest", title="Senast rapporterat", width=170),
        Column(name="action", title="Åtgärd"),
    )
    return table(
        About(
            "faults_active",
            "Aktiva fel efter felkod",
            Text(
                "Fel som enheterna har rapporterat och inte återtagit, allvarligast först. En kod som ingen profil"
                " känner visas som enheten skrev den.",
                "Faults that devices have reported and not withdrawn, worst first. A code that no profile knows is"
                " shown as the device wrote it.",
            ),
            width=24,
        ),
        Query(sql=query("device_class/faults_active", chosen=chosen), columns=columns),
    )


def _faults_devices(chosen: str) -> Panel:
    columns = (
        Column(name="severity", title="Allvar", words=SEVERITIES, width=130),
        *shared.device_columns(),
        Column(name="code", title="Felkod", width=130),
        Column(name="fault", title="Fel"),
        Column(name="module", title="Modul", width=120),
        Column(name="times", title="Gånger", unit="none", width=80),
        Column(name="raised_at", title="Uppstod", width=170),
        Column(name="last_seen_at", title="Senast rapporterat", width=170),
    )
    return table(
        About(
            "faults_devices",
            "Enheter med aktiva fel",
            Text(
                "En rad per enhet och fel, allvarligast och senast rapporterade först (högst 200). Individnumret leder"
                " till enheten.",
                "One row per device and fault, worst and latest first (at most 200). The individual number leads to"
                " the device.",
            ),
            width=24,
        ),
        Query(sql=query("device_class/faults_devices", chosen=chosen), columns=columns),
    )


def _definition(profile: DeviceProfile) -> Panel:
    titles = {measure.name: measure for measure in profile.usage.measures}
    limits_sv = " eller ".join(
        f"{titles[c.measure].title.sv.lower()} minst {c.amount:g} {_written(titles[c.measure].unit)}"
        for c in profile.usage.used_when
    )
    limits_en = " or ".join(
        f"{titles[c.measure].title.en.lower()} at least {c.amount:g} {_written(titles[c.measure].unit)}"
        for c in profile.usage.used_when
    )
    start = profile.usage.day_starts_at_hour
    more_sv = f" Dygnet börjar kl. {start}." if start else ""
    more_en = f" The day begins at {start}:00." if start else ""
    hidden = [measure for measure in profile.usage.measures if measure not in technical_measures(profile)]
    if hidden:
        more_sv += f" Ritas inte här, för det hör till vården: {', '.join(m.title.sv.lower() for m in hidden)}."
        more_en += f" Not drawn here, because it belongs to care: {', '.join(m.title.en.lower() for m in hidden)}."
    return note(
        About(
            "definition",
            "När räknas ett dygn som använt?",
            Text(
                f"**Använt:** {limits_sv}.{more_sv} {profile.usage.reason.sv}",
                f"**Used:** {limits_en}.{more_en} {profile.usage.reason.en}",
            ),
            width=24,
            height=4,
        )
    )


def _written(unit: str) -> str:
    return "" if unit.startswith("{") or unit == "1" else unit


def _measure(profile: DeviceProfile, measure: Measure, chosen: str) -> Panel:
    unit = grafana_unit(measure.unit)
    return lines(
        About(
            f"measure_{measure.name}",
            measure.title.sv,
            Text(
                f"{measure.title.sv} per svenskt dygn: median och mittersta 80 % av de enheter som har uppgift (antalet"
                " i rutan vid markören), och de valda enheterna. Enheter utan uppgift räknas inte som noll.",
                f"{measure.title.en} per Swedish day: median and middle 80 % of the devices with data (their number in"
                " the tooltip), and the chosen devices. Devices without data do not count as zero.",
            ),
        ),
        [
            Query(
                sql=query("device_class/measure_fleet", chosen=chosen, measure=measure.name),
                columns=_band(unit, "10", "90"),
            ),
            _one_by_one(query("device_class/measure_devices", device_class=profile.name, measure=measure.name), unit),
        ],
        unit=unit,
        interval="1d",
    )


def _band(unit: str, low: str, high: str) -> tuple[Column, ...]:
    """Low, middle and high percentile, the band between the outer two filled, so that no colour is needed to see it."""
    edge = {"lineWidth": 0, "showPoints": "never"}
    top = f"{high}:e percentilen"
    bottom = f"{low}:e percentilen"
    return (
        shared.TIME,
        Column(name="low", title=bottom, unit=unit, color="light-blue", custom=edge),
        Column(name="middle", title="Median", unit=unit, color="blue", custom={"lineWidth": 2}),
        Column(name="high", title=top, unit=unit, color="light-blue",
               custom={**edge, "fillBelowTo": bottom, "fillOpacity": 15}),
        Column(name="devices", title="Antal enheter", unit="none", decimals=0, drawn=False),
    )  # fmt: skip


def _one_by_one(sql: str, unit: str) -> Query:
    columns = (shared.TIME, Column(name="metric"), Column(name="value", title="Värde", unit=unit))
    return Query(sql=sql, columns=columns, series=True)


def _coverage(profile: DeviceProfile, chosen: str) -> Panel:
    columns = (
        Column(name="metric", title="Mätvärde"),
        Column(name="unit", title="Enhet (UCUM)", width=110),
        Column(name="lately", title="Sänt senaste dygnet", width=170),
        Column(name="ever", title="Sänt någon gång", width=160),
        Column(name="low", title="5:e percentilen", unit="none", decimals=1, width=130),
        Column(name="middle", title="Median", unit="none", decimals=1, width=100),
        Column(name="high", title="95:e percentilen", unit="none", decimals=1, width=130),
        Column(name="newest", title="Nyaste värdet", width=170),
    )
    return table(
        About(
            "coverage",
            "Vad enheterna rapporterar nu",
            Text(
                "Varje tekniskt mätvärde: hur många av de enheter som kan rapportera som har sänt det, och hur de"
                " senaste värdena fördelar sig. Vad en modell inte mäter sänds aldrig. Kliniska värden visas inte i"
                " Grafana.",
                "Each technical metric: how many of the devices that can report have sent it, and how the newest"
                " values spread. What a model does not measure is never sent. Clinical values are not shown in"
                " Grafana.",
            ),
            width=24,
            height=10,
        ),
        Query(sql=query("device_class/coverage", chosen=chosen, device_class=profile.name), columns=columns),
    )


def _metrics(profile: DeviceProfile, chosen: str) -> list[Panel]:
    panels: list[Panel] = []
    for metric in technical_metrics(profile):
        panels += _flag(profile, metric, chosen) if metric.kind is Kind.FLAG else [_metric(profile, metric, chosen)]
    return panels


def _metric(profile: DeviceProfile, metric: Metric, chosen: str) -> Panel:
    unit = grafana_unit(metric.unit)
    names = {"device_class": profile.name, "column": metric.column, "value": f"avg(r.{metric.column})"}
    return lines(
        About(
            f"metric_{metric.column}",
            metric.title.sv,
            Text(
                f"{metric.title.sv} (`{metric.key}`): median och mittersta 90 % över ett fast urval av enheterna, ett"
                f" medelvärde per enhet och intervall; och de valda enheterna. Rimligt: {metric.low:g} till"
                f" {metric.high:g} {metric.unit}.",
                f"{metric.title.en} (`{metric.key}`): median and middle 90 % over a fixed sample of the devices, one"
                f" mean per device and interval; and the chosen devices. Plausible: {metric.low:g} to {metric.high:g}"
                f" {metric.unit}.",
            ),
        ),
        [
            Query(sql=query("device_class/metric_fleet", chosen=chosen, **names), columns=_band(unit, "5", "95")),
            _one_by_one(query("device_class/metric_devices", **names), unit),
        ],
        unit=unit,
        interval=bucket(metric),
        bounds=(0, 100) if metric.unit == "%" else None,
    )


def _flag(profile: DeviceProfile, metric: Metric, chosen: str) -> list[Panel]:
    names = {"device_class": profile.name, "column": metric.column}
    share = (
        shared.TIME,
        Column(name="share", title="Ja", unit="percent", decimals=0, color="blue"),
        Column(name="devices", title="Antal enheter", unit="none", decimals=0, drawn=False),
    )
    return [
        bars(
            About(
                f"flag_{metric.column}",
                f"{metric.title.sv}: andel av enheterna",
                Text(
                    f"{metric.title.sv} (`{metric.key}`): andel av urvalets enheter som sade ja någon gång i"
                    " intervallet, av dem som sade något.",
                    f"{metric.title.en} (`{metric.key}`): share of the sampled devices that said yes at some time in"
                    " the interval, of those that said anything.",
                ),
            ),
            [Query(sql=query("device_class/flag_fleet", chosen=chosen, **names), columns=share)],
            unit="percent",
            interval=bucket(metric),
        ),
        states(
            About(
                f"state_{metric.column}",
                f"{metric.title.sv}: valda enheter",
                Text(
                    f"{metric.title.sv} (`{metric.key}`) för de valda enheterna. Tomt där inget rapporterades.",
                    f"{metric.title.en} (`{metric.key}`) of the chosen devices. Empty where nothing was reported.",
                ),
            ),
            _one_by_one(
                query("device_class/metric_devices", value=f"bool_or(r.{metric.column})::integer", **names), "none"
            ),
            YES_NO,
        ),
    ]


def bucket(metric: Metric) -> str:
    """The shortest interval drawn: no shorter than a healthy device reports, or the curve would be full of holes."""
    seconds = max(metric.cadence_seconds or _SHORTEST_BUCKET, _SHORTEST_BUCKET)
    for size, sign in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{-(-seconds // size)}{sign}"
    return f"{seconds}s"
