"""Stored readings: how far they reach, how long they count, and what a new one changes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.account import Provider
from domain.blocking import BlockingRule
from domain.deviation import Deviation, blocked_by
from domain.ids import AccountId, CalendarId, ExpertId, SessionId
from domain.interval import Interval
from domain.spans import Spans
from domain.taken import BookedTime

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=30)
LONGEST_LOOK = timedelta(seconds=90)
"""More than the fullest calendar takes; who asked has their own, shorter limit."""
LEEWAY = timedelta(seconds=1)
"""How far apart processes may be in what they think the time is, though all go by one clock."""
LEASE = timedelta(minutes=2)
"""How long others leave alone a calendar that is being read: longer than the longest look."""
SPREAD = 0.1
"""The part of a pause that calendars are spread over."""
NEARLY_DUE = 0.25
"""The last part of a pause, in which a calendar may be read along with one that somebody gave notice of: so none is
read more than a third more often for its neighbours' sake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReading:
    """The last look at a conflict calendar, over a window, kept as one value.

    `busy` is what blocks everybody; an event of ours that its owner moved is among the `deviations` instead, as it must
    not stand in the way of its own session. `rule` is the one it was made under.
    """

    calendar_id: CalendarId
    window: Interval
    read_at: datetime
    busy: Spans
    rule: BlockingRule
    deviations: tuple[Deviation, ...] = ()

    def taken(self, *, but: Collection[SessionId] = ()) -> Spans:
        """All that is taken, but for the events of the sessions named."""
        return self.busy.united(blocked_by(self.deviations, but=but)) if self.deviations else self.busy

    def taken_in(self, window: Interval) -> tuple[Spans, frozenset[tuple[SessionId, Interval]]]:
        """What is taken from everybody in this part of the window, and what from all but the session named."""
        moved = ((one.session_id, one.blocks and one.blocks.clipped_to(window)) for one in self.deviations)
        return self.busy.clipped_to(window), frozenset(
            (session_id, blocks) for session_id, blocks in moved if blocks is not None
        )

    def overlaps(self, interval: Interval, *, but: SessionId | None) -> bool:
        """Whether something takes it, other than the event of the session named."""
        return self.busy.overlaps(interval) or any(
            one.blocks is not None and one.blocks.overlaps(interval) and one.session_id != but
            for one in self.deviations
        )

    def counts(self, asked: Interval, *, not_before: datetime, now: datetime, rule: BlockingRule) -> bool:
        """Whether it is young enough, reaches over all that is asked, and was made under the rule that the expert has.

        One from the future, beyond the leeway, was timed by a wrong clock, and may be of any age.
        """
        return not_before <= self.read_at <= now + LEEWAY and self.window.holds(asked) and self.rule == rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTask:
    """What is to be read, and the marks that had come for it when reading began: later ones ask for another look.

    `writable` is what the provider's list says.
    """

    calendar_id: CalendarId
    account_id: AccountId
    provider: Provider
    expert_id: ExpertId
    remote_calendar_id: str = field(repr=False)
    writable: bool
    rule: BlockingRule
    marks: int
    failures: int
    previous: StoredReading | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunLook:
    """A look that is under way, and what its calendar's schedule says until it ends.

    `told_until` is when notifications of changes end, if there are any. `noticed`: somebody gave notice of a change;
    otherwise it is the clock that asks for it. `together`: the provider answers in one request for it and for the
    others of its account that are so, which were begun at the same moment.
    """

    task: ReadingTask
    begun_at: datetime
    due_at: datetime
    told_until: datetime | None = None
    noticed: bool = False
    together: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How far ahead calendars are read, and how often: rarely where notifications report changes, and at `saving_every`
    all that is at a provider whose requests are nearly spent."""

    days_ahead: int = 120
    polled_every: timedelta = timedelta(minutes=5)
    polled_with_push_every: timedelta = timedelta(minutes=13)
    saving_every: timedelta = timedelta(minutes=13)

    def window(self, now: datetime) -> Interval:
        """From yesterday's beginning, in UTC, to the end of the last day ahead: it moves on once a day."""
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return Interval(today - timedelta(days=1), today + timedelta(days=self.days_ahead + 1))

    def next_due(
        self, now: datetime, *, told_until: datetime | None, jitter: float, saving: bool = False
    ) -> datetime:
        """When to read again after a success; `told_until` is when notifications of changes end, if there are any.

        `jitter`, from 0 to 1, spreads calendars over the last part of the pause. `saving`: the provider's requests are
        nearly spent.
        """
        told = told_until is not None and told_until >= now + self.polled_with_push_every
        pause = self.polled_with_push_every if told else self.polled_every
        if saving:
            pause = max(pause, self.saving_every)
        return now + pause * (1 - SPREAD * jitter)


def after_failure(failures: int, *, at_least: timedelta | None = None) -> timedelta:
    """How long to leave a calendar alone after so many failures in a row: 30 seconds, doubling, to half an hour."""
    return max(min(FIRST_PAUSE * (1 << min(failures, 16)), LONGEST_PAUSE), at_least or timedelta())


def parts_outside(window: Interval, known: Interval) -> tuple[Interval, ...]:
    """What of `window` lies before or after `known`."""
    if not window.overlaps(known):
        return (window,)
    before = (Interval(window.start, known.start),) if window.start < known.start else ()
    after = (Interval(known.end, window.end),) if window.end > known.end else ()
    return before + after


def collisions(
    booked: Iterable[BookedTime], *, before: StoredReading | None, after: StoredReading
) -> tuple[SessionId, ...]:
    """The sessions that something in the calendar, other than their own events, overlaps now and didn't before.

    A first reading reports everything.
    """
    return tuple(
        one.session_id
        for one in booked
        if after.overlaps(one.interval, but=one.session_id)
        and not (before is not None and before.overlaps(one.interval, but=one.session_id))
    )


def owner_changed(before: StoredReading | None, after: StoredReading) -> tuple[SessionId, ...]:
    """The sessions whose events are not as we left them, in a way that was not reported before."""
    told = {_news(one) for one in before.deviations if one.tell} if before is not None else set()
    new = (one for one in after.deviations if one.tell and _news(one) not in told)
    return tuple(dict.fromkeys(one.session_id for one in new))


def _news(one: Deviation) -> tuple[object, ...]:
    return one.session_id, one.revision, one.kind, one.at


def changed(before: StoredReading | None, after: StoredReading) -> bool:
    """Whether what is taken, or from whom, differs where both were looking, or was never known."""
    if before is None or not before.window.overlaps(after.window):
        return True
    start, end = max(before.window.start, after.window.start), min(before.window.end, after.window.end)
    common = Interval(start, end)
    return before.taken_in(common) != after.taken_in(common)
