"""Apple's adapter, on Radicale, behind the handle of the contract suites: what holds at a server that somebody else
wrote, which nobody can make fail on demand, and whose people share nothing."""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from adapters.caldav.event_names import mark_in
from domain.account import Identity, Provider
from domain.blocking import CalendarEntry, Instants
from domain.calendar import RemoteCalendar
from domain.errors import DomainError
from domain.grant import Grant
from domain.ids import AccountId
from domain.interval import Interval
from domain.session_details import EventColor, Visibility
from sandbox.clock import Clock
from sandbox.icloud.calendar_text import Component, Line, escape, parse, write
from sandbox.icloud.reading import anything
from tests.support.caldav import dav_on
from tests.support.caldav_harness import CaldavHarness, reader_on, writer_on
from tests.support.calendar_texts import CSS_COLORS, css_name, daily_text, sayable, text_of, times_of
from tests.support.providers import Human, Trouble, WrittenEvent
from tests.support.radicale import PRINCIPAL, Radicale, RadicalePerson

BEYOND: Final = frozenset(
    {
        "trouble",
        "lose_answer_of",
        "refuse_writes",
        "MailboxNotServed",
        "share",
        "make_read_only",
        "move_mailbox",
    }
)
"""What can't be had here, or done: tests that speak of any of it run elsewhere."""
BEYOND_IT: Final = "a test that speaks of it runs elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class RadicaleHarness(CaldavHarness):
    radicale: Radicale
    clock: Clock = field(default_factory=Clock)
    people: dict[str, RadicalePerson] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.clock.now()

    def add_person(self, human: Human) -> None:
        assert human.served
        self.people[human.name] = self.radicale.person_called(human.email)
        self.add_calendar("Calendar", name=human.name, primary=True)

    def identity_of(self, name: str) -> Identity:
        username = self.people[name].login.username
        return Identity(provider=Provider.APPLE, tenant_id=self.dav.settings.host_family, object_id=username)

    def take_mailbox_away(self, name: str) -> None:
        raise AssertionError(BEYOND_IT)

    def listed(self, human: Human, calendar: str, title: str, *, primary: bool = False) -> RemoteCalendar:
        return self._described(calendar, title, owner_email=human.email, primary=primary)

    def error_of(self, trouble: Trouble) -> type[DomainError]:
        raise AssertionError(BEYOND_IT)

    async def first_grant(self, name: str = "maria") -> Grant:
        login = self.people[name].login
        self.radicale.let_in(login)
        return (await self.dav.passwords.prove(login.username, login.password)).grant

    async def connect(self, name: str = "maria", *, account_id: str = "") -> AccountId:
        return self._keep(await self.first_grant(name), account_id or f"account-of-{name}")

    def revoke(self, name: str = "maria") -> None:
        self.radicale.refuse(self.people[name].login.username)

    def primary(self, name: str = "maria") -> str:
        return _id(name, "Calendar")

    def add_calendar(
        self,
        title: str,
        *,
        name: str = "maria",
        color: str = "",
        writable: bool = True,
        primary: bool = False,
    ) -> str:
        """The primary one is the first in the order of ids, so the names of the others come later."""
        calendar = _id(name, title) if writable else f"read-only-{_id(name, title)}"
        properties = {"D:displayname": title, "ICAL:calendar-color": color}
        self.people[name].file_calendar(calendar, **properties)
        return calendar

    def share(self, calendar: str, *, owner: str, reader: str, title: str, writable: bool) -> str:
        raise AssertionError(BEYOND_IT)

    def make_read_only(self, calendar: str, *, name: str = "maria") -> None:
        raise AssertionError(BEYOND_IT)

    def remove_calendar(self, calendar: str, *, name: str = "maria") -> None:
        self.people[name].delete(calendar)

    def remove_every_calendar(self, *, name: str = "maria") -> None:
        for calendar in self._calendars(name):
            self.remove_calendar(calendar, name=name)

    def has(self, entry: CalendarEntry) -> bool:
        return sayable(entry)

    def add_entry(
        self, entry: CalendarEntry, *, calendar: str = "", name: str = "maria", zone: str = "UTC"
    ) -> None:
        uid, person = str(uuid.uuid4()).upper(), self.people[name]
        text = text_of(entry, uid, owner=person.login.username)
        person.file(calendar or self.primary(name), f"{uid}.ics", text)

    def add_daily_series(self, first: Interval, *, days: int) -> None:
        self.people["maria"].file(self.primary(), "daily.ics", daily_text(first, "daily", days=days))

    def written(self, name: str = "maria") -> tuple[WrittenEvent, ...]:
        return tuple(self._as_seen(calendar, file, text) for calendar, file, text in self._ours(name))

    def _as_seen(self, calendar: str, file: str, text: str) -> WrittenEvent:
        stored = anything(text, self.now())
        assert isinstance(stored.start, datetime)
        assert isinstance(stored.end, datetime)
        return WrittenEvent(
            remote_id=file,
            calendar=calendar,
            mark=mark_in(file),
            interval=Interval(stored.start.astimezone(UTC), stored.end.astimezone(UTC)),
            title=stored.fields["subject"],
            body=stored.fields["body"],
            place=stored.fields["location"],
            reminder_minutes=stored.fields["reminder_minutes"] if stored.fields["reminder_on"] else None,
            visibility=Visibility.PRIVATE if stored.fields["sensitivity"] == "private" else None,
            category=",".join(stored.fields["categories"]),
            color=CSS_COLORS.get(stored.fields["color"]),
        )

    def delete_by_hand(self, event: str) -> None:
        calendar, _ = self._stored(event)
        self.people["maria"].delete(calendar, event)

    def move_mailbox(self, name: str = "maria") -> None:
        raise AssertionError(BEYOND_IT)

    def move_by_hand(self, event: str, *, calendar: str) -> None:
        before, text = self._stored(event)
        self.people["maria"].delete(before, event)
        self.people["maria"].put(calendar, event, text)

    def postpone_by_hand(self, event: str, to: Interval) -> None:
        self._rewrite(event, *times_of(Instants(to.start, to.end)))

    def set_reminder_by_hand(self, event: str, minutes: int) -> None:
        alarm = [Line("ACTION", "DISPLAY"), Line("DESCRIPTION", "Mine"), Line("TRIGGER", f"-PT{minutes}M")]
        self._rewrite(event, alarm=Component("VALARM", alarm))

    def reword_by_hand(self, event: str, *, title: str, notes: str, place: str) -> None:
        texts = {"SUMMARY": title, "DESCRIPTION": notes, "LOCATION": place}
        self._rewrite(event, *(Line(name, escape(text)) for name, text in texts.items()))

    def dress_by_hand(
        self, event: str, *, visibility: Visibility | None, category: str, color: EventColor | None
    ) -> None:
        texts = {
            "CLASS": "PUBLIC" if visibility is None else "PRIVATE",
            "CATEGORIES": escape(category),
            "COLOR": css_name(color),
        }
        self._rewrite(event, *(Line(name, text) for name, text in texts.items()))

    def _rewrite(self, event: str, *lines: Line, alarm: Component | None = None) -> None:
        """With these lines in the place of those of the same names."""
        calendar, text = self._stored(event)
        whole = parse(text)
        (component,) = whole.named("VEVENT")
        named = {line.name for line in lines}
        component.lines = [one for one in component.lines if one.name not in named] + list(lines)
        component.parts = component.parts if alarm is None else [alarm]
        self.people["maria"].file(calendar, event, write(whole))

    def _stored(self, event: str) -> tuple[str, str]:
        """Its calendar and its text."""
        return next((calendar, text) for calendar, file, text in self._ours("maria") if file == event)

    def _ours(self, name: str) -> Iterator[tuple[str, str, str]]:
        for calendar in self._calendars(name):
            for file in sorted((self.people[name].folder / calendar).glob("*.ics")):
                if mark_in(file.name) is not None:
                    yield calendar, file.name, file.read_bytes().decode()

    def _calendars(self, name: str) -> list[str]:
        return sorted(one.parent.name for one in self.people[name].folder.glob("*/.Radicale.props"))

    def trouble(self, trouble: Trouble) -> None:
        raise AssertionError(BEYOND_IT)

    def refuse_writes(self) -> str:
        raise AssertionError(BEYOND_IT)

    def lose_answer_of(self, method: str) -> None:
        raise AssertionError(BEYOND_IT)

    def mend(self) -> None:
        """Nothing was ever wrong."""


def _id(name: str, title: str) -> str:
    """Nobody has one that is called like somebody else's."""
    return f"{name}-{title.lower().replace(' ', '-')}"


@asynccontextmanager
async def radicale_harness(radicale: Radicale) -> AsyncIterator[RadicaleHarness]:
    clock = Clock()
    async with dav_on(radicale.url, clock=clock, principal=PRINCIPAL) as dav:
        harness = RadicaleHarness(
            dav=dav,
            reader=reader_on(dav, clock),
            writer=writer_on(dav, clock),
            radicale=radicale,
            clock=clock,
        )
        harness.add_person(Human())
        yield harness
