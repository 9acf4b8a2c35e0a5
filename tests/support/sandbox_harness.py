"""The Microsoft adapter, on the sandbox, behind the handle of the contract suites."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters.graph.settings import NotificationUrls
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
from domain.errors import DomainError
from domain.event_digest import EventPart
from domain.grant import Grant
from domain.ids import AccountId, EventMark
from domain.interval import Interval
from domain.session_details import EventColor, Visibility
from sandbox import Recurrence, Sandbox
from sandbox.world.model import Calendar, Event
from sandbox.world.world import World
from tests.support.microsoft import Connected, connected_to
from tests.support.providers import (
    FEW,
    MAILBOX_ERRORS,
    PERMISSIONS,
    Human,
    Trouble,
    WrittenEvent,
    own_calendar,
)
from tests.support.receiver import receiving

_MAILBOX = "/me/(calendar|events)"
_METHODS = {"create": "POST", "update": "PATCH", "delete": "DELETE"}
_SHOW_AS = {
    ShowAs.FREE: "free",
    ShowAs.TENTATIVE: "tentative",
    ShowAs.BUSY: "busy",
    ShowAs.OUT_OF_OFFICE: "oof",
    ShowAs.WORKING_ELSEWHERE: "workingElsewhere",
    ShowAs.UNKNOWN: "unknown",
}
_FAULTS: dict[Trouble, tuple[dict[str, Any], ...]] = {
    Trouble.OUTAGE: tuple(
        {"surface": surface, "status": 503, "body": {"error": {"code": "UnknownError"}}}
        for surface in ("graph", "token", "metadata")
    ),
    Trouble.THROTTLING: (
        {
            "status": 429,
            "body": {"error": {"code": "ApplicationThrottled"}},
            "headers": {"Retry-After": "30"},
        },
    ),
    Trouble.DENIAL: ({"path": _MAILBOX, "status": 403, "body": {"error": {"code": "ErrorAccessDenied"}}},),
    Trouble.FULL: tuple(
        {"method": method, "path": "events", "status": 403, "body": {"error": {"code": "ErrorQuotaExceeded"}}}
        for method in ("POST", "PATCH")
    ),
    Trouble.SUSPENDED: (
        {"path": _MAILBOX, "status": 403, "body": {"error": {"code": "ErrorAccountSuspend"}}},
    ),
    Trouble.NONSENSE: (
        {"path": _MAILBOX, "status": 200, "body": "<html>Our services</html>", "content_type": "text/html"},
    ),
    Trouble.LATER_PAGES_FAIL: ({"page": 2, "status": 503, "body": {"error": {"code": "UnknownError"}}},),
    Trouble.LATER_PAGES_SPOILT: ({"page": 2, "kind": "without_value"},),
    Trouble.UNREGISTERED: ({"surface": "metadata", "status": 400, "body": {"error": "invalid_tenant"}},),
    Trouble.TOKEN_NONSENSE: ({"surface": "token", "status": 200, "body": {}},),
}
_NOBODYS_ZONE = "tzone://Microsoft/Custom"


@dataclass(frozen=True, slots=True)
class SandboxHarness:
    connected: Connected
    secret: str

    @property
    def sign_in(self) -> SignIn:
        return self.connected.microsoft.sign_in

    @property
    def directory(self) -> CalendarDirectory:
        return self.connected.microsoft.directory

    @property
    def reader(self) -> CalendarReader:
        return self.connected.microsoft.reader

    @property
    def writer(self) -> EventWriter:
        return self.connected.microsoft.writer

    @property
    def push(self) -> Push:
        assert self.connected.microsoft.push is not None
        return self.connected.microsoft.push

    @property
    def give_back(self) -> GiveBack | None:
        return self.connected.microsoft.give_back

    @property
    def refused(self) -> type[AccessRefused]:
        return AccessLost

    @property
    def remembers_deleted(self) -> bool:
        return False

    @property
    def appearance(self) -> frozenset[EventPart]:
        return frozenset({EventPart.VISIBILITY, EventPart.CATEGORY})

    @property
    def always_has_primary(self) -> bool:
        return False

    @property
    def replaces_subscriptions(self) -> bool:
        return False

    @property
    def permissions(self) -> tuple[str, ...]:
        return PERMISSIONS

    @property
    def usual_scopes(self) -> set[str]:
        return {"Calendars.ReadWrite", "User.Read"}

    def now(self) -> datetime:
        return self.world.clock.now()

    @property
    def world(self) -> World:
        return self.connected.sandbox.world

    def add_person(self, human: Human) -> None:
        personal = human.kind is AccountKind.PERSONAL
        tenant = "outlook.example.com" if personal else "contoso.example.com"
        if human.strict:
            tenant = "strict.example.com"
            self.world.people.change_tenant(tenant, consent="admin_error")
        mailbox = "online" if human.served else "on_premises"
        self.world.people.add(human.name, human.display_name, human.email, tenant, mailbox=mailbox)
        self.add_calendar("Calendar", name=human.name, primary=True)

    def identity_of(self, name: str) -> Identity:
        person = self.world.people.get(name)
        return Identity(provider=Provider.MICROSOFT, tenant_id=person.tenant.id, object_id=person.oid)

    def listed(self, human: Human, calendar: str, title: str, *, primary: bool = False) -> RemoteCalendar:
        return own_calendar(human, calendar, title, primary=primary)

    def error_of(self, trouble: Trouble) -> type[DomainError]:
        return MAILBOX_ERRORS[trouble]

    def name_of(self, human: Human) -> str:
        return human.display_name

    def take_mailbox_away(self, name: str) -> None:
        self.world.people.change(name, mailbox="unlicensed")

    def answer(
        self,
        started: StartedSignIn,
        name: str = "maria",
        *,
        cancels: bool = False,
        withholds: tuple[str, ...] = (),
    ) -> RedirectAnswer:
        ticked = ("openid", "profile", *(one for one in PERMISSIONS if one not in withholds))
        return self.connected.answer(started, name, decision="cancel" if cancels else "accept", grant=ticked)

    async def first_grant(self, name: str = "maria") -> Grant:
        return (await self.connected.sign_in(name)).grant

    async def connect(self, name: str = "maria", *, account_id: str = "") -> AccountId:
        return await self.connected.connect(name, account_id or None)

    async def grant_of(self, account_id: AccountId) -> Grant:
        return (await self.connected.store.vault.load(account_id)).grant

    def disconnect(self, account_id: AccountId) -> None:
        del self.connected.store.tables.grants[account_id]

    def revoke(self, name: str = "maria") -> None:
        self.world.grants.revoke(name, access_tokens=True)

    def primary(self, name: str = "maria") -> str:
        return self.connected.calendar_id(name)

    def add_calendar(
        self,
        title: str,
        *,
        name: str = "maria",
        color: str = "",
        writable: bool = True,
        primary: bool = False,
    ) -> str:
        return self.world.calendars.add(
            name, title, title, is_default=primary, can_edit=writable, hex_color=color
        ).id

    def share(self, calendar: str, *, owner: str, reader: str, title: str, writable: bool) -> str:
        entry = self.world.calendars.share(owner, calendar, reader, key=title, name=title, can_edit=writable)
        entry.color = "auto"
        return entry.id

    def make_read_only(self, calendar: str, *, name: str = "maria") -> None:
        self.world.calendars.set_writable(name, calendar, can_edit=False)

    def remove_calendar(self, calendar: str, *, name: str = "maria") -> None:
        self.world.calendars.remove(name, calendar)

    def remove_every_calendar(self, *, name: str = "maria") -> None:
        self.world.people.change(name, calendar_list="empty")

    def has(self, entry: CalendarEntry) -> bool:
        return not isinstance(entry.when, FloatingTimes)

    def add_entry(
        self, entry: CalendarEntry, *, calendar: str = "", name: str = "maria", zone: str = "UTC"
    ) -> None:
        details: dict[str, Any] = {
            "calendar": calendar or self.primary(name),
            "show_as": _SHOW_AS[entry.show_as],
            "cancelled": entry.cancelled,
            "response": "declined" if entry.declined else "organizer",
            "transaction_id": entry.mark,
        }
        match entry.when:
            case Instants(start, end):
                self.world.events.add(name, start, end, **details)
            case Days(first, after_last):
                self.world.events.add(name, first, after_last, zone=zone, **details)
            case UnplacedTimes(start, end):
                printed = {
                    side: {"dateTime": time.isoformat(), "timeZone": _NOBODYS_ZONE}
                    for side, time in (("start", start), ("end", end))
                }
                self.world.events.add(name, start, end, zone="UTC", overrides=printed, **details)
            case FloatingTimes():
                raise AssertionError("Graph's times name their zone")

    def add_daily_series(self, first: Interval, *, days: int) -> None:
        pattern = Recurrence(kind="daily", occurrences=days)
        self.world.events.add("maria", first.start, first.end, recurrence=pattern)

    def written(self, name: str = "maria") -> tuple[WrittenEvent, ...]:
        return tuple(
            self._as_seen(name, calendar, event)
            for calendar in self.world.calendars.of(name)
            for event in self.world.events.all(name, calendar)
            if event.transaction_id
        )

    def _as_seen(self, name: str, calendar: Calendar, event: Event) -> WrittenEvent:
        assert event.zone == "UTC"
        return WrittenEvent(
            remote_id=self.world.events.id_of(name, event, immutable=True),
            calendar=calendar.id,
            mark=EventMark(event.transaction_id) if event.transaction_id else None,
            interval=Interval(event.start.replace(tzinfo=UTC), event.end.replace(tzinfo=UTC)),
            title=event.subject,
            body=html.unescape(re.sub(r"<[^>]*>", "", event.body)),
            place=event.location,
            reminder_minutes=event.reminder_minutes if event.reminder_on else None,
            visibility=Visibility.PRIVATE if event.sensitivity == "private" else None,
            category=",".join(event.categories),
            color=None,
        )

    def delete_by_hand(self, event: str) -> None:
        self.world.events.delete("maria", self._stored(event))

    def move_mailbox(self, name: str = "maria") -> None:
        self.world.events.move_mailbox(name)

    def move_by_hand(self, event: str, *, calendar: str) -> None:
        self.world.events.move("maria", self._stored(event), calendar)

    def postpone_by_hand(self, event: str, to: Interval) -> None:
        self.world.events.change(self._stored(event), start=to.start, end=to.end)

    def set_reminder_by_hand(self, event: str, minutes: int) -> None:
        self.world.events.change(self._stored(event), reminder_on=True, reminder_minutes=minutes)

    def reword_by_hand(self, event: str, *, title: str, notes: str, place: str) -> None:
        self.world.events.change(self._stored(event), subject=title, body=notes, location=place)

    def dress_by_hand(
        self, event: str, *, visibility: Visibility | None, category: str, color: EventColor | None
    ) -> None:
        stored, sensitivity = self._stored(event), "normal" if visibility is None else "private"
        self.world.events.change(stored, sensitivity=sensitivity, categories=[category] if category else [])

    def _stored(self, event: str) -> Event:
        found = self.world.events.find("maria", event)
        assert found is not None
        return found.stored

    def trouble(self, trouble: Trouble) -> None:
        if trouble is Trouble.MISCONFIGURATION:
            self.world.app.rotate_secret()
            self.world.grants.expire_access_tokens()
        for fault in _FAULTS.get(trouble, ()):
            self.world.faults.add(**fault, times=None)

    def refuse_writes(self) -> str:
        code = "ErrorPropertyValidationFailure"
        for method in _METHODS.values():
            self.world.faults.answer(400, code=code, method=method, times=None)
        return code

    def lose_answer_of(self, method: str) -> None:
        self.world.faults.answer(504, code="UnknownError", method=_METHODS[method], perform=True)

    def mend(self) -> None:
        self.world.faults.clear()
        self.world.app.rotate_secret(self.secret)


@asynccontextmanager
async def sandbox_harness(sandbox: Sandbox) -> AsyncIterator[SandboxHarness]:
    async with receiving() as receiver:
        urls = NotificationUrls(changes=receiver.url, lifecycle=receiver.url)
        async with connected_to(sandbox, page_size=FEW, notification_urls=urls) as connected:
            harness = SandboxHarness(connected, sandbox.client_secret)
            harness.add_person(Human())
            yield harness
