"""What full reads of calendars found, in the memory of this process, for as long as nothing there has changed."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.caldav.calendar_tags import Tags
from adapters.caldav.home_looks import HomeLook
from adapters.caldav.occurrences import touches
from domain.blocking import CalendarEntry
from domain.ids import AccountId
from domain.interval import Interval

KEPT_FOR: Final = timedelta(days=1)
"""Whatever the tags say."""
SETTLES_AFTER: Final = timedelta(minutes=1)
"""How long the same tags must have been there when a read begins, for it to answer later looks. One that begins sooner
may have found a change that was taken back since, or an older copy than the tags speak of."""
UNUSED_FOR: Final = timedelta(hours=1)
"""What nobody asked for in so long is dropped: polls come far more often, also after failures."""
MOST_ENTRIES: Final = 200_000
"""Of all calendars together."""
MOST_WINDOWS: Final = 3
"""Of one calendar: that of its reading, and what is asked for beside it."""
AHEAD: Final = timedelta(days=14)
"""How much more is read than was asked for: windows move on, and questions reach beyond readings."""

Key = tuple[AccountId, str]
"""The account, and the calendar's id in it."""

_NONE: Final = timedelta()
_LATEST: Final = datetime(9998, 1, 1, tzinfo=UTC)


def reach_for(window: Interval) -> Interval:
    """What is read when a window is asked for."""
    return Interval(window.start, window.end + min(AHEAD, max(_LATEST - window.end, _NONE)))


@dataclass(slots=True, kw_only=True)
class FullRead:
    """The entries of a window, asked for after a look at the home: the one of this number, begun then, which saw these
    tags. `tags_since` is when a look that saw the same ones began first."""

    look_number: int
    begun_at: datetime
    grant_version: int
    tags: Tags | None
    window: Interval
    entries: tuple[CalendarEntry, ...] = field(repr=False)
    tags_since: datetime
    _told: tuple[Interval, tuple[CalendarEntry, ...]] | None = field(default=None, repr=False)

    def holds(self, look: HomeLook, tags: Tags | None) -> bool:
        """Whether nothing speaks against it for somebody who had this look. Which addresses are the person's own is the
        grant's word."""
        if self.grant_version != look.account.grant_version or self.tags is None:
            return False
        unchanged = self.tags == tags and look.begun_at - KEPT_FOR < self.begun_at <= look.begun_at
        return unchanged or self.look_number > look.number

    def answers(self, look: HomeLook, *, settles_after: timedelta) -> bool:
        """Whether one that holds is enough for this look: made after it, or once its tags had settled."""
        return self.look_number > look.number or self.begun_at - self.tags_since >= settles_after

    def within(self, window: Interval) -> tuple[CalendarEntry, ...]:
        """What a read of this window alone would have found. The last answer is kept, since polls repeat themselves."""
        told = self._told
        if told is None or told[0] != window:
            found = tuple(entry for entry in self.entries if touches(entry.when, window))
            told = self._told = window, found
        return told[1]


@dataclass(slots=True)
class _Calendar:
    """The last used at the end."""

    used_at: datetime
    reads: list[FullRead]
    weight: int


class KeptReads:
    """Once it is full nothing more is kept until something is dropped. Whoever made room with what is asked for next,
    in turn, would have nothing to answer from at all."""

    def __init__(self, *, most_entries: int = MOST_ENTRIES, settles_after: timedelta = SETTLES_AFTER) -> None:
        self._most = most_entries
        self._settles_after = settles_after
        self._calendars: OrderedDict[Key, _Calendar] = OrderedDict()
        """The last used at the end."""
        self._weight = 0

    def find(self, key: Key, look: HomeLook, tags: Tags | None, window: Interval) -> FullRead | None:
        """One that is enough and reaches over the window. What doesn't hold any more is dropped."""
        kept = [one for one in self._reads(key) if one.holds(look, tags)]
        enough = (one for one in kept if one.answers(look, settles_after=self._settles_after))
        found = next((one for one in enough if one.window.holds(window)), None)
        if found is not None:
            kept = [*(one for one in kept if one is not found), found]
        self._put(key, kept, look.begun_at)
        return found

    def keep(self, key: Key, look: HomeLook, read: FullRead) -> None:
        """It takes the place of what it reaches over, and of what was read under other tags."""
        if read.tags is None:
            return
        self._drop_unused(look.begun_at)
        holding = [one for one in self._reads(key) if one.holds(look, read.tags)]
        if any(one.tags != read.tags for one in holding):
            return  # it was read anew meanwhile, after a change
        read.tags_since = min((one.tags_since for one in holding), default=read.tags_since)
        beside = [one for one in holding if not read.window.holds(one.window)]
        self._put(key, [*beside[1 - MOST_WINDOWS :], read], look.begun_at)
        if self._weight > self._most:
            self._put(key, beside, look.begun_at)

    def _reads(self, key: Key) -> list[FullRead]:
        calendar = self._calendars.get(key)
        return [] if calendar is None else calendar.reads

    def _put(self, key: Key, reads: list[FullRead], now: datetime) -> None:
        self._drop(key)
        if reads:
            weight = sum(1 + len(one.entries) for one in reads)
            self._calendars[key] = _Calendar(now, reads, weight)
            self._weight += weight

    def _drop(self, key: Key) -> None:
        if (calendar := self._calendars.pop(key, None)) is not None:
            self._weight -= calendar.weight

    def _drop_unused(self, now: datetime) -> None:
        while self._calendars:
            key = next(iter(self._calendars))
            if self._calendars[key].used_at > now - UNUSED_FOR:
                return
            self._drop(key)
