"""The fake provider behind the handle of the contract suites."""

from dataclasses import replace
from datetime import datetime, timedelta

from application.ports.grant_vault import StoredGrant
from application.ports.sign_in import RedirectAnswer, StartedSignIn
from domain.access import (
    AccessDenied,
    AccessDoubted,
    AccessLost,
    AccessRefused,
    InvalidAnswer,
    MailboxFull,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderUnavailable,
    WriteRefused,
)
from domain.account import Identity
from domain.blocking import CalendarEntry, Instants, ShowAs
from domain.calendar import RemoteCalendar
from domain.errors import DomainError
from domain.event_digest import APPEARANCE, EventPart
from domain.grant import Grant
from domain.ids import AccountId
from domain.interval import Interval
from domain.session_details import EventColor, SessionDetails, Visibility
from tests.fakes.calendar_directory import FakeCalendarDirectory
from tests.fakes.calendar_reader import FakeCalendarReader
from tests.fakes.clock import MovableClock
from tests.fakes.event_writer import FakeEventWriter
from tests.fakes.give_back import FakeGiveBack
from tests.fakes.provider import REQUIRED, Event, FakeProvider, Person
from tests.fakes.push import FakePush
from tests.fakes.sign_in import FakeSignIn
from tests.fakes.store import FakeStore
from tests.support.providers import MAILBOX_ERRORS, PERMISSIONS, Human, Trouble, WrittenEvent, own_calendar

_PUSH = ("subscribe", "renew", "unsubscribe")
_MAILBOX = ("first_look", "list_calendars", "read_entries", "create", "update", "delete", "find", *_PUSH)
_LISTS = ("first_look", "list_calendars", "read_entries")
_WRITES = ("create", "update", "delete")
_TOKENS = ("check_access",)
_FOR_LONG = 100
_FAILURES: dict[Trouble, tuple[tuple[tuple[str, ...], DomainError], ...]] = {
    Trouble.THROTTLING: ((_MAILBOX, ProviderUnavailable(retry_after=timedelta(seconds=30), throttled=True)),),
    Trouble.DENIAL: ((_MAILBOX, AccessDenied()),),
    Trouble.FULL: ((("create", "update"), MailboxFull()),),
    Trouble.SUSPENDED: ((_MAILBOX, MailboxSuspended()),),
    Trouble.NONSENSE: (
        (tuple(set(_MAILBOX) - {"create"}), InvalidAnswer(what="no JSON")),
        (("create",), ProviderUnavailable(outcome_unknown=True)),
    ),
    Trouble.LATER_PAGES_FAIL: ((_LISTS, ProviderUnavailable()),),
    Trouble.LATER_PAGES_SPOILT: ((_LISTS, InvalidAnswer(what="no list")),),
    Trouble.UNREGISTERED: ((("begin",), ProviderMisconfigured(code="registration")),),
    Trouble.TOKEN_NONSENSE: ((_TOKENS, ProviderUnavailable()),),
}


class FakeHarness:
    def __init__(
        self,
        *,
        remembers_deleted: bool = False,
        merges_foreign: bool = False,
        replaces_subscriptions: bool = False,
        proves_loss: bool = True,
    ) -> None:
        self.provider = FakeProvider(FakeStore())
        self.always_has_primary = False
        self.provider.remembers_deleted = self.remembers_deleted = remembers_deleted
        self.provider.merges_foreign = merges_foreign
        self.provider.proves_loss = proves_loss
        self.sign_in = FakeSignIn(self.provider)
        self.directory = FakeCalendarDirectory(self.provider)
        self.reader = FakeCalendarReader(self.provider)
        self.writer = FakeEventWriter(self.provider)
        self.give_back = FakeGiveBack(self.provider)
        self.clock = MovableClock()
        self.replaces_subscriptions = replaces_subscriptions
        self.push = FakePush(self.provider, self.clock, replaces=replaces_subscriptions)
        self.people: dict[str, Person] = {}
        self.strict: set[str] = set()
        self.add_person(Human())

    @property
    def refused(self) -> type[AccessRefused]:
        return AccessLost if self.provider.proves_loss else AccessDoubted

    @property
    def permissions(self) -> tuple[str, ...]:
        return PERMISSIONS

    @property
    def usual_scopes(self) -> set[str]:
        return set(REQUIRED)

    def now(self) -> datetime:
        return self.clock.now()

    def add_person(self, human: Human) -> None:
        person = self.provider.add_person(human.name, kind=human.kind, calendar=False)
        person.email, person.display_name, person.served = human.email, human.display_name, human.served
        self.people[human.name] = person
        if human.strict:
            self.strict.add(human.name)
        self.add_calendar("Calendar", name=human.name, primary=True)

    def identity_of(self, name: str) -> Identity:
        return self.people[name].identity

    def listed(self, human: Human, calendar: str, title: str, *, primary: bool = False) -> RemoteCalendar:
        return own_calendar(human, calendar, title, primary=primary)

    def error_of(self, trouble: Trouble) -> type[DomainError]:
        return MAILBOX_ERRORS[trouble]

    def name_of(self, human: Human) -> str:
        return human.display_name

    def take_mailbox_away(self, name: str) -> None:
        self.people[name].served = False

    def answer(
        self,
        started: StartedSignIn,
        name: str = "maria",
        *,
        cancels: bool = False,
        withholds: tuple[str, ...] = (),
    ) -> RedirectAnswer:
        if cancels:
            return RedirectAnswer(state=started.state, error="access_denied", error_subcode="cancel")
        if name in self.strict:
            return RedirectAnswer(state=started.state, error="consent_required")
        person = self.people[name]
        if _asks_for_consent(started, person):
            person.granted = tuple(one for one in REQUIRED if one not in withholds)
            person.lasting = "offline_access" not in withholds
        return RedirectAnswer(state=started.state, code=self.provider.code_for(person, state=started.state))

    async def first_grant(self, name: str = "maria") -> Grant:
        started = await self.sign_in.begin(redirect_uri="https://calendars.example/callback")
        return (await self.sign_in.redeem(started.flow, self.answer(started, name))).grant

    async def connect(self, name: str = "maria", *, account_id: str = "") -> AccountId:
        account = AccountId(account_id or f"account-of-{name}")
        grant = await self.first_grant(name)
        before = self.provider.store.tables.grants.get(account)
        version = before.grant_version + 1 if before else 1
        stored = StoredGrant(grant=grant, grant_version=version, rotation=0)
        self.provider.store.tables.grants[account] = stored
        return account

    async def grant_of(self, account_id: AccountId) -> Grant:
        return (await self.provider.store.vault.load(account_id)).grant

    def disconnect(self, account_id: AccountId) -> None:
        del self.provider.store.tables.grants[account_id]

    def revoke(self, name: str = "maria") -> None:
        self.people[name].revoke()

    @property
    def appearance(self) -> frozenset[EventPart]:
        return APPEARANCE

    def primary(self, name: str = "maria") -> str:
        return next(one.remote_id for one in self.people[name].calendars.values() if one.primary)

    def add_calendar(
        self,
        title: str,
        *,
        name: str = "maria",
        color: str = "",
        writable: bool = True,
        primary: bool = False,
    ) -> str:
        person = self.people[name]
        added = person.add_calendar(title, primary=primary, writable=writable)
        person.calendars[added] = replace(person.calendars[added], color=color)
        return added

    def share(self, calendar: str, *, owner: str, reader: str, title: str, writable: bool) -> str:
        shared = self.people[reader].add_calendar(title, writable=writable, shared=True)
        listed = self.people[reader].calendars
        whose = self.people[owner]
        listed[shared] = replace(
            listed[shared], color="", owner_name=whose.display_name, owner_email=whose.email
        )
        # The reader's view of the same events.
        self.people[reader].entries[shared] = whose.entries.setdefault(calendar, [])
        return shared

    def make_read_only(self, calendar: str, *, name: str = "maria") -> None:
        calendars = self.people[name].calendars
        calendars[calendar] = replace(calendars[calendar], writable=False)

    def remove_calendar(self, calendar: str, *, name: str = "maria") -> None:
        del self.people[name].calendars[calendar]

    def remove_every_calendar(self, *, name: str = "maria") -> None:
        self.people[name].calendars.clear()

    def has(self, entry: CalendarEntry) -> bool:
        return True

    def add_entry(
        self, entry: CalendarEntry, *, calendar: str = "", name: str = "maria", zone: str = "UTC"
    ) -> None:
        self.people[name].add_entry(calendar or self.primary(name), entry)

    def add_daily_series(self, first: Interval, *, days: int) -> None:
        for day in range(days):
            shift = timedelta(days=day)
            when = Instants(first.start + shift, first.end + shift)
            self.add_entry(CalendarEntry(when=when, show_as=ShowAs.BUSY))

    def written(self, name: str = "maria") -> tuple[WrittenEvent, ...]:
        return tuple(_as_seen(event) for event in self.people[name].events.values())

    def delete_by_hand(self, event: str) -> None:
        self.people["maria"].delete(event)

    def move_mailbox(self, name: str = "maria") -> None:
        self.people[name].move_mailbox()

    def move_by_hand(self, event: str, *, calendar: str) -> None:
        self.people["maria"].events[event].calendar = calendar

    def postpone_by_hand(self, event: str, to: Interval) -> None:
        self.people["maria"].events[event].interval = to

    def set_reminder_by_hand(self, event: str, minutes: int) -> None:
        self.people["maria"].events[event].reminder_minutes = minutes

    def reword_by_hand(self, event: str, *, title: str, notes: str, place: str) -> None:
        reworded = SessionDetails(title=title, text=notes, place=place)
        self.people["maria"].events[event].details = reworded

    def dress_by_hand(
        self, event: str, *, visibility: Visibility | None, category: str, color: EventColor | None
    ) -> None:
        dressed = self.people["maria"].events[event]
        dressed.details = replace(dressed.details, visibility=visibility, category=category, color=color)

    def trouble(self, trouble: Trouble) -> None:
        self.provider.outage |= trouble is Trouble.OUTAGE
        if trouble is Trouble.MISCONFIGURATION:
            self.provider.misconfigured = "invalid_client AADSTS7000215"
        for methods, error in _FAILURES.get(trouble, ()):
            self._fail(methods, error)

    def _fail(self, methods: tuple[str, ...], error: DomainError) -> None:
        for method in methods:
            self.provider.fail(method, error, times=_FOR_LONG)

    def refuse_writes(self) -> str:
        refused = WriteRefused(code="event refused")
        self._fail(_WRITES, refused)
        return refused.code

    def lose_answer_of(self, method: str) -> None:
        self.provider.fail(method, ProviderUnavailable(outcome_unknown=True), after_doing=True)

    def mend(self) -> None:
        self.provider.outage, self.provider.misconfigured = False, ""
        self.provider.mend()


def _asks_for_consent(started: StartedSignIn, person: Person) -> bool:
    everything = person.lasting and set(REQUIRED) <= set(person.granted)
    return "prompt=consent" in started.authorization_url or person.grants == 0 or not everything


def _as_seen(event: Event) -> WrittenEvent:
    return WrittenEvent(
        remote_id=event.remote_id,
        calendar=event.calendar,
        mark=event.mark,
        interval=event.interval,
        title=event.details.title,
        body=f"{event.details.text}\n{event.details.join_url}",
        place=event.details.place,
        reminder_minutes=event.reminder_minutes,
        visibility=event.details.visibility,
        category=event.details.category,
        color=event.details.color,
    )
