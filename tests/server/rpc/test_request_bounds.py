"""How much work and how many words a request can cause: its lists first, and only the first of its faults."""

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.type.interval_pb2 import Interval

from buf.validate import validate_pb2
from calendarsync.v1 import calendar_pb2, session_service_pb2
from calendarsync.v1.availability_service_pb2 import CheckTimesRequest
from calendarsync.v1.calendar_service_pb2 import UpdateCalendarSettingsRequest
from server.rpc.calls.validation import LARGEST_REQUEST, decoded, require_short_lists, require_valid
from server.rpc.faults import RequestInvalid
from tests.server.rpc.random_requests import REQUESTS
from tests.server.served import Api, failure_of

MANY_CALENDARS = calendar_pb2.CalendarSettings(conflict_calendar_ids=["x"] * 201)
MANY_PATHS = FieldMask(paths=["write_calendar_id"] * 101)


@pytest.mark.parametrize("each", [b"\x0a\x00", b"\x0a\x01\x00", b"\x0a\x01x"])
async def test_hundreds_of_thousands_of_items_cost_one_look_at_their_number(
    api: Api, each: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts the work: no rule is worked out and no text is looked at."""
    looked: list[object] = []
    monkeypatch.setattr("protovalidate.collect_violations", looked.append)
    monkeypatch.setattr("server.rpc.request_text._paths", lambda *_: iter(looked))
    call: Any = api.channel.unary_unary("/calendarsync.v1.AvailabilityService/BatchListBusyTimes")

    failure = await failure_of(call(each * (600_000 // len(each))))

    assert failure.fields == {"expert_ids": "REPEATED_MAX_ITEMS"}
    assert "more_violations" not in failure.metadata
    assert looked == []


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (UpdateCalendarSettingsRequest(settings=MANY_CALENDARS), {"settings.conflict_calendar_ids"}),
        (UpdateCalendarSettingsRequest(update_mask=MANY_PATHS), {"update_mask.paths"}),
        (
            UpdateCalendarSettingsRequest(settings=MANY_CALENDARS, update_mask=MANY_PATHS),
            {"settings.conflict_calendar_ids", "update_mask.paths"},
        ),
        (CheckTimesRequest(candidates=[Interval()] * 201), {"candidates"}),
        (CheckTimesRequest(exclude_session_ids=[""] * 101), {"exclude_session_ids"}),
    ],
)
def test_every_list_that_is_too_long_is_named_and_nothing_else(request_: Message, fields: set[str]) -> None:
    with pytest.raises(RequestInvalid) as raised:
        require_short_lists(request_)

    assert {one.field for one in raised.value.violations} == fields
    assert {one.rule for one in raised.value.violations} == {"repeated.max_items"}


LISTS = [(kind, field) for kind in REQUESTS for field in kind.DESCRIPTOR.fields if field.is_repeated]


@pytest.mark.parametrize(("kind", "field"), LISTS, ids=[field.full_name for _, field in LISTS])
def test_one_item_more_than_the_contract_allows_is_too_long(kind: type[Message], field: Any) -> None:
    rules: Any = field.GetOptions().Extensions[validate_pb2.field]
    item: Any = {} if field.message_type else 1 if field.enum_type else ""

    require_short_lists(kind(**{field.name: [item] * rules.repeated.max_items}))
    with pytest.raises(RequestInvalid):
        require_short_lists(kind(**{field.name: [item] * (rules.repeated.max_items + 1)}))


def test_the_largest_request_that_the_rules_let_in_has_a_quarter_of_the_room() -> None:
    """Or a large request would be refused by a limit that nobody told."""
    request = session_service_pb2.PutSessionRequest(expert_id="e" * 128, session_id="s" * 128)
    request.interval.start_time.seconds, request.interval.end_time.seconds = 10**9, 10**9 + 60
    request.details.title = request.details.place = "\N{SLICE OF PIZZA}" * 255
    request.details.text = "\N{SLICE OF PIZZA}" * 32_768
    request.details.join_url = "https://meet.example/".ljust(2_048, "a")
    raw = request.SerializeToString()

    require_valid(decoded(raw, type(request).FromString))

    assert len(raw) <= LARGEST_REQUEST // 4


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"\x22\x05\x0a\x03\xed\xa0\x80", "details.title"),
        (b"\x22\x05\x12\x03\xed\xa0\x80", "details.text"),
        (b"\x22\x05\x1a\x03\xed\xbf\xbf", "details.place"),
        (b"\x0a\x01e\x12\x02\xc3\x28", "session_id"),
    ],
)
def test_half_a_surrogate_pair_is_refused_with_its_field(raw: bytes, field: str) -> None:
    with pytest.raises(RequestInvalid) as raised:
        decoded(raw, session_service_pb2.PutSessionRequest.FromString)

    assert [(one.field, one.rule) for one in raised.value.violations] == [(field, "string.utf8")]
