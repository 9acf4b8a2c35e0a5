"""Settings of all providers of calendars, and what holds among them."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, SecretStr

from domain.account import Provider
from server.runtime.settings.kinds import AnyCase
from server.runtime.settings.names import variable

REGISTERED_BY: Final[Mapping[Provider, str]] = {
    Provider.MICROSOFT: "microsoft_client_id",
    Provider.GOOGLE: "google_client_id",
    Provider.APPLE: "apple_calendars",
}
"""The setting without which a provider is not available, of each: a client id, or a switch where nobody registers."""
CREDENTIALS: Final[Mapping[Provider, tuple[str, ...]]] = {
    Provider.MICROSOFT: (
        "microsoft_client_secret",
        "microsoft_client_certificate_file",
        "microsoft_next_client_secret",
        "microsoft_next_client_certificate_file",
    ),
    Provider.GOOGLE: ("google_client_secret", "google_next_client_secret"),
    Provider.APPLE: (),
}
"""What proves a registration, and is no use without its client id."""
OFF: Final = "off"


class Push(Enum):
    """Whether providers are asked to notify us of changes; calendars are read regularly in any case."""

    ON = "on"
    OFF = "off"
    AUTO = "auto"
    """Those that can reach us: at a public address, and the sandbox also at one of this machine."""


class GiveBack(Enum):
    """Whether a disconnected account's grant is ended at the provider, where it can be."""

    ON = "on"
    OFF = "off"
    AUTO = "auto"
    """Not where the installation has cells: another one may have an account of the same person."""


class ProviderSettings(BaseModel):
    """Providers"""

    push: Annotated[Push, AnyCase] = Field(
        default=Push.AUTO,
        description="whether providers are asked for notifications: `off`, `on`, or `auto`, if they can reach"
        " `PUBLIC_URL` (by https)",
    )
    give_back: Annotated[GiveBack, AnyCase] = Field(
        default=GiveBack.AUTO,
        description="whether the access of a disconnected account is ended at the provider, a minute later, where that"
        " can be done (Google) and nobody else here has the account: `off`, `on`, or `auto`, unless `CELL` names one."
        " It ends what the person granted to the whole registration: `off` in every cell that shares one with another",
    )


def is_meant(value: Any) -> bool:
    """Whether this value of a setting in REGISTERED_BY or CREDENTIALS means that provider."""
    return str(value or OFF).lower() != OFF


def contradictions(values: dict[str, Any]) -> list[str]:
    """Faults between fields that are right by themselves."""
    if any(is_meant(values.get(one)) for one in REGISTERED_BY.values()):
        return []
    either = " or ".join(variable(one) for one in REGISTERED_BY.values())
    return [f"{either}: one of them is needed, or there is no provider to connect calendars of"]


def without_client_id(values: dict[str, Any], provider: Provider) -> list[str]:
    """A fault where a credential is set for a registration that no client id names."""
    client_id = REGISTERED_BY[provider]
    for field in CREDENTIALS[provider]:
        if field in values and client_id not in values:
            return [f"{variable(client_id)}: is missing, and {variable(field)} is no use without it"]
    return []


def same_twice(values: dict[str, Any], *fields: str) -> list[str]:
    """A fault for each of the fields, named after what is to come next, that repeats what is in use now."""
    return [
        f"{variable(one)}: is the same as {variable(one.replace('_next', ''))}"
        for one in fields
        if one in values and _plain(values[one]) == _plain(values.get(one.replace("_next", "")))
    ]


def _plain(value: Any) -> str:
    return str(value.get_secret_value() if isinstance(value, SecretStr) else value)
