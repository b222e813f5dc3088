"""The page behind a link, pure: what sort of thing waits, and one button; nothing about device or user, no script."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import Final

from fleet.clock import STOCKHOLM
from fleet.text import Text

STYLE: Final = """
body { font: 18px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 2rem auto; padding: 0 1rem; color: #111; background: #fff; }
button { font: inherit; font-weight: 600; width: 100%; padding: 1rem; border: 0; border-radius: 8px; background: #0b5fa5; color: #fff; }
button:focus-visible { outline: 4px solid #111; outline-offset: 2px; }
.urgent { color: #a30000; font-weight: 700; }
"""  # noqa: E501 - a style sheet reads best unbroken
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class State(StrEnum):
    """What has become of the alarm behind a link, or of the attempt to take it."""

    OPEN = "open"
    TAKEN = "taken"
    ALREADY = "already"
    OVER = "over"
    USED = "used"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is shown of an alarm: what sort of device, what happened, since when."""

    class_title: Text
    title: Text
    safety: bool
    raised_at: datetime


_SAID: Final = {
    State.OPEN: Text("Larmet väntar på att någon tar det.", "The alarm waits for somebody to take it."),
    State.TAKEN: Text("Du har tagit larmet. Tack!", "You have taken the alarm. Thank you!"),
    State.ALREADY: Text("Någon annan har redan tagit larmet.", "Somebody else has taken the alarm already."),
    State.OVER: Text("Larmet har upphört. Ingenting behöver göras.", "The alarm has ended. Nothing needs to be done."),
    State.USED: Text("Länken är redan använd.", "The link has been used already."),
    State.UNKNOWN: Text(
        "Länken gäller inte längre. Logga in för att se larmet.",
        "The link is no longer valid. Log in to see the alarm.",
    ),
}
_TAKE: Final = Text("Jag tar larmet", "I take the alarm")
_URGENT: Final = Text("Akut", "Urgent")
_ALARM: Final = Text("Larm", "Alarm")
_SINCE: Final = Text("Sedan kl.", "Since")


def render(state: State, waiting: Waiting | None, language: str) -> str:
    """The page, in the receiver's language. Opening it changes nothing: only its button does, by POST."""
    parts = [f"<h1>{_ALARM.to(language)}</h1>"]
    if waiting is not None:
        urgent = f'<p class="urgent">{_URGENT.to(language)}</p>' if waiting.safety else ""
        local = waiting.raised_at.astimezone(STOCKHOLM)
        what = f"{waiting.class_title.to(language)}: {waiting.title.to(language)}"
        parts += [urgent, f"<p>{escape(what)}</p>", f"<p>{_SINCE.to(language)} {local:%H:%M}</p>"]
    parts.append(f'<p role="status">{_SAID[state].to(language)}</p>')
    if state is State.OPEN:
        parts.append(f'<form method="post"><button type="submit">{_TAKE.to(language)}</button></form>')
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{_ALARM.to(language)}</title><style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>"
    )
