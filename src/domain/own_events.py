"""Telling the events of our sessions from everybody else's, and finding what their owner changed about them.

A mark frees nothing by itself: owners drag our events, copy them, make them longer, turn them into series, and bring
back deleted ones, marks and all. Of all entries of a calendar at most one is a session's event, and it leaves its time
free only where its session stands for that time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

from domain.blocking import CalendarEntry, Instants, busy_time
from domain.event_digest import EventDigest
from domain.ids import AccountId, CalendarId, EventMark, SessionId
from domain.interval import Interval
from domain.session import EventCopy, Hindrance, Session, WriteStatus
from domain.spans import Spans

SOON_GONE = frozenset({Hindrance.PROVIDER_UNAVAILABLE, Hindrance.SERVICE_MISCONFIGURED})
"""What a removal waits out by itself; everything else somebody must do something about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvent:
    """What must be known of a session to know its event for what it is."""

    session_id: SessionId
    revision: int
    interval: Interval
    cancelled: bool
    status: WriteStatus
    hindrance: Hindrance | None
    written_at: datetime | None
    copy: EventCopy | None
    """Without what it says."""

    @property
    def times(self) -> frozenset[Interval]:
        """When its event may be without taking anybody's time: where its session is, and where we left it before.

        Until it is rewritten, the time a session was moved from is free: whoever moved it gave that time back. So is
        the time of a cancelled session, while its event is about to go.
        """
        if self.copy is None or self.left_behind:
            return frozenset()
        return frozenset(self.copy.times if self.cancelled else (self.interval, *self.copy.times))

    @property
    def left_behind(self) -> bool:
        """Whether the session is cancelled and its event stays until somebody does something about it."""
        waits = self.status is WriteStatus.WAITING and self.hindrance in SOON_GONE
        return self.cancelled and self.copy is not None and not (self.status is WriteStatus.PENDING or waits)

    def is_settled(self, at: datetime) -> bool:
        """Whether all that had been decided was written by then, and nothing has been decided since."""
        return self.status is WriteStatus.WRITTEN and self.written_at is not None and self.written_at < at


def own_event(session: Session) -> OwnEvent:
    return OwnEvent(
        session_id=session.session_id,
        revision=session.revision,
        interval=session.interval,
        cancelled=session.cancelled,
        status=session.status,
        hindrance=session.hindrance,
        written_at=session.written_at,
        copy=None if session.copy is None else replace(session.copy, written=EventDigest()),
    )


class DeviationKind(Enum):
    """What is otherwise than we left it."""

    MOVED = "MOVED"
    """The session's event is at another time."""
    MISSING = "MISSING"
    """It is not in its calendar."""
    SURPLUS = "SURPLUS"
    """Something else carries a mark of the session: a copy, another occurrence, an event it had before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Of one session's event. `blocks` is the time that a moved one takes from everybody but its own session.

    `tell` is whether it is the owner's doing, for all we know, and seen in the account it was written to.
    """

    session_id: SessionId
    revision: int
    kind: DeviationKind
    at: Interval | None = None
    blocks: Interval | None = None
    tell: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a calendar: which, over which time, begun when, and for an expert who lives in which zone."""

    account_id: AccountId
    calendar_id: CalendarId
    remote_calendar_id: str = field(repr=False)
    window: Interval
    zone: ZoneInfo
    read_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look found: what blocks everybody, and what is otherwise than we left it."""

    busy: Spans
    deviations: tuple[Deviation, ...] = ()

    @property
    def sessions(self) -> frozenset[SessionId]:
        return frozenset(one.session_id for one in self.deviations)


def blocked_by(deviations: Iterable[Deviation], *, but: Collection[SessionId] = ()) -> Spans:
    """The time that moved events take, but for those of the sessions named: a session may be moved over its own."""
    return Spans.of(one.blocks for one in deviations if one.blocks is not None and one.session_id not in but)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvents:
    """What is known of an expert's sessions: as it was when the look began, and as it is after it.

    In between an event may have been moved, written or removed by us, and may have been seen before or after. `marks`
    are those among the entries that sessions of the expert ever gave, with their sessions.
    """

    before: Mapping[SessionId, OwnEvent]
    after: Mapping[SessionId, OwnEvent]
    marks: Mapping[EventMark, SessionId]

    @classmethod
    def of(
        cls, before: Iterable[OwnEvent], after: Iterable[OwnEvent], marks: Mapping[EventMark, SessionId]
    ) -> "OwnEvents":
        return cls(
            before={one.session_id: one for one in before},
            after={one.session_id: one for one in after},
            marks=marks,
        )

    def seen(self, entries: Sequence[CalendarEntry], look: Look) -> Seen:
        """What the entries of one calendar come to."""
        search = _Search.among(_once(entries), look)
        deviations: list[Deviation] = []
        for now in self.after.values():
            deviations += search.deviations(now, *self._recognised_by(now))
        deviations += self._surplus(search)
        busy = busy_time(search.unclaimed(), window=look.window, zone=look.zone)
        return Seen(busy=busy, deviations=tuple(deviations))

    def changed_during(self, look: Look, session_id: SessionId) -> bool:
        """Whether a session is no longer what it was when the look began.

        One that is known by nothing but its mark was not asked for then: then it counts what was written since.
        """
        then, now = self.before.get(session_id), self.after.get(session_id)
        if then is None:
            return now is not None and now.written_at is not None and now.written_at > look.read_at
        return then != now

    def _recognised_by(self, now: OwnEvent) -> tuple[EventCopy | None, frozenset[Interval]]:
        """The event to look for, and the times at which it takes nobody's time."""
        then = self.before.get(now.session_id)
        if then is None or then.copy is None:
            return now.copy, now.times
        if now.copy is None:
            # Removed while we looked, or given up for lost; only the former is sure to be gone.
            return then.copy, then.times if now.cancelled else frozenset()
        if now.copy.mark != then.copy.mark or now.left_behind:
            return now.copy, now.times
        return now.copy, now.times | then.times

    def _surplus(self, search: "_Search") -> Iterator[Deviation]:
        """Once for each session, however many there are."""
        for session_id in sorted(
            {self.marks[mark] for mark in search.unclaimed_marks() if mark in self.marks}
        ):
            owner = self.after.get(session_id)
            if owner is not None:
                yield Deviation(
                    session_id=session_id,
                    revision=owner.revision,
                    kind=DeviationKind.SURPLUS,
                    tell=search.may_tell(owner, owner.copy),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """The entries of one look by id and by mark. `claimed` are the places of those that are a session's event."""

    entries: Sequence[CalendarEntry]
    look: Look
    by_id: Mapping[str, int]
    by_mark: Mapping[EventMark, Sequence[int]]
    claimed: set[int] = field(default_factory=set)

    @classmethod
    def among(cls, entries: Sequence[CalendarEntry], look: Look) -> "_Search":
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
        place = self._find(copy, times)
        if place is None:
            if self._must_be_here(owner, copy):
                yield self._deviation(owner, copy, DeviationKind.MISSING)
            return
        if _is_at(self.entries[place], times):
            self.claimed.add(place)
        elif not owner.left_behind and owner.copy is not None:
            self.claimed.add(place)
            entry = self.entries[place]
            at = entry.covers(self.look.zone)
            blocks = at.clipped_to(self.look.window) if at is not None and entry.blocks else None
            yield self._deviation(owner, copy, DeviationKind.MOVED, at=at, blocks=blocks)

    def unclaimed(self) -> Iterator[CalendarEntry]:
        return (entry for place, entry in enumerate(self.entries) if place not in self.claimed)

    def unclaimed_marks(self) -> Iterator[EventMark]:
        """Of entries that block something inside the window."""
        for entry in self.unclaimed():
            if entry.mark is not None and entry.blocks:
                at = entry.covers(self.look.zone)
                if at is not None and at.overlaps(self.look.window):
                    yield entry.mark

    def may_tell(self, owner: OwnEvent, copy: EventCopy | None) -> bool:
        """A calendar may be seen through two accounts: what is found in it is told of one."""
        whose = copy is None or copy.account_id == self.look.account_id
        return whose and owner.is_settled(self.look.read_at)

    def _find(self, copy: EventCopy, times: frozenset[Interval]) -> int | None:
        """By its id; else by its mark, where it is at one of its times, or is the only one that carries the mark.

        In another calendar of its account only by its id: there the mark is a copy's. Another account may see the very
        same calendar, and knows its events by other ids.
        """
        if copy.remote_id is not None and copy.remote_id in self.by_id:
            return self.by_id[copy.remote_id]
        if copy.account_id == self.look.account_id and not self._is_its_calendar(copy):
            return None
        marked = self.by_mark.get(copy.mark, ())
        at_its_time = (place for place in marked if _is_at(self.entries[place], times))
        return next(at_its_time, marked[0] if len(marked) == 1 else None)

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

    def _deviation(
        self,
        owner: OwnEvent,
        copy: EventCopy,
        kind: DeviationKind,
        *,
        at: Interval | None = None,
        blocks: Interval | None = None,
    ) -> Deviation:
        return Deviation(
            session_id=owner.session_id,
            revision=owner.revision,
            kind=kind,
            at=at,
            blocks=blocks,
            tell=self.may_tell(owner, copy),
        )


def _once(entries: Iterable[CalendarEntry]) -> list[CalendarEntry]:
    """Without those that came twice, as on two pages between which something changed."""
    return list({(entry.remote_id or number, entry): entry for number, entry in enumerate(entries)}.values())


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
