"""Settings: one typed class read from FJARRKOLL_* variables or an env file; nothing secret has a default."""

import os
from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from fleet.errors import ConfigurationError

PREFIX: Final = "FJARRKOLL_"
LOCAL_ENV_FILE: Final = Path(".fjarrkoll/env")
"""Written by `fjarrkoll up` and `scripts/demo`, so that a second terminal finds the running system."""


class Settings(BaseSettings):
    """Everything a process may need; `need` hands out what it does need, or says what is missing.

    Attributes:
        owner_database_url: migrations; ingest_, worker_, api_, grafana_: one role each, with only its own rights.
        mqtt_username, mqtt_password: this process's own broker account.
        observer_password, diagnostics_password, ingest_password: broker accounts that `fjarrkoll certify` plays.
        metrics_port: where ingest and worker serve Prometheus metrics on metrics_host; none means not at all.
        console_demo_file: JSON object with the demo's `accounts`, shown on the console's login page, and its `panel`;
            the demo sets it.
        oidc_issuer: the identity provider at which people may sign in to the console; none means local accounts only.
        oidc_client_id, oidc_client_secret, oidc_scope: how the console is known there, and what it asks for.
        oidc_mapping_file: TOML that says which claims give which role and scope (docs/access.md).
        webhook_url: where alarms are posted; none means no notification leaves the house.
        list_columns: a file like diagnostics/lists/columns.toml, for the words of one's own order system.
        verdict_seconds: the shortest pause between two runs of idle verdicts; a run that takes long is followed by a
            longer one.
        public_url: where people reach the API from outside, for links in messages; api_url where not given.
        link_secret: makes the links by which an alarm is taken without a login; none means messages carry no link.
        smtp_*: the mail server for alarms; smtp_security "none" is only for one on this machine.
        gateways_file: TOML with a table [sms] and [voice] (docs/alarms.md); sms_secret, voice_secret go into it, and
            sms_receipt_secret, voice_receipt_secret prove the provider's receipts.
        panels, apprise: switch these channels on.
        watch_stale_seconds, watch_look_seconds: after how long without a turn a part is told of, and how often it is
            looked at; never longer than the defaults, which keep the 90 seconds promised.
        watch_*: the channels of `fjarrkoll watch`, apart from the worker's, so that neither takes the other down.
        canary_device_id, canary_password: the dispenser that jams every day at canary_hour, Swedish time.
        api_url, api_token: how the command line reaches the API.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    owner_database_url: SecretStr | None = None
    ingest_database_url: SecretStr | None = None
    worker_database_url: SecretStr | None = None
    api_database_url: SecretStr | None = None
    grafana_database_url: SecretStr | None = None

    mqtt_host: str = "127.0.0.1"
    mqtt_port: int = 8883
    mqtt_tls_ca: Path | None = None
    mqtt_username: str | None = None
    mqtt_password: SecretStr | None = None
    observer_password: SecretStr | None = None
    diagnostics_password: SecretStr | None = None
    ingest_password: SecretStr | None = None

    ingest_shard: str = "ingest-0"
    ingest_batch: int = Field(default=20_000, ge=1, le=20_000)
    ingest_linger_seconds: float = Field(default=0.05, ge=0, le=5)
    ingest_share_from: int = Field(default=1000, ge=1)

    api_host: str = "127.0.0.1"
    api_port: int = 8080
    console_demo_file: Path | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_mapping_file: Path | None = None
    oidc_scope: str = "openid"
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None

    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    webhook_allow_private: bool = False

    list_columns: Path | None = None
    verdict_seconds: float = Field(default=300, ge=1)
    public_url: str | None = None
    link_secret: SecretStr | None = None
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_sender: str = "fjarrkoll@localhost"
    smtp_ca_file: Path | None = None
    gateways_file: Path | None = None
    gateways_allow_private: bool = False
    sms_secret: SecretStr | None = None
    voice_secret: SecretStr | None = None
    sms_receipt_secret: SecretStr | None = None
    voice_receipt_secret: SecretStr | None = None
    panels: bool = False
    apprise: bool = False

    watch_stale_seconds: float = Field(default=60, gt=0, le=60)
    watch_look_seconds: float = Field(default=5, gt=0, le=5)
    watch_webhook_url: str | None = None
    watch_webhook_secret: SecretStr | None = None
    watch_allow_private: bool = False
    watch_smtp_host: str | None = None
    watch_smtp_port: int = 587
    watch_smtp_security: str = "starttls"
    watch_smtp_sender: str = "fjarrkoll-watch@localhost"
    watch_email: str | None = None
    watch_ping_url: str | None = None
    canary_device_id: str | None = None
    canary_password: SecretStr | None = None
    canary_hour: int = Field(default=10, ge=0, le=23)

    grafana_url: str | None = None
    grafana_token: SecretStr | None = None

    api_url: str = "http://127.0.0.1:8080"
    api_token: SecretStr | None = None

    log_format: str = Field(default="console", pattern="^(console|json)$")
    log_level: str = "INFO"

    def need(self, name: str) -> str:
        """The value of a setting that this process cannot do without, secrets included.

        Raises:
            ConfigurationError: it is not set; the sentence names the variable.
        """
        value = getattr(self, name)
        if value is None:
            variable = f"{PREFIX}{name.upper()}"
            raise ConfigurationError(f"{variable} is not set; start with scripts/demo or `fjarrkoll up`, or set it")
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def load_settings(env_file: Path | None = None) -> Settings:
    """Settings from the environment, then from an env file (given, named by FJARRKOLL_ENV_FILE, or the local one)."""
    chosen = env_file or Path(os.environ.get(f"{PREFIX}ENV_FILE", str(LOCAL_ENV_FILE)))
    return Settings(_env_file=chosen if chosen.is_file() else None)
