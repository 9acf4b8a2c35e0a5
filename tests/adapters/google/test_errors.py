"""What Google's refusals mean, reason by reason, in both forms."""

import json
from datetime import timedelta
from typing import Any

import pytest

from adapters.google.errors import (
    BY_REASON,
    BY_STATUS,
    Fault,
    GoogleRefusal,
    classify,
    domain_error,
    refusal_of,
    translated,
)
from domain.access import (
    AccessDenied,
    AccessLost,
    CalendarGone,
    InvalidAnswer,
    ProviderMisconfigured,
    ProviderUnavailable,
    WriteRefused,
)
from domain.connection import MailboxNotServed
from domain.errors import DomainError

REFUSALS = [
    (400, "timeRangeEmpty", Fault.REJECTED),
    (400, "timeRangeTooLong", Fault.REJECTED),
    (400, "required", Fault.REJECTED),
    (400, "invalid", Fault.REJECTED),
    (400, "badRequest", Fault.REJECTED),
    (400, "invalidParameter", Fault.REJECTED),
    (400, "channelIdNotUnique", Fault.REJECTED),
    (400, "SOMETHING_NEW", Fault.REJECTED),
    (400, "pushNotSupportedForRequestedResource", Fault.UNWATCHABLE),
    (403, "pushNotSupportedForRequestedResource", Fault.UNWATCHABLE),
    (400, "push.webhookUrlUnauthorized", Fault.ADDRESS),
    (401, "push.webhookUrlUnauthorized", Fault.ADDRESS),
    (401, "authError", Fault.TOKEN),
    (401, "ACCESS_TOKEN_EXPIRED", Fault.TOKEN),
    (401, "required", Fault.TOKEN),
    (401, "forbidden", Fault.TOKEN),
    (403, "rateLimitExceeded", Fault.LIMIT),
    (403, "RATELIMITEXCEEDED", Fault.LIMIT),
    (403, "RATE_LIMIT_EXCEEDED", Fault.LIMIT),
    (429, "rateLimitExceeded", Fault.LIMIT),
    (429, "somethingNew", Fault.LIMIT),
    (403, "userRateLimitExceeded", Fault.PERSON_LIMIT),
    (429, "userRateLimitExceeded", Fault.PERSON_LIMIT),
    (403, "quotaExceeded", Fault.PERSON_LIMIT),
    (403, "variableTermLimitExceeded", Fault.PERSON_LIMIT),
    (403, "calendarUsageLimitsExceeded", Fault.PERSON_LIMIT),
    (403, "dailyLimitExceeded", Fault.PROJECT_LIMIT),
    (403, "insufficientPermissions", Fault.SCOPE),
    (403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", Fault.SCOPE),
    (403, "forbidden", Fault.DENIED),
    (403, "requiredAccessLevel", Fault.DENIED),
    (403, "forbiddenForNonOrganizer", Fault.DENIED),
    (403, "notACalendarUser", Fault.NO_CALENDAR),
    (403, "accessNotConfigured", Fault.MISCONFIGURED),
    (403, "SERVICE_DISABLED", Fault.MISCONFIGURED),
    (403, "somethingNew", Fault.UNKNOWN),
    (404, "notFound", Fault.GONE),
    (404, "somethingNew", Fault.UNAVAILABLE),
    (409, "duplicate", Fault.DUPLICATE),
    (409, "conflict", Fault.CHANGED),
    (410, "deleted", Fault.DELETED),
    (410, "fullSyncRequired", Fault.UNAVAILABLE),
    (410, "updatedMinTooLongAgo", Fault.UNAVAILABLE),
    (412, "conditionNotMet", Fault.CHANGED),
    (412, "somethingNew", Fault.CHANGED),
    (418, "somethingNew", Fault.UNKNOWN),
    (500, "backendError", Fault.UNAVAILABLE),
    (500, "forbidden", Fault.UNAVAILABLE),
    (502, "notFound", Fault.UNAVAILABLE),
    (503, "internalError", Fault.UNAVAILABLE),
    (503, "rateLimitExceeded", Fault.LIMIT),
    (504, "notACalendarUser", Fault.UNAVAILABLE),
]

WITHOUT_REASON = {
    400: Fault.UNAVAILABLE,
    401: Fault.TOKEN,
    403: Fault.UNKNOWN,
    404: Fault.UNAVAILABLE,
    407: Fault.UNAVAILABLE,
    409: Fault.CHANGED,
    410: Fault.UNAVAILABLE,
    412: Fault.CHANGED,
    429: Fault.LIMIT,
    500: Fault.UNAVAILABLE,
    503: Fault.UNAVAILABLE,
}

MEANINGS: dict[Fault, type[DomainError]] = {
    Fault.PERSON_LIMIT: ProviderUnavailable,
    Fault.PROJECT_LIMIT: ProviderUnavailable,
    Fault.LIMIT: ProviderUnavailable,
    Fault.UNAVAILABLE: ProviderUnavailable,
    Fault.MISCONFIGURED: ProviderMisconfigured,
    Fault.ADDRESS: ProviderUnavailable,
    Fault.UNWATCHABLE: ProviderUnavailable,
    Fault.NO_CALENDAR: MailboxNotServed,
    Fault.SCOPE: AccessDenied,
    Fault.DENIED: AccessDenied,
    Fault.DUPLICATE: ProviderUnavailable,
    Fault.CHANGED: ProviderUnavailable,
    Fault.DELETED: CalendarGone,
    Fault.GONE: CalendarGone,
    Fault.TOKEN: ProviderUnavailable,
    Fault.REJECTED: InvalidAnswer,
    Fault.UNKNOWN: ProviderUnavailable,
}


def _older(*reasons: str) -> dict[str, Any]:
    return {
        "error": {
            "code": 403,
            "message": "No.",
            "errors": [{"domain": "x", "reason": one} for one in reasons],
        }
    }


def _newer(*reasons: str) -> dict[str, Any]:
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    details = [{"@type": kind, "reason": one, "domain": "googleapis.com"} for one in reasons]
    other = {"@type": "type.googleapis.com/google.rpc.Help", "links": [{"url": "https://example.com"}]}
    return {"error": {"code": 403, "message": "No.", "status": "X", "details": [other, *details]}}


@pytest.mark.parametrize("form", [_older, _newer])
@pytest.mark.parametrize(("status", "reason", "fault"), REFUSALS)
def test_a_refusal_is_read_by_its_reason_in_either_form(
    form: Any, status: int, reason: str, fault: Fault
) -> None:
    refusal = refusal_of(status, json.dumps(form(reason)).encode())
    assert (refusal.fault, refusal.code) == (fault, reason)
    assert refusal.reasons == {reason.casefold()}


@pytest.mark.parametrize("spelling", [str.upper, str.lower, str.title])
@pytest.mark.parametrize("reason", BY_REASON)
def test_the_spelling_of_a_reason_does_not_matter(spelling: Any, reason: str) -> None:
    assert classify(403, [spelling(reason)]) == (BY_REASON[reason], spelling(reason))


@pytest.mark.parametrize(
    ("reasons", "fault"),
    [
        (("forbidden", "rateLimitExceeded"), Fault.LIMIT),
        (("rateLimitExceeded", "userRateLimitExceeded"), Fault.PERSON_LIMIT),
        (("forbidden", "SERVICE_DISABLED"), Fault.MISCONFIGURED),
        (("forbidden", "notACalendarUser"), Fault.NO_CALENDAR),
        (("forbidden", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), Fault.SCOPE),
        (("somethingNew", "forbidden"), Fault.DENIED),
        (("global", "anotherNewOne"), Fault.UNKNOWN),
    ],
)
def test_of_several_reasons_the_one_that_accuses_least_is_believed(
    reasons: tuple[str, ...], fault: Fault
) -> None:
    assert classify(403, reasons)[0] is fault
    assert classify(403, tuple(reversed(reasons)))[0] is fault


@pytest.mark.parametrize(
    "body", [b"", b"<html>Forbidden</html>", b"[]", b'{"error": "forbidden"}', b"{}", b"\xff"]
)
@pytest.mark.parametrize(("status", "fault"), WITHOUT_REASON.items())
def test_without_a_reason_little_is_believed(status: int, fault: Fault, body: bytes) -> None:
    refusal = refusal_of(status, body)
    assert (refusal.fault, refusal.reasons, refusal.code) == (fault, frozenset(), "")


@pytest.mark.parametrize(
    "entries", [None, {}, [None], ["x"], [{}], [{"reason": None}], [{"reason": "Ada's own words"}]]
)
def test_what_is_no_reason_is_passed_over(entries: Any) -> None:
    body = json.dumps({"error": {"errors": entries, "details": entries}}).encode()
    assert refusal_of(403, body).reasons == frozenset()


@pytest.mark.parametrize(("status", "fault"), BY_STATUS.items())
def test_no_status_alone_says_that_access_is_gone(status: int, fault: Fault) -> None:
    refusal = GoogleRefusal(status=status, fault=fault)
    assert not isinstance(domain_error(refusal, gone=ProviderUnavailable), AccessLost | AccessDenied)


def test_every_fault_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Fault)


@pytest.mark.parametrize(("fault", "meaning"), MEANINGS.items())
def test_a_refused_look_becomes_an_error_of_the_domain(fault: Fault, meaning: type[DomainError]) -> None:
    wait = timedelta(seconds=7)
    refusal = GoogleRefusal(status=403, fault=fault, code="theReason", retry_after=wait)
    with pytest.raises(meaning) as caught, translated(gone=CalendarGone):
        raise refusal
    assert caught.value.__cause__ is refusal
    if isinstance(caught.value, ProviderUnavailable):
        assert (caught.value.retry_after, caught.value.throttled) == (wait, refusal.limited)
    if isinstance(caught.value, ProviderMisconfigured):
        assert caught.value.code == "theReason"


@pytest.mark.parametrize("fault", [one for one in MEANINGS if MEANINGS[one] is ProviderUnavailable])
def test_only_an_outage_leaves_the_outcome_of_a_write_unknown(fault: Fault) -> None:
    with pytest.raises(ProviderUnavailable) as caught, translated(gone=CalendarGone, writing=True):
        raise GoogleRefusal(status=503, fault=fault)
    assert caught.value.outcome_unknown == (fault is Fault.UNAVAILABLE)


def test_a_rejected_write_is_refused_with_its_reason() -> None:
    with pytest.raises(WriteRefused) as caught, translated(gone=CalendarGone, writing=True):
        raise GoogleRefusal(status=400, fault=Fault.REJECTED, code="timeRangeEmpty")
    assert caught.value.code == "timeRangeEmpty"
