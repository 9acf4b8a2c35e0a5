"""What providers are called on the page, and in its addresses."""

from collections.abc import Mapping
from typing import Final

from calendarsync.v1.account_pb2 import PROVIDER_APPLE, PROVIDER_GOOGLE, PROVIDER_MICROSOFT, Provider

NAMES: Final[Mapping[Provider.ValueType, str]] = {
    PROVIDER_MICROSOFT: "Microsoft",
    PROVIDER_GOOGLE: "Google",
    PROVIDER_APPLE: "Apple",
}
CALENDARS: Final[Mapping[Provider.ValueType, str]] = {
    PROVIDER_MICROSOFT: "Outlook.com and Microsoft 365",
    PROVIDER_GOOGLE: "Google Calendar",
    PROVIDER_APPLE: "iCloud",
}
"""What people know them by."""


def provider_name(provider: Provider.ValueType) -> str:
    return NAMES.get(provider, "The provider")


def provider_key(provider: Provider.ValueType) -> str:
    """In addresses, forms and styles."""
    return NAMES[provider].lower()


def provider_by_key(key: str) -> Provider.ValueType | None:
    return next((one for one in NAMES if provider_key(one) == key), None)
