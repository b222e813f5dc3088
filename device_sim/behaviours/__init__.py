"""How each class behaves: a file per class where the profile alone does not say enough; any other is generic."""

import importlib
import pkgutil
from functools import cache

from device_sim.behaviours.base import Behaviour
from device_sim.behaviours.generic import GenericBehaviour
from fleet.profile import DeviceProfile


@cache
def _specific() -> dict[str, type[Behaviour]]:
    found: dict[str, type[Behaviour]] = {}
    for entry in pkgutil.iter_modules(__path__):
        behaviour = getattr(importlib.import_module(f"{__name__}.{entry.name}"), "BEHAVIOUR", None)
        if behaviour is not None:
            found[entry.name] = behaviour
    return found


def behaviour_for(profile: DeviceProfile) -> Behaviour:
    """The behaviour of a class: BEHAVIOUR of its file in this folder where there is one, else the generic one."""
    return _specific().get(profile.name, GenericBehaviour)(profile)
