"""What one API process holds while it runs: database pool, profiles, clock, waiting callers, limits and figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from diagnostics.console.identity import IdentityProvider
from diagnostics.lists.columns import Layout, load_layout
from diagnostics.metrics import ApiMetrics
from diagnostics.notify.gateway_form import ReceiptForm
from diagnostics.rates import Limiter, Rate
from diagnostics.wakeups import Wakeups
from fleet.plumbing.database import Pool
from fleet.registry import Registry

Clock = Callable[[], datetime]

# A person clicks a few times a second; a program that lists the whole fleet asks twenty pages a second for minutes.
REQUEST_RATE: Final = Rate(burst=200, per_second=50)
COMMAND_RATE: Final = Rate(burst=60, per_second=1)
# Guessing a token of 256 bits is hopeless; an address that keeps trying is refused without asking the database.
REFUSAL_RATE: Final = Rate(burst=20, per_second=1)
# A person mistypes a password now and then; eight tries at once and one a minute after that are no way to guess one.
LOGIN_RATE: Final = Rate(burst=8, per_second=1 / 60)


def server_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Limits:
    """Buckets for requests and commands of each token, for refusals of each network address, for sign-ins."""

    requests: Limiter = field(default_factory=lambda: Limiter(REQUEST_RATE))
    commands: Limiter = field(default_factory=lambda: Limiter(COMMAND_RATE))
    refusals: Limiter = field(default_factory=lambda: Limiter(REFUSAL_RATE))
    logins: Limiter = field(default_factory=lambda: Limiter(LOGIN_RATE))


@dataclass(frozen=True, slots=True)
class ReceiptDesk:
    """How one provider's receipts are read, and the secret that proves them."""

    form: ReceiptForm
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demo, shown on its login page."""

    role: str
    login: str
    password: str


@dataclass(frozen=True, slots=True)
class DemoPanel:
    """How the demo's panel reaches the process that plays the devices, and what it may show of them.

    Attributes:
        url, key: on this machine only.
        idle: ids of devices that were put aside in the demo's past.
    """

    url: str
    key: str = field(repr=False)
    idle: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """How the console behaves in this installation.

    Attributes:
        secure_cookies: whether a session's cookie travels over TLS only; off on this machine alone.
        demo_accounts: shown on the login page; none outside the demo.
        provider: where people may sign in besides; None where only local accounts are.
        demo_panel: makes things happen in the demo; none outside it.
        grafana_url: where people reach Grafana, for links to a device's dashboard; none where there is no Grafana.
    """

    secure_cookies: bool = True
    demo_accounts: tuple[DemoAccount, ...] = ()
    provider: IdentityProvider | None = None
    demo_panel: DemoPanel | None = None
    grafana_url: str | None = None


@dataclass(slots=True, kw_only=True)
class Resources:
    """Handed to the application when it is built; nothing in it is global."""

    pool: Pool
    registry: Registry
    wakeups: Wakeups
    clock: Clock = server_clock
    limits: Limits = field(default_factory=Limits)
    metrics: ApiMetrics = field(default_factory=ApiMetrics)
    list_layout: Layout = field(default_factory=load_layout)
    receipts: Mapping[str, ReceiptDesk] = field(default_factory=dict)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
