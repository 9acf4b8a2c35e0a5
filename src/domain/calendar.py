"""Calendars of an account, and how a fresh look at the provider's list changes what we know of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from domain.errors import DomainError
from domain.ids import AccountId, CalendarId


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCalendar:
    """A calendar as its provider describes it today.

    `owner_email` and `owner_name` are empty where the provider does not say; `color` is `#rrggbb` or empty.
    """

    remote_id: str = field(repr=False)
    name: str = field(repr=False)
    owner_name: str = field(repr=False)
    owner_email: str = field(repr=False)
    color: str
    primary: bool
    writable: bool
    shared: bool

    @property
    def _namesake_key(self) -> tuple[str, str]:
        return self.name, (self.owner_email or self.owner_name).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A calendar we know. `missing` is one the provider listed once and no longer does; choices of it are kept."""

    calendar_id: CalendarId
    account_id: AccountId
    remote: RemoteCalendar
    missing: bool = False

    @property
    def primary(self) -> bool:
        return self.remote.primary

    @property
    def writable(self) -> bool:
        """Whether events can be written to it now."""
        return self.remote.writable and not self.missing


@dataclass(kw_only=True, eq=False)
class CalendarNotFound(DomainError):
    """This expert has no calendar with this id."""

    field: str = "calendar_id"


@dataclass(kw_only=True, eq=False)
class CalendarNotWritable(DomainError):
    """Only a calendar that can be written may become the write calendar."""


@dataclass(kw_only=True, eq=False)
class CalendarListNotBelieved(DomainError):
    """The provider listed no calendar at all for an account known to have some."""


def reconcile(
    known: Iterable[Calendar],
    listed: Iterable[RemoteCalendar],
    *,
    account_id: AccountId,
    new_id: Callable[[], CalendarId],
) -> tuple[Calendar, ...]:
    """What we know of an account's calendars after the provider listed them.

    Listed ones are updated or added. One that came under a new remote id is matched by name and owner with the single
    known one that vanished, and keeps its id and so its choices. The rest are marked missing, never dropped.
    Raises CalendarListNotBelieved for an empty list where calendars are known.
    """
    before, listed = list(known), _each_once(listed)
    if before and not listed:
        raise CalendarListNotBelieved
    by_remote_id = {calendar.remote.remote_id: calendar for calendar in before}
    fresh = [remote for remote in listed if remote.remote_id not in by_remote_id]
    listed_ids = {remote.remote_id for remote in listed}
    vanished = [calendar for calendar in before if calendar.remote.remote_id not in listed_ids]

    after = [
        replace(by_remote_id[remote.remote_id], remote=remote, missing=False)
        for remote in listed
        if remote.remote_id in by_remote_id
    ]
    for remote in fresh:
        namesakes = [one for one in vanished if one.remote._namesake_key == remote._namesake_key]
        rivals = [one for one in fresh if one._namesake_key == remote._namesake_key]
        if len(namesakes) == 1 and len(rivals) == 1:
            vanished.remove(namesakes[0])
            after.append(replace(namesakes[0], remote=remote, missing=False))
        else:
            after.append(Calendar(calendar_id=new_id(), account_id=account_id, remote=remote))
    after.extend(replace(calendar, missing=True) for calendar in vanished)
    return tuple(after)


def _each_once(listed: Iterable[RemoteCalendar]) -> list[RemoteCalendar]:
    """A list that changes while it is paged through can name a calendar twice; the later word counts."""
    return list({remote.remote_id: remote for remote in listed}.values())
