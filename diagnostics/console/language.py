"""Swedish and English on the console's pages: gettext catalogues, and dates, numbers and ages as Swedes write them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from fleet.clock import STOCKHOLM, local_day
from fleet.text import Text

LANGUAGES: Final = ("sv", "en")
_CATALOGUES: Final = Path(__file__).with_name("translations")
LOCALES: Final[Mapping[str, str]] = {"sv": "sv_SE", "en": "en_GB"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_LONGEST: Final = 1e15


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Swedish sentence to the sentence in `language`; the pages are written in Swedish, so that one is empty."""
    if language == "sv":
        return {}
    found: dict[str, str] = {}
    for path in sorted(_CATALOGUES.glob(f"{language}*.po")):
        with path.open("rb") as file:
            found |= {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id and entry.string}
    return found


class Words:
    """Everything a page needs in order to speak one language.

    Args:
        language: "sv" or "en".
        now: the moment of the request, aware.
    """

    def __init__(self, language: str, now: datetime) -> None:
        self.language = language
        self.now = now
        self._catalogue = catalogue(language)

    @property
    def today(self) -> date:
        """The Swedish day of the request."""
        return local_day(self.now)

    def say(self, swedish: str, **parts: object) -> str:
        """A sentence of the page, with `{name}` places filled."""
        sentence = self._catalogue.get(swedish, swedish)
        return sentence.format(**parts) if parts else sentence

    def several(self, number: float, one: str, many: str, **parts: object) -> str:
        """A sentence of one thing or of several, with `{number}` filled as numbers are written."""
        return self.say(one if number == 1 else many, number=self.number(number), **parts)

    def text(self, text: object) -> str:
        """A bilingual text of the domain or of an answer."""
        if not isinstance(text, Text):
            text = Text(str(getattr(text, "sv", text)), str(getattr(text, "en", text)))
        return text.to(self.language)

    def moment(self, at: datetime | None) -> str:
        """`2026-11-21 14:05` in Sweden, or a dash where unknown."""
        return "–" if at is None else f"{at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"

    def clock(self, at: datetime) -> str:
        """`14:05:30` in Sweden, for what is about to happen today; with its day where that is another one."""
        return f"{at.astimezone(STOCKHOLM):%H:%M:%S}" if local_day(at) == self.today else self.moment(at)

    def day(self, day: date | None) -> str:
        """`2026-11-21 (v. 47)`."""
        if day is None:
            return "–"
        return f"{day:%Y-%m-%d} ({self.say('v. {week}', week=day.isocalendar().week)})"

    def ago(self, at: datetime | None) -> str:
        """How long ago: `3 min sedan`; the page shows the exact time beside it."""
        if at is None:
            return self.say("aldrig")
        seconds = (self.now - at).total_seconds()
        if seconds < _MINUTE:
            return self.say("nyss") if seconds > -_MINUTE else self.moment(at)
        if seconds < _HOUR:
            return self.say("{number} min sedan", number=int(seconds // _MINUTE))
        if seconds < 2 * _DAY:
            return self.say("{number} tim sedan", number=int(seconds // _HOUR))
        return self.say("{number} dygn sedan", number=int(seconds // _DAY))

    def number(self, value: float | None, digits: int = 0) -> str:
        """`12 345,6` in Swedish; a dash where unknown, never zero."""
        if value is None:
            return "–"
        return written(value, digits, self.language)

    def money(self, value: object) -> str:
        """Whole kronor."""
        return "–" if value is None else f"{self.number(round(float(str(value))))} kr"

    def value(self, value: object) -> str:
        """A metric's value; yes and no for flags."""
        if value is None:
            return self.say("okänt")
        if isinstance(value, bool):
            return self.say("ja") if value else self.say("nej")
        return self.number(float(str(value)), 2)


@lru_cache(maxsize=4096)
def written(value: float, digits: int, language: str) -> str:
    """A number as Babel's `#,##0.##` writes it, at a twentieth of the time: a page of readings has hundreds."""
    if not -_LONGEST < value < _LONGEST:  # beyond it, and what is no number
        return format_decimal(value, "#,##0" + ("." + "#" * digits if digits else ""), locale=LOCALES[language])
    group, decimal = _signs(language)
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits))
    whole, _, rest = f"{abs(rounded):,f}".partition(".")
    shown = whole.replace(",", group) + (decimal + rest.rstrip("0") if rest.rstrip("0") else "")
    return f"-{shown}" if rounded < 0 else shown


@cache
def _signs(language: str) -> tuple[str, str]:
    """What stands between thousands, and before decimals."""
    signs = Locale.parse(LOCALES[language]).number_symbols["latn"]
    return signs["group"], signs["decimal"]


def iso(at: datetime) -> str:
    """For `<time datetime>`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
