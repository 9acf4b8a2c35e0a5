"""What one provider of calendars brings with it: the ports it fulfils, bundled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from application.ports.calendar_directory import CalendarDirectory
from application.ports.calendar_reader import CalendarReader
from application.ports.event_writer import EventWriter
from application.ports.give_back import GiveBack
from application.ports.password_sign_in import PasswordSignIn
from application.ports.push import Push
from application.ports.sign_in import SignIn
from domain.account import Provider, ProviderNotAvailable


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarProvider:
    """`push` is None where the provider has no notifications, or can't reach us with any; `give_back` where it ends no
    grant for us, or must not, since others use our registration.

    `passwords` proves what people type on our own page; None where the provider has sign-in pages for us.

    `answers_together`: whether the reader asks in one request for all calendars of an account that can't be written to,
    if they are read at the same moment; `with_writable`: and for those that can be written to with them.
    """

    sign_in: SignIn
    directory: CalendarDirectory
    reader: CalendarReader
    writer: EventWriter
    push: Push | None
    give_back: GiveBack | None = None
    passwords: PasswordSignIn | None = None
    answers_together: bool = False
    with_writable: bool = False


CalendarProviders: TypeAlias = Mapping[Provider, CalendarProvider]
"""Those that are configured. A use-case takes the one that the account's row names."""


def answering_together(configured: CalendarProviders) -> frozenset[Provider]:
    return frozenset(name for name, one in configured.items() if one.answers_together)


def answering_for_all(configured: CalendarProviders) -> frozenset[Provider]:
    """Those of them that answer for calendars that can be written to, too."""
    return frozenset(name for name, one in configured.items() if one.answers_together and one.with_writable)


def provider_of(configured: CalendarProviders, provider: Provider) -> CalendarProvider:
    """Raises ProviderNotAvailable where it isn't configured (any more)."""
    try:
        return configured[provider]
    except KeyError:
        raise ProviderNotAvailable(provider=provider) from None
