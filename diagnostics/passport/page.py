"""The passport as one page to print, pure: it loads nothing, runs no script, and carries the number as a QR code."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from typing import Final

import segno

from diagnostics.passport.schemas import Passport
from fleet.text import Text

MOST_FAULTS: Final = 4
MOST_LINES: Final = 3
"""The page stays one page: what is left out is counted, the worst comes first, and all of it stands in the answer."""
STYLE: Final = """
@page { size: A4; margin: 15mm; }
body { font: 11pt/1.4 system-ui, sans-serif; max-width: 48rem; margin: 1rem auto; padding: 0 1rem; color: #111; }
header { display: flex; justify-content: space-between; align-items: flex-start; gap: 1rem; }
header div { min-width: 0; overflow-wrap: anywhere; }
header svg { flex: none; width: 30mm; height: 30mm; }
.faults { table-layout: fixed; }
.faults td:first-child { width: 24%; }
.faults td:nth-child(2) { width: 52%; }
h1 { font-size: 16pt; margin: 0 0 0.25rem; }
h2 { font-size: 12pt; margin: 1rem 0 0.25rem; }
.advice { border: 2px solid #111; padding: 0.5rem 0.75rem; font-size: 13pt; font-weight: bold; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.15rem 0.75rem 0.15rem 0; border-bottom: 1px solid #ccc; }
th { width: 40%; font-weight: normal; }
td, li { overflow-wrap: anywhere; }
.facts tbody { display: grid; grid-template-columns: 1fr 1fr; column-gap: 8mm; }
.facts tr { display: flex; border-bottom: 1px solid #ccc; }
.facts th, .facts td { border: 0; flex: 1; width: auto; }
@media print {
  body { font-size: 9pt; line-height: 1.25; margin: 0; padding: 0; max-width: none; }
  .advice { font-size: 11pt; margin: 2mm 0; }
  h2 { font-size: 10pt; margin: 2mm 0 0; }
  ul, p { margin: 1mm 0; }
}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'"
UNKNOWN: Final = Text("okänt", "unknown")


def render(passport: Passport, language: str) -> str:
    """The page in "sv" or "en"; a device's own texts are escaped."""
    title = Text("Hjälpmedelspass", "Device passport").to(language)
    number = escape(passport.individual_number)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{title} {number}</title><style>{STYLE}</style></head><body><main><header><div>"
        f"<h1>{title} {number}</h1><p>{escape(passport.maker)} {escape(passport.model)}<br>"
        f"{_made(language)} {passport.made_on.isoformat()}</p></div>{qr_code(passport.individual_number)}</header>"
        f"{_held(passport, language)}"
        f'<p class="advice">{escape(_of(passport.advice_words, language))}{_value(passport, language)}</p>'
        f"{_table(_facts(passport, language), language)}{_list(_WHY, passport.reasons, language)}"
        f"{_named(_NOT_KNOWN, passport.unknown, language)}{_faults(passport, language)}"
        f"<p>{escape(_NOTE.to(language))}</p></main></body></html>"
    )


def _held(passport: Passport, language: str) -> str:
    """The mark of an incident hold, above everything that is advised."""
    if not passport.held:
        return ""
    words = Text("AVVIKELSESPÄRR: ska lämnas orört", "INCIDENT HOLD: leave it untouched").to(language)
    return f'<p class="advice" role="alert">⛔ {words}</p>'


def qr_code(text: str) -> str:
    """A QR code as SVG within the page."""
    return segno.make(text, error="m", micro=False).svg_inline(border=2, omitsize=True)


def _facts(passport: Passport, language: str) -> list[tuple[Text, str]]:
    unknown = UNKNOWN.to(language)

    def shown(value: float | None, unit: str) -> str:
        if value is None:
            return unknown
        text = f"{value:g}"
        return f"{text.replace('.', ',') if language == 'sv' else text} {unit}".rstrip()

    worn = None if passport.worn is None else round(passport.worn * 100)
    return [
        (Text("Individnummer", "Number"), passport.individual_number),
        (Text("Serienummer", "Serial number"), passport.serial_number or unknown),
        (Text("Programversion", "Software version"), passport.firmware or unknown),
        (Text("I registret sedan", "In the register since"), passport.registered_on.isoformat()),
        (Text("Senast hörd", "Last heard"), passport.last_seen.date().isoformat() if passport.last_seen else unknown),
        (Text("Uthyrningar", "Loans"), str(passport.loans)),
        (Text("Drifttid", "Running time"), shown(passport.running_hours, "h")),
        (Text("Körsträcka", "Distance"), shown(passport.distance_km, "km")),
        (Text("Laddcykler", "Charge cycles"), shown(passport.charge_cycles, "")),
        (Text("Batterihälsa", "Battery health"), shown(passport.battery_health_percent, "%")),
        (Text("Lägsta temperatur, 90 dagar", "Lowest temperature, 90 days"), shown(passport.coldest_celsius, "°C")),
        (Text("Utförda reparationer", "Repairs done"), shown(passport.repairs, "")),
        (Text("Förbrukad livslängd", "Life used up"), shown(worn, "%")),
    ]


def _table(rows: list[tuple[Text, str]], language: str) -> str:
    lines = "".join(
        f"<tr><th>{escape(name.to(language))}</th><td>{escape(_short(value))}</td></tr>" for name, value in rows
    )
    return f'<table class="facts"><tbody>{lines}</tbody></table>'


def _list(title: Text, texts: Sequence[object], language: str) -> str:
    items = "".join(f"<li>{escape(_short(_of(text, language)))}</li>" for text in texts[:MOST_LINES])
    items += _left_out(len(texts) - MOST_LINES, language)
    return f"<h2>{escape(title.to(language))}</h2><ul>{items}</ul>" if items else ""


def _faults(passport: Passport, language: str) -> str:
    rows = "".join(
        f"<tr><td>{escape(_short(fault.code, _CODE))}</td><td>{escape(_short(_of(fault.title, language)))}</td>"
        f"<td>{fault.times}</td><td>{escape((_ACTIVE if fault.active else _CLEARED).to(language))}</td></tr>"
        for fault in passport.faults[:MOST_FAULTS]
    )
    left = len(passport.faults) - MOST_FAULTS
    if left > 0:
        rows += f"<tr><td>+{left}</td><td>{escape(_MORE.to(language))}</td></tr>"
    heading = f"<h2>{escape(_FAULTS.to(language))}</h2>"
    return f'{heading}<table class="faults">{rows}</table>' if rows else ""


def _value(passport: Passport, language: str) -> str:
    if passport.value_at_stake_sek is None:
        return ""
    amount = f"{passport.value_at_stake_sek:,.0f}".replace(",", "\u202f")
    months = passport.remaining_months
    return escape(Text(f" · {amount} kr över {months} månader", f" · {amount} SEK over {months} months").to(language))


def _named(title: Text, texts: Sequence[object], language: str) -> str:
    """A heading and names in one paragraph."""
    names = [escape(_short(_of(text, language))) for text in texts[:MOST_LINES]]
    left = len(texts) - MOST_LINES
    names += [f"+{left} {escape(_MORE.to(language))}"] if left > 0 else []
    return f"<h2>{escape(title.to(language))}</h2><p>{', '.join(names)}.</p>" if names else ""


def _left_out(number: int, language: str) -> str:
    return f"<li>+{number} {escape(_MORE.to(language))}</li>" if number > 0 else ""


def _short(text: str, longest: int = 90) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _of(text: object, language: str) -> str:
    return str(getattr(text, language))


def _made(language: str) -> str:
    return Text("Skrivet", "Made").to(language)


_CODE: Final = 40
_MORE: Final = Text("till, se Fjärrkoll", "more, see Fjärrkoll")
_WHY: Final = Text("Skäl", "Reasons")
_NOT_KNOWN: Final = Text("Okänt", "Unknown")
_FAULTS: Final = Text("Felkoder", "Faults")
_ACTIVE: Final = Text("kvarstår", "active")
_CLEARED: Final = Text("upphört", "cleared")
_NOTE: Final = Text(
    "Passet gäller bara hjälpmedlets tekniska liv. Livslängder är antaganden; rådet är ett förslag till en tekniker.",
    "The passport is about the device's technical life only. Lives are assumed; the advice is a proposal to a person.",
)
