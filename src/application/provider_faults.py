"""What every use-case does about a provider's fault: report it to whom it concerns, and name it."""

from datetime import timedelta
from typing import Protocol, TypeAlias

from application.ports.alarms import Alarms
from domain.access import (
    AccessDenied,
    AccessDoubted,
    AccessLost,
    AccessRefused,
    CalendarGone,
    InvalidAnswer,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.account import AccountNotFound, Provider, ProviderNotAvailable
from domain.availability import LATER, SOON, ReadFailure, UnreadReason
from domain.connection import MailboxNotServed

ProviderFault: TypeAlias = (
    AccessLost
    | AccessDoubted
    | AccessDenied
    | AccountNotFound
    | CalendarGone
    | InvalidAnswer
    | MailboxNotServed
    | MailboxSuspended
    | ProviderMisconfigured
    | ProviderNotAvailable
    | ProviderUnavailable
)
PROVIDER_FAULTS = (
    AccessLost,
    AccessDoubted,
    AccessDenied,
    AccountNotFound,
    CalendarGone,
    InvalidAnswer,
    MailboxNotServed,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderNotAvailable,
    ProviderUnavailable,
)
"""The same for `except`."""

SUSPICIOUS = (CalendarGone, MailboxNotServed)
"""Faults that cast doubt on what we know of the account's calendars: its list is looked at again, and decides."""


class LostAccessReport(Protocol):
    """The use-case ReportLostAccess, as the others call it."""

    async def __call__(self, refused: AccessLost | AccessDoubted) -> ProviderFault: ...


async def unread_because(
    fault: ProviderFault, *, provider: Provider, alarms: Alarms, report_lost: LostAccessReport
) -> ReadFailure:
    """Report the fault to the expert or the operator where it is theirs to mend, and say why nothing was read.

    Only evidence that this very account lets us in no more ever reaches the person.
    """
    if isinstance(fault, AccessRefused):
        fault = await report_lost(fault)
    if isinstance(fault, ProviderMisconfigured):
        alarms.provider_misconfigured(provider, fault.code)
    return ReadFailure(reason=_reason(fault), pause=_pause_after(fault))


def _reason(fault: ProviderFault) -> UnreadReason:
    match fault:
        case AccessLost():
            return UnreadReason.RECONNECT_REQUIRED
        case AccessDoubted():
            return UnreadReason.ACCESS_DOUBTED
        case ProviderMisconfigured() | ProviderNotAvailable():
            return UnreadReason.SERVICE_MISCONFIGURED
        case ProviderUnavailable():
            return UnreadReason.THROTTLED if fault.throttled else UnreadReason.PROVIDER_UNAVAILABLE
        case AccessDenied():
            return UnreadReason.ACCESS_DENIED
        case MailboxNotServed():
            return UnreadReason.MAILBOX_NOT_SERVED
        case MailboxSuspended():
            return UnreadReason.MAILBOX_SUSPENDED
        case CalendarGone() | AccountNotFound():
            return UnreadReason.CALENDAR_MISSING
        case InvalidAnswer():
            return UnreadReason.INVALID_ANSWER


def _pause_after(fault: ProviderFault) -> timedelta | None:
    """How long to leave alone what failed so, where that is known."""
    match fault:
        case ProviderUnavailable() | AccessDoubted():
            return fault.retry_after
        case AccessLost() | AccountNotFound():
            return SOON  # the account as it is by now decides
        case CalendarGone():
            return (
                LATER  # a suspicion as yet: the account's list of calendars, which is asked for now, decides
            )
        case _:
            return None
