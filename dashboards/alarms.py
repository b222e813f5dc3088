"""The dashboard of alarms: how fast they reach people, per area and cause, whether they were true, who takes them."""

from typing import Final

from dashboards import fleet_panels as shared
from dashboards.dashboard import Dashboard, Folder
from dashboards.layout import Section
from dashboards.panels import About, Column, Panel, Query, categories, figures, lines, table
from dashboards.queries import query
from dashboards.variables import DEVICE_CLASS, PAYER
from dashboards.words import CANARIES, LEGS
from fleet.text import Text

_PERCENTILES: Final = (
    Column(name="middle", title="Median", unit="s"),
    Column(name="high", title="95:e percentilen", unit="s"),
    Column(name="highest", title="99:e percentilen", unit="s"),
)


def alarms() -> Dashboard:
    """The dashboard. It names no device, no hour and no person."""
    journeys = query("alarms/journeys")
    return Dashboard(
        uid="fk-alarms",
        title="Larm",
        description=Text(
            "Hur snabbt larm når människor, per område och orsak; om de var sanna; på vilket steg de tas.",
            "How fast alarms reach people, per area and cause; whether they were true; at which step they are taken.",
        ),
        folder=Folder.CENTRE,
        variables=(PAYER, DEVICE_CLASS),
        sections=(
            Section("Perioden", (_figures(journeys), _reach(journeys), _steps(journeys))),
            Section("Dygn för dygn", (_daily(journeys, "to_sent"), _daily(journeys, "to_taken"))),
            Section("Områden och orsaker", (_causes(journeys), _verdicts(journeys))),
            Section("Kanarieautomaten", (_canary(),)),
        ),
    )


def _figures(journeys: str) -> Panel:
    columns = (
        Column(name="alarms", title="Larm"),
        Column(name="sent", title="Skickade"),
        Column(name="delivered", title="Levererade"),
        Column(name="taken", title="Tagna av någon"),
        Column(name="late", title="Kända i efterhand"),
        Column(name="precision", title="Sanna"),
    )
    return figures(
        About(
            "figures",
            "Hur långt larmen kom",
            Text(
                "Larm som meddelades för sig själva. Levererade räknas av dem som skickades med en kanal som kvitterar,"
                " sanna av dem som någon har bedömt. Kända i efterhand räknas men mäts inte.",
                "Alarms that were told by themselves. Delivered are counted among those sent through a channel with"
                " receipts, true ones among those somebody has judged. Known late are counted, not timed.",
            ),
            width=24,
            height=4,
        ),
        Query(sql=query("alarms/figures", journeys=journeys), columns=columns),
    )


def _reach(journeys: str) -> Panel:
    counted = Column(name="of", title="Av")
    columns = (Column(name="leg", title="Från händelsen till", words=LEGS), *_PERCENTILES, counted)
    return table(
        About(
            "reach",
            "Från händelse till människa",
            Text(
                "Sekunder från enhetens händelse till första utskick, leverans enligt kvitto, och att någon tog det.",
                "Seconds from the device's event to first send, delivery by receipt, and somebody taking the alarm.",
            ),
        ),
        Query(sql=query("alarms/reach", journeys=journeys), columns=columns),
    )


def _steps(journeys: str) -> Panel:
    columns = (
        Column(name="step", title="Larmstegens steg"),
        Column(name="taken", title="Tagna", unit="none", decimals=0, width=110),
        Column(name="share", title="Andel", unit="percent", decimals=1, width=110),
        Column(name="of", title="Av"),
    )
    return table(
        About(
            "steps",
            "På vilket steg tas larm?",
            Text(
                "Hur många larm som togs efter varje stegs uppringning, av alla som togs. Sista utvägen är steget efter"
                " de andra.",
                "How many alarms were taken after each step's call, of all that were taken. The last resort is the step"
                " after the others.",
            ),
        ),
        Query(sql=query("alarms/steps", journeys=journeys), columns=columns),
    )


def _daily(journeys: str, leg: str) -> Panel:
    title, words = {
        "to_sent": ("Till första utskick", Text("första utskick", "first send")),
        "to_taken": ("Till taget", Text("att någon tog larmet", "somebody taking it")),
    }[leg]
    columns = (
        shared.TIME,
        *_PERCENTILES,
        Column(name="alarms", title="Antal larm", unit="none", decimals=0, drawn=False),
    )
    return lines(
        About(
            f"daily_{leg}",
            title,
            Text(
                f"Sekunder från händelsen till {words.sv}, per svenskt dygn. Ett dygn utan punkt: inga larm mättes.",
                f"Seconds from the event to {words.en}, per Swedish day. A day without a point: no alarm was timed.",
            ),
        ),
        [Query(sql=query("alarms/daily", journeys=journeys, leg=leg), columns=columns)],
        unit="s",
        interval="1d",
    )


def _causes(journeys: str) -> Panel:
    columns = (
        Column(name="payer", title="Betalare", width=130),
        Column(name="area", title="Område", width=130),
        Column(name="cause", title="Orsak"),
        Column(name="alarms", title="Larm", unit="none", decimals=0, width=80),
        Column(name="sent_middle", title="Skickat p50", unit="s", width=105),
        Column(name="sent_high", title="p95", unit="s", width=90),
        Column(name="sent_highest", title="p99", unit="s", width=90),
        Column(name="delivered_high", title="Levererat p95", unit="s", width=115),
        Column(name="taken_middle", title="Taget p50", unit="s", width=100),
        Column(name="taken_high", title="p95", unit="s", width=90),
        Column(name="taken", title="Tagna", width=110),
        Column(name="precision", title="Sanna av bedömda", width=140),
    )
    return table(
        About(
            "causes",
            "Per område och orsak",
            Text(
                "Flest larm först (högst 500 rader). Område är så grovt som ett avbrott är, aldrig en adress; ”hela” är"
                " betalarens hela område. Tomt: inget kom så långt.",
                "The most alarms first (at most 500 rows). An area is as coarse as an outage is, never an address;"
                " “hela” is the payer's whole territory. Empty: none got so far.",
            ),
            width=24,
            height=10,
        ),
        Query(sql=query("alarms/causes", journeys=journeys), columns=columns),
    )


def _verdicts(journeys: str) -> Panel:
    columns = (
        Column(name="cause", title="Orsak"),
        Column(name="judged_true", title="✓ Sant", unit="none", decimals=0, color="green"),
        Column(name="judged_false", title="✗ Falskt", unit="none", decimals=0, color="orange"),
        Column(name="judged_expected", title="… Väntat", unit="none", decimals=0, color="blue"),
        Column(name="unjudged", title="? Inte bedömt", unit="none", decimals=0, color="purple"),
    )
    return categories(
        About(
            "verdicts",
            "Var larmen sanna?",
            Text(
                "Vad människor sade om larmen, per orsak. Inte bedömt är varken sant eller falskt.",
                "What people said of the alarms, by cause. Not judged is neither true nor false.",
            ),
            width=24,
        ),
        Query(sql=query("alarms/verdicts", journeys=journeys), columns=columns),
    )


def _canary() -> Panel:
    columns = (
        Column(name="jammed_at", title="Fastnade", width=170),
        Column(name="outcome", title="Kom fram?", words=CANARIES, width=160),
        Column(name="to_raised", title="Till larm", unit="s", width=110),
        Column(name="to_sent", title="Till utskick", unit="s", width=110),
        Column(name="to_delivered", title="Till leverans", unit="s", width=120),
    )
    return table(
        About(
            "canary",
            "Den dagliga prövningen",
            Text(
                "En automat som ingen använder fastnar varje dag; så lång tid tog det tills dess larm kom fram.",
                "A dispenser that nobody uses jams every day; so long it took its alarm to arrive.",
            ),
            width=24,
        ),
        Query(sql=query("alarms/canary"), columns=columns),
    )
