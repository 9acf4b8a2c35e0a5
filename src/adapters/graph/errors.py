"""From Graph's errors to the domain's: by the deepest error code known, else by the status.

Sources: Microsoft Graph "Error responses and resource types" and the service articles and public threads on the
Outlook codes, as of November 2026. Nobody publishes a complete list. Unknown codes are expected, and the status decides
then: to renew the table, add a code once a log shows that its status misleads.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from domain.access import (
    AccessDenied,
    InvalidAnswer,
    MailboxFull,
    MailboxSuspended,
    ProviderUnavailable,
    WriteRefused,
)
from domain.connection import MailboxNotServed
from domain.errors import DomainError


class Fault(Enum):
    """What an error of Graph means, whatever was asked."""

    TOKEN = auto()
    """The access token is not accepted."""
    DENIED = auto()
    MAILBOX = auto()
    """There is no mailbox in Microsoft's cloud."""
    FULL = auto()
    """The mailbox is over its quota."""
    SUSPENDED = auto()
    """Microsoft has suspended the account."""
    GONE = auto()
    """The calendar, event or subscription is not there, or not shown to us, says one answer: a suspicion."""
    CONFLICT = auto()
    """Something else changed it at the same time, or made it before us."""
    THROTTLED = auto()
    UNAVAILABLE = auto()
    REJECTED = auto()
    """The request itself is refused and would be again."""


BY_CODE: Mapping[str, Fault] = {
    "InvalidAuthenticationToken": Fault.TOKEN,
    "ErrorAccessDenied": Fault.DENIED,
    "Authorization_RequestDenied": Fault.DENIED,
    "AccessDenied": Fault.DENIED,
    "Forbidden": Fault.DENIED,
    "MailboxNotEnabledForRESTAPI": Fault.MAILBOX,
    "MailboxNotSupportedForRESTAPI": Fault.MAILBOX,
    "ErrorNonExistentMailbox": Fault.MAILBOX,
    "ErrorQuotaExceeded": Fault.FULL,
    "ErrorAccountSuspend": Fault.SUSPENDED,
    "ErrorAccountSuspendShowTierUpgrade": Fault.SUSPENDED,
    "ErrorItemNotFound": Fault.GONE,
    "ErrorFolderNotFound": Fault.GONE,
    "ErrorInvalidIdMalformed": Fault.GONE,
    "ResourceNotFound": Fault.GONE,
    "ErrorIrresolvableConflict": Fault.CONFLICT,
    "ErrorDuplicateTransactionId": Fault.CONFLICT,
    "ObjectIdentifierInUse": Fault.CONFLICT,
    "TooManyRequests": Fault.THROTTLED,
    "ApplicationThrottled": Fault.THROTTLED,
    "MailboxConcurrency": Fault.THROTTLED,
    "ErrorInternalServerError": Fault.UNAVAILABLE,
    "ErrorInternalServerTransientError": Fault.UNAVAILABLE,
    "ErrorPropertyValidationFailure": Fault.REJECTED,
    "ErrorOccurrenceCrossingBoundary": Fault.REJECTED,
    "ErrorInvalidParameter": Fault.REJECTED,
    "ErrorInvalidRequest": Fault.REJECTED,
    "InvalidRequest": Fault.REJECTED,
    "ValidationError": Fault.REJECTED,
    "ErrorNotSupported": Fault.REJECTED,
    "NotImplemented": Fault.REJECTED,
    "TimeZoneNotSupportedException": Fault.REJECTED,
}

BY_STATUS: Mapping[int, Fault] = {
    401: Fault.TOKEN,
    403: Fault.DENIED,
    404: Fault.UNAVAILABLE,
    408: Fault.UNAVAILABLE,
    409: Fault.CONFLICT,
    410: Fault.UNAVAILABLE,
    412: Fault.CONFLICT,
    423: Fault.UNAVAILABLE,
    429: Fault.THROTTLED,
    501: Fault.REJECTED,
    507: Fault.FULL,
}


@dataclass(kw_only=True, eq=False)
class GraphRefusal(Exception):
    """Graph answered with an error, or not in time. `claims` is its claims challenge, decoded, where it made one."""

    status: int
    fault: Fault
    code: str = ""
    retry_after: timedelta | None = None
    claims: str | None = None

    @property
    def not_found(self) -> bool:
        """Whether it says, in whatever words, that what was addressed is not there."""
        return self.status in {404, 410} and self.fault in {Fault.GONE, Fault.UNAVAILABLE}


def classify(status: int, codes: tuple[str, ...]) -> tuple[Fault, str]:
    """The fault, and the code that decided it. `codes` go from the deepest to the outermost, as `codes_in` gives them.

    An error that is not in Graph's words (a gateway's page, say) proves nothing about the target, and neither does a
    code inside a 5xx, unless it speaks of throttling. Nor does a 404 or 410 whose code does not speak of the target:
    whole mailboxes answer it for hours at times.
    """
    if status in {401, 429}:
        return BY_STATUS[status], _printable(codes)
    known = next(((BY_CODE[code], code) for code in codes if code in BY_CODE), None)
    if known and (status < 500 or known[0] is Fault.THROTTLED):
        return known
    if not codes or (status >= 500 and status not in BY_STATUS):
        return Fault.UNAVAILABLE, _printable(codes)
    return BY_STATUS.get(status, Fault.REJECTED), _printable(codes)


def codes_in(body: bytes) -> tuple[str, ...]:
    """The codes of a Graph error from the deepest to the outermost, empty ones included; none where it is no such."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    found: list[str] = []
    error = document.get("error") if isinstance(document, dict) else None
    while isinstance(error, dict) and len(found) < 10:
        code = error.get("code")
        found.append(code if isinstance(code, str) else "")
        error = error.get("innerError") or error.get("innererror")
    return tuple(reversed(found))


@contextmanager
def translated(*, gone: type[DomainError], writing: bool = False) -> Iterator[None]:
    """Turn Graph's refusals into what they mean for what was asked.

    `gone` stands for a missing target. When `writing`, a rejected request is WriteRefused and a failure leaves the
    outcome unknown.
    """
    try:
        yield
    except GraphRefusal as refusal:
        raise _domain_error(refusal, gone=gone, writing=writing) from refusal


def _domain_error(refusal: GraphRefusal, *, gone: type[DomainError], writing: bool) -> DomainError:
    match refusal.fault:
        case Fault.DENIED:
            return AccessDenied()
        case Fault.MAILBOX:
            return MailboxNotServed()
        case Fault.FULL:
            return MailboxFull() if writing else ProviderUnavailable()
        case Fault.SUSPENDED:
            return MailboxSuspended()
        case Fault.GONE:
            return gone()
        case Fault.REJECTED:
            return (
                WriteRefused(code=refusal.code) if writing else InvalidAnswer(what=f"status {refusal.status}")
            )
        case Fault.THROTTLED:
            return ProviderUnavailable(retry_after=refusal.retry_after, throttled=True)
        case Fault.UNAVAILABLE:
            return ProviderUnavailable(retry_after=refusal.retry_after, outcome_unknown=writing)
        case Fault.TOKEN | Fault.CONFLICT:
            return ProviderUnavailable(retry_after=refusal.retry_after)


def _printable(codes: tuple[str, ...]) -> str:
    """The outermost code, for logs and callers; Graph's codes are words."""
    code = codes[-1] if codes else ""
    return code if len(code) <= 80 and code.replace("_", "").replace(".", "").isalnum() else ""
