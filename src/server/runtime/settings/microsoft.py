"""Settings of the registration at Microsoft."""

from typing import Any, Final

from pydantic import BaseModel, Field, SecretStr

from domain.account import Provider
from server.runtime.settings.kinds import ReadableFile, SecureUrl
from server.runtime.settings.names import variable
from server.runtime.settings.providers import same_twice, without_client_id

FIRST: Final = ("microsoft_client_secret", "microsoft_client_certificate_file")
NEXT: Final = ("microsoft_next_client_secret", "microsoft_next_client_certificate_file")


class MicrosoftSettings(BaseModel):
    """Microsoft"""

    microsoft_client_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="of the registration; without it, accounts of Microsoft are not available",
    )
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


def contradictions(values: dict[str, Any]) -> list[str]:
    """Faults between fields that are right by themselves."""
    if faults := without_client_id(values, Provider.MICROSOFT):
        return faults
    if "microsoft_client_id" not in values:
        return []
    return [*_first_credential(values), *_next_credential(values)]


def _first_credential(values: dict[str, Any]) -> list[str]:
    secret, file = (one in values for one in FIRST)
    if secret != file:
        return []
    either = " or ".join(variable(one) for one in FIRST)
    return [f"{either}: one of the two is needed" + (", not both" if secret else "")]


def _next_credential(values: dict[str, Any]) -> list[str]:
    if all(one in values for one in NEXT):
        either = " or ".join(variable(one) for one in NEXT)
        return [f"{either}: only one of the two, beside the first credential"]
    return same_twice(values, *NEXT)
