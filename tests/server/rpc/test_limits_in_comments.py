"""The contract's comments name its limits: those of its rules, and those that are nowhere but in the code."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from secrets import token_urlsafe
from typing import Final

import pytest

from adapters.google.event_body import LONGEST_DESCRIPTION
from adapters.web.outside_text import LONGEST_ADDRESS, LONGEST_NAME
from application.availability.find_times import MOST_NAMED
from application.changes.watch_changes import HEARTBEAT
from buf.validate import validate_pb2
from domain.availability import LONGEST_WINDOW
from domain.doubt import OVER
from domain.hold import USUAL_LIFETIME
from domain.incident import REMINDED_AFTER
from domain.question_size import MOST_INTERVALS
from domain.wanted_times import MOST_STARTS
from server.rpc.answers import LARGEST_ANSWER
from server.rpc.bounds import PING_FLOOR
from server.rpc.callers.costs import STARTS_AN_INTERVAL
from server.rpc.callers.limits import LIVE_READING
from server.rpc.calls.validation import LARGEST_REQUEST, MOST_VIOLATIONS
from server.rpc.evidence_details import MOST_CHARACTERS
from server.rpc.paging import DEFAULT_PAGE_SIZE, MOST_ON_A_PAGE
from server.rpc.request_lists import LONGEST_OTHER_LIST
from server.rpc.servicers.availability import MOST_TIMES, USUAL_TIMES
from server.rpc.servicers.experts import MOST_RECORDS
from server.rpc.status_size import LARGEST_TRAILERS
from server.runtime.settings import Settings
from server.runtime.settings.kinds import LONGEST_NAME as LONGEST_DOMAIN
from tests.support.contract_comments import Element, elements

ELEMENTS: Final = {one.name: one for one in elements()}
RULED: Final = [name for name, one in ELEMENTS.items() if one.rules.ByteSize()]
PAGED: Final = [name for name in ELEMENTS if name.endswith(".page_size")]
OTHER_PAGES: Final = {
    "FindTimesRequest.page_size": (USUAL_TIMES, MOST_TIMES),
    "ExportExpertRequest.page_size": (DEFAULT_PAGE_SIZE, MOST_RECORDS),
}
KIB: Final = 1024


def _default(setting: str) -> int:
    default: float = Settings.model_fields[setting].default
    return int(default)


MINUTES_OF_A_READING: Final = _default("default_max_age_seconds") // 60
NODES_LONGEST_DEADLINE_DAYS: Final = 2**31 // 86_400_000 + 1
"""Whole days that don't fit into the milliseconds of its timers."""
IN_THE_CODE: Final[Mapping[str, set[int]]] = {
    "Account.email": {LONGEST_ADDRESS},
    "Account.display_name": {LONGEST_ADDRESS},  # the address stands in for a missing name
    "Calendar.name": {LONGEST_NAME},
    "Calendar.owner_name": {LONGEST_NAME},
    "Calendar.owner_email": {LONGEST_ADDRESS},
    "Incident.notice_count": {0, REMINDED_AFTER[-1].days},
    "ConfirmConnectionRequest.token": {len(token_urlsafe(32))},
    "UnreadReason.UNREAD_REASON_ACCESS_DOUBTED": {OVER // timedelta(minutes=1)},
    "AvailabilityService.BatchListBusyTimes": {MOST_INTERVALS},
    "AvailabilityService.FindTimes": {MOST_STARTS},
    "AvailabilityService.HoldTime": {15},  # as the rule of `lifetime` says
    "CheckTimesRequest.candidates": {LONGEST_WINDOW.days},
    "ListBusyTimesRequest.max_age": {MINUTES_OF_A_READING},
    "CheckTimesRequest.max_age": {MINUTES_OF_A_READING},
    "BatchListBusyTimesRequest.max_age": {MINUTES_OF_A_READING},
    "FindTimesRequest.max_age": {MINUTES_OF_A_READING},
    "FindTimesRequest.step": {15},
    "HoldTimeRequest.lifetime": {USUAL_LIFETIME // timedelta(minutes=1)},
    "UpdateCalendarSettingsRequest.update_mask": {LONGEST_OTHER_LIST},
    "PutExpertRequest.update_mask": {LONGEST_OTHER_LIST},
    "ChangeService": {
        _default("sweep_seconds"),
        _default("read_ahead_days"),
        _default("sessions_kept_days"),
    },
    "ChangeService.WatchChanges": {
        int(HEARTBEAT.total_seconds() * 1.5),
        PING_FLOOR.seconds,
        NODES_LONGEST_DEADLINE_DAYS,
        _default("most_streams"),
    },
    "ChangeType.CHANGE_TYPE_INCIDENT_NOTICE_DUE": {one.days for one in REMINDED_AFTER},
    "ErrorReason": {LARGEST_TRAILERS // KIB, LONGEST_DOMAIN},
    "ErrorReason.ERROR_REASON_INVALID_REQUEST": {LARGEST_REQUEST // KIB, MOST_VIOLATIONS},
    "ErrorReason.ERROR_REASON_TIME_TAKEN": {MOST_CHARACTERS},
    "ErrorReason.ERROR_REASON_AVAILABILITY_UNKNOWN": {MOST_CHARACTERS},
    "ErrorReason.ERROR_REASON_TOO_MANY_STREAMS": {_default("most_streams")},
    "ErrorReason.ERROR_REASON_QUESTION_TOO_LARGE": {MOST_INTERVALS, LARGEST_ANSWER},
    "ErrorReason.ERROR_REASON_SESSION_TOO_OLD": {_default("sessions_kept_days")},
    "ErrorReason.ERROR_REASON_CALLER_LIMIT_REACHED": {
        _default("caller_calls_at_once"),
        _default("caller_calls_per_second"),
        _default("caller_streams"),
        _default("caller_intervals_per_second"),
        STARTS_AN_INTERVAL,
        LIVE_READING,
    },
    "ErrorReason.ERROR_REASON_TOO_MANY_CALLS": {_default("most_calls")},
    "BatchPutExpertsRequest.requests": {LARGEST_REQUEST // KIB},
    "BatchPutSessionsRequest.requests": {LARGEST_REQUEST // KIB},
    "SessionDetails.text": {LONGEST_DESCRIPTION},
    "SessionEvent.written_revision": {0},
    "Session.revision": {1},
    "SessionService": {_default("sessions_kept_days")},
    **{name: {0, *OTHER_PAGES.get(name, (DEFAULT_PAGE_SIZE, MOST_ON_A_PAGE))} for name in PAGED},
    "FindTimesRequest.page_size": {0, *OTHER_PAGES["FindTimesRequest.page_size"], MOST_NAMED},
}


def _limits(element: Element) -> Iterator[str]:
    """What the comment has to say, as patterns."""
    assert element.field is not None
    yield from _of_values(element.rules)
    rules = element.rules
    for cel in rules.cel:
        if cel.id == "interval.length":
            yield "at most" + cel.message.partition("longer than")[2]
        if cel.id.endswith(".bounds"):
            yield "between 1980 and 2200"
    if (limit := rules.repeated.max_items) > 0:
        yield _range(rules.repeated.min_items, limit)
        for cel in rules.repeated.items.cel:
            if cel.id.endswith(".bounds"):
                yield "between 1980 and 2200"
        yield from _of_values(rules.repeated.items)


def _of_values(rules: validate_pb2.FieldRules) -> Iterator[str]:
    text, number, duration = rules.string, rules.int32, rules.duration
    if text.max_len:
        yield _range(text.min_len, text.max_len, "characters")
    bounds = re.findall(r"\{(\d+),(\d+)\}", text.pattern)
    for low, high in bounds:
        yield _range(int(low), int(high), "characters" if len(bounds) == 1 else "letters")
    if number.HasField("lte"):
        yield _range(number.gte, number.lte, zero=True)
    if duration.HasField("lte"):
        low, high = duration.gte.seconds, duration.lte.seconds
        yield f"{_long(low) if low else 0} to {_long(high)}"


def _range(low: int, high: int, unit: str = "", *, zero: bool = False) -> str:
    most = f"(?:{high}|{high:,})"
    words = rf"(?: [\w-]+){{0,2}} {unit}" if unit else ""
    return (f"{low} to {most}" if low or zero else f"at most {most}") + words


def _long(seconds: int) -> str:
    """As people say it."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0 and (seconds > size or unit != "day"):
            many = seconds // size
            return f"{many} {unit}" + ("s" if many > 1 else "")
    raise AssertionError(seconds)


@pytest.mark.parametrize("name", RULED)
def test_a_field_names_the_limits_of_its_rules(name: str) -> None:
    comment = ELEMENTS[name].comment
    missing = [one for one in _limits(ELEMENTS[name]) if not re.search(one + r"\b", comment, re.IGNORECASE)]
    assert not missing, comment


@pytest.mark.parametrize("name", PAGED)
def test_a_page_says_how_many_it_has(name: str) -> None:
    usual, most = OTHER_PAGES.get(name, (DEFAULT_PAGE_SIZE, MOST_ON_A_PAGE))
    assert f"0 means {usual}, and more than {most} means {most}" in ELEMENTS[name].comment


def test_every_other_number_is_what_the_code_has() -> None:
    """In all comments: none that nobody holds to anything, and none that is held to something and not there."""
    told = {name: one.numbers - _of_the_rules(one) for name, one in ELEMENTS.items()}
    expected = {name: values - _of_the_rules(ELEMENTS[name]) for name, values in IN_THE_CODE.items()}
    assert {name: numbers for name, numbers in told.items() if numbers} == {
        name: values for name, values in expected.items() if values
    }


def _of_the_rules(element: Element) -> set[int]:
    limits = " ".join(_limits(element)) if element.field is not None else ""
    messages = " ".join(one.message for one in element.rules.cel)
    return {int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", f"{limits} {messages}")}
