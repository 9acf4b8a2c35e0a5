"""From the text of one resource to calendar entries, occurrence by occurrence.

A fault of one entry blocks what is known of it (decision 0004): its series from its start on, or, where not even that
can be read, the whole window. It takes nothing away from its neighbours.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from adapters.caldav.content_lines import CalendarText, Component, read_lines
from adapters.caldav.events import Event, Series, Status, event_from, series_from, status_of
from adapters.caldav.moments import Clock, Length, Moment, Odd, ZoneOf, instant, moment_from
from adapters.caldav.occurrences import ANY_PLACE, touches, when_of
from adapters.caldav.recurrence import Key, occurrences
from adapters.caldav.work import Work
from adapters.caldav.zones import ResourceZones
from domain.blocking import CalendarEntry, Instants, When
from domain.ids import EventMark
from domain.interval import Interval

MarkOf = Callable[[str], EventMark | None]
"""From a UID to the mark of a session; None if it, or the name of the resource, is none of ours."""

_REPEATS: Final = frozenset({"RRULE", "RDATE"})
_DATES: Final = ("RDATE", "EXDATE")
_STEPS_OF_A_DATE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceEntries:
    """`odd` counts what couldn't be read, and blocks generously."""

    entries: tuple[CalendarEntry, ...]
    odd: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceReader:
    """Reads the resources of one calendar over one window.

    `own_addresses` are those of the person whose calendar it is, as `address_key` gives them. `work` is what all of
    them together may take; what would take more is odd, and blocks.
    """

    window: Interval
    own_addresses: Collection[str] = field(default=(), repr=False)
    work: Work = field(default_factory=Work, repr=False)

    def entries(self, text: str, remote_id: str, mark_of: MarkOf) -> ResourceEntries:
        """Those of the resource that may touch the window. Whatever the text is, there is an answer.

        The entry of an event with a mark has the resource's `remote_id`, that of an occurrence a longer one. The events
        of others have none: whoever goes by ids would take one whose file is named like ours for ours.
        """
        try:
            return self._read(text, remote_id, mark_of)
        except Exception:  # noqa: BLE001 - one resource takes no other along; the error would quote the event
            return ResourceEntries(entries=(self._whole_window(remote_id),), odd=1)

    def _read(self, text: str, remote_id: str, mark_of: MarkOf) -> ResourceEntries:
        found = read_lines(text, self.own_addresses)
        zones = ResourceZones(found.zones, self.work)
        reading = _Reading(window=self.window, remote_id=remote_id, zone_of=zones.named, work=self.work)
        if found.odd and not any(event.odd for event in found.events):
            reading.odd += 1
            reading.entries.append(self._whole_window(remote_id))
        for uid, events in _by_uid(found).items():
            reading.mark = mark_of(uid) if uid else None
            reading.take(events)
        return ResourceEntries(entries=tuple(reading.entries), odd=reading.odd)

    def _whole_window(self, remote_id: str) -> CalendarEntry:
        return _entry(Instants(self.window.start, self.window.end), Status(), remote_id, None)


def _by_uid(found: CalendarText) -> dict[str, list[Component]]:
    """One resource should have one event and its changed occurrences."""
    if len(found.events) == 1:
        return {_uid(found.events[0]): found.events}
    by_uid: dict[str, list[Component]] = {}
    for event in found.events:
        by_uid.setdefault(_uid(event), []).append(event)
    return by_uid


def _uid(event: Component) -> str:
    lines = event.lines.get("UID")
    return lines[0].value if lines else ""


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One resource under way."""

    window: Interval
    remote_id: str
    zone_of: ZoneOf
    work: Work
    mark: EventMark | None = None
    entries: list[CalendarEntry] = field(default_factory=list)
    odd: int = 0

    def take(self, components: Sequence[Component]) -> None:
        """The events of one UID: some with a rule or none, and occurrences that replace those of the first."""
        masters = [one for one in components if "RECURRENCE-ID" not in one.lines]
        replaced = []
        for component in components:
            if "RECURRENCE-ID" not in component.lines:
                continue
            if masters and not component.answers:
                component.answers = masters[0].answers  # the answer to the series is the answer to each
            event = self._event(component)
            if event is not None and event.replaces is not None:
                replaced.append(event)
                self._add(event, event.start, event.end, event.replaces.key)
        for number, component in enumerate(masters):
            self._master(component, replaced if number == 0 else ())

    def _master(self, component: Component, replaced: Sequence[Event]) -> None:
        event = self._event(component)
        if event is None:
            return
        if not _REPEATS & component.lines.keys():
            self._single(event, component, replaced)
            return
        try:
            series = self._series(component)
            found = list(occurrences(event, series, replaced, self.window, self.work))
        except (Odd, OverflowError):
            # What its later occurrences became is lost with it.
            changed = any(one.and_later for one in replaced)
            self._block(component, Status() if changed else event.status)
            return
        for one in found:
            self._add(one.event, one.start, one.end, one.key)

    def _single(self, event: Event, component: Component, replaced: Sequence[Event]) -> None:
        """Not repeated, but left out or replaced all the same, if a line says so."""
        if replaced or "EXDATE" in component.lines:
            without = self._series(component).without
            if event.start.key in without | {one.replaces.key for one in replaced if one.replaces}:
                return
        self._add(event, event.start, event.end, None)

    def _series(self, component: Component) -> Series:
        """Raises Odd, also where there are more dates than there is work left."""
        lines = [line for name in _DATES for line in component.lines.get(name, ())]
        self.work.spend(_STEPS_OF_A_DATE * sum(line.value.count(",") + 1 for line in lines))
        return series_from(component, self.zone_of)

    def _event(self, component: Component) -> Event | None:
        """None for one that can't be read, which has blocked by then."""
        if component.odd:
            self._block(None, Status())  # what was cut off may have said more than what is left
            return None
        try:
            return event_from(component, self.zone_of)
        except Odd:
            self._block(component, status_of(component))
            return None

    def _add(self, event: Event, start: Moment, end: Moment | Length | None, key: Key | None) -> None:
        when = when_of(start, end)
        if touches(when, self.window):
            remote_id = self.remote_id if key is None else f"{self.remote_id}/{key[1]:%Y%m%dT%H%M%S}"
            self.entries.append(_entry(when, event.status, remote_id, self.mark))

    def _block(self, component: Component | None, status: Status) -> None:
        """The window, or, where it is known when the odd event begins, the part of it from there on."""
        self.odd += 1
        since = self.window.start if component is None else self._earliest(component)
        if since < self.window.end:
            self.entries.append(_entry(Instants(since, self.window.end), status, self.remote_id, self.mark))

    def _earliest(self, component: Component) -> datetime:
        """When an event that can't be read can begin at the earliest, inside the window."""
        begins = component.lines.get("DTSTART", ())
        if len(begins) != 1 or component.lines.keys() & {"RDATE", "RECURRENCE-ID"}:
            return self.window.start
        try:
            start = moment_from(begins[0].value, begins[0], self.zone_of)
        except Odd:
            return self.window.start
        if isinstance(start.clock, Clock):
            return max(self.window.start, start.wall.replace(tzinfo=UTC) - ANY_PLACE)
        return max(self.window.start, instant(start.wall, start.clock))


def _entry(when: When, status: Status, remote_id: str, mark: EventMark | None) -> CalendarEntry:
    return CalendarEntry(
        when=when,
        show_as=status.show_as,
        cancelled=status.cancelled,
        declined=status.declined,
        mark=mark,
        remote_id=None if mark is None else remote_id,
    )
