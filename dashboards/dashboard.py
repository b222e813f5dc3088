"""A whole dashboard as a value, and as the JSON that Grafana 11 to 13 reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from dashboards.layout import Section, place
from dashboards.panels import Json, Panel, both
from dashboards.variables import Variable
from fleet.text import Text

SCHEMA_VERSION: Final = 39
"""Classic model of Grafana 11; 12 and 13 bring it to their own on loading."""
TAG: Final = "fjarrkoll"


class Folder(Enum):
    """One folder per audience: its uid, its name on disk, its Swedish title."""

    CENTRE = ("fk-hmc", "hmc", "Fjärrkoll – hjälpmedelscentralen")
    TECHNICIANS = ("fk-technicians", "technicians", "Fjärrkoll – tekniker")
    OPERATIONS = ("fk-operations", "operations", "Fjärrkoll – drift")

    @property
    def uid(self) -> str:
        """Grafana's key of the folder, the same everywhere."""
        return self.value[0]

    @property
    def directory(self) -> str:
        """Its directory below dashboards/json."""
        return self.value[1]

    @property
    def title(self) -> str:
        """What people read."""
        return self.value[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """One dashboard. `uid` never changes: links and bookmarks hold on to it."""

    uid: str
    title: str
    description: Text
    folder: Folder
    variables: Sequence[Variable]
    sections: Sequence[Section]
    time_from: str = "now-30d"
    refresh: str = "15m"

    @property
    def panels(self) -> list[Panel]:
        """All panels, without headings."""
        return [panel for section in self.sections for panel in section.panels]

    def to_json(self) -> Json:
        """The dashboard as Grafana stores it."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": both(self.description),
            "tags": [TAG, self.folder.directory],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "timezone": "browser",
            "weekStart": "monday",
            "refresh": self.refresh,
            "time": {"from": self.time_from, "to": "now"},
            "timepicker": {},
            "annotations": {"list": []},
            "links": [_LINK],
            "templating": {"list": [variable.to_json() for variable in self.variables]},
            "panels": place(self.sections),
        }


_LINK: Final[Json] = {
    "type": "dashboards", "title": "Fjärrkoll", "tags": [TAG], "asDropdown": True, "icon": "external link",
    "includeVars": False, "keepTime": True, "targetBlank": False, "tooltip": "", "url": "",
}  # fmt: skip
