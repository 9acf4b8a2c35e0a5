"""A provider in memory behind the fakes of its ports: people, calendars, events, and faults on request."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from application.ports.alarms import Alarms
from domain.access import AccessDoubted, AccessLost, LossCause, ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountKind, Identity, Provider
from domain.blocking import CalendarEntry, Instants, ShowAs
from domain.calendar import RemoteCalendar, Uncheckable
from domain.connection import MailboxNotServed
from domain.grant import Grant
from domain.ids import AccountId, EventMark
from domain.interval import Interval
from domain.session import EventPlace
from domain.session_details import SessionDetails
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.store import FakeStore

REQUIRED = ("Calendars.ReadWrite", "User.Read")


@dataclass(slots=True, kw_only=True)
class Event:
    """An event of ours as the provider keeps it."""

    remote_id: str
    calendar: str
    mark: EventMark
    interval: Interval
    details: SessionDetails
    reminder_minutes: int | None

    @property
    def place(self) -> EventPlace:
        return EventPlace(remote_calendar_id=self.calendar, remote_id=self.remote_id)


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody with an account at the provider: our events are `events`, all others are `entries`, by calendar.
    `deleted` are the marks of those of ours that are gone.

    `refusal` is the provider's code when their organisation lets us in no more, for the reason of `refused_because`.
    `lasting` is whether access was granted for longer than an hour, `served` whether the mailbox is in the provider's
    cloud, `shared_writes_take` what writing into other people's calendars takes beyond what is always asked for.
    """

    identity: Identity
    kind: AccountKind
    email: str
    display_name: str
    granted: tuple[str, ...] = REQUIRED
    lasting: bool = True
    served: bool = True
    shared_writes_take: tuple[str, ...] = ()
    calendars: dict[str, RemoteCalendar] = field(default_factory=dict)
    entries: dict[str, list[CalendarEntry]] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    deleted: set[EventMark] = field(default_factory=set)
    refusal: str = ""
    refused_because: LossCause = LossCause.ORGANISATION_DISALLOWS
    grants: int = 0
    revoked: int = -1

    @property
    def object_id(self) -> str:
        return self.identity.object_id

    def add_calendar(
        self,
        name: str,
        *,
        remote_id: str | None = None,
        primary: bool = False,
        writable: bool = True,
        shared: bool = False,
        uncheckable: Uncheckable | None = None,
    ) -> str:
        """Its remote id, which follows from the person and the name, unless one is given."""
        calendar = RemoteCalendar(
            remote_id=remote_id or f"{self.object_id}/{name}",
            name=name,
            owner_name="Somebody else" if shared else self.display_name,
            owner_email="somebody-else@example.com" if shared else self.email,
            color="#0078d4",
            primary=primary,
            writable=writable,
            shared=shared,
            uncheckable=uncheckable,
        )
        self.calendars[calendar.remote_id] = calendar
        return calendar.remote_id

    def move_mailbox(self) -> None:
        """Everything in it comes to have another id, as when a mailbox is moved."""
        self.calendars = {
            f"{old}~": replace(calendar, remote_id=f"{old}~") for old, calendar in self.calendars.items()
        }
        self.entries = {f"{old}~": entries for old, entries in self.entries.items()}
        for event in self.events.values():
            event.remote_id, event.calendar = f"{event.remote_id}~", f"{event.calendar}~"
        self.events = {event.remote_id: event for event in self.events.values()}

    def add_entry(self, calendar: str, entry: CalendarEntry) -> None:
        self.entries.setdefault(calendar, []).append(entry)

    def block(self, interval: Interval, *, calendar: str | None = None, mark: str | None = None) -> None:
        """Put an event of somebody's into a calendar, the primary one unless another is named."""
        primary = next((one.remote_id for one in self.calendars.values() if one.primary), "")
        entry = CalendarEntry(
            when=Instants(interval.start, interval.end),
            show_as=ShowAs.BUSY,
            mark=None if mark is None else EventMark(mark),
        )
        self.add_entry(calendar or primary, entry)

    @property
    def the_event(self) -> Event:
        """The only event of ours there is."""
        (event,) = self.events.values()
        return event

    def delete(self, remote_id: str) -> None:
        """Remove an event of ours, as we or its owner may."""
        self.deleted.add(self.events.pop(remote_id).mark)

    def event(self, remote_id: str) -> Event | None:
        """The event with this id, if it and its calendar are still there."""
        event = self.events.get(remote_id)
        return event if event is not None and event.calendar in self.calendars else None

    def marked(self, mark: EventMark) -> tuple[Event, ...]:
        """The events with this mark in the calendars that are still there."""
        return tuple(
            one for one in self.events.values() if one.mark == mark and one.calendar in self.calendars
        )

    def holds(self, grant: Grant) -> bool:
        """Whether this grant has not been withdrawn."""
        return _number(grant) > self.revoked

    def require_mailbox(self) -> None:
        """Raises MailboxNotServed when there is no mailbox to look into any more."""
        if not self.served:
            raise MailboxNotServed

    def revoke(self) -> None:
        """Withdraw the consent: the grants given so far are worth nothing, a new sign-in gives a good one."""
        self.revoked = self.grants

    def restore(self) -> None:
        """As if the consent had never been withdrawn."""
        self.revoked = -1


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code; `state` is that of the only sign-in it is good for, None where any will do."""

    person: Person
    state: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    error: Exception
    after_doing: bool
    calendar: str | None


class Held:
    """One call that is held open: await `reached`, then `release` it."""

    def __init__(self, *, after_doing: bool) -> None:
        self.reached = asyncio.Event()
        self.after_doing = after_doing
        self._released = asyncio.Event()

    def release(self) -> None:
        self._released.set()

    async def pass_through(self) -> None:
        self.reached.set()
        await self._released.wait()


class FakeProvider:
    """One of those that there are, Microsoft unless another is named. Several share a store, as they do in one service.

    Knows whom an account belongs to by its stored grant, whose secret is the person's object id, with the number of
    the sign-in behind a # (none counts as the first).

    `alarms` hear of every token it gives, as the real adapter tells them; it keeps none, so each call fetches one.
    `calls` counts the calls of each port's method. `outage` fails all of them; `misconfigured`, when it holds a code,
    those that need a token. `proves_loss`: one refusal of a revoked grant is proof. `forgets_marks` makes it create a
    second event under a mark it has seen, `remembers_deleted` none under that of a deleted one. `merges_foreign` makes
    it tell nothing but when calendars that hold no events of ours are busy. Calls about a calendar in `hanging` wait
    for its event; `hung` counts those that do, `most_hung` those that did at once.
    """

    def __init__(self, store: FakeStore, which: Provider = Provider.MICROSOFT) -> None:
        self.store = store
        self.which = which
        self.people: dict[str, Person] = {}
        self.codes: dict[str, Code] = {}
        self.app_passwords: dict[str, Person] = {}
        self.calls: Counter[str] = Counter()
        self.hanging: dict[str, asyncio.Event] = {}
        self.hung: Counter[str] = Counter()
        self.most_hung: Counter[str] = Counter()
        self.outage = False
        self.misconfigured = ""
        self.proves_loss = True
        self.forgets_marks = False
        self.remembers_deleted = False
        self.merges_foreign = False
        self.alarms: Alarms = RecordingAlarms()
        self._faults: dict[str, list[Fault]] = {}
        self._held: dict[str, list[Held]] = {}
        self._codes_made = 0
        self._events_made = 0

    def add_person(
        self,
        name: str = "maria",
        *,
        kind: AccountKind = AccountKind.WORK,
        tenant: str = "tenant-1",
        calendar: bool = True,
    ) -> Person:
        """With a primary calendar of the name "Calendar", unless `calendar` says otherwise."""
        person = Person(
            identity=Identity(provider=self.which, tenant_id=tenant, object_id=f"object-{name}"),
            kind=kind,
            email=f"{name}@contoso.example",
            display_name=f"{name.title()} of Contoso",
        )
        if calendar:
            person.add_calendar("Calendar", primary=True)
        self.people[person.object_id] = person
        return person

    def code_for(self, person: Person, *, state: str | None = None) -> str:
        """A code as the redirect brings it after this person signed in; good for one exchange."""
        self._codes_made += 1
        code = f"code-{self._codes_made}"
        self.codes[code] = Code(person, state)
        return code

    def app_password_for(self, person: Person) -> str:
        """A password for one app, as the person makes it; good until it is taken out of `app_passwords`."""
        number = len(self.app_passwords)
        password = f"abcd-efgh-ijkl-{chr(ord('a') + number // 26)}{chr(ord('a') + number % 26)}zz"
        self.app_passwords[password] = person
        return password

    def grant_for(self, person: Person) -> Grant:
        """A grant as a new sign-in gives it."""
        person.grants += 1
        return Grant(scopes=person.granted, secret=f"{person.object_id}#{person.grants}".encode())

    def fail(
        self,
        method: str,
        error: Exception,
        *,
        times: int = 1,
        after_doing: bool = False,
        calendar: str | None = None,
    ) -> None:
        """Let the next calls of a port's method fail, after they did what was asked with `after_doing`; only those that
        concern the calendar with this remote id, if one is named.
        """
        fault = Fault(error=error, after_doing=after_doing, calendar=calendar)
        self._faults.setdefault(method, []).extend([fault] * times)

    def mend(self) -> None:
        """Forget the faults that did not come to pass yet."""
        self._faults.clear()

    def hold(self, method: str, *, after_doing: bool = False) -> Held:
        """Hold the next call of a port's method open, before or after it does what was asked."""
        held = Held(after_doing=after_doing)
        self._held.setdefault(method, []).append(held)
        return held

    @asynccontextmanager
    async def call(
        self, method: str, *, calendar: str | None = None, token: bool = True
    ) -> AsyncIterator[None]:
        """Every call of a port goes through here. `token`: whether it needs one that we have to fetch."""
        assert not self.store.in_transaction, "no provider is called inside a transaction"
        self.calls[method] += 1
        held = self._next_held(method)
        fault = self._next_fault(method, calendar)
        if calendar is not None and calendar in self.hanging:
            await self._hang(calendar)
        if held is not None and not held.after_doing:
            await held.pass_through()
        if self.outage:
            raise ProviderUnavailable
        if token and self.misconfigured:
            raise ProviderMisconfigured(code=self.misconfigured)
        if fault is not None and not fault.after_doing:
            raise fault.error
        if token:
            self.alarms.provider_works(self.which)
        yield
        if held is not None and held.after_doing:
            await held.pass_through()
        if fault is not None:
            raise fault.error

    async def _hang(self, calendar: str) -> None:
        self.hung[calendar] += 1
        self.most_hung[calendar] = max(self.most_hung[calendar], self.hung[calendar])
        try:
            await self.hanging[calendar].wait()
        finally:
            self.hung[calendar] -= 1

    async def person_behind(self, account_id: AccountId) -> Person:
        """Raises AccountNotFound, AccessLost when the organisation refuses us, and either that or AccessDoubted when
        the stored grant was revoked."""
        stored = await self.store.vault.load(account_id)
        person = self.person_of(stored.grant)
        if person.refusal:
            raise AccessLost(
                account_id=account_id,
                grant_version=stored.grant_version,
                cause=person.refused_because,
                refusal=person.refusal,
            )
        if not person.holds(stored.grant):
            refused = AccessLost if self.proves_loss else AccessDoubted
            raise refused(account_id=account_id, grant_version=stored.grant_version)
        return person

    def person_of(self, grant: Grant) -> Person:
        return self.people[grant.secret.decode().partition("#")[0]]

    def new_event_id(self) -> str:
        self._events_made += 1
        return self.named(f"event-{self._events_made}")

    def named(self, one: str) -> str:
        """No other provider gives this id, or state, to anything."""
        return one if self.which is Provider.MICROSOFT else f"{self.which.value.lower()}-{one}"

    def _next_fault(self, method: str, calendar: str | None) -> Fault | None:
        waiting = self._faults.get(method, [])
        fault = next((one for one in waiting if one.calendar in {None, calendar}), None)
        if fault is not None:
            waiting.remove(fault)
        return fault

    def _next_held(self, method: str) -> Held | None:
        waiting = self._held.get(method)
        return waiting.pop(0) if waiting else None


def entry_of(event: Event) -> CalendarEntry:
    """How an event of ours looks to whoever reads the calendar."""
    return CalendarEntry(
        when=Instants(event.interval.start, event.interval.end),
        show_as=ShowAs.BUSY,
        mark=event.mark,
        remote_id=event.remote_id,
    )


def _number(grant: Grant) -> int:
    return int(grant.secret.decode().partition("#")[2] or "1")
