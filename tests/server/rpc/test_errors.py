"""The catalogue of errors."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType

import grpc
import pytest
from google.rpc import error_details_pb2

import application
import domain
from application.ports.store import StoreUnavailable
from calendarsync.v1.error_reason_pb2 import ErrorReason
from domain.access import ProviderUnavailable
from domain.availability import NEXT_LOOK, Unread, UnreadReason
from domain.errors import DomainError
from domain.hold import CalendarsUnreadable
from domain.ids import AccountId, CalendarId
from domain.permissions import PermissionsMissing
from domain.session import SessionNotFound
from server.rpc.catalogue import CATALOGUE, INTERNAL_ONLY, UNEXPECTED, help_links, reason_of
from server.rpc.catalogue.booking import BOOKING
from server.rpc.catalogue.callers import CALLERS
from server.rpc.catalogue.connecting import CONNECTING
from server.rpc.catalogue.outages import OUTAGES
from server.rpc.catalogue.requests import REQUESTS
from server.rpc.evidence_details import needed_acts
from tests.server.served import ERROR_DOMAIN, answer_to


def _all_domain_errors() -> set[type[DomainError]]:
    for package in (domain, application):
        _import_all(package)
    return set(_below(DomainError))


def _import_all(package: ModuleType) -> None:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


def _below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def test_every_domain_error_is_in_the_catalogue_or_internal_for_a_reason() -> None:
    errors = {one for one in _all_domain_errors() if one.__module__.startswith(("domain.", "application."))}

    assert errors
    assert errors == {one for one in CATALOGUE if issubclass(one, DomainError)} | set(INTERNAL_ONLY)
    assert not set(CATALOGUE) & set(INTERNAL_ONLY)
    assert all(INTERNAL_ONLY.values())


def test_no_error_stands_in_two_parts_of_the_catalogue() -> None:
    assert len(CATALOGUE) == sum(len(part) for part in (CALLERS, REQUESTS, CONNECTING, BOOKING, OUTAGES))


def test_every_reason_of_the_contract_is_given_by_some_error() -> None:
    given = {entry.reason for entry in CATALOGUE.values()} | {UNEXPECTED.reason}

    assert given == set(ErrorReason.values()) - {ErrorReason.ERROR_REASON_UNSPECIFIED}


def test_codes_are_those_the_contract_names() -> None:
    """The comment of each reason begins with its code."""
    from pathlib import Path

    text = Path("proto/calendarsync/v1/error_reason.proto").read_text(encoding="utf-8")
    promised: dict[str, str] = {}
    comment = ""
    for line in (one.strip() for one in text.splitlines()):
        if line.startswith("//"):
            comment += " " + line.removeprefix("//").strip()
        elif line.startswith("ERROR_REASON_"):
            promised[line.split(" ")[0]] = comment.strip().split(".")[0]
            comment = ""
        else:
            comment = ""

    for entry in (*CATALOGUE.values(), UNEXPECTED):
        assert entry.code.name == promised[ErrorReason.Name(entry.reason)], ErrorReason.Name(entry.reason)


def test_what_nobody_foresaw_is_internal_with_a_log_id_and_no_text() -> None:
    answer = answer_to(KeyError("maria@experts.example"))

    assert answer.code is grpc.StatusCode.INTERNAL
    assert answer.reason == "INTERNAL"
    assert answer.log_id
    assert "maria" not in str(answer.status)
    info = error_details_pb2.ErrorInfo()
    answer.status.details[0].Unpack(info)
    assert dict(info.metadata) == {"log_id": answer.log_id}


def test_every_reason_has_the_domain_that_it_was_given() -> None:
    for error in (SessionNotFound(), KeyError("maria@experts.example")):
        info = error_details_pb2.ErrorInfo()
        answer_to(error).status.details[0].Unpack(info)
        assert info.domain == ERROR_DOMAIN


def test_an_error_that_callers_never_meet_is_internal_when_they_do() -> None:
    for kind in INTERNAL_ONLY:
        assert reason_of(kind.__new__(kind)) == "INTERNAL"


def test_a_subclass_is_answered_as_its_parent() -> None:
    class Special(SessionNotFound):
        pass

    try:
        assert reason_of(Special()) == "SESSION_NOT_FOUND"
    finally:
        del Special
        import gc

        gc.collect()  # or the catalogue's test would meet it


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (ProviderUnavailable(retry_after=timedelta(seconds=2.5)), 2.5),
        (ProviderUnavailable(), 5),
        (StoreUnavailable(), 1),
    ],
)
def test_waiting_helps_where_the_answer_says_how_long(error: Exception, seconds: float) -> None:
    info = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(info) for detail in answer_to(error).status.details)
    assert info.retry_delay.ToTimedelta() == timedelta(seconds=seconds)


def test_missing_permissions_are_told_in_words_where_there_are_some() -> None:
    words = ("see when you are busy", "add sessions to your calendar")
    info = error_details_pb2.ErrorInfo()
    error = PermissionsMissing(missing=("one", "other"), described=words)

    assert any(detail.Unpack(info) for detail in answer_to(error).status.details)
    assert dict(info.metadata) == {"missing": "one other", "described": "; ".join(words)}


def test_help_is_for_those_who_can_act() -> None:
    assert help_links(SessionNotFound()) == ()


@pytest.mark.parametrize("reason", [reason for reason, pause in NEXT_LOOK.items() if pause is None])
def test_says_what_a_person_must_do_about_a_calendar_that_waiting_does_not_help(reason: UnreadReason) -> None:
    unread = Unread(calendar_id=CalendarId("calendar-1"), account_id=AccountId("account-1"), reason=reason)
    (violation,) = needed_acts(CalendarsUnreadable(unread=(unread,))).violations
    assert violation.type == reason.name
    assert violation.subject in {"calendar-1", "account-1"}
    assert violation.description


def test_every_reason_says_how_soon_another_look_may_help() -> None:
    assert set(NEXT_LOOK) == set(UnreadReason)
