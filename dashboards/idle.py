"""The dashboard of unused devices for the centre: money with denominators, the map of payers, recall and its errors."""

from typing import Final

from dashboards import fleet_panels as shared
from dashboards.dashboard import Dashboard, Folder
from dashboards.layout import Section
from dashboards.panels import About, Column, Panel, Query, figures, table
from dashboards.queries import query
from dashboards.variables import DEVICE_CLASS, PAYER
from dashboards.words import CASES
from fleet.text import Text

_GROUPS: Final = {
    "class": ("Per hjälpmedelstyp", "By class", "k.title_sv"),
    "municipality": (
        "Per kommun",
        "By municipality",
        "CASE WHEN chosen.payer_kind = 'municipality' THEN chosen.payer_name ELSE 'Betalas inte av en kommun' END",
    ),
    "prescriber": ("Per förskrivande enhet", "By prescriber unit", "r.unit_name"),
    "depot": ("Per depå", "By depot", "o.name"),
}
"""By what money is told besides payers: Swedish and English title, and the name in SQL."""


def idle() -> Dashboard:
    """The dashboard of unused devices."""
    groups = tuple(_group(key, *told) for key, told in _GROUPS.items())
    return Dashboard(
        uid="fk-idle",
        title="Oanvända hjälpmedel",
        description=Text(
            "Vad oanvända hjälpmedel kostar och vad återlämning skulle spara, per betalare, kommun, typ, förskrivare"
            " och depå; hur återlämningen går och hur ofta ett förslag var fel. Allt med vad det är en del av.",
            "What unused devices cost and what their return would save, by payer, municipality, class, prescriber and"
            " depot; how recall goes and how often a proposal was wrong. Everything with what it is a part of.",
        ),
        folder=Folder.CENTRE,
        variables=(PAYER, DEVICE_CLASS),
        sections=(
            Section("Pengar", (_figures(), _payers())),
            Section("Var de står", groups),
            Section("Återlämning", (_recall_figures(), _cases())),
        ),
    )


def _figures() -> Panel:
    columns = (
        Column(name="can_report", title="Kan rapportera"),
        Column(name="known", title="Går att bedöma"),
        Column(name="unused", title="Bevisat oanvända"),
        Column(name="unknown", title="Användning okänd"),
        Column(name="saving", title="Besparing per månad"),
        Column(name="saving_year", title="Besparing per år"),
        Column(name="cost", title="Kostnad hittills"),
        Column(name="judged_at", title="Bedömt"),
    )
    return figures(
        About(
            "figures",
            "Vad kostar det som inte används?",
            Text(
                "Besparingen är hyran för dem som föreslås återlämnas; kostnaden är hyran för dagar som bevisligen"
                " varit utan användning. Okända räknas aldrig som oanvända.",
                "The saving is the rent of those proposed for return; the cost is the rent of days proven without use."
                " Unknown ones never count as unused.",
            ),
            width=24,
            height=5,
        ),
        Query(sql=query("idle/figures", chosen=query("idle/chosen"), counted=query("idle/counted")), columns=columns),
    )


_MONEY: Final = (
    Column(name="proposed", title="Föreslås åter", unit="none", width=120),
    Column(name="saving_sek", title="Besparing/månad", unit=shared.SEK, decimals=0, width=150),
    Column(name="saving_year_sek", title="Besparing/år", unit=shared.SEK, decimals=0, width=140),
    Column(name="cost_sek", title="Kostnad hittills", unit=shared.SEK, decimals=0, width=140),
)
_COUNTS: Final = (
    Column(name="on_loan", title="Utlånade", unit="none", width=100),
    Column(name="can_report", title="Kan rapportera", width=140),
    Column(name="known", title="Går att bedöma", width=140),
    Column(name="unused", title="Bevisat oanvända", width=150),
)


def _payers() -> Panel:
    columns = (
        Column(name="payer", title="Betalare"),
        Column(name="kind", title="Slag", width=90),
        *_COUNTS,
        *_MONEY,
        Column(name="open_cases", title="Öppna ärenden", unit="none", width=130),
        Column(name="waiting", title="Väntar på svar", unit="none", width=130),
        Column(name="wrong", title="Felaktiga förslag", width=140),
    )
    parts = {name: query(f"idle/{name}") for name in ("chosen", "cases", "counted")}
    return table(
        About(
            "payers",
            "Betalarkarta",
            Text(
                "Varje betalare med vad den hyr, hur mycket av det som går att bedöma, vad som föreslås åter, och hur"
                " ärendena svarats. ”Okänt” står där ingen har svarat.",
                "Every payer with what it rents, how much of that can be judged, what is proposed for return, and how"
                " its cases were answered. “Okänt” (unknown) stands where nobody has answered.",
            ),
            width=24,
            height=12,
        ),
        Query(sql=query("idle/payers", **parts), columns=columns),
    )


def _group(key: str, title: str, english: str, group: str) -> Panel:
    columns = (Column(name="name", title=title.removeprefix("Per ").capitalize()), *_COUNTS, *_MONEY)
    parts = {"chosen": query("idle/chosen"), "counted": query("idle/counted"), "group": group}
    return table(
        About(
            key,
            title,
            Text(
                f"{title}: utlånade, hur många som går att bedöma, och pengar. Störst besparing först.",
                f"{english}: on loan, how many can be judged, and money. The largest saving first.",
            ),
            width=24,
            height=8,
        ),
        Query(sql=query("idle/by_group", **parts), columns=columns),
    )


def _recall_figures() -> Panel:
    columns = (
        Column(name="open", title="Öppna ärenden"),
        Column(name="wrong", title="Felaktiga förslag"),
        Column(name="waiting", title="Väntar på svar"),
        Column(name="late", title="Hämtning försenad"),
        Column(name="late_deregistered", title="Avregistrering försenad"),
    )
    return figures(
        About(
            "recall_figures",
            "Återlämningsärenden",
            Text(
                "Ett förslag var fel när enheten svarade ”behövs” eller hjälpmedlet användes under ärendet. Den som"
                " inte har svarat räknas inte som rätt.",
                "A proposal was wrong when the unit answered “needed” or the device was used during its case. Nobody's"
                " silence counts as right.",
            ),
            width=24,
            height=4,
        ),
        Query(sql=query("idle/recall_figures", cases=query("idle/cases")), columns=columns),
    )


def _cases() -> Panel:
    columns = (
        Column(name="state", title="Läge", words=CASES, width=220),
        Column(name="cases", title="Ärenden", unit="none"),
        Column(name="week", title="Högst 7 dygn", unit="none"),
        Column(name="month", title="8–30 dygn", unit="none"),
        Column(name="quarter", title="31–90 dygn", unit="none"),
        Column(name="older", title="Över 90 dygn", unit="none"),
        Column(name="oldest", title="Äldst, dygn", unit="none"),
        Column(name="rent_sek", title="Hyra/månad", unit=shared.SEK, decimals=0),
    )
    return table(
        About(
            "cases",
            "Ärenden efter läge och ålder",
            Text(
                "Hur länge ärendena har stått där de står.",
                "For how long the cases have stood where they stand.",
            ),
            width=24,
            height=10,
        ),
        Query(sql=query("idle/cases_by_state", cases=query("idle/cases")), columns=columns),
    )
