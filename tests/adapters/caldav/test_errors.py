"""What refusals mean: the table of statuses, and the conditions that a body names."""

from http import HTTPStatus

import pytest

from adapters.caldav.errors import (
    BY_STATUS,
    DavRefusal,
    Fault,
    conditions_in,
    domain_error,
    refusal_of,
    translated,
)
from domain.access import (
    AccessDenied,
    AccessDoubted,
    AccessLost,
    CalendarGone,
    EventMissing,
    InvalidAnswer,
    MailboxFull,
    ProviderUnavailable,
    WriteRefused,
)
from domain.errors import DomainError
from domain.ids import AccountId


def error(*conditions: str) -> bytes:
    caldav = 'xmlns:c="urn:ietf:params:xml:ns:caldav"'
    return f'<d:error xmlns:d="DAV:" {caldav}>{"".join(conditions)}</d:error>'.encode()


NO_PRIVILEGE = error("<d:need-privileges><d:resource><d:href>/1/</d:href></d:resource></d:need-privileges>")
INVALID = error("<c:valid-calendar-data>no DTSTART: Lunch with Bob</c:valid-calendar-data>")
SAME_UID_ELSEWHERE = error("<c:unique-scheduling-object-resource/>")
SAME_UID = error("<c:no-uid-conflict><d:href>/1/calendars/home/secret.ics</d:href></c:no-uid-conflict>")
QUOTA = error("<d:quota-not-exceeded/>")

DOUBTED = AccessDoubted(account_id=AccountId("account"), grant_version=1)

MEANINGS: list[tuple[int, bytes, type[DomainError], type[DomainError]]] = [
    (400, b"", InvalidAnswer, WriteRefused),
    (401, b"", AccessDoubted, AccessDoubted),
    (403, b"", AccessDenied, AccessDenied),
    (403, NO_PRIVILEGE, AccessDenied, AccessDenied),
    (403, INVALID, InvalidAnswer, WriteRefused),
    (403, SAME_UID, InvalidAnswer, WriteRefused),
    (403, SAME_UID_ELSEWHERE, InvalidAnswer, WriteRefused),
    (404, b"", EventMissing, EventMissing),
    (405, b"", AccessDenied, AccessDenied),
    (409, b"", ProviderUnavailable, ProviderUnavailable),
    (410, b"", EventMissing, EventMissing),
    (412, b"", ProviderUnavailable, ProviderUnavailable),
    (413, b"", InvalidAnswer, WriteRefused),
    (415, b"", InvalidAnswer, WriteRefused),
    (418, b"", InvalidAnswer, WriteRefused),
    (429, b"", ProviderUnavailable, ProviderUnavailable),
    (500, b"<html/>", ProviderUnavailable, ProviderUnavailable),
    (501, b"", ProviderUnavailable, ProviderUnavailable),
    (503, b"", ProviderUnavailable, ProviderUnavailable),
    (507, b"", InvalidAnswer, MailboxFull),
    (507, QUOTA, InvalidAnswer, MailboxFull),
    (403, QUOTA, InvalidAnswer, MailboxFull),
]


@pytest.mark.parametrize(("status", "body", "read", "written"), MEANINGS)
def test_a_refusal_has_a_meaning(
    status: int, body: bytes, read: type[DomainError], written: type[DomainError]
) -> None:
    refusal = refusal_of(status, body)
    assert type(domain_error(refusal, gone=EventMissing, password=DOUBTED)) is read
    assert type(domain_error(refusal, gone=EventMissing, password=DOUBTED, writing=True)) is written


@pytest.mark.parametrize("status", [one.value for one in HTTPStatus if one >= 400])
@pytest.mark.parametrize("writing", [True, False])
def test_no_status_is_lost_access_by_itself(status: int, *, writing: bool) -> None:
    meant = domain_error(refusal_of(status), gone=CalendarGone, password=DOUBTED, writing=writing)
    assert not isinstance(meant, AccessLost)


def test_a_refused_password_is_what_the_caller_says() -> None:
    with pytest.raises(AccessDoubted) as caught, translated(gone=EventMissing, password=DOUBTED):
        raise refusal_of(401)
    assert caught.value is DOUBTED


def test_the_cause_is_kept() -> None:
    with pytest.raises(EventMissing) as caught, translated(gone=EventMissing, password=DOUBTED):
        raise refusal_of(404)
    assert isinstance(caught.value.__cause__, DavRefusal)


@pytest.mark.parametrize(
    ("status", "unknown"), [(500, True), (502, True), (503, True), (429, False), (409, False)]
)
def test_what_became_of_a_write_is_unknown_after_a_failure_of_the_servers(
    status: int, *, unknown: bool
) -> None:
    meant = domain_error(refusal_of(status), gone=EventMissing, password=DOUBTED, writing=True)
    assert isinstance(meant, ProviderUnavailable)
    assert meant.outcome_unknown is unknown
    asked = domain_error(refusal_of(status), gone=EventMissing, password=DOUBTED)
    assert isinstance(asked, ProviderUnavailable)
    assert not asked.outcome_unknown


@pytest.mark.parametrize(("status", "throttled"), [(429, True), (503, True), (500, False)])
def test_throttling_is_told_as_such(status: int, *, throttled: bool) -> None:
    meant = domain_error(refusal_of(status), gone=EventMissing, password=DOUBTED)
    assert isinstance(meant, ProviderUnavailable)
    assert meant.throttled is throttled


def test_every_fault_is_met_by_a_status() -> None:
    assert {*BY_STATUS.values()} == {*Fault}


def test_the_code_is_a_condition_and_no_text_of_the_servers() -> None:
    assert refusal_of(403, INVALID).code == "valid-calendar-data"
    assert refusal_of(403, b"Lunch with Bob").code == "status 403"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><need-privileges/></html>",
        b'<!DOCTYPE x><error xmlns="DAV:"><need-privileges/></error>',
        b'<error xmlns="DAV:"><need-privileges/>',
        b"<error><need-privileges/></error>",
        b'{"error": 1}',
        error('<x xmlns="urn:anna"/>', "<d:Anna.Smith/>"),
    ],
)
def test_what_is_no_condition_is_passed_over(body: bytes) -> None:
    assert conditions_in(body) == ()


def test_conditions_are_read_in_both_namespaces() -> None:
    body = error("<d:need-privileges/>", "<c:valid-calendar-data/>")
    assert conditions_in(body) == ("need-privileges", "valid-calendar-data")


def test_a_body_that_is_too_long_for_a_condition_is_not_read() -> None:
    def body(more: int) -> bytes:
        return b'<error xmlns="DAV:"><need-privileges/>' + b" " * more + b"</error>"

    assert refusal_of(403, body(60_000)).conditions == ("need-privileges",)
    assert refusal_of(403, body(64_000)).conditions == ()
