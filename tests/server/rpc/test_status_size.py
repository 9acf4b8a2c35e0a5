"""Whatever fails, and however much there is to say of it, the reason reaches the caller."""

import types
from datetime import timedelta
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from calendarsync.v1.calendar_service_pb2 import UpdateCalendarSettingsRequest
from server.rpc.calls.validation import (
    MOST_VIOLATIONS,
    require_no_nul,
    require_short_lists,
    require_valid,
)
from server.rpc.catalogue import CATALOGUE
from server.rpc.faults import RequestInvalid
from server.rpc.status_size import LARGEST_TRAILERS, status_that_fits, trailers_size
from tests.server.rpc.random_requests import random_requests
from tests.server.served import ERROR_DOMAIN, Api, answer_to, failure_of


def _filled(kind: Any, letter: str) -> Any:
    """A value of the type with as much in it as anybody could put there."""
    if get_origin(kind) is tuple:
        return tuple(_filled(get_args(kind)[0], letter) for _ in range(300))
    if get_origin(kind) in {types.UnionType, Any}:
        return _filled(get_args(kind)[0], letter)
    kind = getattr(kind, "__supertype__", kind)
    if kind is str:
        return letter * 5_000
    if hasattr(kind, "__dataclass_fields__") or issubclass(kind, Exception):
        return kind(**{name: _filled(hint, letter) for name, hint in get_type_hints(kind).items()})
    if issubclass(kind, Enum):
        return next(iter(kind))
    return {int: 10**9, bool: True, timedelta: timedelta(days=400)}[kind]


@pytest.mark.parametrize("letter", ["x", "é", "%", "\N{SLICE OF PIZZA}", "x "])
@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_error_of_the_catalogue_fits_however_much_it_carries(
    kind: type[Exception], letter: str
) -> None:
    answer = answer_to(_filled(kind, letter))

    assert trailers_size(answer.status) <= LARGEST_TRAILERS
    assert _info(answer.status).reason == answer.reason
    assert _info(answer.status).domain == ERROR_DOMAIN


def _info(status: status_pb2.Status) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return info


@given(
    message=st.text(max_size=3_000),
    metadata=st.dictionaries(st.text("ab", min_size=1, max_size=2), st.text(max_size=9_000), max_size=4),
    link=st.text(max_size=9_000),
    violations=st.integers(0, 200),
)
def test_the_reason_stays_and_the_rest_gives_way(
    message: str, metadata: dict[str, str], link: str, violations: int
) -> None:
    info = error_details_pb2.ErrorInfo(reason="SOME_REASON", domain="calendarsync", metadata=metadata)
    field = error_details_pb2.BadRequest.FieldViolation(field="a.b", description="must be so")
    details = [
        error_details_pb2.Help(links=[error_details_pb2.Help.Link(url=link)]),
        error_details_pb2.BadRequest(field_violations=[field] * violations),
    ]

    status = status_that_fits(3, message, info, details)

    assert trailers_size(status) <= LARGEST_TRAILERS
    assert _info(status).reason == "SOME_REASON"
    assert set(_info(status).metadata) == set(metadata)


def test_a_list_of_ids_is_cut_between_two_of_them_and_says_so() -> None:
    ids = [f"calendar-{number:04}" for number in range(900)]
    info = error_details_pb2.ErrorInfo(reason="R", metadata={"ids": " ".join(ids), "few": "a b"})

    told = _info(status_that_fits(3, "m", info, [])).metadata

    *whole, mark = told["ids"].split(" ")
    assert mark == "..."
    assert whole == ids[: len(whole)]
    assert len(whole) > 50
    assert told["few"] == "a b"


def test_what_helps_most_gives_way_last() -> None:
    """A link that is too long must not take the pause with it."""
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.seconds = 5
    details = [error_details_pb2.Help(links=[error_details_pb2.Help.Link(url="x" * 9_000)]), retry]

    status = status_that_fits(14, "m", error_details_pb2.ErrorInfo(reason="R"), details)

    assert [one.TypeName() for one in status.details] == ["google.rpc.ErrorInfo", "google.rpc.RetryInfo"]


@given(random_requests())
def test_every_request_however_broken_is_answered_in_few_violations_and_a_count(request: Message) -> None:
    broken = _broken_rules(request)
    if broken is None:
        return
    status = answer_to(broken).status

    assert trailers_size(status) <= LARGEST_TRAILERS
    assert 1 <= len(broken.violations) <= MOST_VIOLATIONS
    assert all(len(one.description) <= 200 for one in broken.violations)
    assert _info(status).metadata.get("more_violations", "0") == str(broken.more)
    told, all_of_them = min(3, len(broken.violations)), len(broken.violations) + broken.more
    assert (f"and {all_of_them - told} more)" in status.message) == (all_of_them > 3)


def _broken_rules(request: Message) -> RequestInvalid | None:
    try:
        require_short_lists(request)
        require_no_nul(request)
        require_valid(request)
    except RequestInvalid as broken:
        return broken
    return None


async def test_two_hundred_bad_ids_arrive_with_their_reason(api: Api) -> None:
    request = UpdateCalendarSettingsRequest()
    request.settings.expert_id = "expert-1"
    request.settings.conflict_calendar_ids.extend(f"with space {number}" for number in range(200))
    request.update_mask.paths.append("conflict_calendar_ids")

    failure = await failure_of(api.calendars.UpdateCalendarSettings(request))

    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.reason == "INVALID_REQUEST"
    assert len(failure.violations) == MOST_VIOLATIONS
    assert failure.metadata["more_violations"] == str(200 - MOST_VIOLATIONS)
    assert failure.message.endswith("; and 197 more)")
