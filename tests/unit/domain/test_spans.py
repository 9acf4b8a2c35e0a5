"""Busy time as one compact value, held against sets of minutes that anybody can count."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.interval import Interval
from domain.spans import Spans, instant, micros, united_by_parts
from tests.builders import NOW, after, an_interval
from tests.unit.domain.strategies import served_instants

MINUTES = 90
some = settings(deadline=None)


@st.composite
def short_intervals(draw: st.DrawFn) -> Interval:
    """Of whole minutes within an hour and a half: often touching, often the same."""
    start = draw(st.integers(0, MINUTES - 1))
    return Interval(after(minutes=start), after(minutes=draw(st.integers(start + 1, MINUTES))))


many = st.lists(short_intervals(), max_size=8)
spans = many.map(Spans.of)


def minutes_of(intervals: Iterable[Interval]) -> set[datetime]:
    """The beginnings of the minutes that lie in any of the intervals."""
    minute = timedelta(minutes=1)
    return {one.start + number * minute for one in intervals for number in range(int(one.length / minute))}


@some
@given(many)
def test_holds_exactly_the_instants_it_was_made_of(given_ones: list[Interval]) -> None:
    assert minutes_of(Spans.of(given_ones)) == minutes_of(given_ones)


@some
@given(many)
def test_edges_ascend_strictly_so_that_equal_times_are_equal_values(given_ones: list[Interval]) -> None:
    one, other = Spans.of(given_ones), Spans.of(reversed(given_ones))
    assert all(early < late for early, late in pairwise(one.edges))
    assert one == other
    assert Spans.of(one) == one
    assert len(list(one)) == len(one) == len(one.edges) // 2


@some
@given(many)
def test_starts_and_ends_apart_say_the_same(given_ones: list[Interval]) -> None:
    starts, ends = [micros(one.start) for one in given_ones], [micros(one.end) for one in given_ones]
    assert Spans.between(starts, ends) == Spans.of(given_ones)


@some
@given(st.lists(spans, min_size=1, max_size=4))
def test_united_holds_what_any_of_them_holds(given_ones: list[Spans]) -> None:
    first, *others = given_ones
    united = first.united(*others)
    assert minutes_of(united) == set().union(*(minutes_of(one) for one in given_ones))
    assert all(early < late for early, late in pairwise(united.edges))


@some
@given(spans, short_intervals())
def test_clipped_keeps_exactly_what_is_inside_the_window(given_one: Spans, window: Interval) -> None:
    clipped = given_one.clipped_to(window)
    assert minutes_of(clipped) == minutes_of(given_one) & minutes_of([window])
    assert all(early < late for early, late in pairwise(clipped.edges))


@some
@given(spans, spans)
def test_without_keeps_exactly_what_is_outside_the_other(given_one: Spans, other: Spans) -> None:
    left = given_one.without(other)
    assert minutes_of(left) == minutes_of(given_one) - minutes_of(other)
    assert all(early < late for early, late in pairwise(left.edges))


@some
@given(spans, short_intervals())
def test_overlaps_what_shares_an_instant_with_it(given_one: Spans, interval: Interval) -> None:
    assert given_one.overlaps(interval) is bool(minutes_of(given_one) & minutes_of([interval]))


def test_touching_at_an_edge_is_not_overlapping() -> None:
    noon = Spans.of([an_interval(starts=24)])
    assert not noon.overlaps(an_interval(starts=23))
    assert not noon.overlaps(an_interval(starts=25))


def test_spans_that_touch_are_one() -> None:
    assert list(Spans.of([an_interval(starts=24), an_interval(starts=25)])) == [
        an_interval(starts=24, hours=2)
    ]


@pytest.mark.parametrize("starts", [23, 25], ids=["before", "behind"])
def test_clipping_leaves_nothing_of_what_only_touches_the_window(starts: float) -> None:
    assert Spans.of([an_interval(starts=starts)]).clipped_to(an_interval(starts=24)) == Spans()


def test_nothing_is_empty() -> None:
    nothing = Spans.of([])
    assert nothing == Spans() == nothing.united(Spans()) == nothing.clipped_to(an_interval())
    assert not nothing
    assert not nothing.overlaps(an_interval())


@some
@given(served_instants)
def test_every_instant_comes_back_to_the_microsecond(time: datetime) -> None:
    assert instant(micros(time)) == time


def test_counts_from_1970_in_microseconds() -> None:
    assert micros(NOW) == int(NOW.timestamp()) * 1_000_000
    assert Spans.of([Interval(NOW, after(seconds=1))]).edges == (micros(NOW), micros(NOW) + 1_000_000)


@some
@given(st.lists(spans, max_size=5), st.integers(1, 6))
def test_uniting_by_parts_gives_the_same(sets: list[Spans], most: int) -> None:
    assert _by_parts(sets, most)[0] == Spans().united(*sets)


@some
@given(st.lists(spans, min_size=1, max_size=5), st.integers(1, 6))
def test_no_part_has_more_than_its_share_of_any(sets: list[Spans], most: int) -> None:
    _, steps = _by_parts(sets, most)
    share = max(most // len(sets), 1)
    assert steps >= max(len(one) for one in sets) / share


def test_parts_are_small_also_where_all_lie_close_together() -> None:
    close = Spans(tuple(range(2_000)))
    far = Spans((0, 1, 10**12, 10**12 + 1))
    assert _by_parts([close, far], 100) == (close.united(far), 1_000 // 50)


def _by_parts(sets: list[Spans], most: int) -> tuple[Spans, int]:
    """The union, and how many steps it took."""
    uniting, steps = united_by_parts(sets, most), 0
    while True:
        try:
            next(uniting)
        except StopIteration as end:
            united: Spans = end.value
            return united, steps
        steps += 1


@some
@given(spans, short_intervals())
def test_counts_the_spans_that_have_a_part_in_a_window(one: Spans, window: Interval) -> None:
    assert one.count_in(window) == sum(span.overlaps(window) for span in one) == len(one.clipped_to(window))
