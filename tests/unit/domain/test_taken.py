"""What is taken, and by whom."""

from hypothesis import given
from hypothesis import strategies as st

from domain.ids import CalendarId, HoldId, SessionId
from domain.interval import Interval
from domain.spans import Spans, as_span
from domain.taken import BookedTime, HeldTime, Taken, Takers
from tests.unit.domain.strategies import intervals

SEVERAL = st.lists(intervals(), max_size=6)


def _taken(calendars: list[list[Interval]], booked: list[Interval], held: list[Interval]) -> Taken:
    return Taken(
        calendars=[(CalendarId(f"calendar-{n}"), Spans.of(busy)) for n, busy in enumerate(calendars)],
        booked=[
            BookedTime(session_id=SessionId(f"session-{n}"), interval=one) for n, one in enumerate(booked)
        ],
        held=[HeldTime(hold_id=HoldId(f"hold-{n}"), interval=one) for n, one in enumerate(held)],
    )


def _overlapping(name: str, those: list[Interval], asked: Interval) -> tuple[str, ...]:
    in_order = sorted(range(len(those)), key=lambda place: those[place].start)
    return tuple(f"{name}-{place}" for place in in_order if those[place].overlaps(asked))


@given(st.lists(SEVERAL, max_size=4), SEVERAL, SEVERAL, intervals())
def test_names_all_who_overlap_and_nobody_else(
    calendars: list[list[Interval]], booked: list[Interval], held: list[Interval], asked: Interval
) -> None:
    takers = Takers(
        calendars=tuple(
            CalendarId(f"calendar-{n}")
            for n, busy in enumerate(calendars)
            if any(one.overlaps(asked) for one in busy)
        ),
        sessions=tuple(map(SessionId, _overlapping("session", booked, asked))),
        holds=tuple(map(HoldId, _overlapping("hold", held, asked))),
    )
    taken = _taken(calendars, booked, held)
    first, again = taken.by(as_span(asked)), taken.by(as_span(asked))

    assert first == again == (None if takers == Takers() else takers)


@given(st.lists(SEVERAL, max_size=4), SEVERAL, SEVERAL)
def test_is_all_of_it_together(
    calendars: list[list[Interval]], booked: list[Interval], held: list[Interval]
) -> None:
    everything = [*(one for busy in calendars for one in busy), *booked, *held]

    assert _taken(calendars, booked, held).spans == Spans.of(everything)


def test_what_was_made_of_it_is_made_once() -> None:
    made: list[Taken] = []

    def count(taken: Taken) -> int:
        made.append(taken)
        return len(made)

    one, other = _taken([], [], []), _taken([], [], [])
    assert [one.derived(count), one.derived(count), other.derived(count)] == [1, 1, 2]
    assert made == [one, other]
