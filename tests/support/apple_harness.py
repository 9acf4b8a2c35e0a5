"""Apple's adapter, on the sandbox's iCloud, behind the handle of the contract suites."""

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from adapters.caldav.event_names import mark_in
from domain.access import AccessDenied
from domain.account import Identity, Provider
from domain.blocking import CalendarEntry, Days, FloatingTimes, Instants, ShowAs, UnplacedTimes
from domain.calendar import RemoteCalendar
from domain.errors import DomainError
from domain.grant import Grant
from domain.ids import AccountId
from domain.interval import Interval
from domain.session_details import EventColor, Visibility
from sandbox import Recurrence, Sandbox
from sandbox.icloud import paths
from sandbox.icloud.storing import store_text
from sandbox.world.model import Calendar, Event
from sandbox.world.traffic import Traffic
from sandbox.world.world import World
from tests.support.caldav import dav_on
from tests.support.caldav_harness import CaldavHarness, reader_on, writer_on
from tests.support.calendar_texts import CSS_COLORS, css_name, sayable, text_of
from tests.support.event_properties import violations
from tests.support.microsoft import SandboxClock
from tests.support.providers import MAILBOX_ERRORS, Human, Trouble, WrittenEvent

USUAL_COLOR: Final = "#1badf8"
"""Of a calendar whose colour nobody chose."""
_HOME: Final = "^/[0-9]+/calendars"
_METHODS: Final = {"create": "PUT", "update": "PUT", "delete": "DELETE"}
_SHOW_AS: Final = {
    ShowAs.FREE: "free",
    ShowAs.TENTATIVE: "tentative",
    ShowAs.BUSY: "busy",
    ShowAs.OUT_OF_OFFICE: "oof",
    ShowAs.WORKING_ELSEWHERE: "workingElsewhere",
}

_OTHERWISE: Final[dict[str, Any]] = {
    "named_properties": "ignored",
    "lists_collection": False,
    "rewrites": False,
    "put_etag": "stale",
    "missing_event": "inner",
    "hrefs": "urls",
    "omitted": ["getctag", "sync-token"],
    "refused_as": "unauthenticated",
}


def _page(**details: Any) -> dict[str, Any]:
    return {"status": 200, "body": "<html>Our services</html>", "content_type": "text/html", **details}


_FAULTS: Final[dict[Trouble, dict[str, Any]]] = {
    Trouble.OUTAGE: {"status": 500},
    Trouble.THROTTLING: {"status": 429, "headers": {"Retry-After": "30"}},
    Trouble.DENIAL: {"status": 403, "path": _HOME},
    Trouble.FULL: {"status": 507, "method": "PUT"},
    Trouble.NONSENSE: _page(path=_HOME),
    Trouble.LATER_PAGES_FAIL: {"kind": "cut_inside", "path": _HOME},
    Trouble.LATER_PAGES_SPOILT: {"kind": "truncate", "path": _HOME},
    Trouble.TOKEN_NONSENSE: _page(),
}
"""What comes on several pages elsewhere comes in one answer here, of which the end is missing. Passwords take the place
of tokens, and are proved by the first request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleHarness(CaldavHarness):
    sandbox: Sandbox
    otherwise: bool = False

    def now(self) -> datetime:
        return self.world.clock.now()

    @property
    def world(self) -> World:
        return self.sandbox.world

    def add_person(self, human: Human) -> None:
        person = self.world.people.add_icloud(human.name, human.display_name, human.email)
        if self.otherwise:
            self.world.people.change_icloud(person, front="redirects", home_form="without_slash")
        self.add_calendar("Calendar", name=human.name, primary=True)
        if not human.served:
            self.take_mailbox_away(human.name)

    def identity_of(self, name: str) -> Identity:
        number = self.world.people.get(name).icloud_account.number
        return Identity(provider=Provider.APPLE, tenant_id=self.dav.settings.host_family, object_id=number)

    def take_mailbox_away(self, name: str) -> None:
        self.world.people.change_icloud(name, state="without_calendars")

    def listed(self, human: Human, calendar: str, title: str, *, primary: bool = False) -> RemoteCalendar:
        own = calendar in {self._id(human.name, one) for one in self.world.calendars.of(human.name)}
        return self._described(calendar, title, owner_email=human.email if own else "", primary=primary)

    def error_of(self, trouble: Trouble) -> type[DomainError]:
        """A locked account looks like any other that is denied everything."""
        return AccessDenied if trouble is Trouble.SUSPENDED else MAILBOX_ERRORS[trouble]

    async def first_grant(self, name: str = "maria") -> Grant:
        """With the password that is in force, or a new one after the last was revoked."""
        made = self.world.people.get(name).icloud_account.passwords
        password = next(iter(made), None) or self.world.icloud.passwords.make(name)
        return (await self.dav.passwords.prove(self.world.people.get(name).email, password)).grant

    async def connect(self, name: str = "maria", *, account_id: str = "") -> AccountId:
        return self._keep(await self.first_grant(name), account_id or f"account-of-{name}")

    def revoke(self, name: str = "maria") -> None:
        self.world.icloud.passwords.revoke_all(name)

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
        added = self.world.calendars.add(
            name, title, title, is_default=primary, can_edit=writable, hex_color=color
        )
        return self._id(name, added)

    def share(self, calendar: str, *, owner: str, reader: str, title: str, writable: bool) -> str:
        entry = self.world.calendars.share(
            owner, self._key(owner, calendar), reader, key=title, name=title, can_edit=writable
        )
        return self._id(reader, entry)

    def make_read_only(self, calendar: str, *, name: str = "maria") -> None:
        self.world.calendars.set_writable(name, self._key(name, calendar), can_edit=False)

    def remove_calendar(self, calendar: str, *, name: str = "maria") -> None:
        self.world.calendars.remove(name, self._key(name, calendar))

    def remove_every_calendar(self, *, name: str = "maria") -> None:
        self.world.calendars.of(name).clear()

    def has(self, entry: CalendarEntry) -> bool:
        return sayable(entry)

    def add_entry(
        self, entry: CalendarEntry, *, calendar: str = "", name: str = "maria", zone: str = "UTC"
    ) -> None:
        stored_in = self._key(name, calendar or self.primary(name))
        details: dict[str, Any] = {
            "calendar": stored_in,
            "show_as": _SHOW_AS[entry.show_as],
            "cancelled": entry.cancelled,
            "response": "declined" if entry.declined else "organizer",
        }
        match entry.when:
            case Instants(start, end):
                self.world.events.add(name, start, end, **details)
            case Days(first, after_last):
                self.world.events.add(name, first, after_last, zone=zone, **details)
            case FloatingTimes() | UnplacedTimes():
                owner, uid = self.world.people.get(name).email, str(uuid.uuid4()).upper()
                store_text(self.world, name, stored_in, text_of(entry, uid, owner=owner))

    def add_daily_series(self, first: Interval, *, days: int) -> None:
        pattern = Recurrence(kind="daily", occurrences=days)
        self.world.events.add("maria", first.start, first.end, recurrence=pattern)

    def written(self, name: str = "maria") -> tuple[WrittenEvent, ...]:
        return tuple(
            self._as_seen(name, calendar, event)
            for calendar, event in self._events(name)
            if mark_in(paths.file_of(event)) is not None
        )

    def _as_seen(self, name: str, calendar: Calendar, event: Event) -> WrittenEvent:
        assert event.zone == "UTC"
        assert self.otherwise or not event.icloud_text, "what the writer says has a field each"
        return WrittenEvent(
            remote_id=paths.file_of(event),
            calendar=self._id(name, calendar),
            mark=mark_in(paths.file_of(event)),
            interval=Interval(event.start.replace(tzinfo=UTC), event.end.replace(tzinfo=UTC)),
            title=event.subject,
            body=event.body,
            place=event.location,
            reminder_minutes=event.reminder_minutes if event.reminder_on else None,
            visibility=Visibility.PRIVATE if event.sensitivity == "private" else None,
            category=",".join(event.categories),
            color=CSS_COLORS.get(event.color),
        )

    def delete_by_hand(self, event: str) -> None:
        self.world.events.delete("maria", self._stored(event))

    def move_mailbox(self, name: str = "maria") -> None:
        """Calendars are other ones after they were restored; files keep their names."""
        for calendar in self.world.calendars.of(name):
            self.world.calendars.change_icloud(name, calendar, name=str(uuid.uuid4()).upper())

    def move_by_hand(self, event: str, *, calendar: str) -> None:
        self.world.events.move("maria", self._stored(event), self._key("maria", calendar))

    def postpone_by_hand(self, event: str, to: Interval) -> None:
        self.world.events.change(self._stored(event), start=to.start, end=to.end)

    def set_reminder_by_hand(self, event: str, minutes: int) -> None:
        self.world.events.change(self._stored(event), reminder_on=True, reminder_minutes=minutes)

    def reword_by_hand(self, event: str, *, title: str, notes: str, place: str) -> None:
        self.world.events.change(self._stored(event), subject=title, body=notes, location=place)

    def dress_by_hand(
        self, event: str, *, visibility: Visibility | None, category: str, color: EventColor | None
    ) -> None:
        self.world.events.change(
            self._stored(event),
            sensitivity="normal" if visibility is None else "private",
            categories=[category] if category else [],
            color=css_name(color),
        )

    def _stored(self, event: str) -> Event:
        return next(one for _, one in self._events("maria") if paths.file_of(one) == event)

    def _events(self, name: str) -> list[tuple[Calendar, Event]]:
        return [
            (calendar, event)
            for calendar in self.world.calendars.of(name)
            for event in self.world.events.all(name, calendar)
        ]

    def _id(self, name: str, calendar: Calendar) -> str:
        return paths.name_of(self.world.people.get(name), calendar)

    def _key(self, name: str, calendar_id: str) -> Calendar:
        found = paths.calendar_named(self.world.people.get(name), calendar_id)
        assert found is not None
        return found

    def trouble(self, trouble: Trouble) -> None:
        if trouble is Trouble.SUSPENDED:
            self.world.people.change_icloud("maria", state="locked")
            return
        self.world.faults.add(**{"surface": "icloud", **_FAULTS[trouble]}, times=None)

    def refuse_writes(self) -> str:
        code = "valid-calendar-data"
        for method in set(_METHODS.values()):
            self.world.faults.dav_error(403, code, method=method, times=None)
        return code

    def lose_answer_of(self, method: str) -> None:
        redirected = 1 if self.otherwise else 0
        self.world.faults.dav_error(500, method=_METHODS[method], perform=True, skip=redirected)

    def mend(self) -> None:
        self.world.faults.clear()
        for person in self.world.people.all():
            if person.icloud is not None and person.icloud.state == "locked":
                self.world.people.change_icloud(person, state="active")


@asynccontextmanager
async def apple_harness(sandbox: Sandbox, *, otherwise: bool = False) -> AsyncIterator[AppleHarness]:
    """`otherwise`: iCloud is in every respect other than it is supposed to be, as far as nobody knows."""
    clock = SandboxClock(sandbox)
    hosts = "|".join(re.escape(one.removeprefix("https://")) for one in sandbox.icloud_partition_urls)
    for name, value in _OTHERWISE.items() if otherwise else ():
        setattr(sandbox.world.icloud.settings, name, value)
    async with dav_on(sandbox.icloud_url, sandbox.ca_file, clock=clock, allowed_hosts=hosts) as dav:
        harness = AppleHarness(
            dav=dav,
            reader=reader_on(dav, clock),
            writer=writer_on(dav, clock),
            usual_color=USUAL_COLOR,
            sandbox=sandbox,
            otherwise=otherwise,
        )
        harness.add_person(Human())
        yield harness
    if otherwise:
        _forget_what_came_unasked(sandbox.world.traffic)


def _forget_what_came_unasked(traffic: Traffic) -> None:
    """Whole events, as was ordered; what was asked for is no more than ever."""
    assert [one for one in violations(traffic) if " brought " not in one] == []
    traffic.clear()
