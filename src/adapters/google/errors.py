"""From Google's errors to the domain's: by the reason given, and by the status only where that alone is clear.

Sources: Google's "Handle API errors" and `google.api.ErrorReason`, the refusals that public threads show, and the
description of Calendar API v3, as of November 2026. Nobody publishes a complete list. docs/decisions/0046 says how an
unknown one is read: to renew the table, add a reason once an alarm has named it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from domain.access import (
    AccessDenied,
    InvalidAnswer,
    ProviderMisconfigured,
    ProviderUnavailable,
    WriteRefused,
)
from domain.connection import MailboxNotServed
from domain.errors import DomainError


class Fault(Enum):
    """What an error of Google's means, whatever was asked. Where one gives several reasons, the first of these is
    believed: what accuses nobody stands before what does."""

    PERSON_LIMIT = auto()
    """Too much in this person's name."""
    PROJECT_LIMIT = auto()
    """Too much in the name of our whole project."""
    LIMIT = auto()
    """Too much, and Google doesn't say in whose name: it gives the same reason for both."""
    UNAVAILABLE = auto()
    MISCONFIGURED = auto()
    """Our project may not use the API."""
    ADDRESS = auto()
    """Our address for notifications isn't verified."""
    UNWATCHABLE = auto()
    """This calendar has no notifications."""
    NO_CALENDAR = auto()
    """The person has no Google Calendar, or is suspended."""
    SCOPE = auto()
    """The grant lacks a permission for this."""
    DENIED = auto()
    """The person has no right to this."""
    DUPLICATE = auto()
    """There is, or was, something of this id."""
    CHANGED = auto()
    """Something else changed it since we looked."""
    DELETED = auto()
    """It was there and is deleted."""
    GONE = auto()
    """The calendar, event or channel is not there, or not shown to us, says one answer: a suspicion."""
    TOKEN = auto()
    """The access token is not accepted."""
    REJECTED = auto()
    """The request itself is refused and would be again."""
    UNKNOWN = auto()
    """A refusal whose reason nobody has read yet: it proves nothing."""


LIMITS: Final = frozenset({Fault.PERSON_LIMIT, Fault.PROJECT_LIMIT, Fault.LIMIT})

_REASONS: Final[Mapping[str, Fault]] = {
    "userRateLimitExceeded": Fault.PERSON_LIMIT,
    "quotaExceeded": Fault.PERSON_LIMIT,
    "calendarUsageLimitsExceeded": Fault.PERSON_LIMIT,
    "variableTermLimitExceeded": Fault.PERSON_LIMIT,
    "dailyLimitExceeded": Fault.PROJECT_LIMIT,
    "rateLimitExceeded": Fault.LIMIT,
    "RATE_LIMIT_EXCEEDED": Fault.LIMIT,
    "backendError": Fault.UNAVAILABLE,
    "internalError": Fault.UNAVAILABLE,
    "accessNotConfigured": Fault.MISCONFIGURED,
    "SERVICE_DISABLED": Fault.MISCONFIGURED,
    "CONSUMER_SUSPENDED": Fault.MISCONFIGURED,
    "CONSUMER_INVALID": Fault.MISCONFIGURED,
    "push.webhookUrlUnauthorized": Fault.ADDRESS,
    "push.webhookUrlNotHttps": Fault.ADDRESS,
    "pushNotSupportedForRequestedResource": Fault.UNWATCHABLE,
    "notACalendarUser": Fault.NO_CALENDAR,
    "insufficientPermissions": Fault.SCOPE,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": Fault.SCOPE,
    "forbidden": Fault.DENIED,
    "requiredAccessLevel": Fault.DENIED,
    "forbiddenForNonOrganizer": Fault.DENIED,
    "duplicate": Fault.DUPLICATE,
    "conditionNotMet": Fault.CHANGED,
    "conflict": Fault.CHANGED,
    "deleted": Fault.DELETED,
    "notFound": Fault.GONE,
    "authError": Fault.TOKEN,
}
BY_REASON: Final[Mapping[str, Fault]] = {reason.casefold(): fault for reason, fault in _REASONS.items()}

BY_STATUS: Final[Mapping[int, Fault]] = {
    400: Fault.REJECTED,
    401: Fault.TOKEN,
    404: Fault.UNAVAILABLE,
    408: Fault.UNAVAILABLE,
    409: Fault.CHANGED,
    410: Fault.UNAVAILABLE,
    412: Fault.CHANGED,
    429: Fault.LIMIT,
}
"""What a status means without a reason that is known: a 403 nothing at all, a 404 no more than that it didn't work."""

_RANK: Final = {fault: rank for rank, fault in enumerate(Fault)}


@dataclass(kw_only=True, eq=False)
class GoogleRefusal(Exception):
    """Google answered with an error, or not in time.

    `reasons` are those given, in both forms and casefolded; `code` is the one that decided, as Google spells it, for
    logs and callers.
    """

    status: int
    fault: Fault
    reasons: frozenset[str] = frozenset()
    code: str = ""
    retry_after: timedelta | None = None

    @property
    def limited(self) -> bool:
        """Whether it was too much."""
        return self.fault in LIMITS

    @property
    def not_found(self) -> bool:
        """Whether it says, in whatever words, that what was addressed is not there."""
        return self.status in {404, 410} and self.fault in {Fault.GONE, Fault.DELETED, Fault.UNAVAILABLE}


def refusal_of(status: int, body: bytes) -> GoogleRefusal:
    """An error answer, read."""
    given = tuple(reasons_in(body))
    fault, code = classify(status, given)
    return GoogleRefusal(
        status=status, fault=fault, reasons=frozenset(one.casefold() for one in given), code=code
    )


def classify(status: int, reasons: Iterable[str]) -> tuple[Fault, str]:
    """The fault, and the reason that decided it; where none did, the first one.

    An error without reasons (a gateway's page, say) proves nothing about the target; neither does a reason inside a
    5xx, unless it says that it was too much. A 401 is about the token unless it speaks of our address.
    """
    given = tuple(reasons)
    known = sorted(
        ((BY_REASON[one.casefold()], one) for one in given if one.casefold() in BY_REASON),
        key=lambda pair: _RANK[pair[0]],
    )
    first = given[0] if given else ""
    if status >= 500:
        return next((pair for pair in known if pair[0] in LIMITS), (Fault.UNAVAILABLE, first))
    if status == 401 and (not known or known[0][0] is not Fault.ADDRESS):
        return Fault.TOKEN, first
    if known:
        return known[0]
    if not given and status not in {401, 403, 409, 412, 429}:
        return Fault.UNAVAILABLE, ""
    return BY_STATUS.get(status, Fault.UNKNOWN), first


def reasons_in(body: bytes) -> Iterator[str]:
    """The reasons of an error of Google's, in the older form (`errors`) and the newer one (`details`), as they are
    spelled; none where it is no such. They are words: what is none is passed over."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return
    for name in ("errors", "details"):
        yield from reasons_of(error.get(name))


def reasons_of(errors: object) -> Iterator[str]:
    """Those of a list of errors, in either form."""
    for entry in errors[:10] if isinstance(errors, list) else ():
        reason = entry.get("reason") if isinstance(entry, dict) else None
        if isinstance(reason, str) and _is_word(reason):
            yield reason


def _is_word(reason: str) -> bool:
    return len(reason) <= 80 and reason.isascii() and reason.replace("_", "").replace(".", "").isalnum()


@contextmanager
def translated(*, gone: type[DomainError], writing: bool = False) -> Iterator[None]:
    """Turn Google's refusals into what they mean for what was asked.

    `gone` stands for a missing target. When `writing`, a rejected request is WriteRefused and a failure leaves the
    outcome unknown.
    """
    try:
        yield
    except GoogleRefusal as refusal:
        raise domain_error(refusal, gone=gone, writing=writing) from refusal


def domain_error(refusal: GoogleRefusal, *, gone: type[DomainError], writing: bool = False) -> DomainError:
    """See `translated`."""
    match refusal.fault:
        case Fault.SCOPE | Fault.DENIED:
            return AccessDenied()
        case Fault.NO_CALENDAR:
            return MailboxNotServed()
        case Fault.MISCONFIGURED:
            return ProviderMisconfigured(code=refusal.code)
        case Fault.GONE | Fault.DELETED:
            return gone()
        case Fault.REJECTED:
            return _rejected(refusal, writing)
        case Fault.LIMIT | Fault.PERSON_LIMIT | Fault.PROJECT_LIMIT:
            return ProviderUnavailable(retry_after=refusal.retry_after, throttled=True)
        case Fault.UNAVAILABLE:
            return ProviderUnavailable(retry_after=refusal.retry_after, outcome_unknown=writing)
        case _:
            return ProviderUnavailable(retry_after=refusal.retry_after)


def _rejected(refusal: GoogleRefusal, writing: bool) -> DomainError:
    return WriteRefused(code=refusal.code) if writing else InvalidAnswer(what=f"status {refusal.status}")
