"""Timestamps and intervals, there and back."""

from datetime import UTC, datetime, timedelta, timezone

from google.protobuf.timestamp_pb2 import Timestamp
from google.type import interval_pb2
from hypothesis import given
from hypothesis import strategies as st

from domain.interval import Interval
from server.rpc.mapping.times import instant, interval_from, put_instant, put_interval

moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)


@given(moments)
def test_an_instant_keeps_its_microseconds(when: datetime) -> None:
    message = Timestamp()
    put_instant(message, when)

    assert instant(message) == when
    assert 0 <= message.nanos < 1_000_000_000


@given(moments, st.integers(-14, 14))
def test_the_zone_of_an_instant_does_not_matter(when: datetime, hours: int) -> None:
    here, there = Timestamp(), Timestamp()
    put_instant(here, when)
    put_instant(there, when.astimezone(timezone(timedelta(hours=hours))))

    assert here == there


@given(moments)
def test_the_librarys_own_conversion_agrees(when: datetime) -> None:
    ours, theirs = Timestamp(), Timestamp()
    put_instant(ours, when)
    theirs.FromDatetime(when)

    assert ours == theirs


@given(moments, st.timedeltas(timedelta(microseconds=1), timedelta(days=366)))
def test_an_interval_comes_back_as_it_went(start: datetime, length: timedelta) -> None:
    message = interval_pb2.Interval()
    put_interval(message, Interval(start, start + length))

    assert interval_from(message, "window") == Interval(start, start + length)


def test_what_is_finer_than_microseconds_is_cut_off() -> None:
    assert instant(Timestamp(seconds=1, nanos=1999)) == datetime(1970, 1, 1, 0, 0, 1, 1, tzinfo=UTC)
