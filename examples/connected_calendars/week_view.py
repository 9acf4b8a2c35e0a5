"""What a week looks like: answers of the service in, columns of days out, with words and places for everything in them.

Pure. Whatever is not known to be taken stays unknown as long as a calendar could not be read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from calendarsync.v1.session_pb2 import Session
from connected_calendars.clock import day_name, hour_and_minute, length
from connected_calendars.days import HOUR, Day, Piece, outside, pieces_in
from connected_calendars.free_times import CLOSES, OPENS, FreeTimes, Start
from connected_calendars.wire import ends
from connected_calendars.writing import Writing

USUAL: Final = timedelta(hours=24)
GRAIN: Final = timedelta(minutes=5)
"""What is drawn begins and ends at a multiple of this; what is written is exact."""
MOST_LANES: Final = 4
USUALLY_SHOWN: Final = (OPENS.hour - 1, CLOSES.hour + 1)
"""Hours of a day that are drawn where nothing lies outside them."""
ALL_SHOWN: Final = (0, 25)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A session, how far the calendar follows it, and whether something else is at its time. `address` is its page."""

    session: Session
    when: str
    address: str
    writing: Writing
    collides: bool

    @property
    def span(self) -> Span:
        return ends(self.session.interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A busy time, or a session where `booked` is set; `when` is the part of it that lies in the day, and `place` where
    that is drawn, in classes of static/week.css."""

    when: str
    place: str
    edges: tuple[timedelta, timedelta]
    """Its start and end, since the day began."""
    booked: Booked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A full hour of a day on which the clock changes."""

    text: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A day. `note` says what is unusual about its length, and `now` is where the present moment is drawn."""

    day: Day
    name: str
    today: bool
    note: str
    height: str
    labels: Sequence[Label]
    now: str
    blocks: Sequence[Block]
    starts: Sequence[Start]

    @property
    def exists(self) -> bool:
        return bool(self.day.length)

    def clock(self, at: datetime) -> str:
        return hour_and_minute(at, self.day.zone)

    def place(self, at: datetime) -> str:
        """Where a start is drawn."""
        return _extent("at", at - self.day.start)


def columns(
    days: Sequence[Day], busy: Iterable[Span], booked: Sequence[Booked], free: FreeTimes, now: datetime
) -> Sequence[Column]:
    """Sessions stand for themselves; of the busy time is drawn what is left beside them."""
    live = [one for one in booked if not one.session.cancelled]
    rest = outside(busy, [one.span for one in live])
    things: list[tuple[datetime, datetime, Booked | None]] = [(start, end, None) for start, end in rest]
    things += [(*one.span, one) for one in live]
    return [_column(day, things, free, now) for day in days]


def hours_shown(found: Sequence[Column]) -> tuple[int, int]:
    """From and until which hour the days are drawn, so that each start and end in them is seen, with some room."""
    if any(one.labels or not one.exists for one in found):
        return ALL_SHOWN
    edges = [edge for column in found for block in column.blocks for edge in block.edges]
    inside = [one for one in edges if timedelta() < one < USUAL]
    first, last = USUALLY_SHOWN
    return min([first, *(-(-one // HOUR) - 1 for one in inside)]), max(
        [last, *(one // HOUR + 1 for one in inside)]
    )


def _column(
    day: Day, things: Iterable[tuple[datetime, datetime, Booked | None]], free: FreeTimes, now: datetime
) -> Column:
    today = day.start <= now < day.end
    return Column(
        day=day,
        name=day_name(day.date),
        today=today,
        note=_note(day),
        height=_extent("for", day.length),
        labels=_labels(day),
        now=_extent("at", now - day.start) if today else "",
        blocks=[_block(day, piece) for piece in pieces_in(day, things)],
        starts=free.on(day),
    )


def _note(day: Day) -> str:
    if not day.length:
        return "There is no such day in this time zone."
    if day.length == USUAL:
        return ""
    way = "forward" if day.length < USUAL else "back"
    return f"{length(day.length)}: the clock is put {way}."


def _labels(day: Day) -> Sequence[Label]:
    """None for days whose hours are where they are on any other day."""
    marks = day.marks
    if all(mark.at - day.start == timedelta(hours=mark.hour) for mark in marks):
        return ()
    return [
        Label(text=hour_and_minute(mark.at, day.zone), place=_extent("at", mark.at - day.start))
        for mark in marks
    ]


def _block(day: Day, piece: Piece[Booked | None]) -> Block:
    start = (piece.start - day.start) // GRAIN * GRAIN
    end = -((day.start - piece.end) // GRAIN) * GRAIN
    lanes = min(piece.lanes, MOST_LANES)
    lane = min(piece.lane, lanes - 1)
    place = f"{_extent('at', start)} {_extent('for', end - start)} lane-{lane} of-{lanes}"
    edges = (piece.start - day.start, piece.end - day.start)
    return Block(when=_when(day, piece), place=place, edges=edges, booked=piece.what)


def _extent(kind: str, span: timedelta) -> str:
    """Such as `at-h9 at-m30`: hours and minutes since the day began, whatever the clock shows."""
    hours, minutes = divmod(span // GRAIN * 5, 60)
    return f"{kind}-h{hours} {kind}-m{minutes}"


def _when(day: Day, piece: Piece[Booked | None]) -> str:
    begins, ends_ = piece.start == day.start, piece.end == day.end
    if begins and ends_:
        return "all day"
    if begins:
        return f"until {hour_and_minute(piece.end, day.zone)}"
    if ends_:
        return f"from {hour_and_minute(piece.start, day.zone)}"
    return f"{hour_and_minute(piece.start, day.zone)} to {hour_and_minute(piece.end, day.zone)}"
