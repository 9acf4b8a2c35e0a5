"""What the calendars really say and what was really booked, told by other means than the service's own."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.blocking import CalendarEntry, Days, Instants, ShowAs
from domain.calendar import Calendar, RemoteCalendar
from domain.errors import DomainError
from domain.ids import CalendarId, HoldId, SessionId
from domain.interval import Interval
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.support.application import Application

Content = tuple[CalendarEntry, ...]

A_LOT = 50
"""More calls than any step of a test makes."""


@dataclass(slots=True, kw_only=True)
class Truth:
    """Calendars go by their remote ids. `said` is all each ever said, with the time from which it said so."""

    app: Application
    zone: ZoneInfo
    said: dict[str, list[tuple[datetime, Content]]] = field(default_factory=dict)
    listed: dict[str, RemoteCalendar] = field(default_factory=dict)
    broken: dict[str, DomainError] = field(default_factory=dict)
    vanished: set[str] = field(default_factory=set)
    sessions: dict[SessionId, Interval] = field(default_factory=dict)
    holds: dict[HoldId, tuple[Interval, datetime]] = field(default_factory=dict)

    def know(self, calendar: str) -> None:
        """An empty calendar that the expert has connected."""
        self.listed[calendar] = self.person(calendar).calendars[calendar]
        self.said[calendar] = [(self.app.clock.now(), ())]

    def person(self, calendar: str) -> Person:
        return self.app.provider.people[calendar.partition("/")[0]]

    def says(self, calendar: str) -> Content:
        return self.said[calendar][-1][1]

    def say(self, calendar: str, content: Content) -> None:
        """Let the calendar hold these entries from now on."""
        self.said[calendar].append((self.app.clock.now(), content))
        self.person(calendar).entries[calendar] = list(content)

    def said_since(self, calendar: str, when: datetime) -> list[Content]:
        """What the calendar said then, and all it has said from then on."""
        said = self.said[calendar]
        last = max(number for number, (since, _) in enumerate(said) if since <= when)
        return [content for _, content in said[last:]]

    def vanish(self, calendar: str) -> None:
        self.person(calendar).calendars.pop(calendar, None)
        self.vanished.add(calendar)

    def mend(self) -> None:
        """Everything at the provider works again, and every calendar is back."""
        self.broken.clear()
        self.app.provider.outage = False
        for calendar in self.vanished:
            self.person(calendar).calendars[calendar] = self.listed[calendar]
        self.vanished.clear()

    def break_what_is_broken(self) -> None:
        """The next reads of the broken calendars fail, and of no others."""
        self.app.provider.mend()
        for calendar, fault in self.broken.items():
            self.app.provider.fail("read_entries", fault, times=A_LOT, calendar=calendar)

    def taken(self, slot: Interval) -> bool:
        return self.taken_by_us(slot) or self.taken_in_calendars(slot)

    def taken_in_calendars(self, slot: Interval) -> bool:
        """Whether a calendar that is checked blocks it now."""
        return any(self.blocks(self.says(calendar), slot) for calendar in self.chosen())

    def taken_by_us(self, slot: Interval, *, but: SessionId | HoldId | None = None) -> bool:
        """Whether a session or a live hold has it, other than the one named."""
        now = self.app.clock.now()
        held = [(key, one) for key, (one, expires_at) in self.holds.items() if expires_at > now]
        return any(one.overlaps(slot) and key != but for key, one in (*self.sessions.items(), *held))

    def blocks(self, content: Content, slot: Interval) -> bool:
        return any(entry.show_as is not ShowAs.FREE and self._covers(entry.when, slot) for entry in content)

    def _covers(self, when: object, slot: Interval) -> bool:
        """All-day entries block the local day, as a clock on the expert's wall tells it a quarter of an hour apart."""
        if isinstance(when, Days):
            moments = (slot.start + timedelta(minutes=15) * number for number in range(4))
            return any(when.first <= one.astimezone(self.zone).date() < when.after_last for one in moments)
        assert isinstance(when, Instants)
        return when.start < slot.end and slot.start < when.end

    def all_is_readable(self) -> bool:
        return all(self.readable(calendar) for calendar in self.chosen())

    def readable(self, calendar: str) -> bool:
        known = self.known(calendar)
        account = self.app.store.tables.accounts[known.account_id]
        grant = self.app.store.tables.grants[known.account_id].grant
        return (
            account.active
            and self.person(calendar).holds(grant)
            and not known.missing
            and not self.app.provider.outage
            and calendar not in self.broken
            and calendar not in self.vanished
        )

    def chosen(self) -> list[str]:
        """The calendars that are checked for conflicts."""
        conflict = self.app.store.tables.settings[EXPERT].conflict
        return [calendar for calendar in self.said if self.calendar_id(calendar) in conflict]

    def calendar_id(self, calendar: str) -> CalendarId:
        return self.known(calendar).calendar_id

    def known(self, calendar: str) -> Calendar:
        known = self.app.store.tables.calendars.values()
        return next(one for one in known if one.remote.remote_id == calendar)
