"""Panels about the way from device to database, minute by minute: lost, late, where, since when."""

from dashboards import fleet_panels as shared
from dashboards.panels import About, Column, Panel, Query, bars, lines, table
from dashboards.queries import query
from dashboards.words import CONCERNS, CONDITIONS
from fleet.health import MEANINGS
from fleet.text import Text


def concerns() -> Panel:
    """Everything that is looked after, per shard, worst first: the answer in one table."""
    words = ", ".join(f"('{concern}', '{m.unit.sv}', '{m.advice.sv}')" for concern, m in MEANINGS.items())
    columns = (
        Column(name="state", title="Läge", words=CONDITIONS, width=180),
        Column(name="concern", title="Vad", words=CONCERNS, width=270),
        Column(name="shard", title="Var", width=110),
        Column(name="since", title="Sedan", width=170),
        Column(name="until", title="Till", width=170),
        Column(name="much", title="Hur mycket", width=140),
        Column(name="advice", title="Vad det betyder och vad man gör"),
    )
    return table(
        About(
            "concerns",
            "Förloras eller försenas något just nu, var och sedan när?",
            Text(
                "Per inhämtning det senaste av varje slag under sju dygn. ⚠ kan betyda förlust för enheter utan utkorg."
                " Är inhämtningen tyst är allt annat okänt: avsaknad av uppgifter är aldrig ”allt väl”.",
                "For each ingest the latest of each kind in seven days. ⚠ may mean loss for devices without an outbox."
                " While ingest is silent everything else is unknown: absence of data is never “all well”.",
            ),
            width=24,
            height=10,
        ),
        Query(sql=query("ingest_health/concerns", meanings=words), columns=columns),
    )


def lag() -> Panel:
    """How late, per shard."""
    about = About(
        "lag",
        "Eftersläpning per inhämtning",
        Text(
            "Största ålder på vattenmärket i varje minut; upp till två sekunder är pausen mellan två märken."
            " En lucka är en minut som ingen vet något om.",
            "Largest age of the watermark in each minute; up to two seconds are the pause between two marks."
            " A gap is a minute of which nobody knows.",
        ),
    )
    return _each_minute(about, "Eftersläpning", "s")


def queue() -> Panel:
    """What the broker keeps."""
    about = About(
        "queue",
        "Brokerns kö",
        Text(
            "Flest meddelanden som brokern höll åt någon i varje minut ($SYS). Växer den hinner inhämtningen inte med.",
            "Most messages that the broker kept for anyone in each minute ($SYS). If it grows, ingest does not"
            " keep up.",
        ),
    )
    return _each_minute(about, "I kö", "none")


def _each_minute(about: About, title: str, unit: str) -> Panel:
    """One line a shard, of the query that has the panel's name."""
    series = (shared.TIME, Column(name="metric"), Column(name="value", title=title, unit=unit))
    found = Query(sql=query(f"ingest_health/{about.key}"), columns=series, series=True)
    return lines(about, [found], unit=unit, interval="1m")


def again() -> Panel:
    """What came again, and what the broker threw away."""
    columns = (
        shared.TIME,
        Column(name="duplicates", title="Dubbletter, inte lagrade om", unit="none"),
        Column(name="redelivered", title="Mottagna igen från brokern", unit="none"),
        Column(name="dropped", title="Kastade av brokern", unit="none"),
        Column(name="refused", title="Avvisade", unit="none"),
    )
    return bars(
        About(
            "again",
            "Kom igen, avvisades eller kastades",
            Text(
                "Meddelanden per minut. Dubbletter är vad utkorgar och omleverans kostar; kastade måste komma igen ur"
                " enheternas utkorgar.",
                "Messages per minute. Duplicates are what outboxes and redelivery cost; what was thrown away must come"
                " again from the devices' outboxes.",
            ),
        ),
        [Query(sql=query("ingest_health/again"), columns=columns)],
        unit="none",
        interval="1m",
    )


def outboxes() -> Panel:
    """How much devices keep, as they report it."""
    columns = (
        shared.TIME,
        Column(name="middle", title="Medel", unit="none"),
        Column(name="most", title="Störst", unit="none"),
        Column(name="devices", title="Frågor om kvitto", unit="none", decimals=0, drawn=False),
    )
    return lines(
        About(
            "outboxes",
            "Enheternas utkorgar",
            Text(
                "Hur många lagrade meddelanden en enhet ännu behöll när den frågade efter kvitto. Växer medelvärdet når"
                " kvittona inte fram.",
                "How many stored messages a device still kept when it asked for a receipt. If the mean grows, receipts"
                " do not arrive.",
            ),
        ),
        [Query(sql=query("ingest_health/outboxes"), columns=columns)],
        unit="none",
        interval="1m",
    )


def given_up() -> Panel:
    """Devices that say that they lost something for want of memory."""
    columns = (
        *shared.device_columns(),
        Column(name="given_up", title="Kastade meddelanden", unit="none", width=170),
        Column(name="heard", title="Senast hörd", width=160),
    )
    return table(
        About(
            "given_up",
            "Enheter vars minne tog slut",
            Text(
                "Vad enheten själv säger att den fått kasta sedan den gjordes. Det är förlorat: ingen annan har det.",
                "What the device itself says that it had to give up. That is lost: nobody else has it.",
            ),
        ),
        Query(sql=query("ingest_health/given_up"), columns=columns),
    )
