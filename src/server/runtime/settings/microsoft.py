"""Settings of the registration at Microsoft."""

from enum import Enum
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr

from server.runtime.settings.kinds import AnyCase, ReadableFile, SecureUrl
from server.runtime.settings.names import variable


class Push(Enum):
    """Whether the provider is asked to notify us of changes; calendars are read regularly in any case."""

    ON = "on"
    OFF = "off"
    AUTO = "auto"
    """Where it can reach us: at a public address, and the sandbox also at one of this machine."""


class MicrosoftSettings(BaseModel):
    """Microsoft"""

    microsoft_client_id: str = Field(min_length=1, max_length=200, description="of the registration")
    microsoft_client_secret: SecretStr | None = Field(default=None, description="or the next one")
    microsoft_client_certificate_file: ReadableFile | None = Field(
        default=None, description="one PEM file with the certificate and its private key"
    )
    microsoft_next_client_secret: SecretStr | None = Field(
        default=None,
        description="accepted beside the first while one takes the other's place: whichever Microsoft accepts is used,"
        " and an alarm tells when one is refused",
    )
    microsoft_next_client_certificate_file: ReadableFile | None = Field(
        default=None, description="the same as a certificate, also where the first is a secret"
    )
    microsoft_authority: SecureUrl = Field(
        default="https://login.microsoftonline.com/common", description="where experts sign in"
    )
    microsoft_graph_url: SecureUrl = Field(
        default="https://graph.microsoft.com/v1.0",
        description="or your own proxy in front of it; links to next pages are followed through it too",
    )
    microsoft_ca_file: ReadableFile | None = Field(
        default=None, description="certificate authority to trust for those two"
    )
    push: Annotated[Push, AnyCase] = Field(
        default=Push.AUTO,
        description="whether Microsoft is asked for notifications: `off`, `on`, or `auto`, if it can reach `PUBLIC_URL`"
        " (by https)",
    )


def contradictions(values: dict[str, Any]) -> list[str]:
    """Faults between fields that are right by themselves."""
    return [*_first_credential(values), *_next_credential(values)]


def _first_credential(values: dict[str, Any]) -> list[str]:
    secret, file = (f"microsoft_client_{one}" in values for one in ("secret", "certificate_file"))
    if secret != file:
        return []
    either = f"{variable('microsoft_client_secret')} or {variable('microsoft_client_certificate_file')}"
    return [f"{either}: one of the two is needed" + (", not both" if secret else "")]


def _next_credential(values: dict[str, Any]) -> list[str]:
    secret, file = (f"microsoft_next_client_{one}" for one in ("secret", "certificate_file"))
    if secret in values and file in values:
        return [f"{variable(secret)} or {variable(file)}: only one of the two, beside the first credential"]
    return [
        f"{variable(one)}: is the same as {variable(one.replace('_next', ''))}"
        for one in (secret, file)
        if one in values and _plain(values[one]) == _plain(values.get(one.replace("_next", "")))
    ]


def _plain(value: Any) -> str:
    return str(value.get_secret_value() if isinstance(value, SecretStr) else value)
