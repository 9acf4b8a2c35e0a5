"""The settings, from environment variables named CALENDARSYNC_*."""

import difflib
import os
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from adapters.crypto import KeyRing
from adapters.mailer import SmtpSettings, parse_sender
from adapters.postgres.dsn import checked_dsn
from server.addresses import Address, require_port

PREFIX: Final = "CALENDARSYNC_"
FOR_TESTS: Final = "CALENDARSYNC_TEST_"
"""Read by the project's own tests, and no setting of the service."""


class Role(Enum):
    """What a process does: everything, or one part where several processes share the load."""

    ALL = "all"
    API = "api"
    """gRPC."""
    WEB = "web"
    """What is called from outside: the sign-in redirect, the reconnect link, Microsoft's notifications."""
    WORKER = "worker"
    """Jobs and upkeep."""


class Push(Enum):
    """Whether the provider is asked to notify us of changes; calendars are read regularly in any case."""

    ON = "on"
    OFF = "off"
    AUTO = "auto"
    """Where it can reach us: at a public address, and the sandbox also at one of this machine."""


class Mail(Enum):
    """Who mails an expert that an account needs a new sign-in."""

    ON = "on"
    OFF = "off"
    """The caller, who hears of it through the feed and gets the link from ListIncidents."""


class SettingsInvalid(Exception):
    """`faults` are sentences that name the variables and never repeat a value."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def _address(value: Any) -> Any:
    return Address.parse(value) if isinstance(value, str) else value


def _url(value: str, *, schemes: set[str]) -> str:
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        raise ValueError("must be a URL") from None
    require_port(parts)
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None:
        raise ValueError(f"must be a URL that begins with {' or '.join(sorted(schemes))}://")
    if parts.query or parts.fragment:
        raise ValueError("must be a URL without a query or fragment")
    return value.strip().rstrip("/")


def _split(value: Any) -> Any:
    return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value


ListenAddress = Annotated[Address, BeforeValidator(_address), NoDecode]


class Settings(BaseSettings):
    """One field a variable: `database_url` is CALENDARSYNC_DATABASE_URL. Empty counts as not set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
    )

    database_url: SecretStr
    database_pool_size: int = Field(default=10, ge=4, le=200)
    encryption_keys: SecretStr
    """`id:base64,id2:base64`, 32 bytes each; the first seals, all open."""

    microsoft_client_id: str = Field(min_length=1, max_length=200)
    microsoft_client_secret: SecretStr | None = None
    microsoft_client_certificate_file: Path | None = None
    """PEM with the certificate and its private key, instead of a secret."""
    microsoft_authority: str = "https://login.microsoftonline.com/common"
    microsoft_graph_url: str = "https://graph.microsoft.com/v1.0"
    microsoft_ca_file: Path | None = None

    mail: Mail = Mail.ON
    smtp_url: SecretStr | None = None
    """Needed where mail is on, as is the next but one."""
    smtp_ca_file: Path | None = None
    mail_from: str | None = None

    product_name: str = Field(default="CalendarSync", min_length=1, max_length=80)
    """Who signs pages and mails."""
    product_url: str | None = None
    """The product's own page of connected calendars: the way on from each page and mail."""

    grpc_address: ListenAddress = Address("127.0.0.1", 50051)
    http_address: ListenAddress = Address("127.0.0.1", 8080)
    public_url: str | None = None
    """Where browsers and Microsoft reach the HTTP side. Not needed while that listens on this machine only."""
    return_urls: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()

    read_budget_seconds: float = Field(default=20, gt=0, le=300)
    default_max_age_seconds: float = Field(default=900, gt=0, le=86_400)
    read_ahead_days: int = Field(default=120, ge=1, le=365)
    poll_seconds: float = Field(default=300, ge=1, le=86_400)
    poll_with_push_seconds: float = Field(default=780, ge=1, le=86_400)
    push: Push = Push.AUTO
    changes_kept_days: int = Field(default=7, ge=1, le=365)
    known_times_mb: int = Field(default=256, ge=1, le=100_000)
    shutdown_grace_seconds: float = Field(default=20, ge=0, le=600)
    sweep_seconds: float = Field(default=15, ge=0.1, le=600)
    worker_concurrency: int = Field(default=8, ge=1, le=100)
    reading_places: int = Field(default=64, ge=1, le=1000)
    most_streams: int = Field(default=5_000, ge=1, le=100_000)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("push", "mail", mode="before")
    @classmethod
    def _any_case_too(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        return SecretStr(checked_dsn(value.get_secret_value()))

    @field_validator("encryption_keys")
    @classmethod
    def _keys(cls, value: SecretStr) -> SecretStr:
        KeyRing.parse(value.get_secret_value())
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr) -> SecretStr:
        SmtpSettings.parse(value.get_secret_value())
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        parse_sender(value)
        return value

    @field_validator("microsoft_authority", "microsoft_graph_url")
    @classmethod
    def _microsoft_host(cls, value: str) -> str:
        return _url(value, schemes={"https"})

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        url = _url(value, schemes={"http", "https"})
        if not url.startswith("https://") and urlsplit(url).hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("must begin with https://, except for localhost")
        return url

    @field_validator("product_name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable() or not value.strip():
            raise ValueError("must be a line of text")
        return value.strip()

    @field_validator("product_url")
    @classmethod
    def _product_page(cls, value: str) -> str:
        return _url(value, schemes={"http", "https"})

    @field_validator("return_urls")
    @classmethod
    def _allowed(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_url(one, schemes={"http", "https"}) for one in value)

    @field_validator("microsoft_client_certificate_file", "microsoft_ca_file", "smtp_ca_file")
    @classmethod
    def _readable(cls, value: Path) -> Path:
        if not os.access(value, os.R_OK) or not value.is_file():
            raise ValueError("must be a file that can be read")
        return value


def load_settings(**given: Any) -> Settings:
    """The settings of the environment, with `given` fields in their place. Raises SettingsInvalid with all faults."""
    faults = _unknown_names()
    try:
        # Checking instead of calling: what is missing here is looked for in the environment.
        settings = Settings.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        faults += [
            f"{PREFIX}{str(one['loc'][0]).upper()}: {_words(one['type'], one['msg'])}" for one in found
        ]
        raise SettingsInvalid([*faults, *_contradictions(_as_given(given))]) from None
    if faults := faults + _contradictions({name: value for name, value in settings if value is not None}):
        raise SettingsInvalid(faults)
    return settings


def require_shared_address(settings: Settings, role: Role) -> None:
    """Raises SettingsInvalid when a process would send browsers to itself though another one serves the pages."""
    if role is not Role.ALL and settings.public_url is None:
        raise SettingsInvalid([f"{PREFIX}PUBLIC_URL: is missing, and is needed wherever roles are split"])


def _words(kind: str, message: str) -> str:
    words = "is missing" if kind == "missing" else message.removeprefix("Value error, ")
    return words[:1].lower() + words[1:]


def _as_given(given: dict[str, Any]) -> dict[str, Any]:
    """What is set at all, wherever, as far as that can be seen without parsing it."""
    names: dict[str, Any] = {
        name.upper().removeprefix(PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.upper().startswith(PREFIX) and value
    }
    listens = names.get("http_address")
    try:
        names["http_address"] = (
            Address.parse(listens) if listens else Settings.model_fields["http_address"].default
        )
    except ValueError:
        del names["http_address"]
    return names | {name: value for name, value in given.items() if value is not None}


def _contradictions(values: dict[str, Any]) -> list[str]:
    """What is wrong between fields that are right by themselves."""
    faults = []
    secret, file = (f"microsoft_client_{one}" in values for one in ("secret", "certificate_file"))
    if secret == file:
        faults.append(
            f"{PREFIX}MICROSOFT_CLIENT_SECRET or {PREFIX}MICROSOFT_CLIENT_CERTIFICATE_FILE: one of the two is needed"
            + (", not both" if secret else "")
        )
    faults += [
        f"{PREFIX}{name.upper()}: must be less than {PREFIX}DEFAULT_MAX_AGE_SECONDS, or readings get too old"
        for name in ("poll_seconds", "poll_with_push_seconds")
        if _number(values, name) >= _number(values, "default_max_age_seconds")
    ]
    if not _without_mail(values):
        faults += [
            f"{PREFIX}{name.upper()}: is missing" for name in ("smtp_url", "mail_from") if name not in values
        ]
    address = values.get("http_address")
    if "public_url" not in values and isinstance(address, Address) and not address.loopback:
        faults.append(f"{PREFIX}PUBLIC_URL: is missing, and {PREFIX}HTTP_ADDRESS is not this machine's alone")
    return faults


def _without_mail(values: dict[str, Any]) -> bool:
    mail = values.get("mail", Mail.ON)
    return mail is Mail.OFF or str(mail).lower() == Mail.OFF.value


def _number(values: dict[str, Any], name: str) -> float:
    """What is set, or else the default, which also stands in for what is not a number: that is reported elsewhere."""
    default = float(Settings.model_fields[name].default)
    try:
        return float(values.get(name, default))
    except ValueError:
        return default


def _unknown_names() -> list[str]:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    faults = []
    for name in sorted(os.environ):
        if not name.upper().startswith(PREFIX) or name.upper().startswith(FOR_TESTS) or name.upper() in known:
            continue
        like = difflib.get_close_matches(name.upper(), known, n=1)
        faults.append(f"{name}: no such setting" + (f"; did you mean {like[0]}?" if like else ""))
    return faults
