"""One look at a calendar, and which of its entries are the events of our sessions."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.blocking import CalendarEntry, Instants
from domain.deviation import Deviation, DeviationKind
from domain.ids import AccountId, CalendarId, EventMark
from domain.interval import Interval
from domain.own_event import OwnEvent
from domain.session import EventCopy


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a calendar: which, over which time, begun when, and under which rule: for an expert who lives in this
    zone, and whom tentative entries block or not."""

    account_id: AccountId
    calendar_id: CalendarId
    remote_calendar_id: str = field(repr=False)
    window: Interval
    zone: ZoneInfo
    tentative_blocks: bool
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The entries of one look by id and by mark. `claimed` are the places of those that are a session's event."""

    entries: Sequence[CalendarEntry]
    look: Look
    by_id: Mapping[str, int]
    by_mark: Mapping[EventMark, Sequence[int]]
    claimed: set[int] = field(default_factory=set)

    @classmethod
    def among(cls, entries: Sequence[CalendarEntry], look: Look) -> "Search":
        by_id: dict[str, int] = {}
        by_mark: defaultdict[EventMark, list[int]] = defaultdict(list)
        for place, entry in enumerate(entries):
            if entry.remote_id is not None:
                by_id.setdefault(entry.remote_id, place)
            if entry.mark is not None:
                by_mark[entry.mark].append(place)
        return cls(entries=entries, look=look, by_id=by_id, by_mark=by_mark)

    def deviations(
        self, owner: OwnEvent, copy: EventCopy | None, times: frozenset[Interval]
    ) -> Iterator[Deviation]:
        """Claims the session's event, if it is there."""
        if copy is None:
            return
        place = self._find(owner, copy, times)
        if place is None:
            if self._must_be_here(owner, copy):
                yield Deviation(
                    session_id=owner.session_id,
                    revision=owner.revision,
                    kind=DeviationKind.MISSING,
                    tell=self.may_tell(owner, copy),
                )
            return
        entry = self.entries[place]
        at_its_time = _is_at(entry, times)
        if at_its_time or (not owner.left_behind and owner.copy is not None):
            self.claimed.add(place)
            if not at_its_time or self._would_stay(copy, entry):
                yield self._found(owner, copy, entry, tell=not at_its_time)

    def unclaimed(self) -> Iterator[CalendarEntry]:
        return (entry for place, entry in enumerate(self.entries) if place not in self.claimed)

    def unclaimed_marks(self) -> Iterator[EventMark]:
        """Of entries that block something inside the window."""
        for entry in self.unclaimed():
            if entry.mark is not None and self._blocks(entry):
                at = entry.covers(self.look.zone)
                if at is not None and at.overlaps(self.look.window):
                    yield entry.mark

    def may_tell(self, owner: OwnEvent, copy: EventCopy | None) -> bool:
        """A calendar may be seen through two accounts: what is found in it is reported for one."""
        whose = copy is None or copy.account_id == self.look.account_id
        return whose and owner.is_settled(self.look.read_at)

    def _find(self, owner: OwnEvent, copy: EventCopy, times: frozenset[Interval]) -> int | None:
        """By its id; else by its mark, where it is at one of its times, or is the only one that carries the mark.

        In another calendar of its account only by its id: there the mark is a copy's. Another account may see the very
        same calendar, and knows its events by other ids. What goes is removed by its id, and so is known by nothing
        else: what carries the mark is a copy that stays, at whatever time.
        """
        if copy.remote_id is not None and copy.remote_id in self.by_id:
            return self.by_id[copy.remote_id]
        ours = copy.account_id == self.look.account_id
        if ours and not self._is_its_calendar(copy):
            return None
        if owner.cancelled and (owner.copy is None or (ours and copy.remote_id is not None)):
            return None
        marked = self.by_mark.get(copy.mark, ())
        at_its_time = (place for place in marked if _is_at(self.entries[place], times))
        return next(at_its_time, marked[0] if len(marked) == 1 else None)

    def _would_stay(self, copy: EventCopy, entry: CalendarEntry) -> bool:
        """Whether the removal of the session's event may leave this one where it is.

        It goes by the calendar and the id. In another calendar the same id may be that of the event, moved there by its
        owner, or, where ids are unique in a calendar only, that of a copy: everybody who was invited has one.
        """
        if copy.remote_id is None or entry.remote_id is None:
            return False
        if entry.remote_id == copy.remote_id:
            seen_there = copy.remote_calendar_id == self.look.remote_calendar_id
            return not (seen_there or self._is_its_calendar(copy))
        return copy.account_id == self.look.account_id

    def _must_be_here(self, owner: OwnEvent, copy: EventCopy) -> bool:
        return (
            copy.remote_id is not None
            and not owner.cancelled
            and owner.is_settled(self.look.read_at)
            and self._is_its_calendar(copy)
            and owner.interval.overlaps(self.look.window)
        )

    def _is_its_calendar(self, copy: EventCopy) -> bool:
        """By our own id where the provider's is another by now, and by that where the event was followed to it."""
        look = self.look
        return copy.account_id == look.account_id and (
            copy.calendar_id == look.calendar_id or copy.remote_calendar_id == look.remote_calendar_id
        )

    def _found(self, owner: OwnEvent, copy: EventCopy, entry: CalendarEntry, *, tell: bool) -> Deviation:
        """Of an event that takes its time from everybody but its session."""
        at = entry.covers(self.look.zone)
        return Deviation(
            session_id=owner.session_id,
            revision=owner.revision,
            kind=DeviationKind.MOVED,
            at=at,
            blocks=at.clipped_to(self.look.window) if at is not None and self._blocks(entry) else None,
            tell=tell and self.may_tell(owner, copy),
        )

    def _blocks(self, entry: CalendarEntry) -> bool:
        return entry.blocks(tentative=self.look.tentative_blocks)


def _is_at(entry: CalendarEntry, times: frozenset[Interval]) -> bool:
    """Whether it is at exactly one of these times."""
    when = entry.when
    return isinstance(when, Instants) and any(
        _is_printed(when.start, time.start) and _is_printed(when.end, time.end) for time in times
    )


def _is_printed(seen: datetime, written: datetime) -> bool:
    """Nobody documents how finely providers keep times: cut off at a second or a minute it is the same one."""
    return seen == written or seen in (
        written.replace(microsecond=0),
        written.replace(second=0, microsecond=0),
    )
