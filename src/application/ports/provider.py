"""What one provider of calendars brings with it: the ports it fulfils, bundled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from application.ports.calendar_directory import CalendarDirectory
from application.ports.calendar_reader import CalendarReader
from application.ports.event_writer import EventWriter
from application.ports.push import Push
from application.ports.sign_in import SignIn
from domain.account import Provider, ProviderNotAvailable


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarProvider:
    """`push` is None where the provider has no notifications, or can't reach us with any."""

    sign_in: SignIn
    directory: CalendarDirectory
    reader: CalendarReader
    writer: EventWriter
    push: Push | None


CalendarProviders: TypeAlias = Mapping[Provider, CalendarProvider]
"""Those that are configured. A use-case takes the one that the account's row names."""


def provider_of(configured: CalendarProviders, provider: Provider) -> CalendarProvider:
    """Raises ProviderNotAvailable where it isn't configured (any more)."""
    try:
        return configured[provider]
    except KeyError:
        raise ProviderNotAvailable(provider=provider) from None
