"""The channels of an installation, assembled from its settings; what is not set up is not there."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from diagnostics.notify.apprise_channel import Apprise
from diagnostics.notify.channel import Channel
from diagnostics.notify.gateway import Gateway
from diagnostics.notify.gateway_form import GatewayForm, read_form
from diagnostics.notify.mail import Mail, Smtp
from diagnostics.notify.panel import Panel
from diagnostics.notify.webhook import Webhook
from fleet.errors import ConfigurationError
from fleet.plumbing.settings import Settings

GATEWAYS: Final = ("sms", "voice")


def make_channels(settings: Settings) -> dict[str, Channel]:
    """The channels that are set up, by name.

    Raises:
        ConfigurationError: a channel's settings contradict each other.
    """
    makers: tuple[Callable[[Settings], Iterator[Channel]], ...] = (_webhook, _mail, _gateways, _others)
    return {channel.name: channel for make in makers for channel in make(settings)}


def read_gateways(path: Path | None) -> Mapping[str, GatewayForm]:
    """The providers' forms of a TOML file, by channel.

    Raises:
        ConfigurationError: the file cannot be read, or a form in it is wrong.
    """
    if path is None:
        return MappingProxyType({})
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"FJARRKOLL_GATEWAYS_FILE cannot be read: {type(error).__name__}") from error
    if strange := document.keys() - set(GATEWAYS):
        raise ConfigurationError(f"FJARRKOLL_GATEWAYS_FILE: unknown table {sorted(strange)}; known are {GATEWAYS}")
    return MappingProxyType({name: read_form(entry, name) for name, entry in document.items()})


def _webhook(settings: Settings) -> Iterator[Channel]:
    if settings.webhook_url is not None:
        secret = settings.need("webhook_secret")
        yield Webhook(settings.webhook_url, secret, allow_private=settings.webhook_allow_private)


def _mail(settings: Settings) -> Iterator[Channel]:
    if settings.smtp_host is not None:
        password = settings.smtp_password
        yield Mail(
            Smtp(
                host=settings.smtp_host,
                port=settings.smtp_port,
                sender=settings.smtp_sender,
                security=settings.smtp_security,
                username=settings.smtp_username,
                password=None if password is None else password.get_secret_value(),
                ca_file=None if settings.smtp_ca_file is None else str(settings.smtp_ca_file),
            )
        )


def _gateways(settings: Settings) -> Iterator[Channel]:
    public = (settings.public_url or settings.api_url).rstrip("/")
    for name, form in read_gateways(settings.gateways_file).items():
        yield Gateway(
            name,
            form,
            settings.need(f"{name}_secret"),
            callback=f"{public}/api/v1/receipts/{name}",
            allow_private=settings.gateways_allow_private,
        )


def _others(settings: Settings) -> Iterator[Channel]:
    if settings.panels:
        yield Panel(settings)
    if settings.apprise:
        yield Apprise()
