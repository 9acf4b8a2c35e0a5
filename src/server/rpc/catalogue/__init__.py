"""The one catalogue of errors: what callers learn of each, in which gRPC code, reason and details.

Every domain error is in CATALOGUE, or in INTERNAL_ONLY with the reason why no caller ever meets it; a test proves it.
"""

from collections.abc import Mapping

import grpc
from google.rpc import error_details_pb2

from application.accounts.start_reconnect import ReconnectNotBegun
from application.ports.push import AddressNotReached, PushRefused, SubscriptionExists, SubscriptionGone
from calendarsync.v1.error_reason_pb2 import ErrorReason
from domain.access import (
    AccessDenied,
    AccessDoubted,
    AccessLost,
    AccessRefused,
    CalendarGone,
    EventDeleted,
    EventMissing,
    InvalidAnswer,
    MailboxFull,
    MailboxSuspended,
    WriteRefused,
)
from domain.calendar import CalendarListNotBelieved
from domain.caller import CredentialNotFound
from domain.connection import SignInFailed
from domain.errors import DomainError
from domain.incident import ReconnectedAlready, ReconnectLinkUnknown
from domain.interval import IntervalInvalid
from domain.password_sign_in import LooksLikeNormalPassword, TooManyTries, WrongPassword
from server.rpc.catalogue.booking import BOOKING
from server.rpc.catalogue.callers import CALLERS
from server.rpc.catalogue.connecting import CONNECTING
from server.rpc.catalogue.entry import Entry
from server.rpc.catalogue.outages import OUTAGES
from server.rpc.catalogue.requests import REQUESTS

UNEXPECTED = Entry(
    code=grpc.StatusCode.INTERNAL,
    reason=ErrorReason.ERROR_REASON_INTERNAL,
    message="internal error",
)

CATALOGUE: Mapping[type[Exception], Entry] = {**CALLERS, **REQUESTS, **CONNECTING, **BOOKING, **OUTAGES}

INTERNAL_ONLY: Mapping[type[DomainError], str] = {
    SignInFailed: "what has failed has a name: one of its subclasses",
    WrongPassword: "only the page for typing it knows it; it asks again",
    LooksLikeNormalPassword: "only the page for typing it knows it; it asks again",
    TooManyTries: "only the page for typing a password knows it",
    ReconnectNotBegun: "only the HTTP link knows it; it answers with a page",
    MailboxFull: "the session says so: it waits",
    MailboxSuspended: "a calendar is unread, a session waits; while connecting it is MailboxNotServed",
    AccessDenied: "a calendar is unread, a session waits; while connecting it is ProviderUnavailable",
    AccessDoubted: "a calendar is unread, a session waits, until it has passed or the access is lost",
    AccessRefused: "what it proves has a name: one of its subclasses",
    AccessLost: "use-cases turn it into an incident and an unread calendar, or a waiting session",
    CalendarGone: "a calendar that is gone is unread, or a hindrance of its sessions",
    CalendarListNotBelieved: "a refresh reports it as an invalid answer",
    EventDeleted: "the worker writes another one, under another mark",
    EventMissing: "the worker looks for the event, and writes it anew where there surely is none",
    WriteRefused: "the session says so: FAILED",
    InvalidAnswer: "a calendar is unread, a session waits; while connecting it is ProviderUnavailable",
    IntervalInvalid: "requests are checked first, where the field's name is known",
    PushRefused: "polling goes on without notifications",
    AddressNotReached: "polling goes on without notifications, and the worker subscribes soon",
    SubscriptionExists: "the worker replaces it, or polling goes on without notifications",
    SubscriptionGone: "the worker subscribes anew",
    CredentialNotFound: "only the command line names credentials",
    ReconnectedAlready: "only the HTTP link knows it; it answers with a page",
    ReconnectLinkUnknown: "only the HTTP link knows it; it answers with a page",
}


def reason_of(error: Exception) -> str:
    """The reason's name as it travels, e.g. `ACCOUNT_LIMIT_REACHED`."""
    return name_of(entry_of(error).reason)


def help_links(error: Exception) -> tuple[tuple[str, str], ...]:
    """Pages on which a person can do something about it, as pairs of description and URL."""
    return tuple(
        (link.description, link.url)
        for detail in entry_of(error).details(error)
        if isinstance(detail, error_details_pb2.Help)
        for link in detail.links
    )


def entry_of(error: Exception) -> Entry:
    """The line of its class or of the nearest one above; UNEXPECTED where there is none."""
    return next((CATALOGUE[one] for one in type(error).__mro__ if one in CATALOGUE), UNEXPECTED)


def name_of(reason: ErrorReason.ValueType) -> str:
    """As it travels, e.g. `ACCOUNT_LIMIT_REACHED`."""
    return ErrorReason.Name(reason).removeprefix("ERROR_REASON_")
