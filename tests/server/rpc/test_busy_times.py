"""Busy times in the answer, by the quick way and by the plain one."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from google.type.interval_pb2 import Interval as IntervalMessage
from hypothesis import given
from hypothesis import strategies as st

from calendarsync.v1.availability_service_pb2 import ListBusyTimesResponse
from domain.availability import Availability
from domain.blocking import BlockingRule
from domain.interval import Interval
from domain.spans import Spans, instant
from domain.taken import Taken
from server.rpc.mapping.availability import (
    PLAIN_SLICE,
    SLICE,
    busy_times,
    busy_times_answer,
    large_busy_times_answer,
)
from server.rpc.mapping.interval_bytes import interval_bytes
from server.rpc.mapping.times import put_interval
from tests.builders import CALENDAR

SECOND = 1_000_000
LAST = 2**32 - 1
"""The last second of the quick way, in the year 2106."""

ALL_TIME = Interval(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))

whole_seconds = st.integers(0, LAST)


@st.composite
def spans_of(draw: st.DrawFn, seconds: st.SearchStrategy[int], unit: int) -> Spans:
    edges = sorted(draw(st.sets(seconds, max_size=300)))
    return Spans(tuple(edge * unit for edge in edges[: len(edges) // 2 * 2]))


def written(spans: Spans, window: Interval | None = None) -> ListBusyTimesResponse:
    taken = Taken(calendars=[(CALENDAR, spans)])
    return ListBusyTimesResponse.FromString(busy_times(taken, window or ALL_TIME))


def plainly(spans: Spans) -> ListBusyTimesResponse:
    response = ListBusyTimesResponse()
    for interval in spans:
        put_interval(response.busy_times.add(), interval)
    return response


@given(spans_of(whole_seconds, SECOND))
def test_the_quick_way_writes_what_the_plain_way_does(spans: Spans) -> None:
    wire = interval_bytes(spans.edges)

    assert wire is not None
    assert ListBusyTimesResponse.FromString(wire) == plainly(spans)


@given(spans_of(st.integers(-(2**33), 2**33) | st.integers(2**32 - 5, 2**32 + 5), SECOND))
def test_seconds_of_any_year_arrive(spans: Spans) -> None:
    assert written(spans) == plainly(spans)


@given(spans_of(st.integers(0, 10**10), 1))
def test_microseconds_arrive(spans: Spans) -> None:
    assert written(spans) == plainly(spans)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 128, 129, 1000])
def test_any_number_of_intervals_arrives_in_order(count: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=number) for number in range(2 * count)]
    spans = Spans.of(Interval(begin, end) for begin, end in list(pairwise(hours))[::2])

    response = written(spans)

    assert len(response.busy_times) == count
    assert response == plainly(spans)


@given(spans_of(st.integers(0, 400), SECOND), st.integers(0, 400), st.integers(1, 400))
def test_a_slice_is_what_lies_inside_the_window(spans: Spans, start: int, length: int) -> None:
    window = Interval(instant(start * SECOND), instant((start + length) * SECOND))

    assert written(spans, window) == plainly(spans.clipped_to(window))


@given(spans_of(st.integers(0, 400), SECOND), st.integers(0, 400 * SECOND), st.integers(1, 400 * SECOND))
def test_a_window_may_start_and_end_within_a_second(spans: Spans, start: int, length: int) -> None:
    window = Interval(instant(start), instant(start + length))

    assert written(spans, window) == plainly(spans.clipped_to(window))


def test_only_the_ends_of_such_a_window_are_written_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large answer, all the rest would be written without a break."""
    plainly: list[Interval] = []

    def written_plainly(into: IntervalMessage, interval: Interval) -> None:
        plainly.append(interval)
        put_interval(into, interval)

    monkeypatch.setattr("server.rpc.mapping.availability.put_interval", written_plainly)
    spans = Spans(tuple(range(0, 4 * SLICE * SECOND, 2 * SECOND)))
    window = Interval(instant(1), instant(spans.edges[-1] - 1))
    first, *_, last = spans.clipped_to(window)

    assert len(written(spans, window).busy_times) == SLICE
    assert plainly == [first, last]


@pytest.mark.parametrize(
    "edges", [(-SECOND, SECOND), (0, (LAST + 1) * SECOND), (0, SECOND + 1), (1, SECOND - 1)]
)
def test_the_quick_way_leaves_what_it_can_not_write(edges: tuple[int, ...]) -> None:
    assert interval_bytes(edges) is None


@pytest.mark.parametrize("unit", [SECOND, SECOND + 1])
@pytest.mark.parametrize("spans", [SLICE, SLICE + 1, 3 * SLICE])
async def test_what_is_written_by_slices_is_what_is_written_at_once(spans: int, unit: int) -> None:
    """By the quick way, and by the plain one for what is no whole second."""
    edges = tuple(10**9 * SECOND + number * unit for number in range(2 * spans))
    window = Interval(instant(edges[1]), instant(edges[-4]))

    def answer() -> Availability:
        taken = Taken(calendars=[(CALENDAR, Spans(edges))])
        return Availability(window=window, rule=BlockingRule("UTC"), readings=(), unread=(), taken=taken)

    assert await large_busy_times_answer(answer()) == busy_times_answer(answer())
    again = answer()
    assert await large_busy_times_answer(again) == await large_busy_times_answer(again)


async def test_what_must_be_written_plainly_is_so_in_smaller_slices() -> None:
    edges = tuple(10**9 * SECOND + number * (SECOND + 1) for number in range(2 * SLICE))
    taken = Taken(calendars=[(CALENDAR, Spans(edges))])
    window = Interval(instant(edges[0]), instant(edges[-1]))
    rounds = 0

    async def count() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0)
            rounds += 1

    counting = asyncio.create_task(count())
    await large_busy_times_answer(
        Availability(window=window, rule=BlockingRule("UTC"), readings=(), unread=(), taken=taken)
    )
    counting.cancel()

    assert rounds >= SLICE // PLAIN_SLICE - 1
