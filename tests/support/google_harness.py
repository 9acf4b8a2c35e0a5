"""Google's adapter, on the sandbox, behind the handle of the contract suites."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from adapters.google.calendar_directory import GoogleCalendarDirectory
from adapters.google.calendar_reader import GoogleCalendarReader
from adapters.google.capabilities import bare
from adapters.google.event_ids import mark_in
from adapters.google.event_writer import GoogleEventWriter
from adapters.google.free_busy_reads import FreeBusyReads
from adapters.google.settings import LEAST_SCOPES
from adapters.web.page_sizes import PageSizes
from application.ports.calendar_directory import CalendarDirectory
from application.ports.calendar_reader import CalendarReader
from application.ports.event_writer import EventWriter
from application.ports.give_back import GiveBack
from application.ports.push import Push
from application.ports.sign_in import RedirectAnswer, SignIn, StartedSignIn
from domain.access import AccessLost, AccessRefused
from domain.account import AccountKind, Identity, Provider
from domain.blocking import CalendarEntry, Days, FloatingTimes, Instants, ShowAs, UnplacedTimes
from domain.calendar import RemoteCalendar
from domain.connection import MailboxNotServed
from domain.errors import DomainError
from domain.event_digest import EventPart
from domain.grant import Grant
from domain.ids import AccountId
from domain.interval import Interval
from domain.session_details import EventColor, Visibility
from sandbox import Recurrence, Sandbox
from sandbox.google.event_json import id_of, span
from sandbox.google.listed import Listed
from sandbox.world.model import Calendar, Event
from sandbox.world.world import World
from tests.support.google import SIGNED_IN, OpenGoogle, google_on, push_to
from tests.support.microsoft import SandboxClock
from tests.support.providers import FEW, MAILBOX_ERRORS, Human, Trouble, WrittenEvent
from tests.support.receiver import receiving

MOST_LISTED: Final = 50
"""Calendars a page: Google allows five times as many."""
USUAL_COLOR: Final = "#9fe1e7"
"""Of a calendar whose colour nobody chose."""
_COLORS: Final[dict[str | None, EventColor]] = {
    "1": EventColor.PALE_BLUE,
    "2": EventColor.PALE_GREEN,
    "3": EventColor.MAUVE,
    "4": EventColor.PALE_RED,
    "5": EventColor.YELLOW,
    "6": EventColor.ORANGE,
    "7": EventColor.CYAN,
    "8": EventColor.GRAY,
    "9": EventColor.BLUE,
    "10": EventColor.GREEN,
    "11": EventColor.RED,
}
_METHODS: Final = {"create": "POST", "update": "PATCH", "delete": "DELETE"}
_SHOW_AS: Final = {
    ShowAs.FREE: "free",
    ShowAs.BUSY: "busy",
    ShowAs.OUT_OF_OFFICE: "oof",
    ShowAs.WORKING_ELSEWHERE: "workingElsewhere",
}


def _refusal(status: int, reason: str, **details: Any) -> dict[str, Any]:
    error = {"code": status, "errors": [{"reason": reason}]}
    return {"surface": "google", "status": status, "body": {"error": error}, **details}


def _page(**details: Any) -> dict[str, Any]:
    return {
        "surface": "google",
        "status": 200,
        "body": "<html>Our services</html>",
        "content_type": "text/html",
        **details,
    }


_FAULTS: Final[dict[Trouble, tuple[dict[str, Any], ...]]] = {
    Trouble.OUTAGE: tuple(
        _refusal(503, "backendError", surface=surface)
        for surface in ("google", "google-token", "google-metadata", "google-revoke")
    ),
    Trouble.THROTTLING: (_refusal(403, "userRateLimitExceeded", headers={"Retry-After": "30"}),),
    Trouble.DENIAL: (_refusal(403, "forbidden"),),
    Trouble.SUSPENDED: (_refusal(403, "notACalendarUser"),),
    Trouble.NONSENSE: (_page(),),
    Trouble.LATER_PAGES_FAIL: (_refusal(503, "backendError", page=2),),
    Trouble.LATER_PAGES_SPOILT: (_page(page=2),),
    Trouble.TOKEN_NONSENSE: ({"surface": "google-token", "status": 200, "body": {}},),
}


@dataclass(frozen=True, slots=True)
class GoogleHarness:
    google: OpenGoogle
    secret: str
    directory: CalendarDirectory
    reader: CalendarReader
    writer: EventWriter
    push: Push

    @property
    def sign_in(self) -> SignIn:
        return self.google.sign_in

    @property
    def give_back(self) -> GiveBack:
        return self.google.renewing

    @property
    def refused(self) -> type[AccessRefused]:
        return AccessLost

    @property
    def remembers_deleted(self) -> bool:
        return True

    @property
    def appearance(self) -> frozenset[EventPart]:
        return frozenset({EventPart.VISIBILITY, EventPart.COLOR})

    @property
    def always_has_primary(self) -> bool:
        return False

    @property
    def replaces_subscriptions(self) -> bool:
        return True

    @property
    def permissions(self) -> tuple[str, ...]:
        return tuple(map(bare, LEAST_SCOPES))

    @property
    def usual_scopes(self) -> set[str]:
        return set(LEAST_SCOPES)

    def now(self) -> datetime:
        return self.world.clock.now()

    @property
    def world(self) -> World:
        return self.google.sandbox.world

    def add_person(self, human: Human) -> None:
        workspace = human.kind is AccountKind.WORK
        self.world.people.add_google(human.name, human.display_name, human.email, workspace=workspace)
        self.add_calendar("Calendar", name=human.name, primary=True)
        if not human.served:
            self.take_mailbox_away(human.name)

    def identity_of(self, name: str) -> Identity:
        sub = self.world.people.get(name).google_account.sub
        return Identity(provider=Provider.GOOGLE, tenant_id="", object_id=sub)

    def name_of(self, human: Human) -> str:
        """Names are not asked for."""
        return human.email

    def take_mailbox_away(self, name: str) -> None:
        self.world.people.change_google(name, calendar="off")

    def listed(self, human: Human, calendar: str, title: str, *, primary: bool = False) -> RemoteCalendar:
        """A primary calendar is called by its address. Google tells nobody's name, and each has a colour."""
        return RemoteCalendar(
            remote_id=calendar,
            name=calendar if primary else title,
            owner_name="",
            owner_email=human.email,
            color=USUAL_COLOR,
            primary=primary,
            writable=True,
            shared=False,
        )

    def error_of(self, trouble: Trouble) -> type[DomainError]:
        """Google doesn't say that somebody is suspended: they have no calendars any more."""
        return MailboxNotServed if trouble is Trouble.SUSPENDED else MAILBOX_ERRORS[trouble]

    def answer(
        self,
        started: StartedSignIn,
        name: str = "maria",
        *,
        cancels: bool = False,
        withholds: tuple[str, ...] = (),
    ) -> RedirectAnswer:
        ticked = tuple(one for one in LEAST_SCOPES if bare(one) not in withholds)
        decision: Literal["accept", "cancel"] = "cancel" if cancels else "accept"
        return self.google.answer(started, name, decision=decision, grant=(*SIGNED_IN, *ticked))

    async def first_grant(self, name: str = "maria") -> Grant:
        return (await self.google.signed_in(name)).grant

    async def connect(self, name: str = "maria", *, account_id: str = "") -> AccountId:
        return self.google.connect(name, account_id)

    async def grant_of(self, account_id: AccountId) -> Grant:
        return (await self.google.store.vault.load(account_id)).grant

    def disconnect(self, account_id: AccountId) -> None:
        del self.google.store.tables.grants[account_id]

    def revoke(self, name: str = "maria") -> None:
        self.world.google.grants.end_consent(name)

    def primary(self, name: str = "maria") -> str:
        return self._id(name, self.world.calendars.get(name))

    def add_calendar(
        self,
        title: str,
        *,
        name: str = "maria",
        color: str = "",
        writable: bool = True,
        primary: bool = False,
    ) -> str:
        added = self.world.calendars.add(name, title, title, is_default=primary, hex_color=color)
        if not writable:
            self.world.calendars.change_google(name, added, role="reader")
        return self._id(name, added)

    def share(self, calendar: str, *, owner: str, reader: str, title: str, writable: bool) -> str:
        """For changing it and for managing who else may: what the least set of scopes opens is what one owns."""
        entry = self.world.calendars.share(owner, self._key(owner, calendar), reader, key=title, name=title)
        self.world.calendars.change_google(reader, entry, role="owner" if writable else "reader")
        return self._id(reader, entry)

    def make_read_only(self, calendar: str, *, name: str = "maria") -> None:
        self.world.calendars.change_google(name, self._key(name, calendar), role="reader")

    def remove_calendar(self, calendar: str, *, name: str = "maria") -> None:
        self.world.calendars.remove(name, self._key(name, calendar))

    def remove_every_calendar(self, *, name: str = "maria") -> None:
        for calendar in self.world.calendars.of(name):
            self.world.calendars.change_google(name, calendar, deleted=True)

    def has(self, entry: CalendarEntry) -> bool:
        """Other statuses than busy and free are kinds of events, what is cancelled isn't listed, marks are ids."""
        placed = not isinstance(entry.when, UnplacedTimes | FloatingTimes)
        return placed and entry.show_as in _SHOW_AS and not entry.cancelled and entry.mark is None

    def add_entry(
        self, entry: CalendarEntry, *, calendar: str = "", name: str = "maria", zone: str = "UTC"
    ) -> None:
        details: dict[str, Any] = {
            "calendar": self._key(name, calendar or self.primary(name)),
            "show_as": _SHOW_AS[entry.show_as],
            "cancelled": entry.cancelled,
            "response": "declined" if entry.declined else "organizer",
        }
        match entry.when:
            case Instants(start, end):
                self.world.events.add(name, start, end, **details)
            case Days(first, after_last):
                self.world.events.add(name, first, after_last, zone=zone, **details)
            case UnplacedTimes() | FloatingTimes():
                raise AssertionError("Google is asked for instants")

    def add_daily_series(self, first: Interval, *, days: int) -> None:
        pattern = Recurrence(kind="daily", occurrences=days)
        self.world.events.add("maria", first.start, first.end, recurrence=pattern)

    def written(self, name: str = "maria") -> tuple[WrittenEvent, ...]:
        return tuple(
            self._as_seen(name, calendar, event)
            for calendar in self.world.calendars.of(name)
            for event in self.world.events.all(name, calendar)
            if mark_in(id_of(event)) is not None
        )

    def _as_seen(self, name: str, calendar: Calendar, event: Event) -> WrittenEvent:
        popups = event.google["reminders"]["overrides"]
        return WrittenEvent(
            remote_id=id_of(event),
            calendar=self._id(name, calendar),
            mark=mark_in(id_of(event)),
            interval=Interval(*span(event, UTC)),
            title=event.subject,
            body=html.unescape(re.sub(r"<[^>]*>", "", event.body)),
            place=event.location,
            reminder_minutes=popups[0]["minutes"] if popups else None,
            visibility=Visibility.PRIVATE if event.sensitivity == "private" else None,
            category="",
            color=_COLORS.get(event.google.get("colorId")),
        )

    def delete_by_hand(self, event: str) -> None:
        self.world.events.delete("maria", self._stored(event))

    def move_mailbox(self, name: str = "maria") -> None:
        """Nothing at Google changes its id but a primary calendar, whose owner got another address."""
        self.world.people.change(name, email=f"new.{self.world.people.get(name).email}")

    def move_by_hand(self, event: str, *, calendar: str) -> None:
        self.world.events.move("maria", self._stored(event), self._key("maria", calendar))

    def postpone_by_hand(self, event: str, to: Interval) -> None:
        self.world.events.change(self._stored(event), start=to.start, end=to.end)

    def set_reminder_by_hand(self, event: str, minutes: int) -> None:
        stored = self._stored(event)
        reminders = {"useDefault": False, "overrides": [{"method": "popup", "minutes": minutes}]}
        self.world.events.change(stored, google=stored.google | {"reminders": reminders})

    def reword_by_hand(self, event: str, *, title: str, notes: str, place: str) -> None:
        self.world.events.change(self._stored(event), subject=title, body=notes, location=place)

    def dress_by_hand(
        self, event: str, *, visibility: Visibility | None, category: str, color: EventColor | None
    ) -> None:
        stored, sensitivity = self._stored(event), "normal" if visibility is None else "private"
        color_id = next((number for number, one in _COLORS.items() if one is color), None)
        self.world.events.change(
            stored, sensitivity=sensitivity, google=stored.google | {"colorId": color_id}
        )

    def _stored(self, event: str) -> Event:
        return next(one for _, one in self._events("maria") if id_of(one) == event)

    def _events(self, name: str) -> list[tuple[Calendar, Event]]:
        return [
            (calendar, event)
            for calendar in self.world.calendars.of(name)
            for event in self.world.events.all(name, calendar)
        ]

    def _id(self, name: str, calendar: Calendar) -> str:
        return Listed(world=self.world, person=self.world.people.get(name), calendar=calendar).id

    def _key(self, name: str, calendar_id: str) -> Calendar:
        return next(one for one in self.world.calendars.of(name) if self._id(name, one) == calendar_id)

    def trouble(self, trouble: Trouble) -> None:
        if trouble is Trouble.MISCONFIGURATION:
            self.world.google.app.rotate_secret()
            self.world.google.grants.expire_access_tokens()
            return
        for fault in _FAULTS[trouble]:
            self.world.faults.add(**fault, times=None)

    def refuse_writes(self) -> str:
        code = "badRequest"
        for method in _METHODS.values():
            self.world.faults.google_error(400, code, method=method, times=None)
        return code

    def lose_answer_of(self, method: str) -> None:
        self.world.faults.google_error(503, "backendError", method=_METHODS[method], perform=True)

    def mend(self) -> None:
        self.world.faults.clear()
        self.world.google.app.rotate_secret(self.secret)


@asynccontextmanager
async def google_harness(sandbox: Sandbox) -> AsyncIterator[GoogleHarness]:
    sandbox.world.google.settings.page_size = MOST_LISTED
    async with receiving() as receiver, google_on(sandbox, page_size=FEW) as google:
        harness = GoogleHarness(
            google,
            sandbox.google_client_secret,
            directory=GoogleCalendarDirectory(client=google.client, tokens=google.tokens),
            reader=GoogleCalendarReader(
                client=google.client,
                tokens=google.tokens,
                page_sizes=PageSizes(clock=SandboxClock(sandbox), most=FEW),
                free_busy=FreeBusyReads(google.client, google.tokens),
            ),
            writer=GoogleEventWriter(client=google.client, tokens=google.tokens),
            push=push_to(receiver.url, google),
        )
        harness.add_person(Human())
        yield harness
