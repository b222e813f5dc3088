"""An alarm's reason in people's words, pure: keys of metrics, events and faults give way to what they are called."""

import re
from typing import Final

from fleet.profile import DeviceProfile
from fleet.text import Text

_POINT: Final = re.compile(r"(?<=\d)\.(?=\d)")
_KEY: Final = re.compile(r"[A-Za-z][\w-]*(?:\.\w+)*")


def spoken(reason: Text, profile: DeviceProfile | None, language: str) -> str:
    """The sentence in a language; what no profile knows stays as it is spelled.

    Args:
        reason: as the rule gave it, with keys such as `battery.soc` and codes such as `MED-MEC-01` in it.
        profile: of the device's class; None where the class is not known here.
        language: "sv" or "en"; Swedish writes a decimal comma.
    """
    sentence = reason.to(language)
    if language == "sv":
        sentence = _POINT.sub(",", sentence)
    if profile is None:
        return sentence
    titles = {key: metric.title for key, metric in profile.metrics_by_key.items()}
    titles |= {event.name: event.title for event in profile.all_events}
    codes = {code: fault.title for code, fault in profile.faults_by_code.items()}

    def said(found: re.Match[str]) -> str:
        key = found[0]
        if key in codes:
            return f"{codes[key].to(language)} ({key})"
        return titles[key].to(language) if key in titles else key

    return _KEY.sub(said, sentence)
