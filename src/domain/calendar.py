"""Calendars of an account, and how a fresh look at the provider's list changes what we know of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from domain.errors import DomainError
from domain.ids import AccountId, CalendarId
from domain.permissions import lacking

REFUSAL_TRIED_AFTER = timedelta(minutes=15)
"""How often one waiting session retries a calendar that refused an event for no known reason."""
REFUSAL_KEPT = timedelta(days=1)
"""How long such a refusal outweighs the list, which says that the calendar can be written; and how often one session
tries a calendar that is known to take a permission we lack."""


class Uncheckable(Enum):
    """Why a calendar that stands in the provider's list can't be checked for conflicts."""

    SUBSCRIBED = "SUBSCRIBED"
    """A feed that the person subscribed to: the provider answers questions about it with nothing at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteCalendar:
    """A calendar as its provider describes it today.

    `owner_email` and `owner_name` are empty where the provider does not say; `color` is `#rrggbb` or empty. What is
    `uncheckable` is never read: what can't be told of it would count as free.
    """

    remote_id: str = field(repr=False)
    name: str = field(repr=False)
    owner_name: str = field(repr=False)
    owner_email: str = field(repr=False)
    color: str
    primary: bool
    writable: bool
    shared: bool
    uncheckable: Uncheckable | None = None

    @property
    def _namesake_key(self) -> tuple[str, str]:
        return self.name, (self.owner_email or self.owner_name).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A calendar we know. `missing` is one the provider listed once and no longer does; choices of it are kept.

    The list may call a calendar writable that refuses every event, so refusals are remembered: `refused_at` is when it
    refused last, None while it is not known to. `demands` are the permissions that writing there takes beyond the usual
    ones, as far as refusals taught; they are remembered when it no longer refuses, too.
    """

    calendar_id: CalendarId
    account_id: AccountId
    remote: RemoteCalendar
    missing: bool = False
    refused_at: datetime | None = None
    demands: tuple[str, ...] = ()

    @property
    def primary(self) -> bool:
        return self.remote.primary

    @property
    def readable(self) -> bool:
        """Whether it can be checked for conflicts, and be read at all."""
        return not self.missing and self.remote.uncheckable is None

    @property
    def writable(self) -> bool:
        """Whether events can be written to it now."""
        return self.listed_writable and self.refused_at is None

    @property
    def listed_writable(self) -> bool:
        """Whether the provider's list says so."""
        return self.remote.writable and self.readable

    @property
    def permission_required(self) -> bool:
        """Whether nothing but a permission keeps events from being written to it."""
        return self.listed_writable and self.refused_at is not None and bool(self.demands)

    def refused(
        self, now: datetime, *, missing_permissions: tuple[str, ...], old_event: bool = False
    ) -> "Calendar":
        """After an event was refused. Permissions that are missing explain that only where it is somebody else's.

        What refuses an `old_event` may be that event alone: it doesn't put off the next try with a new one.
        """
        demands = missing_permissions if self.remote.shared else ()
        since = self.refused_at if old_event else None
        return replace(self, refused_at=since or now, demands=demands or self.demands)

    def accepted(self) -> "Calendar":
        """After an event was written."""
        return replace(self, refused_at=None)

    def after_sign_in(self, granted: Iterable[str]) -> "Calendar":
        """A new grant may do what the old one could not, unless it lacks what is known to be required."""
        return self if lacking(granted, self.demands) else self.accepted()

    def worth_a_try(self, now: datetime) -> bool:
        """Whether a refusal is old enough to be doubted."""
        pause = REFUSAL_KEPT if self.demands else REFUSAL_TRIED_AFTER
        return self.listed_writable and self.refused_at is not None and self.refused_at + pause <= now

    def doubted(self, now: datetime) -> "Calendar":
        """After the list called it writable once more: an unexplained refusal of long ago no longer counts."""
        old = self.refused_at is not None and self.refused_at + REFUSAL_KEPT <= now
        return self.accepted() if old and not self.demands else self

    def relisted(self, remote: RemoteCalendar) -> "Calendar":
        """As the list has it now. If that changed, what was learned before no longer counts."""
        known, told = self.remote, remote
        same = (known.remote_id, known.writable, known.shared) == (told.remote_id, told.writable, told.shared)
        listed = replace(self, remote=remote, missing=False)
        return listed if same and not self.missing else replace(listed, refused_at=None, demands=())


@dataclass(kw_only=True, eq=False)
class CalendarNotFound(DomainError):
    """This expert has no calendar with this id."""

    field: str = "calendar_id"


@dataclass(kw_only=True, eq=False)
class CalendarNotWritable(DomainError):
    """Only a calendar that can be written, but for a permission at most, may become the write calendar."""


@dataclass(kw_only=True, eq=False)
class CalendarNotCheckable(DomainError):
    """A calendar that can't be checked may not become a conflict calendar."""


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

    Listed ones are updated or added. One that came under a new remote id is matched with the single known one that
    vanished and was the primary calendar as well, or has its name and owner; it keeps its id and so its choices. The
    rest are marked missing, never dropped. Raises CalendarListNotBelieved for an empty list where calendars are known.
    """
    before, listed = list(known), _each_once(listed)
    if before and not listed:
        raise CalendarListNotBelieved
    by_remote_id = {calendar.remote.remote_id: calendar for calendar in before}
    fresh = [remote for remote in listed if remote.remote_id not in by_remote_id]
    listed_ids = {remote.remote_id for remote in listed}
    vanished = [calendar for calendar in before if calendar.remote.remote_id not in listed_ids]

    after = [
        by_remote_id[remote.remote_id].relisted(remote)
        for remote in listed
        if remote.remote_id in by_remote_id
    ]
    for remote in sorted(fresh, key=lambda one: not one.primary):
        same = _former_primary(remote, fresh, before, vanished) or _namesake(remote, fresh, vanished)
        if same is None:
            after.append(Calendar(calendar_id=new_id(), account_id=account_id, remote=remote))
        else:
            vanished.remove(same)
            after.append(same.relisted(remote))
    after.extend(_gone(calendar) for calendar in vanished)
    return tuple(after)


def _gone(calendar: Calendar) -> Calendar:
    """Whatever was said of it: it isn't listed."""
    return replace(calendar, missing=True, remote=replace(calendar.remote, uncheckable=None))


def _former_primary(
    remote: RemoteCalendar, fresh: list[RemoteCalendar], before: list[Calendar], vanished: list[Calendar]
) -> Calendar | None:
    """At Google the primary calendar's id is the person's address, its name often too, and they change together. One
    that went missing earlier counts only where there was none after it."""
    if not remote.primary or sum(one.primary for one in fresh) > 1:
        return None
    known = [one for one in before if one.primary]
    last = [one for one in known if not one.missing] or known
    return last[0] if len(last) == 1 and last[0] in vanished else None


def _namesake(
    remote: RemoteCalendar, fresh: list[RemoteCalendar], vanished: list[Calendar]
) -> Calendar | None:
    namesakes = [one for one in vanished if one.remote._namesake_key == remote._namesake_key]
    rivals = [one for one in fresh if one._namesake_key == remote._namesake_key]
    return namesakes[0] if len(namesakes) == 1 and len(rivals) == 1 else None


def _each_once(listed: Iterable[RemoteCalendar]) -> list[RemoteCalendar]:
    """A list that changes while it is paged through can name a calendar twice; the later word counts."""
    return list({remote.remote_id: remote for remote in listed}.values())
