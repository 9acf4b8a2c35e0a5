"""What can be wrong with a call before, or apart from, what the rules say about it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule of shape. `field` is a path such as `candidates[2].start_time`, empty for the whole message;
    `rule` is the id of the rule, such as `string.pattern`. No part repeats the value."""

    field: str
    rule: str
    description: str


@dataclass(kw_only=True, eq=False)
class RequestInvalid(Exception):
    """The request breaks rules of shape: those in `violations`, and `more` of them."""

    violations: tuple[Violation, ...]
    more: int = 0


def invalid(field: str, rule: str, description: str) -> RequestInvalid:
    return RequestInvalid(violations=(Violation(field=field, rule=rule, description=description),))


class PageTokenInvalid(Exception):
    """A page token is damaged, or belongs to another query."""


class RepeatedInBatch(Exception):
    """An earlier request of the batch is about the same."""


class CursorInvalid(Exception):
    """A cursor is damaged, or belongs to another feed."""


class DeadlineExceeded(Exception):
    """The caller's deadline came before the answer."""


@dataclass(kw_only=True, eq=False)
class AnswerTooLarge(Exception):
    """What was asked for has so many bytes that the caller's library would refuse it."""

    size: int
    limit: int


class ServiceStopping(Exception):
    """The process ends, and with it the stream."""


@dataclass(kw_only=True, eq=False)
class TooManyStreams(Exception):
    """This process has as many streams as it can have. Each caller is told another time to come back."""

    retry_after: timedelta


class CredentialsMissing(Exception):
    """The call says nothing about who makes it."""


@dataclass(kw_only=True, eq=False)
class CallerLimitReached(Exception):
    """This caller uses as much of the process as one may: `limit` is which of the limits, `value` its number."""

    limit: str
    value: int
    retry_after: timedelta


@dataclass(kw_only=True, eq=False)
class TooManyCalls(Exception):
    """This process has as many calls under way as it takes. Each caller is told another time to come back."""

    retry_after: timedelta


@dataclass(kw_only=True, eq=False)
class StreamTooOld(Exception):
    """The stream has been open for as long as one may be."""

    retry_after: timedelta
