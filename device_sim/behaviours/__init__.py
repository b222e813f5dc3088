"""How each class behaves, one file per class where the profile alone does not say enough; any other class behaves generically."""

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
        module = importlib.import_module(f"{__name__}.{entry.name}")
        behaviour = getattr(module, "BEHAVIOUR", None)
        if behaviour is not None:
            found[entry.name] = behaviour
    return found


def behaviour_for(profile: DeviceProfile) -> Behaviour:
    """The behaviour of a class: `device_sim/behaviours/<class>.py` if there is one with a BEHAVIOUR, else the generic one."""
    return _specific().get(profile.name, GenericBehaviour)(profile)
