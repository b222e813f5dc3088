"""The dashboard for those who run the platform: is all stored that arrives, how late, what is refused and why."""

from typing import Final

from dashboards import fleet_panels as shared
from dashboards import health_panels as health
from dashboards import refused_panels as refused
from dashboards.dashboard import Dashboard, Folder
from dashboards.layout import Section
from dashboards.panels import About, Column, Panel, Query, bars, figures, firing_alerts, lines, table
from dashboards.queries import query
from dashboards.variables import SAMPLE, device_page
from dashboards.words import PACE
from fleet.registry import Registry
from fleet.text import Text

COUNTERS: Final = {
    "messages": "Behandlade meddelanden",
    "batches": "Skrivningar",
    "stored": "Lagrade rader",
    "readings": "Lagrade mätningar",
    "events": "Lagrade händelser",
    "replies": "Lagrade svar",
    "duplicates": "Dubbletter, inte lagrade om",
    "quarantined": "Avvisade",
    "receipts": "Kvitton till enheter",
    "held": "Väntan på databasen",
    "received": "Mottagna från brokern",
    "redelivered": "Mottagna igen",
    "connections_lost": "Brutna förbindelser",
    "sessions_lost": "Sessioner som brokern glömt",
    "lag_seconds": "Eftersläpning (s)",
    "broker_dropped": "Kastade av brokern",
    "broker_queued": "I brokerns kö",
    "started": "Startad (ms sedan 1970)",
    "outbox_reports": "Frågor om kvitto",
    "outbox_messages": "Behållna hos enheter när de frågade",
}
"""Swedish names of what ingest counts in ingest_watermark.statistics; a counter not named here shows its own key."""


def ingest_health(registry: Registry, device_page_address: str) -> Dashboard:
    """The dashboard of ingest."""
    return Dashboard(
        uid="fk-ingest-health",
        title="Inhämtning",
        description=Text(
            "Lagras allt som kommer in, hur sent, och vad avvisas varför? För den som driver plattformen.",
            "Is everything stored that arrives, how late, and what is refused and why? For those who run the platform.",
        ),
        folder=Folder.OPERATIONS,
        variables=(SAMPLE, device_page(device_page_address)),
        sections=(
            Section("Nu", (health.concerns(), _figures(), _watermarks(), _statistics(), _alerts())),
            Section("Försenat och upprepat", (health.lag(), health.queue(), health.again(), health.outboxes())),
            Section("Flöde", _flow(_arrived(registry))),
            Section("Förlorat i enheten", (health.given_up(),)),
            Section("Karantän", (refused.quarantined(), refused.reasons(), refused.newest())),
            Section("Klockor", _clocks(_arrived(registry))),
            Section("Okänt", (refused.unknown_metrics(), refused.unknown_codes(), _commands())),
        ),
        time_from="now-24h",
        refresh="1m",
    )


def _arrived(registry: Registry) -> str:
    sources = [
        query(
            "ingest_health/source",
            title=profile.title.sv.replace("'", "''"),
            relation=f"reading_{profile.name}_technical",
        )
        for profile in registry
    ]
    sources.append(query("ingest_health/source", title="Händelser", relation="device_event_seen"))
    return query("ingest_health/arrived", sources="\nUNION ALL\n".join(sources))


def _figures() -> Panel:
    columns = (
        Column(name="online", title="Säger sig vara uppkopplade"),
        Column(name="heard", title="Hörda senaste timmen"),
        Column(name="behind", title="Inhämtningen ligger efter"),
        Column(name="refused", title="Avvisade senaste dygnet"),
        Column(name="duplicates", title="Dubbletter, inte lagrade om"),
        Column(name="dropped", title="Kastade av brokern"),
    )
    return figures(
        About(
            "figures",
            "Plattformen just nu",
            Text(
                "Vad hjälpmedlen själva senast sade om sin uppkoppling, och hörda, räknas av dem som kan rapportera."
                " Eftersläpning: tiden sedan den"
                " långsammaste inhämtningen hade lagrat allt den fått. Dubbletter räknas av behandlade meddelanden"
                " sedan start. Kastade av brokern sänds om av enheterna; över noll är kön för liten.",
                "What devices last said of their connection, and heard, are counted among those that can report."
                " Behind: time since the slowest"
                " ingest had stored everything it received. Duplicates are counted among the messages handled"
                " since start. Dropped ones are sent again by the devices; above zero the broker's queue is too"
                " small.",
            ),
            width=24,
            height=4,
        ),
        Query(sql=query("ingest_health/figures"), columns=columns),
    )


def _watermarks() -> Panel:
    columns = (
        Column(name="shard", title="Inhämtning"),
        Column(name="pace", title="Läge", words=PACE, width=120),
        Column(name="age", title="Ligger efter", unit="s", decimals=0, width=120),
        Column(name="at", title="Allt lagrat till", width=170),
    )
    return table(
        About(
            "watermarks",
            "Vattenmärke per inhämtning",
            Text(
                "Till vilken tidpunkt varje del av inhämtningen har lagrat allt den fått. Tystnad hos enheter bedöms"
                " mot den äldsta, så att vår egen eftersläpning aldrig tas för tysta enheter.",
                "Up to when each part of ingest has stored everything it received. Silence of devices is judged"
                " against the oldest, so that our own lag is never taken for silent devices.",
            ),
            width=8,
        ),
        Query(sql=query("ingest_health/watermarks"), columns=columns),
    )


def _statistics() -> Panel:
    columns = (
        Column(name="shard", title="Inhämtning", width=120),
        Column(name="counter", title="Räknare"),
        Column(name="value", title="Värde", unit="none", width=110),
    )
    titles = ", ".join(f"('{key}', '{title}')" for key, title in COUNTERS.items())
    return table(
        About(
            "statistics",
            "Inhämtningens räknare",
            Text(
                "Vad varje del av inhämtningen räknat sedan den startade: mottaget, lagrat, dubbletter som inte"
                " lagrades om, avvisat.",
                "What each part of ingest has counted since it started: received, stored, duplicates not stored again,"
                " refused.",
            ),
            width=8,
        ),
        Query(sql=query("ingest_health/statistics", titles=titles), columns=columns),
    )


def _alerts() -> Panel:
    return firing_alerts(
        About(
            "alerts",
            "Plattformens larm",
            Text(
                "Grafanas larm om plattformen själv. Larm om enheter hör till Fjärrkoll och visas inte här.",
                "Grafana's alerts about the platform itself. Alarms about devices belong to Fjärrkoll and are not"
                " shown here.",
            ),
            width=8,
        )
    )


def _flow(arrived: str) -> tuple[Panel, ...]:
    stored = (
        shared.TIME,
        Column(name="metric"),
        Column(name="value", title="Rader per sekund", unit="suffix: rader/s"),
    )
    delay = (
        shared.TIME,
        Column(name="middle", title="Median", unit="s"),
        Column(name="high", title="95:e percentilen", unit="s"),
        Column(name="highest", title="99:e percentilen", unit="s"),
        Column(name="devices", title="Antal enheter", unit="none", decimals=0, drawn=False),
    )
    return (
        bars(
            About(
                "stored",
                "Lagrade rader per sekund",
                Text(
                    "Rader med tekniskt innehåll, per slag, efter när de togs emot. I en stor flotta uppskattat från"
                    " urvalet. Tomt betyder att inget lagrades eller att inget är känt.",
                    "Rows with technical content, by kind, by when they were received. In a large fleet reckoned from"
                    " the sample. Empty means that nothing was stored or nothing is known.",
                ),
            ),
            [Query(sql=query("ingest_health/stored", arrived=arrived), columns=stored, series=True)],
            unit="suffix: rader/s",
            interval="1m",
        ),
        lines(
            About(
                "delay",
                "Fördröjning från enhet till databas",
                Text(
                    "Från enhetens klocka till plattformens, i urvalet. Enheter sparar data när de är frånkopplade, så"
                    " en hög 99:e percentil är ofta en tömd utkorg. Rader med rättad klocka räknas inte.",
                    "From the device's clock to the platform's, in the sample. Devices keep data while disconnected,"
                    " so a high 99th percentile is often an emptied outbox. Rows with a corrected clock do not count.",
                ),
            ),
            [Query(sql=query("ingest_health/delay", arrived=arrived), columns=delay)],
            unit="s",
            interval="1m",
        ),
    )


def _clocks(arrived: str) -> tuple[Panel, ...]:
    series = (shared.TIME, Column(name="metric"), Column(name="value", title="Rader", unit="none"))
    columns = (
        *shared.device_columns(),
        Column(name="kind", title="Slag"),
        Column(name="corrected", title="Rättade rader", unit="none", width=120),
        Column(name="newest", title="Senast", width=160),
    )
    return (
        bars(
            About(
                "clocks",
                "Rättade klockor",
                Text(
                    "Rader vars klocka inte gick att tro på och som fick mottagningstiden, per slag, i urvalet.",
                    "Rows whose clock could not be believed and which got the time of reception, by kind, in the"
                    " sample.",
                ),
            ),
            [Query(sql=query("ingest_health/clocks", arrived=arrived), columns=series, series=True)],
            unit="none",
            interval="1h",
        ),
        table(
            About(
                "clock_devices",
                "Enheter med fel klocka",
                Text(
                    "Enheter i urvalet vars klocka rättats, flest rader först. Kommandot ”ställ klockan” finns för de"
                    " flesta typer.",
                    "Devices of the sample whose clock was corrected, most rows first. Most classes have a command"
                    " that sets it.",
                ),
            ),
            Query(sql=query("ingest_health/clock_devices", arrived=arrived), columns=columns),
        ),
    )


def _commands() -> Panel:
    columns = (
        Column(name="level", title="Nivå", width=120),
        Column(name="state", title="Tillstånd"),
        Column(name="commands", title="Kommandon", unit="none", width=110),
        Column(name="middle", title="Svarstid (median)", unit="s", width=150),
        Column(name="newest", title="Senast", width=160),
    )
    return table(
        About(
            "commands",
            "Kommandon",
            Text(
                "Kommandon i perioden efter nivå och hur de slutade. Tom svarstid: enheten har inte svarat.",
                "Commands of the period by level and how they ended. An empty answer time: the device has not"
                " answered.",
            ),
        ),
        Query(sql=query("ingest_health/commands"), columns=columns),
    )
