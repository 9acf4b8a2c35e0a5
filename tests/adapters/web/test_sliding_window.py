"""A law: in no stretch of the window's length is more done than may be, and nobody waits for longer than needed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.web.sliding_window import SlidingWindow

START = datetime(2026, 11, 22, 9, tzinfo=UTC)
LENGTH = timedelta(seconds=60)


@given(
    most=st.integers(1, 5),
    pauses=st.lists(st.integers(0, 40).map(lambda seconds: timedelta(seconds=seconds)), max_size=60),
)
def test_no_stretch_holds_more_than_it_may(most: int, pauses: list[timedelta]) -> None:
    window, now = SlidingWindow(most=most, length=LENGTH), START
    done: list[datetime] = []
    for pause in pauses:
        now += pause
        within = [at for at in done if at > now - LENGTH]
        wait = window.wait(now)
        assert (wait == timedelta()) is (len(within) < most)
        now += wait
        assert len([at for at in done if at > now - LENGTH]) < most
        window.add(now)
        done.append(now)


def test_it_is_empty_once_nothing_counts_any_more() -> None:
    window = SlidingWindow(most=2, length=LENGTH)
    assert window.is_empty(START)
    window.add(START)
    assert not window.is_empty(START + LENGTH - timedelta(microseconds=1))
    assert window.is_empty(START + LENGTH)
