"""The one catalogue of errors: what callers are told about each, in which gRPC code, reason and details.

Every domain error is in CATALOGUE, or in INTERNAL_ONLY with the reason why no caller ever meets it; a test proves it.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from application.ports.push import AddressNotReached, PushRefused, SubscriptionExists, SubscriptionGone
from application.ports.store import StoreUnavailable
from calendarsync.v1.error_reason_pb2 import ErrorReason
from domain.access import (
    AccessDenied,
    AccessLost,
    CalendarGone,
    ClockDiffers,
    EventMissing,
    InvalidAnswer,
    MailboxFull,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderUnavailable,
    WriteRefused,
)
from domain.account import AccountNotFound, ProviderNotAvailable
from domain.calendar import CalendarListNotBelieved, CalendarNotFound, CalendarNotWritable
from domain.change import CursorExpired
from domain.connection import (
    AccountMismatch,
    AdminApprovalRequired,
    BlockedByOrganisation,
    ConnectionAttemptExpired,
    ConnectionAttemptNotFound,
    MailboxNotServed,
    ReturnUrlNotAllowed,
    SignInCancelled,
    SignInInterrupted,
    SignInRefused,
)
from domain.errors import DomainError, EtagMismatch
from domain.expert import AccountLimitReached, ExpertNotFound
from domain.hold import AvailabilityUnknown, CalendarsUnreadable, HoldNotFound, TimeTaken
from domain.incident import ReconnectLinkUnknown
from domain.interval import IntervalInvalid, WindowTooLong
from domain.permissions import PermissionsMissing
from domain.session import SessionNotFound
from domain.zone import TimeZoneUnknown
from server.rpc.error_details import bad_field, bad_request, help_with, retry_in, unmet
from server.rpc.evidence_details import needed_acts, taken_by, unread_calendars
from server.rpc.faults import (
    CursorInvalid,
    DeadlineExceeded,
    PageTokenInvalid,
    RequestInvalid,
    ServiceStopping,
)
from server.rpc.provider_pages import CONSENT_HELP, WHO_AM_I
from server.rpc.status_size import status_that_fits

DOMAIN = "calendarsync"
PROVIDER_PAUSE = timedelta(seconds=5)
STORE_PAUSE = timedelta(seconds=1)
STOPPING_PAUSE = timedelta(seconds=1)
MOST_FIELDS_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What callers learn of one class of errors; `message` is for developers, in English."""

    code: grpc.StatusCode
    reason: ErrorReason.ValueType
    message: str
    metadata: Callable[[Any], Mapping[str, str]] = lambda _: {}
    details: Callable[[Any], Sequence[Message]] = lambda _: ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one caller is told. `log_id` is set when the log tells more than the caller may know."""

    code: grpc.StatusCode
    reason: str
    status: status_pb2.Status
    log_id: str | None


def answer_to(error: Exception) -> Answer:
    """The answer to a failed call; for an error that is not in the catalogue INTERNAL and a log id."""
    entry = _entry_of(error)
    log_id = uuid.uuid4().hex if entry is UNEXPECTED else None
    reason = _name(entry.reason)
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=entry.metadata(error))
    if log_id is not None:
        info.metadata["log_id"] = log_id
    details = entry.details(error)
    message = _message(
        entry.message, reason, details, more=error.more if isinstance(error, RequestInvalid) else 0
    )
    # types-grpcio types the pair of number and text as Any.
    status = status_that_fits(entry.code.value[0], message, info, details)
    return Answer(code=entry.code, reason=reason, status=status, log_id=log_id)


def reason_of(error: Exception) -> str:
    """The reason's name as it travels, e.g. `ACCOUNT_LIMIT_REACHED`."""
    return _name(_entry_of(error).reason)


def help_links(error: Exception) -> tuple[tuple[str, str], ...]:
    """Pages on which a person can do something about it, as pairs of description and URL."""
    return tuple(
        (link.description, link.url)
        for detail in _entry_of(error).details(error)
        if isinstance(detail, error_details_pb2.Help)
        for link in detail.links
    )


def _entry_of(error: Exception) -> Entry:
    return next((CATALOGUE[one] for one in type(error).__mro__ if one in CATALOGUE), UNEXPECTED)


def _message(text: str, reason: str, details: Sequence[Message], *, more: int) -> str:
    """With the reason, and with the first fields at fault: command-line clients show the details undecoded.

    `more` is how many the details leave out.
    """
    broken = [
        one
        for detail in details
        if isinstance(detail, error_details_pb2.BadRequest)
        for one in detail.field_violations
    ]
    told = [f"{one.field or 'message'}: {one.description}" for one in broken[:MOST_FIELDS_TOLD]]
    if others := len(broken) - len(told) + more:
        told.append(f"and {others} more")
    return f"{reason}: {text}" + (f" ({'; '.join(told)})" if told else "")


def _name(reason: ErrorReason.ValueType) -> str:
    return ErrorReason.Name(reason).removeprefix("ERROR_REASON_")


UNEXPECTED = Entry(
    code=grpc.StatusCode.INTERNAL,
    reason=ErrorReason.ERROR_REASON_INTERNAL,
    message="internal error",
)

CATALOGUE: Mapping[type[Exception], Entry] = {
    RequestInvalid: Entry(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason=ErrorReason.ERROR_REASON_INVALID_REQUEST,
        message="the request breaks rules of its shape",
        metadata=lambda error: {"more_violations": str(error.more)} if error.more else {},
        details=lambda error: [bad_request(*error.violations)],
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
    TimeZoneUnknown: Entry(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        reason=ErrorReason.ERROR_REASON_TIME_ZONE_UNKNOWN,
        message="the time zone is not in the IANA database",
        details=lambda _: [
            bad_field(
                "expert.time_zone", "time_zone_unknown", "must be a name of the IANA time zone database"
            )
        ],
    ),
    PageTokenInvalid: Entry(
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
    ),
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
    ExpertNotFound: Entry(
        code=grpc.StatusCode.NOT_FOUND,
        reason=ErrorReason.ERROR_REASON_EXPERT_NOT_FOUND,
        message="no expert has this id",
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
    HoldNotFound: Entry(
        code=grpc.StatusCode.NOT_FOUND,
        reason=ErrorReason.ERROR_REASON_HOLD_NOT_FOUND,
        message="the expert has no hold with this id, or it holds another time",
    ),
    ConnectionAttemptNotFound: Entry(
        code=grpc.StatusCode.NOT_FOUND,
        reason=ErrorReason.ERROR_REASON_CONNECTION_ATTEMPT_NOT_FOUND,
        message="the sign-in is unknown or used up: start a new one",
    ),
    ConnectionAttemptExpired: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_CONNECTION_ATTEMPT_EXPIRED,
        message="the sign-in took longer than ten minutes: start a new one",
        details=lambda _: [
            unmet("sign-in", "CONNECTION_ATTEMPT_EXPIRED", "it must be finished within ten minutes")
        ],
    ),
    ProviderNotAvailable: Entry(
        code=grpc.StatusCode.UNIMPLEMENTED,
        reason=ErrorReason.ERROR_REASON_PROVIDER_NOT_AVAILABLE,
        message="accounts of this provider can't be connected yet",
        metadata=lambda error: {"provider": error.provider.name},
    ),
    AccountLimitReached: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_ACCOUNT_LIMIT_REACHED,
        message="the plan's number of accounts is connected",
        metadata=lambda error: {
            "plan": error.plan.name,
            "limit": str(error.limit),
            "connected": str(error.connected),
        },
        details=lambda error: [
            unmet("plan", "ACCOUNT_LIMIT_REACHED", f"the plan holds {error.limit} accounts")
        ],
    ),
    SignInCancelled: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_SIGN_IN_CANCELLED,
        message="the person went back instead of consenting",
        details=lambda _: [
            unmet("sign-in", "SIGN_IN_CANCELLED", "the person must consent"),
            help_with(
                ("Read what the consent page asks, and when an administrator must approve", CONSENT_HELP)
            ),
        ],
    ),
    PermissionsMissing: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_PERMISSIONS_MISSING,
        message="required permissions were not granted",
        metadata=lambda error: {"missing": " ".join(error.missing)},
        details=lambda _: [
            unmet("sign-in", "PERMISSIONS_MISSING", "all permissions that were asked for must be granted"),
            help_with(("Read what the consent page asks", CONSENT_HELP)),
        ],
    ),
    AdminApprovalRequired: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_ADMIN_APPROVAL_REQUIRED,
        message="only an administrator of the person's organisation can consent",
        details=lambda error: [
            unmet("sign-in", "ADMIN_APPROVAL_REQUIRED", "an administrator must approve the service"),
            help_with(("Approve the service, as an administrator", error.admin_consent_url)),
        ],
    ),
    BlockedByOrganisation: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_BLOCKED_BY_ORGANISATION,
        message="the person's organisation doesn't let them use the service",
        metadata=lambda error: {"provider_code": error.code} if error.code else {},
        details=lambda _: [
            unmet(
                "sign-in",
                "BLOCKED_BY_ORGANISATION",
                "an administrator must allow the service, and this person to use it",
            ),
            help_with(("What the consent page asks, and when an administrator must act", CONSENT_HELP)),
        ],
    ),
    SignInRefused: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_SIGN_IN_REFUSED,
        message="the provider refused the sign-in, or its answer proves nobody's identity",
        details=lambda _: [unmet("sign-in", "SIGN_IN_REFUSED", "the person must sign in anew")],
    ),
    SignInInterrupted: Entry(
        code=grpc.StatusCode.ABORTED,
        reason=ErrorReason.ERROR_REASON_SIGN_IN_INTERRUPTED,
        message="the provider did not answer while the sign-in was being finished, and it is used up: start a new one",
    ),
    MailboxNotServed: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_MAILBOX_NOT_SERVED,
        message="the account has no mailbox in the provider's cloud, or its organisation closes it to apps",
        details=lambda _: [
            unmet(
                "mailbox",
                "MAILBOX_NOT_SERVED",
                "it must be a licensed mailbox in the provider's cloud, open to apps",
            )
        ],
    ),
    AccountMismatch: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_ACCOUNT_MISMATCH,
        message="the reconnect came back as another person",
        details=lambda _: [
            unmet("sign-in", "ACCOUNT_MISMATCH", "it must be the account that is to be reconnected"),
            help_with(("See as whom the browser is signed in", WHO_AM_I)),
        ],
    ),
    CalendarNotWritable: Entry(
        code=grpc.StatusCode.FAILED_PRECONDITION,
        reason=ErrorReason.ERROR_REASON_CALENDAR_NOT_WRITABLE,
        message="the chosen write calendar can't be written",
        details=lambda _: [unmet("write_calendar_id", "CALENDAR_NOT_WRITABLE", "it must be writable")],
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
    EtagMismatch: Entry(
        code=grpc.StatusCode.ABORTED,
        reason=ErrorReason.ERROR_REASON_ETAG_MISMATCH,
        message="it was changed since it was read: read it again",
    ),
    ProviderUnavailable: Entry(
        code=grpc.StatusCode.UNAVAILABLE,
        reason=ErrorReason.ERROR_REASON_PROVIDER_UNAVAILABLE,
        message="the provider doesn't answer now",
        details=lambda error: [retry_in(error.retry_after or PROVIDER_PAUSE)],
    ),
    ProviderMisconfigured: Entry(
        code=grpc.StatusCode.INTERNAL,
        reason=ErrorReason.ERROR_REASON_PROVIDER_MISCONFIGURED,
        message="the provider refuses the service's own registration; its operator has been told",
    ),
    ClockDiffers: Entry(
        code=grpc.StatusCode.INTERNAL,
        reason=ErrorReason.ERROR_REASON_CLOCK_DIFFERS,
        message="the clocks of the service and of the provider are too far apart; its operator has been told",
    ),
    StoreUnavailable: Entry(
        code=grpc.StatusCode.UNAVAILABLE,
        reason=ErrorReason.ERROR_REASON_STORE_UNAVAILABLE,
        message="the service's database doesn't answer now",
        details=lambda _: [retry_in(STORE_PAUSE)],
    ),
    ServiceStopping: Entry(
        code=grpc.StatusCode.UNAVAILABLE,
        reason=ErrorReason.ERROR_REASON_SERVICE_STOPPING,
        message="the service stops: connect again, after a random pause",
        details=lambda _: [retry_in(STOPPING_PAUSE)],
    ),
    DeadlineExceeded: Entry(
        code=grpc.StatusCode.DEADLINE_EXCEEDED,
        reason=ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED,
        message="the caller's deadline was shorter than the work",
    ),
}

INTERNAL_ONLY: Mapping[type[DomainError], str] = {
    MailboxFull: "the session says so: it waits",
    MailboxSuspended: "a calendar is unread, a session waits; while connecting it is MailboxNotServed",
    AccessDenied: "a calendar is unread, a session waits; while connecting it is ProviderUnavailable",
    AccessLost: "use-cases turn it into an incident and an unread calendar, or a waiting session",
    CalendarGone: "a calendar that is gone is unread, or a hindrance of its sessions",
    CalendarListNotBelieved: "a refresh reports it as an invalid answer",
    EventMissing: "the worker looks for the event, and writes it anew where there surely is none",
    WriteRefused: "the session says so: FAILED",
    InvalidAnswer: "a calendar is unread, a session waits; while connecting it is ProviderUnavailable",
    IntervalInvalid: "requests are checked first, where the field's name is known",
    PushRefused: "polling goes on without notifications",
    AddressNotReached: "polling goes on without notifications, and the worker subscribes soon",
    SubscriptionExists: "the worker replaces it, or polling goes on without notifications",
    SubscriptionGone: "the worker subscribes anew",
    ReconnectLinkUnknown: "only the HTTP link knows it; it answers with a page",
}
