"""The settings, from environment variables named CALENDARSYNC_*. Each subject has its file; here they come together."""

import difflib
import os
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.addresses import Address
from server.runtime.settings import callers, doors, google, mail, microsoft, operations, providers, reading
from server.runtime.settings.apple import AppleSettings
from server.runtime.settings.callers import CallerSettings
from server.runtime.settings.cells import CellsSettings
from server.runtime.settings.database import DatabaseSettings
from server.runtime.settings.doors import DoorSettings
from server.runtime.settings.edge import EdgeSettings
from server.runtime.settings.google import GoogleSettings
from server.runtime.settings.mail import MailSettings
from server.runtime.settings.microsoft import MicrosoftSettings
from server.runtime.settings.names import FOR_TESTS, PREFIX, variable
from server.runtime.settings.operations import OperationsSettings
from server.runtime.settings.providers import ProviderSettings
from server.runtime.settings.reading import ReadingSettings
from server.runtime.settings.running import Role, RunningSettings

SUBJECTS: Final[tuple[type[BaseModel], ...]] = (
    DatabaseSettings,
    CellsSettings,
    ProviderSettings,
    MicrosoftSettings,
    GoogleSettings,
    AppleSettings,
    MailSettings,
    DoorSettings,
    EdgeSettings,
    CallerSettings,
    ReadingSettings,
    RunningSettings,
    OperationsSettings,
)
"""In the order in which docs/settings.md shows them."""
CONTRADICTIONS: Final = (
    providers.contradictions,
    microsoft.contradictions,
    google.contradictions,
    mail.contradictions,
    reading.contradictions,
    doors.contradictions,
    callers.contradictions,
    operations.contradictions,
)


class SettingsInvalid(Exception):
    """`faults` are sentences that name the variables and never repeat a value."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class Settings(
    BaseSettings,
    DatabaseSettings,
    CellsSettings,
    ProviderSettings,
    MicrosoftSettings,
    GoogleSettings,
    AppleSettings,
    MailSettings,
    DoorSettings,
    EdgeSettings,
    CallerSettings,
    ReadingSettings,
    RunningSettings,
    OperationsSettings,
):
    """One field a variable: `database_url` is CALENDARSYNC_DATABASE_URL. Empty counts as not set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
    )


def load_settings(**given: Any) -> Settings:
    """The settings of the environment, with `given` fields in their place. Raises SettingsInvalid with all faults."""
    faults = _unknown_names()
    try:
        # Checking instead of calling: what is missing here is looked for in the environment.
        settings = Settings.model_validate(given)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        faults += [f"{variable(str(one['loc'][0]))}: {_words(one['type'], one['msg'])}" for one in found]
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
    return [fault for contradictions in CONTRADICTIONS for fault in contradictions(values)]


def _unknown_names() -> list[str]:
    known = {variable(field) for field in Settings.model_fields}
    faults = []
    for name in sorted(os.environ):
        if not name.upper().startswith(PREFIX) or name.upper().startswith(FOR_TESTS) or name.upper() in known:
            continue
        like = difflib.get_close_matches(name.upper(), known, n=1)
        faults.append(f"{name}: no such setting" + (f"; did you mean {like[0]}?" if like else ""))
    return faults
