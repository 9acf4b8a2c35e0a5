"""Busy time, verdicts, and the evidence for them."""

from typing import Any

from google.type import interval_pb2

from calendarsync.v1 import availability_pb2, availability_service_pb2
from domain.availability import Availability, CheckedTime
from domain.spans import Spans
from server.rpc.mapping.enums import READING_SOURCES, UNREAD_REASONS, VERDICTS
from server.rpc.mapping.interval_bytes import interval_bytes
from server.rpc.mapping.times import put_instant, put_interval


def put_availability(
    into: availability_service_pb2.ListBusyTimesResponse, availability: Availability
) -> None:
    put_busy_times(into, availability.busy)
    into.complete = availability.complete
    put_evidence(into.calendars, availability)


def put_busy_times(into: availability_service_pb2.ListBusyTimesResponse, busy: Spans) -> None:
    """Most of the cost of an answer is here."""
    wire = interval_bytes(busy.edges)
    if wire is not None:
        into.MergeFromString(wire)
        return
    for interval in busy:
        put_interval(into.busy_times.add(), interval)


def put_evidence(into: Any, availability: Availability) -> None:
    """Add one a conflict calendar to a repeated field: those that were read, then those that were not."""
    for reading in availability.readings:
        read: availability_pb2.CalendarEvidence = into.add(
            calendar_id=reading.calendar_id,
            account_id=reading.account_id,
            source=READING_SOURCES.outward(reading.source),
        )
        put_instant(read.read_time, reading.read_at)
    for unread in availability.unread:
        into.add(
            calendar_id=unread.calendar_id,
            account_id=unread.account_id,
            unread_reason=UNREAD_REASONS.outward(unread.reason),
        )


def put_checked_time(into: Any, candidate: interval_pb2.Interval, checked: CheckedTime) -> None:
    """Add it to a repeated field, with the candidate as it was asked about.

    Copied and extended field by field, and only where there is something: half of what the constructor takes.
    """
    message: availability_service_pb2.CheckedTime = into.add(verdict=VERDICTS.outward(checked.verdict))
    message.candidate.CopyFrom(candidate)
    if checked.busy_calendars:
        message.busy_calendar_ids.extend(checked.busy_calendars)
    if checked.sessions:
        message.busy_session_ids.extend(checked.sessions)
    if checked.holds:
        message.busy_hold_ids.extend(checked.holds)
