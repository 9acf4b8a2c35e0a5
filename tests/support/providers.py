"""Providers to test on: the fake one, and the real adapters on the sandbox, behind the same handle."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from application.ports.calendar_directory import CalendarDirectory
from application.ports.calendar_reader import CalendarReader
from application.ports.event_writer import EventWriter
from application.ports.give_back import GiveBack
from application.ports.push import Push
from application.ports.sign_in import RedirectAnswer, SignIn, StartedSignIn
from domain.access import (
    AccessDenied,
    AccessRefused,
    InvalidAnswer,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.account import AccountKind, Identity
from domain.blocking import CalendarEntry
from domain.calendar import RemoteCalendar
from domain.errors import DomainError
from domain.event_digest import EventPart
from domain.grant import Grant
from domain.ids import AccountId, EventMark
from domain.interval import Interval
from domain.session import EventPlace
from domain.session_details import EventColor, Visibility

PERMISSIONS = ("Calendars.ReadWrite", "User.Read", "offline_access")
"""What the consent page of Microsoft and of the fakes lists."""

FEW = 3
"""How many events a page holds, so that a handful of them already takes several pages."""


class Trouble(Enum):
    """What can be wrong with the provider, until it is mended. The person's consent stands in all of it."""

    OUTAGE = auto()
    """Nothing works."""
    THROTTLING = auto()
    """The mailbox wants to be left alone for half a minute."""
    DENIAL = auto()
    """Everything in the mailbox is refused, though the tokens are good."""
    FULL = auto()
    """The mailbox takes nothing more, though it can be read and events be removed."""
    SUSPENDED = auto()
    """The provider has closed the account, though the tokens are good."""
    NONSENSE = auto()
    """A web page comes where data should."""
    LATER_PAGES_FAIL = auto()
    """The first page of a list is fine, the next ones are an outage."""
    LATER_PAGES_SPOILT = auto()
    """As before, but they are nonsense."""
    MISCONFIGURATION = auto()
    """Our client secret has expired, and so have the access tokens."""
    UNREGISTERED = auto()
    """The authority does not know us."""
    TOKEN_NONSENSE = auto()
    """A request for a token succeeds without bringing one."""


MAILBOX_ERRORS: dict[Trouble, type[DomainError]] = {
    Trouble.OUTAGE: ProviderUnavailable,
    Trouble.THROTTLING: ProviderUnavailable,
    Trouble.DENIAL: AccessDenied,
    Trouble.SUSPENDED: MailboxSuspended,
    Trouble.NONSENSE: InvalidAnswer,
    Trouble.MISCONFIGURATION: ProviderMisconfigured,
}
"""What every method that looks into a mailbox raises."""

PASSING = tuple(trouble for trouble in MAILBOX_ERRORS if trouble is not Trouble.THROTTLING)
"""The troubles after which everything works at once; a throttled mailbox wants its silence all the same."""

LATER_PAGE_ERRORS: dict[Trouble, type[DomainError]] = {
    Trouble.LATER_PAGES_FAIL: ProviderUnavailable,
    Trouble.LATER_PAGES_SPOILT: InvalidAnswer,
}
"""What every method that reads a list of several pages raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Human:
    """Somebody who can sign in. `served` says whether the mailbox is in the provider's cloud, `strict` whether only an
    administrator may consent."""

    name: str = "maria"
    kind: AccountKind = AccountKind.WORK
    served: bool = True
    strict: bool = False

    @property
    def email(self) -> str:
        return f"{self.name}@{'outlook' if self.kind is AccountKind.PERSONAL else 'contoso'}.example.com"

    @property
    def display_name(self) -> str:
        return f"{self.name.title()} Keller"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenEvent:
    """One of our events as its owner sees it; `body` is the text with the link, without markup."""

    remote_id: str
    calendar: str
    mark: EventMark | None
    interval: Interval
    title: str
    body: str
    place: str
    reminder_minutes: int | None
    visibility: Visibility | None
    category: str
    color: EventColor | None

    @property
    def address(self) -> EventPlace:
        return EventPlace(remote_calendar_id=self.calendar, remote_id=self.remote_id)


def own_calendar(human: Human, calendar: str, title: str, *, primary: bool) -> RemoteCalendar:
    """As a provider describes it that tells names, and colours only where somebody chose them."""
    return RemoteCalendar(
        remote_id=calendar,
        name=title,
        owner_name=human.display_name,
        owner_email=human.email,
        color="",
        primary=primary,
        writable=True,
        shared=False,
    )


class ProviderHarness(Protocol):
    """A provider under test. It has one person, maria, with a primary calendar of the name "Calendar"; people go by
    their names, calendars and events by their remote ids.
    """

    @property
    def sign_in(self) -> SignIn: ...
    @property
    def directory(self) -> CalendarDirectory: ...
    @property
    def reader(self) -> CalendarReader: ...
    @property
    def writer(self) -> EventWriter: ...
    @property
    def push(self) -> Push: ...
    @property
    def give_back(self) -> GiveBack | None: ...
    @property
    def remembers_deleted(self) -> bool:
        """Whether the mark of a deleted event is good for no other one."""
        ...

    @property
    def appearance(self) -> frozenset[EventPart]:
        """What of their appearance its events have."""
        ...

    @property
    def refused(self) -> type[AccessRefused]:
        """What methods raise once the grant is revoked: one refusal proves it, or doesn't yet."""
        ...

    @property
    def always_has_primary(self) -> bool:
        """Whether another calendar of the person's own takes the place of a primary one that is gone."""
        ...

    @property
    def replaces_subscriptions(self) -> bool:
        """Whether a renewal is another subscription beside the one that was, of which there may be any number."""
        ...

    @property
    def permissions(self) -> tuple[str, ...]:
        """What the consent page lists; without any one of them a sign-in fails."""
        ...

    @property
    def usual_scopes(self) -> set[str]:
        """What a grant is good for when nothing was withheld."""
        ...

    def now(self) -> datetime:
        """By the provider's clock."""
        ...

    def add_person(self, human: Human) -> None:
        """With a primary calendar of the name "Calendar"."""
        ...

    def identity_of(self, name: str) -> Identity: ...

    def listed(self, human: Human, calendar: str, title: str, *, primary: bool = False) -> RemoteCalendar:
        """How the provider describes a calendar of this person's own that anybody would call so."""
        ...

    def error_of(self, trouble: Trouble) -> type[DomainError]:
        """What every method that looks into a mailbox raises: MAILBOX_ERRORS, but where the provider has no word for
        it."""
        ...

    def name_of(self, human: Human) -> str:
        """What a sign-in tells of this person's name."""
        ...

    def take_mailbox_away(self, name: str) -> None: ...

    def answer(
        self,
        started: StartedSignIn,
        name: str = "maria",
        *,
        cancels: bool = False,
        withholds: tuple[str, ...] = (),
    ) -> RedirectAnswer:
        """What the redirect brings after this person signed in.

        `withholds` are the permissions unticked, if the provider asks for consent at all.
        """
        ...

    async def first_grant(self, name: str = "maria") -> Grant:
        """Of a sign-in whose grant nobody has stored yet."""
        ...

    async def connect(self, name: str = "maria", *, account_id: str = "") -> AccountId:
        """Sign in and store the grant; a second time for the same account id counts as a reconnect."""
        ...

    async def grant_of(self, account_id: AccountId) -> Grant:
        """As it is stored."""
        ...

    def disconnect(self, account_id: AccountId) -> None: ...

    def revoke(self, name: str = "maria") -> None:
        """Every token given to us so far is worth nothing from now on."""
        ...

    def primary(self, name: str = "maria") -> str: ...

    def add_calendar(
        self,
        title: str,
        *,
        name: str = "maria",
        color: str = "",
        writable: bool = True,
        primary: bool = False,
    ) -> str: ...

    def share(self, calendar: str, *, owner: str, reader: str, title: str, writable: bool) -> str:
        """The calendar's id in the reader's mailbox."""
        ...

    def make_read_only(self, calendar: str, *, name: str = "maria") -> None: ...

    def remove_calendar(self, calendar: str, *, name: str = "maria") -> None: ...

    def remove_every_calendar(self, *, name: str = "maria") -> None: ...

    def has(self, entry: CalendarEntry) -> bool:
        """Whether it knows such entries at all."""
        ...

    def add_entry(
        self, entry: CalendarEntry, *, calendar: str = "", name: str = "maria", zone: str = "UTC"
    ) -> None:
        """An event that somebody else made, in the primary calendar if none is named. All-day ones begin at midnight of
        `zone`."""
        ...

    def add_daily_series(self, first: Interval, *, days: int) -> None:
        """A busy series in maria's primary calendar."""
        ...

    def written(self, name: str = "maria") -> tuple[WrittenEvent, ...]:
        """Our events, over all calendars of the mailbox."""
        ...

    def delete_by_hand(self, event: str) -> None: ...

    def move_mailbox(self, name: str = "maria") -> None:
        """Every calendar and event in it comes to have another id."""
        ...

    def move_by_hand(self, event: str, *, calendar: str) -> None: ...

    def postpone_by_hand(self, event: str, to: Interval) -> None: ...

    def set_reminder_by_hand(self, event: str, minutes: int) -> None: ...

    def reword_by_hand(self, event: str, *, title: str, notes: str, place: str) -> None: ...

    def dress_by_hand(
        self, event: str, *, visibility: Visibility | None, category: str, color: EventColor | None
    ) -> None:
        """As far as its events have such an appearance."""
        ...

    def trouble(self, trouble: Trouble) -> None: ...

    def refuse_writes(self) -> str:
        """No event is acceptable any more. The code of the reason, in the provider's own words."""
        ...

    def lose_answer_of(self, method: str) -> None:
        """The next call of this method of the writer does its work, but the answer gets lost on the way."""
        ...

    def mend(self) -> None:
        """Everything works again. Consents that were withdrawn stay so."""
        ...
