"""The settings: a file a subject, put together in `loading`; docs/settings.md is made from their descriptions."""

from server.runtime.settings.database import weak_keys_may_open
from server.runtime.settings.google import Scopes
from server.runtime.settings.loading import (
    SUBJECTS,
    Settings,
    SettingsInvalid,
    load_settings,
    require_shared_address,
)
from server.runtime.settings.mail import Mail
from server.runtime.settings.names import FOR_TESTS, PREFIX, variable
from server.runtime.settings.providers import CREDENTIALS, REGISTERED_BY, GiveBack, Push, is_meant
from server.runtime.settings.running import Role

__all__ = [
    "CREDENTIALS",
    "FOR_TESTS",
    "PREFIX",
    "REGISTERED_BY",
    "SUBJECTS",
    "GiveBack",
    "Mail",
    "Push",
    "Role",
    "Scopes",
    "Settings",
    "SettingsInvalid",
    "is_meant",
    "load_settings",
    "require_shared_address",
    "variable",
    "weak_keys_may_open",
]
