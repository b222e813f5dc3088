"""The overview for the assistive-technology centre: the fleet, its faults and alarms, what stands idle at what cost."""

from dashboards import fleet_panels as shared
from dashboards.dashboard import Dashboard, Folder
from dashboards.layout import Section
from dashboards.panels import About, Column, Panel, Query, categories, table
from dashboards.queries import query
from dashboards.variables import DEVICE_CLASS, PAYER, device_page
from fleet.text import Text


def overview(device_page_address: str) -> Dashboard:
    """The overview dashboard; `device_page_address` is what a device id is appended to."""
    chosen = query("fleet/chosen_fleet")
    return Dashboard(
        uid="fk-overview",
        title="Översikt",
        description=Text(
            "Hela flottan: läge, fel, larm och vad som står oanvänt. Varje tal visar vad det är en del av.",
            "The whole fleet: state, faults, alarms and what stands idle. Every figure shows what it is a part of.",
        ),
        folder=Folder.CENTRE,
        variables=(PAYER, DEVICE_CLASS, device_page(device_page_address)),
        sections=(
            Section(
                "Flottan",
                (shared.state_figures(chosen), _classes(chosen), shared.heard(chosen), shared.used_days(chosen)),
            ),
            Section(
                "Fel och larm",
                (_faults_by_class(chosen), shared.alarms_daily(chosen), shared.alarms_open(chosen)),
            ),
            Section(
                "Oanvänt",
                (shared.idle_figures(chosen), shared.verdicts(chosen), shared.idle_top(chosen), _payers(chosen)),
            ),
        ),
    )


def _classes(chosen: str) -> Panel:
    to_class = (
        "/d/fk-class-${__data.fields.device_class:percentencode}?${payer:queryparam}&${__url_time_range}",
        "Öppna typen",
    )
    columns = (
        Column(name="device_class"),
        Column(name="class_title", title="Hjälpmedelstyp", link=to_class),
        Column(name="registered", title="Registrerade", unit="none", width=110),
        Column(name="on_loan", title="Utlånade", width=130),
        Column(name="can_report", title="Kan rapportera", width=140),
        Column(name="reported", title="Hörda senaste dygnet", width=170),
        Column(name="faulty", title="Med aktivt fel", width=140),
        Column(name="alarms", title="Öppna larm", width=110),
        Column(name="not_taken", title="Ej tagna larm", width=120),
    )
    return table(
        About(
            "classes",
            "Läge per hjälpmedelstyp",
            Text(
                "Ett klick på typen öppnar dess egen sida. ”Okänt” står där ingen enhet av typen kan rapportera.",
                "A click on a class opens its own page. “Okänt” (unknown) stands where no device of the class can"
                " report.",
            ),
            width=24,
            height=7,
        ),
        Query(sql=query("overview/classes", chosen=chosen), columns=columns),
    )


def _faults_by_class(chosen: str) -> Panel:
    columns = (
        Column(name="class_title", title="Hjälpmedelstyp"),
        *shared.by_severity("critical", "high", "warning", "info", "unknown"),
    )
    return categories(
        About(
            "faults_by_class",
            "Enheter med aktivt fel",
            Text(
                "Enheter med minst ett aktivt tekniskt fel, efter typ och allvar. Okänd: en felkod som ingen profil"
                " känner.",
                "Devices with at least one active technical fault, by class and severity. Okänd: a code that no"
                " profile knows.",
            ),
        ),
        Query(sql=query("overview/faults_by_class", chosen=chosen), columns=columns),
    )


def _payers(chosen: str) -> Panel:
    columns = (
        Column(name="payer", title="Betalare"),
        Column(name="on_loan", title="Utlånade", unit="none", width=120),
        Column(name="known", title="Går att bedöma", width=170),
        Column(name="unused", title="Bevisat oanvända", width=170),
        Column(name="proposed", title="Föreslås återlämnas", unit="none", width=180),
        Column(name="rent_sek", title="Deras hyra/månad", unit=shared.SEK, decimals=0, width=160),
    )
    return table(
        About(
            "payers",
            "Oanvänt per betalare",
            Text(
                "Utlånade hjälpmedel per kommun eller region, hur många som går att bedöma, och hyran för dem som"
                " föreslås återlämnas. Tom hyra: inget föreslås.",
                "Devices on loan per municipality or region, how many can be judged, and the rent of those proposed"
                " for return. An empty rent: nothing is proposed.",
            ),
            width=24,
        ),
        Query(sql=query("overview/payers", chosen=chosen, judged=query("fleet/judged")), columns=columns),
    )
