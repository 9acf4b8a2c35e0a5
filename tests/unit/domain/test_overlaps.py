"""Who overlaps a time is found as by looking at each."""

from hypothesis import given
from hypothesis import strategies as st

from domain.interval import Interval
from domain.overlaps import ByStart, ByStretch, overlapping
from domain.spans import Spans, as_span
from tests.unit.domain.strategies import intervals

sets = st.lists(st.lists(intervals(), max_size=12).map(Spans.of), max_size=4)


@given(sets, intervals())
def test_by_stretch_finds_what_looking_at_each_set_finds(several: list[Spans], asked: Interval) -> None:
    named = list(enumerate(several))

    assert ByStretch.of(named).overlapping(*as_span(asked)) == overlapping(named, *as_span(asked))


@given(st.lists(intervals(), max_size=12), intervals())
def test_by_start_finds_what_looking_at_each_interval_finds(several: list[Interval], asked: Interval) -> None:
    in_order = sorted(enumerate(several), key=lambda one: one[1].start)

    assert ByStart.of(enumerate(several)).overlapping(*as_span(asked)) == tuple(
        name for name, one in in_order if one.overlaps(asked)
    )


def test_a_set_whose_span_ends_where_its_next_would_begin_is_there_all_along() -> None:
    """As edges that two sets share turn both."""
    named = [("first", Spans((0, 10, 20, 30))), ("second", Spans((10, 20)))]
    found = ByStretch.of(named)

    assert [found.overlapping(start, start + 1) for start in (0, 9, 10, 19, 20, 29, 30)] == [
        ("first",),
        ("first",),
        ("second",),
        ("second",),
        ("first",),
        ("first",),
        (),
    ]
    assert found.overlapping(9, 11) == ("first", "second")
