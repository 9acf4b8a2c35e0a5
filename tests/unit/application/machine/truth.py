"""What the calendars really say and what was really booked, told by other means than the service's own."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.blocking import CalendarEntry, Days, Instants, ShowAs
from domain.calendar import Calendar, RemoteCalendar
from domain.errors import DomainError
from domain.ids import CalendarId, HoldId, SessionId
from domain.interval import Interval
from domain.session import Hindrance, Session, WriteStatus
from tests.builders import EXPERT
from tests.fakes.provider import Event, Person, entry_of
from tests.support.application import Application

Content = tuple[tuple[CalendarEntry, SessionId | None], ...]
"""What takes time in a calendar; with each entry the session whose event it is, which may be moved over it."""

A_LOT = 50
"""More calls than any step of a test makes."""


@dataclass(slots=True, kw_only=True)
class Truth:
    """Calendars go by their remote ids. `said` is all that took time in each, with the time from which it did.

    Which of our own events do is told from where they are and where the sessions' rows say that we left them.
    """

    app: Application
    zone: ZoneInfo
    tentative_blocks: bool = False
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

    def entries(self, calendar: str) -> list[CalendarEntry]:
        """Those of other people."""
        return self.person(calendar).entries.setdefault(calendar, [])

    def events(self, calendar: str) -> list[Event]:
        """Those of sessions, and their copies."""
        return [one for one in self.person(calendar).events.values() if one.calendar == calendar]

    def says(self, calendar: str) -> Content:
        return self.said[calendar][-1][1]

    def note(self) -> None:
        """Call it whenever anything may have changed, and before anybody is asked."""
        for calendar in self.said:
            content = self._content(calendar)
            if content != self.says(calendar):
                self.said[calendar].append((self.app.clock.now(), content))

    def _content(self, calendar: str) -> Content:
        found: list[tuple[CalendarEntry, SessionId | None]] = [(one, None) for one in self.entries(calendar)]
        events = {one.remote_id: one for one in self.events(calendar)}
        for session in self.app.store.tables.sessions.values():
            event = _event_of(session, events.values(), calendar)
            if event is not None and event.interval in _left_at(session) and _is_known(session, event):
                del events[event.remote_id]
            elif event is not None and _left_at(session):
                found.append((entry_of(events.pop(event.remote_id)), session.session_id))
        return (*found, *((entry_of(one), None) for one in events.values()))

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

    def taken_in_calendars(self, slot: Interval, *, but: SessionId | HoldId | None = None) -> bool:
        """Whether a calendar that is checked blocks it now, by something else than the event of the session named."""
        return any(self.blocks(self.says(calendar), slot, but=but) for calendar in self.chosen())

    def taken_by_us(self, slot: Interval, *, but: SessionId | HoldId | None = None) -> bool:
        """Whether a session or a live hold has it, other than the one named."""
        now = self.app.clock.now()
        held = [(key, one) for key, (one, expires_at) in self.holds.items() if expires_at > now]
        return any(one.overlaps(slot) and key != but for key, one in (*self.sessions.items(), *held))

    def blocks(self, content: Content, slot: Interval, *, but: SessionId | HoldId | None = None) -> bool:
        return any(
            entry.show_as is not ShowAs.FREE
            and (self.tentative_blocks or entry.show_as is not ShowAs.TENTATIVE)
            and self._covers(entry.when, slot)
            and (owner is None or owner != but)
            for entry, owner in content
        )

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


def _event_of(session: Session, events: Iterable[Event], calendar: str) -> Event | None:
    """By its id; in its own calendar also by its mark, if it is where we left it, or none other has that mark."""
    copy = session.copy
    if copy is None:
        return None
    there = list(events)
    marked = [one for one in there if one.mark == copy.mark] if copy.remote_calendar_id == calendar else []
    known = [one for one in there if one.remote_id == copy.remote_id]
    left = [one for one in marked if one.interval in _left_at(session)]
    found = known or left or (marked if len(marked) == 1 else [])
    return found[0] if found else None


def _is_known(session: Session, event: Event) -> bool:
    """Whether it is surely the one that moves or goes with its session: none of another id than the one we know of."""
    return session.copy is not None and session.copy.remote_id in (None, event.remote_id)


def _left_at(session: Session) -> set[Interval]:
    """The times at which the session's event stands in nobody's way; none where it is a left-over."""
    times = set(session.copy.times) if session.copy is not None else set()
    if not session.cancelled:
        return {session.interval, *times}
    going = session.status is WriteStatus.PENDING or session.hindrance is Hindrance.PROVIDER_UNAVAILABLE
    return times if going else set()
