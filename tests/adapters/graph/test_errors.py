"""What Graph's errors mean, code by code and status by status."""

import json
from datetime import timedelta

import pytest

from adapters.graph.errors import BY_CODE, BY_STATUS, Fault, GraphRefusal, classify, codes_in, translated
from domain.access import (
    AccessDenied,
    CalendarGone,
    EventMissing,
    InvalidAnswer,
    MailboxFull,
    MailboxSuspended,
    ProviderUnavailable,
    WriteRefused,
)
from domain.connection import MailboxNotServed
from domain.errors import DomainError

DOCUMENTED = [
    (400, "ErrorInvalidIdMalformed", Fault.GONE),
    (400, "TimeZoneNotSupportedException", Fault.REJECTED),
    (400, "ErrorPropertyValidationFailure", Fault.REJECTED),
    (400, "ErrorOccurrenceCrossingBoundary", Fault.REJECTED),
    (400, "ExpandNotSupported", Fault.REJECTED),
    (401, "InvalidAuthenticationToken", Fault.TOKEN),
    (403, "ErrorAccessDenied", Fault.DENIED),
    (403, "Authorization_RequestDenied", Fault.DENIED),
    (403, "", Fault.DENIED),
    (403, "ErrorItemNotFound", Fault.GONE),
    (404, "MailboxNotEnabledForRESTAPI", Fault.MAILBOX),
    (404, "MailboxNotSupportedForRESTAPI", Fault.MAILBOX),
    (404, "ErrorNonExistentMailbox", Fault.MAILBOX),
    (400, "ErrorNonExistentMailbox", Fault.MAILBOX),
    (403, "ErrorQuotaExceeded", Fault.FULL),
    (507, "ErrorInsufficientStorage", Fault.FULL),
    (507, "", Fault.FULL),
    (403, "ErrorAccountSuspend", Fault.SUSPENDED),
    (400, "ErrorAccountSuspendShowTierUpgrade", Fault.SUSPENDED),
    (404, "ErrorItemNotFound", Fault.GONE),
    (404, "ErrorFolderNotFound", Fault.GONE),
    (404, "SomethingNew", Fault.UNAVAILABLE),
    (404, "UnknownError", Fault.UNAVAILABLE),
    (404, "", Fault.UNAVAILABLE),
    (410, "ErrorItemNotFound", Fault.GONE),
    (410, "Gone", Fault.UNAVAILABLE),
    (409, "ErrorDuplicateTransactionId", Fault.CONFLICT),
    (409, "NameAlreadyExists", Fault.CONFLICT),
    (409, "ObjectIdentifierInUse", Fault.CONFLICT),
    (400, "InvalidRequest", Fault.REJECTED),
    (400, "ValidationError", Fault.REJECTED),
    (400, "ExtensionError", Fault.REJECTED),
    (403, "ExtensionError", Fault.DENIED),
    (404, "ExtensionError", Fault.UNAVAILABLE),
    (500, "ExtensionError", Fault.UNAVAILABLE),
    (404, "ResourceNotFound", Fault.GONE),
    (412, "ErrorIrresolvableConflict", Fault.CONFLICT),
    (429, "TooManyRequests", Fault.THROTTLED),
    (429, "ApplicationThrottled", Fault.THROTTLED),
    (429, "ErrorItemNotFound", Fault.THROTTLED),
    (503, "ApplicationThrottled", Fault.THROTTLED),
    (503, "MailboxConcurrency", Fault.THROTTLED),
    (500, "ErrorInternalServerError", Fault.UNAVAILABLE),
    (500, "ErrorInternalServerTransientError", Fault.UNAVAILABLE),
    (500, "generalException", Fault.UNAVAILABLE),
    (500, "ErrorItemNotFound", Fault.UNAVAILABLE),
    (502, "UnknownError", Fault.UNAVAILABLE),
    (503, "", Fault.UNAVAILABLE),
    (504, "UnknownError", Fault.UNAVAILABLE),
    (501, "NotImplemented", Fault.REJECTED),
    (418, "Teapot", Fault.REJECTED),
    (599, "SomethingNew", Fault.UNAVAILABLE),
]

MEANINGS: dict[Fault, type[DomainError]] = {
    Fault.TOKEN: ProviderUnavailable,
    Fault.DENIED: AccessDenied,
    Fault.MAILBOX: MailboxNotServed,
    Fault.FULL: ProviderUnavailable,
    Fault.SUSPENDED: MailboxSuspended,
    Fault.GONE: CalendarGone,
    Fault.CONFLICT: ProviderUnavailable,
    Fault.THROTTLED: ProviderUnavailable,
    Fault.UNAVAILABLE: ProviderUnavailable,
    Fault.REJECTED: InvalidAnswer,
}


@pytest.mark.parametrize(("status", "code", "fault"), DOCUMENTED)
def test_a_documented_error_has_its_meaning(status: int, code: str, fault: Fault) -> None:
    body = {"error": {"code": code, "message": "Words.", "innerError": {"date": "2026-01-01T00:00:00"}}}
    assert classify(status, codes_in(json.dumps(body).encode()))[0] is fault


def test_every_code_of_the_table_is_tried_above() -> None:
    tried = {code for _, code, _ in DOCUMENTED}
    assert set(BY_CODE) - tried == {
        "AccessDenied",
        "Forbidden",
        "ErrorInvalidParameter",
        "ErrorInvalidRequest",
        "ErrorNotSupported",
    }
    assert set(BY_STATUS) - {status for status, _, _ in DOCUMENTED} == {408, 423}


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_one_meaning_for_a_read(fault: Fault) -> None:
    with pytest.raises(DomainError) as caught, translated(gone=CalendarGone):
        raise GraphRefusal(status=400, fault=fault, code="Code", retry_after=timedelta(seconds=3))
    assert type(caught.value) is MEANINGS[fault]
    assert isinstance(caught.value.__cause__, GraphRefusal)


def test_a_rejected_write_is_told_with_its_code() -> None:
    with pytest.raises(WriteRefused) as caught, translated(gone=EventMissing, writing=True):
        raise GraphRefusal(status=400, fault=Fault.REJECTED, code="ErrorPropertyValidationFailure")
    assert caught.value.code == "ErrorPropertyValidationFailure"


def test_a_full_mailbox_is_told_to_whoever_writes() -> None:
    with pytest.raises(MailboxFull), translated(gone=EventMissing, writing=True):
        raise GraphRefusal(status=507, fault=Fault.FULL)


@pytest.mark.parametrize(
    ("fault", "unknown"), [(Fault.UNAVAILABLE, True), (Fault.THROTTLED, False), (Fault.TOKEN, False)]
)
def test_only_an_outage_leaves_the_outcome_of_a_write_open(fault: Fault, *, unknown: bool) -> None:
    with pytest.raises(ProviderUnavailable) as caught, translated(gone=EventMissing, writing=True):
        raise GraphRefusal(status=503, fault=fault, retry_after=timedelta(seconds=3))
    assert caught.value.outcome_unknown is unknown
    assert caught.value.retry_after == timedelta(seconds=3)
    assert caught.value.throttled is (fault is Fault.THROTTLED)


def test_the_deepest_known_code_decides() -> None:
    body = {
        "error": {
            "code": "UnknownError",
            "innerError": {"code": "ErrorItemNotFound", "innererror": {"code": "VeryDeep"}},
        }
    }
    assert codes_in(json.dumps(body).encode()) == ("VeryDeep", "ErrorItemNotFound", "UnknownError")
    assert classify(400, codes_in(json.dumps(body).encode())) == (Fault.GONE, "ErrorItemNotFound")


def test_a_number_as_deepest_code_does_not_hide_throttling() -> None:
    body = {"error": {"code": "TooManyRequests", "innerError": {"code": "429", "status": "429"}}}
    assert classify(429, codes_in(json.dumps(body).encode()))[0] is Fault.THROTTLED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><h1>404 Not Found</h1></html>",
        b"[]",
        b'{"error": "gone"}',
        b'{"error":',
        b"\xff\xfe",
        b"null",
    ],
)
@pytest.mark.parametrize("status", [400, 403, 404, 410, 412, 500, 501])
def test_an_error_in_other_words_than_graphs_proves_nothing(status: int, body: bytes) -> None:
    if status in {500, 501}:
        assert classify(status, codes_in(body))[0] is not Fault.GONE
    else:
        assert classify(status, codes_in(body))[0] is Fault.UNAVAILABLE


def test_a_code_that_is_no_word_is_not_handed_on() -> None:
    body = {"error": {"code": "anna@contoso.example.com was not found"}}
    assert classify(400, codes_in(json.dumps(body).encode())) == (Fault.REJECTED, "")
