"""What an expert chose: the conflict calendars, the write calendar, and whether tentative events block."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import Enum

from domain.account import Account
from domain.calendar import Calendar, CalendarNotCheckable, CalendarNotFound, CalendarNotWritable
from domain.errors import EtagMismatch
from domain.ids import CalendarId, ExpertId


class WriteCalendarState(Enum):
    """Whether sessions can be written now, and if not, what stands in the way."""

    READY = "READY"
    NO_WRITABLE_CALENDAR = "NO_WRITABLE_CALENDAR"
    """Automatic, and no working account has a writable primary calendar."""
    RECONNECT_REQUIRED = "RECONNECT_REQUIRED"
    """The account of the chosen calendar, or every account when automatic, waits for a reconnect."""
    CALENDAR_MISSING = "CALENDAR_MISSING"
    """The chosen calendar is no longer in the provider's list."""
    CALENDAR_NOT_WRITABLE = "CALENDAR_NOT_WRITABLE"
    """The chosen calendar can no longer be written; or it, or the automatic one, refuses what its list promises."""
    ACCOUNT_DISCONNECTED = "ACCOUNT_DISCONNECTED"
    """The account of the chosen calendar was disconnected."""
    MAILBOX_NOT_SERVED = "MAILBOX_NOT_SERVED"
    """The account of the chosen calendar, or every working account when automatic, has lost its mailbox."""
    PERMISSION_REQUIRED = "PERMISSION_REQUIRED"
    """The chosen calendar is somebody else's and takes a permission that was not granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteCalendar:
    """Where sessions are written now: `calendar` is set exactly when `state` is READY.

    `refusing` is the calendar that would be it, had it not refused events although its list calls it writable.
    """

    state: WriteCalendarState
    calendar: Calendar | None = None
    refusing: Calendar | None = None

    def tried(self) -> "WriteCalendar":
        """As if the refusing calendar took events again."""
        return WriteCalendar(state=WriteCalendarState.READY, calendar=self.refusing)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSettings:
    """Per expert. `chosen` is None as long as the write calendar is automatic; `version` counts the changes.

    `tentative_blocks`: whether tentative entries of the conflict calendars make the expert busy.
    """

    expert_id: ExpertId
    conflict: frozenset[CalendarId] = frozenset()
    chosen: CalendarId | None = None
    tentative_blocks: bool = False
    version: int = 0

    @property
    def etag(self) -> str:
        return f"v{self.version}"

    def require_etag(self, etag: str) -> None:
        """Raises EtagMismatch unless `etag` is empty or names this very version."""
        if etag and etag != self.etag:
            raise EtagMismatch

    def uses(self, calendar: Calendar) -> bool:
        """Whether an answer or a session depends on it."""
        written = calendar.remote.primary if self.chosen is None else calendar.calendar_id == self.chosen
        return written or calendar.calendar_id in self.conflict

    def with_conflict(self, ids: Collection[CalendarId], calendars: Iterable[Calendar]) -> "CalendarSettings":
        """Check exactly these calendars for conflicts.

        Raises CalendarNotFound for one the expert doesn't have, CalendarNotCheckable for one that can't be checked, but
        not where it was chosen while it could be: then it stays chosen, as an unread one.
        """
        uncheckable = {one.calendar_id: one.remote.uncheckable is not None for one in calendars}
        if not set(ids) <= uncheckable.keys():
            raise CalendarNotFound(field="conflict_calendar_ids")
        if any(uncheckable[one] for one in set(ids) - self.conflict):
            raise CalendarNotCheckable
        return replace(self, conflict=frozenset(ids))

    def choosing(self, calendar_id: CalendarId | None, calendars: Iterable[Calendar]) -> "CalendarSettings":
        """Write to this calendar from now on; None makes it automatic again.

        Raises CalendarNotFound for one the expert doesn't have, CalendarNotWritable for one that can't be written now
        and that no permission would open.
        """
        if calendar_id is not None and calendar_id != self.chosen:
            calendar = next((one for one in calendars if one.calendar_id == calendar_id), None)
            if calendar is None:
                raise CalendarNotFound(field="write_calendar_id")
            if not calendar.writable and not calendar.permission_required:
                raise CalendarNotWritable
        return replace(self, chosen=calendar_id)

    def after_connecting(self, calendars: Iterable[Calendar]) -> "CalendarSettings":
        """A new account's primary calendar is checked for conflicts from the start."""
        primary = {one.calendar_id for one in calendars if one.primary}
        return replace(self, conflict=self.conflict | primary)

    def after_disconnecting(self, calendars: Iterable[Calendar]) -> "CalendarSettings":
        """The account's calendars are checked no more. A chosen write calendar stays chosen: sessions wait."""
        return replace(self, conflict=self.conflict - {one.calendar_id for one in calendars})


def write_calendar(
    settings: CalendarSettings, accounts: Iterable[Account], calendars: Iterable[Calendar]
) -> WriteCalendar:
    """Where sessions are written now. Automatic follows the accounts, chosen waits for its calendar."""
    by_id = {account.account_id: account for account in accounts}
    if settings.chosen is None:
        return _automatic(by_id.values(), list(calendars))
    chosen = next((one for one in calendars if one.calendar_id == settings.chosen), None)
    if chosen is None:
        return WriteCalendar(state=WriteCalendarState.ACCOUNT_DISCONNECTED)
    if not by_id[chosen.account_id].active:
        return WriteCalendar(state=WriteCalendarState.RECONNECT_REQUIRED)
    if not by_id[chosen.account_id].served:
        return WriteCalendar(state=WriteCalendarState.MAILBOX_NOT_SERVED)
    if chosen.missing:
        return WriteCalendar(state=WriteCalendarState.CALENDAR_MISSING)
    if not chosen.listed_writable:
        return WriteCalendar(state=WriteCalendarState.CALENDAR_NOT_WRITABLE)
    return _ready(chosen)


def _ready(calendar: Calendar) -> WriteCalendar:
    """To this one, unless it is known to refuse."""
    if calendar.writable:
        return WriteCalendar(state=WriteCalendarState.READY, calendar=calendar)
    state = WriteCalendarState.CALENDAR_NOT_WRITABLE
    if calendar.permission_required:
        state = WriteCalendarState.PERMISSION_REQUIRED
    return WriteCalendar(state=state, refusing=calendar)


def _automatic(accounts: Iterable[Account], calendars: list[Calendar]) -> WriteCalendar:
    """The writable primary calendar of the oldest working account that has one.

    One refused event moves nothing to another account: refusals come in storms. That is the list's to say.
    """
    oldest_first = sorted(accounts, key=lambda one: (one.connected_at, one.account_id))
    for account in oldest_first:
        for calendar in calendars:
            if (
                account.active
                and account.served
                and calendar.account_id == account.account_id
                and calendar.primary
                and calendar.listed_writable
            ):
                return _ready(calendar)
    return WriteCalendar(state=_why_none(oldest_first))


def _why_none(accounts: list[Account]) -> WriteCalendarState:
    """Why there is no automatic choice when no account has a calendar for it."""
    active = [account for account in accounts if account.active]
    if accounts and not active:
        return WriteCalendarState.RECONNECT_REQUIRED
    if active and not any(account.served for account in active):
        return WriteCalendarState.MAILBOX_NOT_SERVED
    return WriteCalendarState.NO_WRITABLE_CALENDAR
