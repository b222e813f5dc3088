"""Panels about what could not be stored as what it claims to be: refused messages, unknown names and codes."""

from dashboards import fleet_panels as shared
from dashboards.panels import About, Column, Panel, Query, bars, table
from dashboards.queries import query
from dashboards.words import REASONS
from fleet.text import Text


def quarantined() -> Panel:
    """Refused messages over time, by reason."""
    words = ", ".join(f"('{reason}', '{word.text}')" for reason, word in REASONS.items())
    columns = (shared.TIME, Column(name="metric"), Column(name="value", title="Meddelanden", unit="none"))
    return bars(
        About(
            "quarantined",
            "Avvisade meddelanden efter orsak",
            Text(
                "Meddelanden i karantän efter orsak och när de först sågs; samma innehåll som kommer igen räknas varje"
                " gång. De är sparade, inte förlorade.",
                "Messages in quarantine by reason and when they were first seen; the same content arriving again"
                " counts each time. They are kept, not lost.",
            ),
        ),
        [Query(sql=query("ingest_health/quarantined", reasons=words), columns=columns, series=True)],
        unit="none",
        interval="1m",
    )


def reasons() -> Panel:
    """Refused messages by reason, with what to do."""
    columns = (
        Column(name="reason", title="Orsak", words=REASONS, width=200),
        Column(name="messages", title="Olika", unit="none", width=70),
        Column(name="times", title="Gånger", unit="none", width=80),
        Column(name="devices", title="Enheter", width=110),
        Column(name="newest", title="Senast", width=160),
        Column(name="advice", title="Vad man gör (senaste)"),
    )
    return table(
        About(
            "quarantine_reasons",
            "Karantän efter orsak",
            Text(
                "Hur många olika meddelanden, hur ofta, från hur många av de enheter som kan rapportera, och vad"
                " man gör.",
                "How many different messages, how often, from how many of the devices that can report, and what to do.",
            ),
        ),
        Query(sql=query("ingest_health/quarantine_reasons"), columns=columns),
    )


def newest() -> Panel:
    """The newest refused messages."""
    columns = (
        Column(name="last_at", title="Senast", width=160),
        Column(name="reason", title="Orsak", words=REASONS, width=200),
        *shared.device_columns(),
        Column(name="topic", title="Ämne (topic)", width=260),
        Column(name="advice", title="Vad som är fel och vad man gör"),
        Column(name="payload_bytes", title="Storlek", unit="bytes", width=90),
        Column(name="times", title="Gånger", unit="none", width=80),
    )
    return table(
        About(
            "quarantine_newest",
            "Nyaste avvisade meddelanden",
            Text(
                "Högst 100. Utan individnummer: avsändaren finns inte i registret. Innehållet läses i konsolen,"
                " inte här.",
                "At most 100. Without an individual number: the sender is not in the register. The content is read in"
                " the console.",
            ),
            width=24,
        ),
        Query(sql=query("ingest_health/quarantine_newest"), columns=columns),
    )


def unknown_metrics() -> Panel:
    """Names of metrics that no profile knows."""
    columns = (
        Column(name="class_title", title="Typ", width=170),
        Column(name="model", title="Modell", width=200),
        Column(name="name", title="Namn som enheten sänder"),
        Column(name="times", title="Gånger", unit="none", width=80),
        Column(name="first_seen", title="Först sedd", width=160),
        Column(name="last_seen", title="Senast sedd", width=160),
        *shared.device_columns(),
    )
    return table(
        About(
            "unknown_metrics",
            "Okända mätvärden",
            Text(
                "Namn som ingen profil känner, med en enhet som exempel. Värdena är sparade; lägg till mätvärdet i"
                " profilen.",
                "Names that no profile knows, with one device as example. The values are kept; add the metric to the"
                " profile.",
            ),
            width=24,
        ),
        Query(sql=query("ingest_health/unknown_metrics"), columns=columns),
    )


def unknown_codes() -> Panel:
    """Fault codes that no profile knows."""
    columns = (
        Column(name="class_title", title="Typ", width=170),
        Column(name="system", title="System", width=120),
        Column(name="code", title="Kod"),
        Column(name="devices", title="Enheter", width=120),
        Column(name="times", title="Gånger", unit="none", width=80),
        Column(name="first_seen", title="Först sedd", width=160),
        Column(name="last_seen", title="Senast sedd", width=160),
    )
    return table(
        About(
            "unknown_codes",
            "Okända felkoder",
            Text(
                "Felkoder som ingen profil känner, och hur många av typens enheter som sänt dem. De visas för"
                " teknikern som de är.",
                "Fault codes that no profile knows, and how many of the class's devices sent them. Technicians see"
                " them as they are.",
            ),
        ),
        Query(sql=query("ingest_health/unknown_codes"), columns=columns),
    )
