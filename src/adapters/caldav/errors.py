"""From a server's refusals to the domain's: by the status, and by the conditions that its body may name.

Sources: RFC 4918, the preconditions of RFC 4791 (sections 5.3.2.1 and 7.8), of RFC 6638 (section 3.2.4) and of RFC 3744
(`need-privileges`), and what Apple's and other servers were seen to answer. What a refusal is about decides what it
means: a caller that can look further reads the `DavRefusal` itself.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from adapters.caldav.elements import CALDAV, DAV
from adapters.caldav.guarded_xml import GuardedXml
from domain.access import (
    AccessDenied,
    InvalidAnswer,
    MailboxFull,
    ProviderUnavailable,
    WriteRefused,
)
from domain.errors import DomainError


class Fault(Enum):
    """What a refusal is about."""

    PASSWORD = auto()
    """The password isn't accepted this time. Working accounts get this answer, too: by itself it proves nothing."""
    DENIED = auto()
    """This one thing is refused to this person; or the path is another's, which a stale one may have become."""
    GONE = auto()
    """Nothing is there, says one answer: a suspicion. Also what iCloud makes of an event without an end."""
    CHANGED = auto()
    """The condition that was sent along doesn't hold (any more)."""
    CONFLICT = auto()
    """The calendar is gone, or another event has the same UID."""
    LIMIT = auto()
    """Too much was asked in this person's name, or the server has enough of everybody."""
    FULL = auto()
    """No more fits into the account."""
    REJECTED = auto()
    """The request itself is refused, and would be again."""
    UNAVAILABLE = auto()
    """The server's trouble, or that of what stands before it."""


BY_STATUS: Final[Mapping[int, Fault]] = {
    400: Fault.REJECTED,
    401: Fault.PASSWORD,
    403: Fault.DENIED,
    404: Fault.GONE,
    405: Fault.DENIED,
    406: Fault.REJECTED,
    408: Fault.UNAVAILABLE,
    409: Fault.CONFLICT,
    410: Fault.GONE,
    411: Fault.REJECTED,
    412: Fault.CHANGED,
    413: Fault.REJECTED,
    414: Fault.REJECTED,
    415: Fault.REJECTED,
    421: Fault.UNAVAILABLE,
    422: Fault.REJECTED,
    423: Fault.UNAVAILABLE,
    425: Fault.UNAVAILABLE,
    429: Fault.LIMIT,
    431: Fault.REJECTED,
    503: Fault.LIMIT,
    507: Fault.FULL,
}

UID_IN_USE: Final = frozenset({"no-uid-conflict", "unique-scheduling-object-resource"})
"""That an event of this UID is somewhere else already: in the same calendar, says one (RFC 4791), or in another one of
the account, says the other (RFC 6638), which Apple's own server and Cyrus answer."""

CONTENT_CONDITIONS: Final = UID_IN_USE | frozenset(
    {
        "allowed-attendee-scheduling-object-change",
        "allowed-organizer-scheduling-object-change",
        "max-attendees-per-instance",
        "max-date-time",
        "max-instances",
        "max-resource-size",
        "min-date-time",
        "same-organizer-in-all-components",
        "supported-calendar-component",
        "supported-calendar-data",
        "valid-calendar-data",
        "valid-calendar-object-resource",
        "valid-organizer",
    }
)
"""Those that say of a 403 or 409 that it is about the event, and not about who writes it or where."""

_QUOTA: Final = "quota-not-exceeded"
_CONDITION: Final = re.compile("[a-z][a-z-]{0,60}")
_MOST_CONDITIONS: Final = 10
_LONGEST: Final = 64_000
"""Bytes of a body that is read, since it is the event loop that reads it. A DAV:error has some hundred."""


@dataclass(kw_only=True, eq=False)
class DavRefusal(Exception):
    """The server answered with an error, or not in time.

    `conditions` are the local names of those that its body says were not met, in their order.
    """

    status: int
    fault: Fault
    conditions: tuple[str, ...] = ()
    retry_after: timedelta | None = None

    @property
    def code(self) -> str:
        """For logs and callers: the same for everybody who is refused for the same reason."""
        return self.conditions[0] if self.conditions else f"status {self.status}"


def refusal_of(status: int, body: bytes = b"") -> DavRefusal:
    """An error answer, read."""
    conditions = conditions_in(body)
    return DavRefusal(status=status, fault=_fault(status, conditions), conditions=conditions)


def conditions_in(body: bytes) -> tuple[str, ...]:
    """The conditions of a DAV:error; none where it is none: gateways answer with pages of their own."""
    if len(body) > _LONGEST:
        return ()
    path: list[str] = []
    found: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        if len(path) == 1 and path[0] == f"{DAV}error" and (condition := _condition(name)):
            found.append(condition)
        path.append(name)

    def end(_: str) -> None:
        path.pop()

    xml = GuardedXml(on_start=start, on_end=end, on_text=lambda _: None)
    try:
        xml.feed(body)
        xml.close()
    except InvalidAnswer:
        return ()
    return tuple(found[:_MOST_CONDITIONS])


def _condition(name: str) -> str:
    local = name.removeprefix(DAV).removeprefix(CALDAV)
    return local if _CONDITION.fullmatch(local) else ""


def _fault(status: int, conditions: tuple[str, ...]) -> Fault:
    if _QUOTA in conditions:
        return Fault.FULL
    if status in {403, 409} and CONTENT_CONDITIONS.intersection(conditions):
        return Fault.REJECTED
    return BY_STATUS.get(status, Fault.UNAVAILABLE if status >= 500 else Fault.REJECTED)


@contextmanager
def translated(*, gone: type[DomainError], password: DomainError, writing: bool = False) -> Iterator[None]:
    """Turn refusals into what they mean for what was asked.

    `gone` stands for a missing target. When `writing`, a rejected request is WriteRefused and a failure leaves the
    outcome unknown. `password` is what a 401 is: of a connected account `AccountGrant.refused`.
    """
    try:
        yield
    except DavRefusal as refusal:
        raise domain_error(refusal, gone=gone, password=password, writing=writing) from refusal


def domain_error(
    refusal: DavRefusal, *, gone: type[DomainError], password: DomainError, writing: bool = False
) -> DomainError:
    """See `translated`."""
    match refusal.fault:
        case Fault.PASSWORD:
            return password
        case Fault.DENIED:
            return AccessDenied()
        case Fault.GONE:
            return gone()
        case Fault.FULL if writing:
            return MailboxFull()
        case Fault.REJECTED | Fault.FULL:
            return _rejected(refusal, writing)
        case Fault.LIMIT:
            return ProviderUnavailable(
                retry_after=refusal.retry_after,
                throttled=True,
                outcome_unknown=_may_be_done(refusal, writing),
            )
        case Fault.UNAVAILABLE:
            return ProviderUnavailable(outcome_unknown=_may_be_done(refusal, writing))
        case Fault.CHANGED | Fault.CONFLICT:
            return ProviderUnavailable()


def _may_be_done(refusal: DavRefusal, writing: bool) -> bool:
    """Whatever a 4xx says, the server read the request and didn't do it; a 5xx may come from what stands before it."""
    return writing and refusal.status >= 500


def _rejected(refusal: DavRefusal, writing: bool) -> DomainError:
    return WriteRefused(code=refusal.code) if writing else InvalidAnswer(what=f"status {refusal.status}")
