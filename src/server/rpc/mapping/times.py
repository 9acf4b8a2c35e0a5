"""Timestamps and intervals. Fields are set one by one: the library's own conversions are several times slower."""

from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import interval_pb2

from domain.interval import Interval
from domain.spans import EPOCH, Span
from domain.spans import instant as instant_of
from server.rpc.faults import invalid

SECONDS_A_DAY = 86_400
MICROS_A_SECOND = 1_000_000
NANOS_A_MICRO = 1000
NANOS_A_SECOND = 1_000_000_000


def put_instant(into: Timestamp, when: datetime) -> None:
    """`when` is aware; microseconds are kept."""
    since = when - EPOCH
    into.seconds = since.days * SECONDS_A_DAY + since.seconds
    into.nanos = since.microseconds * 1000


def instant(given: Timestamp) -> datetime:
    """In UTC; what is finer than microseconds is cut off. Raises OverflowError outside of the years 1 to 9999."""
    return EPOCH + timedelta(seconds=given.seconds, microseconds=given.nanos // 1000)


def instant_from(given: Timestamp, field: str) -> datetime:
    """The time in the request's field of this name, whose bounds the contract's rules have checked.

    What is finer than microseconds is cut off. Raises RequestInvalid for nanoseconds that are none.
    """
    return instant_of(_micros_from(given, field))


def put_interval(into: interval_pb2.Interval, interval: Interval) -> None:
    put_instant(into.start_time, interval.start)
    put_instant(into.end_time, interval.end)


def interval_from(given: interval_pb2.Interval, field: str) -> Interval:
    """As `span_from`."""
    start, end = span_from(given, field)
    return Interval(instant_of(start), instant_of(end))


def span_from(given: interval_pb2.Interval, field: str) -> Span:
    """The interval in the request's field of this name, whose bounds and order the contract's rules have checked.

    Raises RequestInvalid for what they can't see: nanoseconds that are none, and less than a microsecond between
    the ends.
    """
    start = _micros_from(given.start_time, f"{field}.start_time")
    end = _micros_from(given.end_time, f"{field}.end_time")
    if end <= start:
        raise invalid(
            field, "interval.order", "start_time must come before end_time, by a microsecond at least"
        )
    return start, end


def _micros_from(given: Timestamp, field: str) -> int:
    nanos = given.nanos
    if not 0 <= nanos < NANOS_A_SECOND:
        raise invalid(field, "timestamp.nanos", "nanos must be from 0 to 999,999,999")
    return given.seconds * MICROS_A_SECOND + nanos // NANOS_A_MICRO


def duration_from(given: Duration, field: str) -> timedelta:
    """The length in the request's field of this name, which the contract's rules have found to be none below zero.

    What is finer than microseconds is cut off. Raises RequestInvalid for nanoseconds that are none.
    """
    if not 0 <= given.nanos < NANOS_A_SECOND:
        raise invalid(f"{field}.nanos", "duration.nanos", "nanos must be from 0 to 999,999,999")
    return timedelta(seconds=given.seconds, microseconds=given.nanos // 1000)
