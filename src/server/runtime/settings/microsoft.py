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
    secret, file = (f"microsoft_client_{one}" in values for one in ("secret", "certificate_file"))
    if secret != file:
        return []
    either = f"{variable('microsoft_client_secret')} or {variable('microsoft_client_certificate_file')}"
    return [f"{either}: one of the two is needed" + (", not both" if secret else "")]
