"""The calendars we know, and what the experts chose of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.ports.lanes import Claimed, Room
from domain.calendar import Calendar
from domain.calendar_settings import CalendarSettings
from domain.ids import AccountId, CalendarId, ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOfCalendar:
    """`writable` as Calendar.listed_writable says; `access_doubted`: its account was refused of late."""

    writable: bool = False
    access_doubted: bool = False


class Calendars(Protocol):
    async def of_expert(self, expert_id: ExpertId) -> tuple[Calendar, ...]:
        """The calendars of all accounts, missing ones included: oldest account first, primary first, then by id."""
        ...

    async def of_account(self, account_id: AccountId) -> tuple[Calendar, ...]: ...

    async def known_of(self, calendar_id: CalendarId) -> KnownOfCalendar:
        """What is good to know before looking at it; nothing is of one that is unknown."""
        ...

    async def save(self, calendars: Iterable[Calendar]) -> None:
        """Add or replace each, by its calendar id. Raises AccountNotFound.

        The caller holds the account's lock when a calendar may be new: no two of an account have one remote id.
        """
        ...

    async def take_trial(self, refusing: Calendar, now: datetime) -> bool:
        """Become the one who finds out whether a calendar goes on refusing: it counts as refused at `now` from here on.

        False, and nothing stored, when another has done so or holds the calendar's row: it waits for nobody.
        """
        ...

    async def listed(
        self, account_id: AccountId, *, due_at: datetime, begun_at: datetime, now: datetime
    ) -> None:
        """The account's list was read, from `begun_at` on; when to read it again. Wished since, it stays due.

        Nothing happens when the account is gone.
        """
        ...

    async def claim_lists(
        self, room: Room, *, now: datetime, until: datetime
    ) -> tuple[Claimed[AccountId], ...]:
        """Active accounts whose list is due to be read, the longest due first, or wished by `Jobs.refresh_calendars`.

        They are not due before `until`.
        """
        ...

    async def settings(self, expert_id: ExpertId) -> CalendarSettings:
        """What the expert chose; version 0 with nothing chosen when they never did."""
        ...

    async def save_settings(self, settings: CalendarSettings) -> CalendarSettings:
        """Store the choices as the next version and return them.

        Raises EtagMismatch when the stored version is no longer `settings.version`, ExpertNotFound.
        """
        ...
