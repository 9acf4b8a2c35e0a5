"""Distinguishing the events of our sessions from everybody else's, and finding what their owner changed about them.

A mark frees nothing by itself: owners drag our events, copy them, make them longer, turn them into series, and bring
back deleted ones, marks and all. Of all entries of a calendar at most one is a session's event, and it leaves its time
free only where its session stands for that time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.blocking import CalendarEntry, busy_time
from domain.deviation import Deviation, DeviationKind
from domain.ids import EventMark, SessionId
from domain.interval import Interval
from domain.look import Look, Search
from domain.own_event import OwnEvent
from domain.session import EventCopy
from domain.spans import Spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look found: what blocks everybody, and what is not as we left it."""

    busy: Spans
    deviations: tuple[Deviation, ...] = ()

    @property
    def sessions(self) -> frozenset[SessionId]:
        return frozenset(one.session_id for one in self.deviations)


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
        search = Search.among(_once(entries), look)
        deviations: list[Deviation] = []
        for now in self.after.values():
            deviations += search.deviations(now, *self._recognised_by(now))
        deviations += self._surplus(search)
        busy = busy_time(
            search.unclaimed(), window=look.window, zone=look.zone, tentative_blocks=look.tentative_blocks
        )
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

    def _surplus(self, search: Search) -> Iterator[Deviation]:
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


def _once(entries: Iterable[CalendarEntry]) -> list[CalendarEntry]:
    """Without those that came twice, as on two pages between which something changed."""
    entries = list(entries)
    ids = [entry.remote_id for entry in entries if entry.remote_id is not None]
    if len(set(ids)) == len(ids):
        return entries  # as nearly always; to compare them takes longer
    return list({(entry.remote_id or number, entry): entry for number, entry in enumerate(entries)}.values())
