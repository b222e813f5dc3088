"""Runs the API: opens its resources, serves until told to stop, closes everything in reverse."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvicorn

from diagnostics.app import build_app
from diagnostics.commands.repository import REPLY_CHANNEL
from diagnostics.console.claims import read_mapping
from diagnostics.console.identity import IdentityProvider, ProviderSettings
from diagnostics.console.pages import ROOT as CONSOLE
from diagnostics.console.provider_login import ANSWER
from diagnostics.lists.columns import load_layout
from diagnostics.notify.channels import read_gateways
from diagnostics.resources import ConsoleSettings, DemoAccount, DemoPanel, ReceiptDesk, Resources
from diagnostics.wakeups import Wakeups
from fleet.errors import ConfigurationError
from fleet.plumbing.database import database_pool
from fleet.plumbing.logs import get_logger
from fleet.plumbing.memory import settle
from fleet.plumbing.settings import Settings
from fleet.registry import load_registry

_CONNECTIONS: Final = 10
_DRAIN_SECONDS: Final = 5
_PROVED_SECONDS: Final = 1.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_log = get_logger(part="api")


@asynccontextmanager
async def open_resources(
    database_url: str,
    *,
    connections: int = _CONNECTIONS,
    list_columns: Path | None = None,
    receipts: Mapping[str, ReceiptDesk] | None = None,
    console: ConsoleSettings | None = None,
) -> AsyncIterator[Resources]:
    """What the API and the console work with, open within the block.

    Raises:
        ConfigurationError: `list_columns` is no list of columns.
    """
    layout = load_layout(list_columns)
    async with (
        database_pool(
            database_url, "fjarrkoll-api", largest=connections, replan=True, proved_seconds=_PROVED_SECONDS
        ) as pool,
        Wakeups(database_url, [REPLY_CHANNEL]).running() as wakeups,
    ):
        yield Resources(
            pool=pool,
            registry=load_registry(),
            wakeups=wakeups,
            list_layout=layout,
            receipts=receipts or {},
            console=console or ConsoleSettings(),
        )


def receipt_desks(settings: Settings) -> dict[str, ReceiptDesk]:
    """The providers that call us with receipts.

    Raises:
        ConfigurationError: a provider gives receipts by callback, but the secret that proves them is not set.
    """
    return {
        name: ReceiptDesk(form.receipts, settings.need(f"{name}_receipt_secret"))
        for name, form in read_gateways(settings.gateways_file).items()
        if form.receipts is not None and not form.receipts.poll_path
    }


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; requests under way get a few seconds to end.

    Raises:
        ConfigurationError: the database's address is not set.
        DatabaseUnavailableError: the database does not let us in.
    """
    if settings.api_host not in _LOOPBACK:
        _log.warning(
            "The API speaks plain HTTP beyond this machine; put a TLS proxy in front", event_name="plain_http_outside"
        )
    url, desks, console = settings.need("api_database_url"), receipt_desks(settings), console_settings(settings)
    columns = settings.list_columns
    async with open_resources(url, list_columns=columns, receipts=desks, console=console) as resources:
        app = build_app(resources)
        settle()
        config = uvicorn.Config(
            app,
            host=settings.api_host,
            port=settings.api_port,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            lifespan="off",
            timeout_graceful_shutdown=_DRAIN_SECONDS,
            h11_max_incomplete_event_size=16 * 1024,
        )
        await uvicorn.Server(config).serve()


def console_settings(settings: Settings) -> ConsoleSettings:
    """How the console behaves by these settings.

    Raises:
        ConfigurationError: the file of the demo's accounts cannot be read.
    """
    secure, provider = settings.api_host not in _LOOPBACK, identity_provider(settings)
    if settings.console_demo_file is None:
        return ConsoleSettings(secure_cookies=secure, provider=provider, grafana_url=settings.grafana_url)
    try:
        document = json.loads(settings.console_demo_file.read_text("utf-8"))
        accounts = tuple(DemoAccount(**entry) for entry in document["accounts"])
        panel = DemoPanel(**{**document["panel"], "idle": tuple(document["panel"]["idle"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(
            f"the demo's accounts cannot be read ({type(error).__name__}): leave FJARRKOLL_CONSOLE_DEMO_FILE unset"
        ) from error
    return ConsoleSettings(
        secure_cookies=secure,
        demo_accounts=accounts,
        demo_panel=panel,
        provider=provider,
        grafana_url=settings.grafana_url,
    )


def identity_provider(settings: Settings) -> IdentityProvider | None:
    """Where people may sign in by these settings, or None.

    Raises:
        ConfigurationError: something of it is missing or unreadable, or the provider would be spoken to without TLS.
    """
    issuer = settings.oidc_issuer
    if issuer is None:
        return None
    parts = urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError("FJARRKOLL_OIDC_ISSUER must begin with https: codes and tokens travel there")
    try:
        mapping = read_mapping(Path(settings.need("oidc_mapping_file")).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"FJARRKOLL_OIDC_MAPPING_FILE cannot be read: {type(error).__name__}") from error
    base = (settings.public_url or settings.api_url).rstrip("/")
    return IdentityProvider(
        ProviderSettings(
            issuer=issuer,
            client_id=settings.need("oidc_client_id"),
            client_secret=settings.need("oidc_client_secret"),
            redirect_uri=f"{base}{ANSWER}",
            after_logout=f"{base}{CONSOLE}/login",
            mapping=mapping,
            scope=settings.oidc_scope,
        )
    )
