"""The registry of device classes: a value built by walking `fleet/profiles/`; adding a class is adding a file."""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from fleet import profiles
from fleet.errors import ProfileError, UnknownDeviceClassError
from fleet.models import DeviceModel
from fleet.profile import DeviceProfile


@dataclass(frozen=True)
class Registry:
    """All device classes of an installation, by name."""

    by_name: Mapping[str, DeviceProfile]

    def __iter__(self) -> Iterator[DeviceProfile]:
        return iter(self.by_name.values())

    def __getitem__(self, name: str) -> DeviceProfile:
        """The profile of a class.

        Raises:
            UnknownDeviceClassError: no file in fleet/profiles describes it.
        """
        try:
            return self.by_name[name]
        except KeyError:
            known = ", ".join(sorted(self.by_name))
            raise UnknownDeviceClassError(f"no profile for device class {name!r}; known: {known}") from None

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def models(self) -> Iterator[tuple[DeviceProfile, DeviceModel]]:
        """Every model of every class."""
        return ((profile, model) for profile in self for model in profile.models)


def build_registry(found: Iterable[tuple[str, DeviceProfile]]) -> Registry:
    """A registry of `(origin, profile)` pairs, sorted by name.

    Raises:
        ProfileError: two origins claim the same class or model key; both are named.
    """
    origins: dict[str, str] = {}
    by_name: dict[str, DeviceProfile] = {}
    for origin, profile in found:
        for claim in [profile.name, *{model.key for model in profile.models}]:
            if claim in origins:
                raise ProfileError(f"{claim!r} is claimed by both {origins[claim]} and {origin}")
            origins[claim] = origin
        by_name[profile.name] = profile
    return Registry(MappingProxyType(dict(sorted(by_name.items()))))


@cache
def load_registry() -> Registry:
    """The registry of every file in `fleet/profiles/`; each such file has one constant PROFILE.

    Raises:
        ProfileError: a file has no PROFILE, or two files clash.
    """
    return build_registry(_walk())


def _walk() -> Iterator[tuple[str, DeviceProfile]]:
    for found in pkgutil.iter_modules(profiles.__path__):
        if found.name.startswith("_"):
            continue
        module = importlib.import_module(f"{profiles.__name__}.{found.name}")
        profile = getattr(module, "PROFILE", None)
        if not isinstance(profile, DeviceProfile):
            raise ProfileError(
                f"fleet/profiles/{found.name}.py has no PROFILE; name it with _ in front if it is a helper"
            )
        yield f"fleet/profiles/{found.name}.py", profile
