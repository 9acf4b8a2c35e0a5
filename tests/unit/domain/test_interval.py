"""The algebra of intervals."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.interval import Interval, IntervalInvalid, span
from tests.builders import NOW, after, an_interval
from tests.unit.domain.strategies import covered_hours, intervals

BERLIN = ZoneInfo("Europe/Berlin")
some = settings(deadline=None)
many = st.lists(intervals(), max_size=12)


@pytest.mark.parametrize("hours", [0, -1], ids=["empty", "reversed"])
def test_refuses_an_interval_without_length(hours: float) -> None:
    with pytest.raises(IntervalInvalid):
        Interval(NOW, after(hours=hours))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOW.replace(tzinfo=None), after(hours=1).replace(tzinfo=None)),
        (NOW, after(hours=1).replace(tzinfo=None)),
        (NOW.replace(tzinfo=None), after(hours=1)),
    ],
)
def test_refuses_times_without_an_offset(start: datetime, end: datetime) -> None:
    with pytest.raises(IntervalInvalid):
        Interval(start, end)


def test_is_the_same_interval_whatever_offset_it_was_given_in() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert Interval(NOW.astimezone(tokyo), after(hours=1).astimezone(BERLIN)) == Interval(NOW, after(hours=1))


def test_measures_elapsed_time_where_the_clock_is_put_back() -> None:
    autumn = Interval(datetime(2027, 10, 31, 0, tzinfo=BERLIN), datetime(2027, 11, 1, 0, tzinfo=BERLIN))
    assert autumn.length == timedelta(hours=25)


def test_takes_an_interval_inside_the_hour_that_comes_twice() -> None:
    half_past, quarter_past_again = (
        datetime(2027, 10, 31, 2, 30, tzinfo=BERLIN),
        datetime(2027, 10, 31, 2, 15, tzinfo=BERLIN, fold=1),
    )
    assert Interval(half_past, quarter_past_again).length == timedelta(minutes=45)


def test_touching_at_an_edge_is_not_overlapping() -> None:
    morning, noon = an_interval(starts=0, hours=2), an_interval(starts=2, hours=2)
    assert not morning.overlaps(noon)
    assert not noon.overlaps(morning)
    assert an_interval(starts=1, hours=2).overlaps(noon)


@some
@given(intervals(), intervals())
def test_overlapping_is_mutual_and_means_a_shared_instant(one: Interval, other: Interval) -> None:
    shared = bool(covered_hours([one]) & covered_hours([other]))
    assert one.overlaps(other) is other.overlaps(one) is shared
    assert (one.clipped_to(other) is not None) is shared


@some
@given(intervals(), intervals())
def test_holds_another_when_all_its_instants_are_inside(one: Interval, other: Interval) -> None:
    assert one.holds(other) is (covered_hours([other]) <= covered_hours([one]))


@some
@given(intervals())
def test_widening_adds_the_same_to_either_side(one: Interval) -> None:
    wide = one.widened(timedelta(hours=14))
    assert (one.start - wide.start, wide.end - one.end) == (timedelta(hours=14),) * 2


@some
@given(st.lists(intervals(), min_size=1, max_size=8))
def test_a_span_is_the_smallest_interval_holding_all(given_ones: list[Interval]) -> None:
    whole = span(given_ones)
    assert all(whole.holds(one) for one in given_ones)
    assert any(one.start == whole.start for one in given_ones)
    assert any(one.end == whole.end for one in given_ones)


def test_intervals_are_kept_in_utc() -> None:
    kept = Interval(NOW.astimezone(BERLIN), after(hours=1).astimezone(BERLIN))
    assert (kept.start.tzinfo, kept.end.tzinfo) == (UTC, UTC)
