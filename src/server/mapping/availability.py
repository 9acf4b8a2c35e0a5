"""Busy time, verdicts, and the evidence for them."""

from calendarsync.v1 import availability_pb2, availability_service_pb2
from domain.availability import Availability, CheckedTime
from server.mapping.enums import UNREAD_REASONS, VERDICTS
from server.mapping.times import put_instant, put_interval


def evidence_messages(availability: Availability) -> list[availability_pb2.CalendarEvidence]:
    """One a conflict calendar: those that were read, then those that were not."""
    evidence = []
    for reading in availability.readings:
        read = availability_pb2.CalendarEvidence(
            calendar_id=reading.calendar_id, account_id=reading.account_id
        )
        put_instant(read.read_time, reading.read_at)
        evidence.append(read)
    evidence.extend(
        availability_pb2.CalendarEvidence(
            calendar_id=unread.calendar_id,
            account_id=unread.account_id,
            unread_reason=UNREAD_REASONS.outward(unread.reason),
        )
        for unread in availability.unread
    )
    return evidence


def checked_time_message(checked: CheckedTime) -> availability_service_pb2.CheckedTime:
    message = availability_service_pb2.CheckedTime(
        verdict=VERDICTS.outward(checked.verdict),
        busy_calendar_ids=checked.busy_calendars,
        busy_session_ids=checked.sessions,
    )
    put_interval(message.candidate, checked.candidate)
    return message
