"""Settings of the project at Google."""

from enum import Enum
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr

from domain.account import Provider
from server.runtime.settings.kinds import AnyCase, BrowsersUrl, ReadableFile, SecureUrl
from server.runtime.settings.names import variable
from server.runtime.settings.providers import same_twice, without_client_id


class Scopes(Enum):
    """What a sign-in at Google asks for."""

    LEAST = "least"
    SHARED = "shared"


class GoogleSettings(BaseModel):
    """Google"""

    google_client_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="of the OAuth client; without it, accounts of Google are not available. Staging and production need"
        " projects of their own: access given back in one ends for the whole project",
    )
    google_client_secret: SecretStr | None = Field(default=None, description="of the same client")
    google_next_client_secret: SecretStr | None = Field(
        default=None,
        description="accepted beside the first while one takes the other's place: whichever Google accepts is used,"
        " and an alarm tells when one is refused",
    )
    google_scopes: Annotated[Scopes, AnyCase] = Field(
        default=Scopes.LEAST,
        description="what people are asked for: `least`, to write on calendars that they own only; `shared`, to write"
        " also on those that others share with them. Who signed in before has what was asked for then",
    )
    google_person_per_minute: int = Field(
        default=600,
        ge=1,
        le=1_000_000,
        description="requests a minute about one person, in one process; Google counts them by project, so divide its"
        " limit by the number of your processes where they come near it. The same is true of the next",
    )
    google_project_per_minute: int = Field(
        default=10_000, ge=1, le=10_000_000, description="requests a minute about all of them"
    )
    google_project_per_day: int = Field(
        default=1_000_000,
        ge=1,
        le=1_000_000_000,
        description="what all processes together may ask in a day; nothing stops there, but an alert tells at 80 %"
        " of it (docs/google-quota.md)",
    )
    google_process_per_day: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000_000,
        description="the part of them that one process may make, by default all: from 80 % of it on, until the day is"
        " over, it raises an alarm and polls less often; so divide by the number of your processes",
    )
    google_authorization_url: BrowsersUrl = Field(
        default="https://accounts.google.com/o/oauth2/v2/auth", description="where experts sign in"
    )
    google_token_url: SecureUrl = Field(
        default="https://oauth2.googleapis.com/token",
        description="where codes are redeemed and tokens renewed",
    )
    google_revocation_url: SecureUrl = Field(
        default="https://oauth2.googleapis.com/revoke", description="where access is given back"
    )
    google_keys_url: SecureUrl = Field(
        default="https://www.googleapis.com/oauth2/v3/certs", description="the keys that sign id tokens"
    )
    google_calendar_url: SecureUrl = Field(
        default="https://www.googleapis.com/calendar/v3", description="or your own proxy in front of it"
    )
    google_ca_file: ReadableFile | None = Field(
        default=None, description="certificate authority to trust for those but the first"
    )


def contradictions(values: dict[str, Any]) -> list[str]:
    """Faults between fields that are right by themselves."""
    faults = without_client_id(values, Provider.GOOGLE)
    if "google_client_id" in values and "google_client_secret" not in values:
        faults.append(
            f"{variable('google_client_secret')}: is missing, and {variable('google_client_id')} is no use without it"
        )
    return [*faults, *same_twice(values, "google_next_client_secret"), *_more_than_the_day(values)]


def _more_than_the_day(values: dict[str, Any]) -> list[str]:
    """A fault where a process would raise its alarm after the whole day is spent."""
    whole = values.get(
        "google_project_per_day", GoogleSettings.model_fields["google_project_per_day"].default
    )
    part = values.get("google_process_per_day", 0)
    try:
        if int(part) <= int(whole):
            return []
    except ValueError:  # No numbers, which is a fault by itself.
        return []
    return [
        f"{variable('google_process_per_day')}: must not be more than {variable('google_project_per_day')}"
    ]
