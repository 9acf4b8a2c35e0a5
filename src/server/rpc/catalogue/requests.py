"""What is wrong with a request, or with what it names."""

from collections.abc import Mapping

import grpc

from calendarsync.v1.error_reason_pb2 import ErrorReason
from domain.account import AccountNotFound
from domain.calendar import CalendarNotFound
from domain.cell import ExpertMoved
from domain.change import CursorExpired
from domain.connection import DestinationRequired, ReturnUrlNotAllowed
from domain.errors import EtagMismatch
from domain.expert import ExpertNotFound
from domain.export import ExportPositionUnknown
from domain.hold import HoldNotFound
from domain.interval import WindowTooLong
from domain.question_size import QuestionTooLarge
from domain.session import SessionNotFound, SessionTooOld
from domain.wanted_times import TooManyStarts
from domain.zone import TimeZoneUnknown
from server.rpc.catalogue.entry import Entry
from server.rpc.error_details import bad_field, bad_request, unmet
from server.rpc.faults import AnswerTooLarge, CursorInvalid, PageTokenInvalid, RepeatedInBatch, RequestInvalid

ASK_FOR_LESS = "ask about fewer experts or candidates at once, or about a shorter window"


def _too_large(unit: str, cost: int, limit: int) -> Mapping[str, str]:
    return {"unit": unit, "cost": str(cost), "limit": str(limit)}


PAGE_TOKEN_INVALID = Entry(
    code=grpc.StatusCode.INVALID_ARGUMENT,
    reason=ErrorReason.ERROR_REASON_PAGE_TOKEN_INVALID,
    message="the page token is damaged or belongs to another query",
    details=lambda _: [
        bad_field(
            "page_token",
            "page_token_invalid",
            "must be the token of the page before, with the same query",
        )
    ],
)

REQUESTS: Mapping[type[Exception], Entry] = {
    RequestInvalid: Entry(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason=ErrorReason.ERROR_REASON_INVALID_REQUEST,
        message="the request breaks rules of its shape",
        metadata=lambda error: {"more_violations": str(error.more)} if error.more else {},
        details=lambda error: [bad_request(*error.violations)],
    ),
    RepeatedInBatch: Entry(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason=ErrorReason.ERROR_REASON_REPEATED_IN_BATCH,
        message="an earlier request of the batch is about the same",
    ),
    WindowTooLong: Entry(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason=ErrorReason.ERROR_REASON_INVALID_REQUEST,
        message="the times in question span too much time",
        # A single window is held to its length by its own rule, so only candidates get this far.
        details=lambda error: [
            bad_field(
                "candidates", "candidates.span", f"must not span more than {error.limit.days} days together"
            )
        ],
    ),
    TooManyStarts: Entry(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason=ErrorReason.ERROR_REASON_INVALID_REQUEST,
        message="the question has too many starts to look at: take longer steps, a shorter window, or fewer experts",
        details=lambda error: [
            bad_field(
                "step",
                "step.starts",
                f"must leave no more than {error.limit} starts, times the number of experts",
            )
        ],
    ),
    QuestionTooLarge: Entry(
        code=grpc.StatusCode.RESOURCE_EXHAUSTED,
        reason=ErrorReason.ERROR_REASON_QUESTION_TOO_LARGE,
        message=f"the question takes too much work: {ASK_FOR_LESS}",
        metadata=lambda error: _too_large("intervals", error.intervals, error.limit),
    ),
    AnswerTooLarge: Entry(
        code=grpc.StatusCode.RESOURCE_EXHAUSTED,
        reason=ErrorReason.ERROR_REASON_QUESTION_TOO_LARGE,
        message=f"the answer is too large to be sent: {ASK_FOR_LESS}",
        metadata=lambda error: _too_large("bytes", error.size, error.limit),
    ),
    TimeZoneUnknown: Entry(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason=ErrorReason.ERROR_REASON_TIME_ZONE_UNKNOWN,
        message="the time zone is not in the IANA database",
        details=lambda error: [
            bad_field(error.field, "time_zone_unknown", "must be a name of the IANA time zone database")
        ],
    ),
    PageTokenInvalid: PAGE_TOKEN_INVALID,
    ExportPositionUnknown: PAGE_TOKEN_INVALID,
    CursorInvalid: Entry(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason=ErrorReason.ERROR_REASON_CURSOR_INVALID,
        message="the cursor is damaged or belongs to another feed",
        details=lambda _: [
            bad_field("cursor", "cursor_invalid", "must be a cursor of a response, with the same expert_id")
        ],
    ),
    CursorExpired: Entry(
        code=grpc.StatusCode.OUT_OF_RANGE,
        reason=ErrorReason.ERROR_REASON_CURSOR_EXPIRED,
        message="the changes after the cursor are no longer kept: start anew, without a cursor",
    ),
    ReturnUrlNotAllowed: Entry(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason=ErrorReason.ERROR_REASON_RETURN_URL_NOT_ALLOWED,
        message="the URL is not on the allow-list",
        details=lambda error: [bad_field(error.field, "return_url_not_allowed", "must be on the allow-list")],
    ),
    DestinationRequired: Entry(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason=ErrorReason.ERROR_REASON_DESTINATION_REQUIRED,
        message="a sign-in must come back to a page of the caller's",
        details=lambda _: [
            bad_field("return_url", "destination_required", "this or redirect_uri must be set")
        ],
    ),
    ExpertNotFound: Entry(
        code=grpc.StatusCode.NOT_FOUND,
        reason=ErrorReason.ERROR_REASON_EXPERT_NOT_FOUND,
        message="no expert has this id",
    ),
    ExpertMoved: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_EXPERT_MOVED,
        message="the expert lives in another cell: call that",
        metadata=lambda error: {"cell": error.cell},
    ),
    AccountNotFound: Entry(
        code=grpc.StatusCode.NOT_FOUND,
        reason=ErrorReason.ERROR_REASON_ACCOUNT_NOT_FOUND,
        message="the expert has no account with this id",
    ),
    CalendarNotFound: Entry(
        code=grpc.StatusCode.NOT_FOUND,
        reason=ErrorReason.ERROR_REASON_CALENDAR_NOT_FOUND,
        message="the expert has no calendar with this id",
        metadata=lambda error: {"field": error.field},
    ),
    SessionNotFound: Entry(
        code=grpc.StatusCode.NOT_FOUND,
        reason=ErrorReason.ERROR_REASON_SESSION_NOT_FOUND,
        message="the expert has no session with this id",
    ),
    SessionTooOld: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_SESSION_TOO_OLD,
        message="the time ended so long ago that the session may have been booked and forgotten",
        details=lambda _: [unmet("interval", "SESSION_TOO_OLD", "it must not have ended so long ago")],
    ),
    HoldNotFound: Entry(
        code=grpc.StatusCode.NOT_FOUND,
        reason=ErrorReason.ERROR_REASON_HOLD_NOT_FOUND,
        message="the expert has no hold with this id, or it holds another time",
    ),
    EtagMismatch: Entry(
        code=grpc.StatusCode.ABORTED,
        reason=ErrorReason.ERROR_REASON_ETAG_MISMATCH,
        message="it was changed since it was read: read it again",
    ),
}
