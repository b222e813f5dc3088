"""What of a command's result a caller may see, pure: metrics and faults of other audiences are taken out."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from fleet.faults import NativeCode
from fleet.profile import DeviceProfile
from fleet.signals import Audience


def visible_result(
    profile: DeviceProfile, model_key: str, firmware: str, result: Mapping[str, Any], audiences: AbstractSet[Audience]
) -> dict[str, Any]:
    """The result as the audiences may see it, each known fault with its normalised code and title.

    Devices spell metrics natively here, so a name is looked up through the model's own names as well.
    """
    model = profile.model(model_key, firmware)
    renamed = dict(model.renamed) if model else {}
    hidden = {metric.key for metric in profile.metrics if metric.audience not in audiences}
    hidden |= {native for native, key in renamed.items() if key in hidden}
    known = {metric.key for metric in profile.metrics} | renamed.keys()
    shown: dict[str, Any] = _known_values(_without(result, hidden), known)
    for listed in ("faults", "log"):
        faults = shown.get(listed)
        if isinstance(faults, list):
            shown[listed] = [entry for fault in faults if (entry := _fault(profile, fault, audiences)) is not None]
    if Audience.TECHNICAL not in audiences:
        shown.pop("lines", None)
    return shown


def _known_values(value: Any, known: AbstractSet[str]) -> Any:  # noqa: ANN401 - JSON of any shape
    """Measured values, wherever they stand, without those that no profile knows and nobody has given an audience."""
    if isinstance(value, list):
        return [_known_values(entry, known) for entry in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: {key: told for key, told in entry.items() if key in known}
        if name == "values" and isinstance(entry, Mapping)
        else _known_values(entry, known)
        for name, entry in value.items()
    }


def _without(value: Any, hidden: AbstractSet[str]) -> Any:  # noqa: ANN401 - JSON of any shape
    if isinstance(value, Mapping):
        return {name: _without(entry, hidden) for name, entry in value.items() if name not in hidden}
    return [_without(entry, hidden) for entry in value] if isinstance(value, list) else value


def _fault(profile: DeviceProfile, fault: Any, audiences: AbstractSet[Audience]) -> dict[str, Any] | None:  # noqa: ANN401
    if not isinstance(fault, dict):
        return None
    system, code = str(fault.get("system", "")).lower(), str(fault.get("code", ""))
    known = profile.faults_by_native.get(NativeCode(system, code)) if system and code else None
    if (known.audience if known else Audience.TECHNICAL) not in audiences:
        return None
    if known is None:
        return {**fault, "known_code": False}
    title = {"sv": known.title.sv, "en": known.title.en}
    return {**fault, "known_code": True, "fault_code": known.code, "severity": str(known.severity), "title": title}
