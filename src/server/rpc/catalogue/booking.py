"""Why a time is not given, or a calendar is not written."""

from collections.abc import Mapping

import grpc

from calendarsync.v1.error_reason_pb2 import ErrorReason
from domain.calendar import CalendarNotCheckable, CalendarNotWritable
from domain.hold import AvailabilityUnknown, CalendarsUnreadable, TimeTaken
from server.rpc.catalogue.entry import Entry
from server.rpc.error_details import retry_in, unmet
from server.rpc.evidence_details import needed_acts, taken_by, unread_calendars

BOOKING: Mapping[type[Exception], Entry] = {
    CalendarNotWritable: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_CALENDAR_NOT_WRITABLE,
        message="the chosen write calendar can't be written",
        details=lambda _: [unmet("write_calendar_id", "CALENDAR_NOT_WRITABLE", "it must be writable")],
    ),
    CalendarNotCheckable: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_CALENDAR_NOT_CHECKABLE,
        message="a chosen conflict calendar can't be checked: its provider tells nothing of what is in it",
        details=lambda _: [
            unmet("conflict_calendar_ids", "CALENDAR_NOT_CHECKABLE", "each must be checkable")
        ],
    ),
    TimeTaken: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_TIME_TAKEN,
        message="the time is not free, or another booking of it came first",
        metadata=taken_by,
        details=lambda _: [unmet("interval", "TIME_TAKEN", "the time must be free")],
    ),
    AvailabilityUnknown: Entry(
        code=grpc.StatusCode.UNAVAILABLE,
        reason=ErrorReason.ERROR_REASON_AVAILABILITY_UNKNOWN,
        message="not every conflict calendar could be read, so the time can't be called free",
        metadata=unread_calendars,
        details=lambda error: [retry_in(error.retry_after)],
    ),
    CalendarsUnreadable: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_CALENDARS_UNREADABLE,
        message="conflict calendars can't be read until a person acts, so the time can't be called free",
        metadata=unread_calendars,
        details=lambda error: [needed_acts(error)],
    ),
}
