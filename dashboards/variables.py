"""The drop-downs at the top of a dashboard: payer, class, model, device, sample size and where a device's page is."""

from dataclasses import dataclass
from typing import Final

from dashboards.macros import ALL
from dashboards.panels import DATASOURCE, Json, both
from dashboards.queries import query
from fleet.text import Text

EVERY: Final = "'__all'"
"""What "All" becomes in SQL. A word of our own instead of Grafana's list of every option, which would leave out devices
that have no payer. Raw, quotes included: Grafana does not format it."""
DEVICE_PAGE: Final = "http://localhost:8080/console/devices/"
"""Address to which a device id is appended; `fjarrkoll dashboards build --device-page` sets another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable. `sql` returns `__value` and `__text`; `fixed` holds what a variable without a query may be."""

    name: str
    label: str
    description: Text
    sql: str = ""
    every: bool = False
    fixed: tuple[str, ...] = ()
    kind: str = "query"

    def to_json(self) -> Json:
        """The variable as Grafana stores it."""
        common: Json = {
            "name": self.name,
            "label": self.label,
            "description": both(self.description),
            "type": self.kind,
            "hide": 0,
            "skipUrlSync": False,
        }
        return common | (self._asked() if self.kind == "query" else self._given())

    def _asked(self) -> Json:
        made: Json = {
            "datasource": DATASOURCE,
            "query": self.sql,
            "definition": self.sql,
            "refresh": 1,
            "regex": "",
            "sort": 0,
            "multi": True,
            "includeAll": self.every,
            "current": {"text": ["All"], "value": [ALL]} if self.every else {"text": [], "value": []},
            "options": [],
        }
        return made | {"allValue": EVERY} if self.every else made

    def _given(self) -> Json:
        first = {"selected": True, "text": self.fixed[0], "value": self.fixed[0]}
        others = [{"selected": False, "text": value, "value": value} for value in self.fixed[1:]]
        return {"query": ",".join(self.fixed), "current": first, "options": [first, *others]}


PAYER: Final = Variable(
    name="payer",
    label="Betalare",
    description=Text(
        "Kommun eller region. Med ”All” visas också hjälpmedel som ingen lånar.",
        "Municipality or region. With “All”, devices that nobody borrows are shown too.",
    ),
    sql=query("variables/payer"),
    every=True,
)
DEVICE_CLASS: Final = Variable(
    name="device_class",
    label="Hjälpmedelstyp",
    description=Text("Typ av hjälpmedel.", "Class of device."),
    sql=query("variables/device_class"),
    every=True,
)
SAMPLE: Final = Variable(
    name="sample",
    label="Urval",
    kind="custom",
    fixed=("200", "50", "1000", "5000"),
    description=Text(
        "Högst så många enheter räknas i kurvorna över flottan: ett fast, slumpmässigt urval, så att en stor"
        " flotta inte tynger databasen.",
        "At most this many devices count in the fleet curves: a fixed random sample, so that a large fleet does"
        " not weigh the database down.",
    ),
)
SEARCH: Final = Variable(
    name="search",
    label="Sök individnummer",
    kind="textbox",
    fixed=("",),
    description=Text(
        "Del av ett individnummer; begränsar vad som kan väljas under Enhet.",
        "Part of an individual number; limits what can be chosen under Enhet (device).",
    ),
)


def model(device_class: str) -> Variable:
    """The models of one class."""
    return Variable(
        name="model",
        label="Modell",
        description=Text("Modell enligt registret.", "Model as registered."),
        sql=query("variables/model", device_class=device_class),
        every=True,
    )


def device(device_class: str) -> Variable:
    """One or more devices of a class, to be drawn beside the fleet."""
    return Variable(
        name="device",
        label="Enhet",
        description=Text(
            "Enheter som ritas var för sig; de som hördes senast står först. Högst 200 visas: sök för att nå de andra.",
            "Devices drawn one by one; those heard latest come first. At most 200 are listed: search to reach the"
            " others.",
        ),
        sql=query("variables/device", device_class=device_class),
    )


def device_page(address: str) -> Variable:
    """Where a device's page is."""
    return Variable(
        name="device_page",
        label="Enhetens sida",
        kind="textbox",
        fixed=(address,),
        description=Text(
            "Adress som enhetens id läggs till på när man klickar på ett individnummer.",
            "Address to which the device id is appended when an individual number is clicked.",
        ),
    )
