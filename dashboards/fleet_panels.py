"""Panels that the overview and every class share: the fleet's state, its use, faults, alarms and what stands idle."""

from typing import Final

from dashboards.panels import About, Column, Panel, Query, bars, categories, figures, table
from dashboards.queries import query
from dashboards.words import SEVERITIES, STEPS, TAKEN, VERDICTS
from fleet.text import Text

OPEN_DEVICE: Final = ("${device_page:raw}${__data.fields.device_id:percentencode}", "Öppna enhetens sida")
SEK: Final = "suffix: kr"
TIME: Final = Column(name="time")
_COLORS: Final = {name: word.color for name, word in SEVERITIES.items()}


def device_columns() -> tuple[Column, Column]:
    """Individual number with a link to the device's page, and the id that the link needs."""
    return (
        Column(name="individual_number", title="Individnummer", link=OPEN_DEVICE, width=140),
        Column(name="device_id"),
    )


def by_severity(*severities: str) -> tuple[Column, ...]:
    """One counted column per severity, drawn in its colour and named by its word."""
    return tuple(
        Column(name=name, title=SEVERITIES[name].text, unit="none", decimals=0, color=_COLORS[name])
        for name in severities
    )


def state_figures(chosen: str) -> Panel:
    """Registered, on loan, able to report, heard lately: each with what it is a part of."""
    columns = (
        Column(name="registered", title="Registrerade"),
        Column(name="on_loan", title="Utlånade"),
        Column(name="can_report", title="Kan rapportera"),
        Column(name="reported", title="Hörda senaste dygnet"),
        Column(name="never_heard", title="Aldrig hörda"),
    )
    return figures(
        About(
            "state_figures",
            "Flottan just nu",
            Text(
                "Hur många hjälpmedel som finns i registret (ej kasserade eller förlorade), hur många av dem som är"
                " utlånade och kan rapportera, och hur många av de senare som hörts av det senaste dygnet. Om de"
                " övriga är inget känt.",
                "How many devices are registered (not scrapped or lost), how many of them are on loan and can report,"
                " and how many of the latter were heard in the last 24 hours. Nothing is known about the others.",
            ),
            width=24,
            height=4,
        ),
        Query(sql=query("fleet/figures", chosen=chosen), columns=columns),
    )


def heard(chosen: str, width: int = 12) -> Panel:
    """When devices were heard last, unknown ones included."""
    return categories(
        About(
            "heard",
            "När hördes enheterna senast?",
            Text(
                "Alla registrerade, fördelade efter när plattformen senast hörde dem. Staplarna summerar till alla"
                " registrerade; de tre sista grupperna är okända, inte oanvända.",
                "All registered devices by when the platform heard them last. The bars add up to all registered; the"
                " last three groups are unknown, not unused.",
            ),
            width=width,
        ),
        Query(
            sql=query("fleet/heard", chosen=chosen),
            columns=(Column(name="heard", title="Hördes senast"), Column(name="devices", title="Enheter", unit="none")),
        ),
    )


def used_days(chosen: str, width: int = 12) -> Panel:
    """Used, not used and unknown per local day."""
    columns = (
        TIME,
        Column(name="used", title="✓ Använd", unit="none", decimals=0, color="green"),
        Column(name="unused", title="✗ Data visar ingen användning", unit="none", decimals=0, color="orange"),
        Column(name="unknown", title="? Inga uppgifter om användning", unit="none", decimals=0, color="purple"),
        Column(name="could_report", title="Utlånade som kan rapportera", unit="none", decimals=0, drawn=False),
    )
    return bars(
        About(
            "used_days",
            "Användning per dygn",
            Text(
                "Utlånade enheter som kan rapportera, per svenskt dygn: använda enligt typens definition, med data som"
                " inte visar användning, och utan uppgifter. Utan uppgifter betyder okänt, aldrig oanvänt. Sena data"
                " ändrar gamla dygn.",
                "Devices on loan that can report, per Swedish day: used as the class defines it, with data that shows"
                " no use, and without information. Without information means unknown, never unused. Late data changes"
                " past days.",
            ),
            width=width,
        ),
        [Query(sql=query("fleet/used_days", chosen=chosen), columns=columns)],
        unit="none",
        interval="1d",
    )


def faults_daily(chosen: str, width: int = 12) -> Panel:
    """New faults per day."""
    return bars(
        About(
            "faults_daily",
            "Nya fel per dygn",
            Text(
                "Fel efter allvar och dygn då de uppstod enligt enheten. Ett dygn utan stapel: inga fel rapporterade,"
                " vilket inte är samma sak som att allt är väl.",
                "Faults by severity and the day on which they arose by the device's clock. A day without a bar: no"
                " fault reported, which is not the same as all being well.",
            ),
            width=width,
        ),
        [
            Query(
                sql=query("fleet/faults_daily", chosen=chosen),
                columns=(TIME, *by_severity("critical", "high", "warning", "info", "unknown")),
            )
        ],
        unit="none",
        interval="1d",
    )


def alarms_daily(chosen: str, width: int = 12) -> Panel:
    """Alarms raised per day."""
    return bars(
        About(
            "alarms_daily",
            "Larm per dygn",
            Text(
                "Larm efter allvar och dygn då de blev kända. Endast tekniska larm; vård- och behandlingslarm visas i"
                " konsolen.",
                "Alarms by severity and the day on which they became known. Technical alarms only; care and clinical"
                " alarms are shown in the console.",
            ),
            width=width,
        ),
        [
            Query(
                sql=query("fleet/alarms_daily", chosen=chosen),
                columns=(TIME, *by_severity("critical", "high", "warning", "info")),
            )
        ],
        unit="none",
        interval="1d",
    )


def alarms_open(chosen: str, width: int = 24) -> Panel:
    """Open alarms with who has taken them."""
    columns = (
        Column(name="severity", title="Allvar", words=SEVERITIES, width=130),
        Column(name="class_title", title="Typ", width=170),
        *device_columns(),
        Column(name="alarm", title="Larm", width=260),
        Column(name="reason", title="Varför"),
        Column(name="raised_at", title="Känt sedan", width=170),
        Column(name="taken", title="Tagen av någon?", words=TAKEN, width=170),
    )
    return table(
        About(
            "alarms_open",
            "Öppna larm",
            Text(
                "Tekniska larm som inte har upphört, allvarligast och äldst först (högst 200). En tom lista betyder"
                " att inga larm finns för de enheter som kan rapportera.",
                "Technical alarms that have not cleared, worst and oldest first (at most 200). An empty list means no"
                " alarms for the devices that can report.",
            ),
            width=width,
        ),
        Query(sql=query("fleet/alarms_open", chosen=chosen), columns=columns),
    )


def idle_figures(chosen: str) -> Panel:
    """Proven non-use and its rent, beside what is unknown."""
    columns = (
        Column(name="unused", title="Bevisat oanvända"),
        Column(name="unknown", title="Användning okänd"),
        Column(name="proposed", title="Föreslås återlämnas"),
        Column(name="rent", title="Deras hyra per månad"),
    )
    return figures(
        About(
            "idle_figures",
            "Vad står oanvänt?",
            Text(
                "Bevisat oanvända räknas av dem som går att bedöma. De okända är tysta, aldrig hörda eller kan inte"
                " rapportera, och räknas aldrig som oanvända. Hyran gäller dem som föreslås återlämnas.",
                "Proven unused are counted among those that can be judged. The unknown ones are silent, never heard or"
                " unable to report, and never count as unused. The rent is that of those proposed for return.",
            ),
            width=14,
            height=10,
        ),
        Query(sql=query("fleet/idle_figures", chosen=chosen, judged=_judged()), columns=columns),
    )


def verdicts(chosen: str, width: int = 10) -> Panel:
    """All devices by verdict."""
    columns = (
        Column(name="verdict", title="Läge", words=VERDICTS),
        Column(name="devices", title="Enheter", unit="none", width=90),
        Column(name="share", title="Andel", width=130),
        Column(name="rent_sek", title="Hyra/månad", unit=SEK, decimals=0, width=120),
    )
    return table(
        About(
            "verdicts",
            "Användningsläge",
            Text(
                "Varje registrerad enhet i exakt ett läge, enligt hjälpmedelstypens gränser. Lägen med frågetecken är"
                " okända.",
                "Every registered device in exactly one state, by the class's limits. States with a question mark are"
                " unknown.",
            ),
            width=width,
            height=10,
        ),
        Query(sql=query("fleet/verdicts", chosen=chosen, judged=_judged()), columns=columns),
    )


def idle_top(chosen: str, width: int = 24) -> Panel:
    """Devices proven unused, the longest first."""
    columns = (
        Column(name="step", title="Förslag", words=STEPS, width=170),
        Column(name="verdict", title="Läge", words=VERDICTS, width=190),
        Column(name="class_title", title="Typ", width=160),
        *device_columns(),
        Column(name="model", title="Modell", width=200),
        Column(name="payer", title="Betalare", width=150),
        Column(name="days", title="Dygn", unit="none", width=70),
        Column(name="since", title="Sedan", width=150),
        Column(name="rent_sek", title="Hyra/månad", unit=SEK, decimals=0, width=110),
    )
    return table(
        About(
            "idle_top",
            "Längst oanvända",
            Text(
                "Enheter vars egna data visar att de inte används, längst tid först (högst 100). Tysta enheter finns"
                " inte här: om dem är inget känt. Förslag är förslag; en människa avgör.",
                "Devices whose own data shows that they are not used, longest first (at most 100). Silent devices are"
                " not here: nothing is known about them. A suggestion is a suggestion; a person decides.",
            ),
            width=width,
            height=10,
        ),
        Query(sql=query("fleet/idle_top", chosen=chosen, judged=_judged()), columns=columns),
    )


def _judged() -> str:
    return query("fleet/judged")
