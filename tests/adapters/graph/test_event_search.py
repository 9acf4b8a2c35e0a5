"""Finding an event again whose creation nobody saw succeed, on the sandbox."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.access import InvalidAnswer, ProviderUnavailable
from domain.interval import Interval
from domain.session import EventPlace
from sandbox import Sandbox
from tests.adapters.graph.writing import SLOT, copy_for, create, find, written
from tests.support.microsoft import Connected, connected_to

LONG_BEFORE = Interval(SLOT.start - timedelta(days=40), SLOT.end - timedelta(days=40))


@pytest.mark.parametrize("mode", ["returns_first", "conflict"])
async def test_a_repeated_mark_leads_to_the_first_event(connected: Connected, mode: Any) -> None:
    connected.sandbox.world.settings.transaction_mode = mode
    copy = await copy_for(connected)
    assert await create(connected, copy) == await create(connected, copy)
    assert len(written(connected)) == 1


async def test_a_conflict_without_an_event_leaves_the_outcome_open(connected: Connected) -> None:
    copy = await copy_for(connected)
    connected.sandbox.world.faults.answer(
        409, code="ErrorDuplicateTransactionId", method="POST", path="/events"
    )
    with pytest.raises(ProviderUnavailable) as caught:
        await create(connected, copy)
    assert caught.value.outcome_unknown


STORED_AND_REPORTED_FAILED: list[dict[str, Any]] = [
    {"status": 503},
    {"status": 503, "headers": {"Retry-After": "3"}},
    {"status": 504, "body": {"error": {"code": "UnknownError"}}},
    {"status": 500, "body": "<html>oops</html>", "content_type": "text/html"},
    {"status": 201, "body": "<html>oops</html>", "content_type": "text/html"},
    {"status": 201, "body": {"error": {"code": "UnknownError"}}},
    {"status": 201, "body": {"subject": "without an id"}},
    {"status": 302},
    {"kind": "cut"},
    {"kind": "cut_inside"},
    {"kind": "truncate"},
]


@pytest.mark.parametrize("fault", STORED_AND_REPORTED_FAILED)
async def test_an_event_stored_and_reported_failed_is_found_again(
    connected: Connected, fault: dict[str, Any]
) -> None:
    connected.sandbox.world.settings.transaction_mode = "duplicates"
    copy = await copy_for(connected)
    connected.sandbox.world.faults.add(method="POST", path="/events", perform=True, **fault)
    with pytest.raises(ProviderUnavailable) as caught:
        await create(connected, copy)
    assert caught.value.outcome_unknown
    connected.sandbox.world.clock.advance(10)
    (event,) = written(connected)
    assert await find(connected, copy) == EventPlace(
        remote_calendar_id=copy.remote_calendar_id,
        remote_id=connected.sandbox.world.events.id_of("anna", event, immutable=True),
    )


@pytest.mark.parametrize("times", [(SLOT,), (LONG_BEFORE, SLOT), (SLOT, LONG_BEFORE)])
async def test_by_its_mark_alone_it_is_found_around_each_time_at_which_it_may_lie(
    connected: Connected, times: tuple[Interval, ...]
) -> None:
    copy = await copy_for(connected)
    place = await create(connected, copy)
    connected.sandbox.world.faults.answer(400, code="ErrorInvalidProperty", path="/events$", times=None)

    assert await find(connected, replace(copy, times=times)) == place
    assert await find(connected, replace(copy, times=(LONG_BEFORE,))) is None


async def test_a_creation_that_times_out_leaves_the_outcome_open(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, request_timeout=timedelta(milliseconds=300)) as connected:
        copy = await copy_for(connected)
        sandbox.world.faults.add(method="POST", kind="hang", seconds=60, perform=True)
        with pytest.raises(ProviderUnavailable) as caught:
            await create(connected, copy)
        assert caught.value.outcome_unknown
        sandbox.hangs.release()
        assert await find(connected, copy) is not None


async def test_nothing_is_found_where_nothing_was_written(connected: Connected) -> None:
    copy = await copy_for(connected)
    connected.sandbox.world.events.add(
        "anna", SLOT.start, SLOT.end, subject="Somebody else's", transaction_id="other"
    )
    assert await find(connected, copy) is None


async def test_looking_for_an_event_brings_in_nothing_but_ids_and_marks(connected: Connected) -> None:
    connected.sandbox.world.events.add(
        "anna", SLOT.start, SLOT.end, subject="Layoff planning", transaction_id="other"
    )
    assert await find(connected, await copy_for(connected)) is None
    assert connected.sandbox.world.traffic.properties() == {"id", "@odata.etag", "transactionId"}


async def test_an_event_moved_in_time_by_hand_is_found_by_its_tag(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    connected.sandbox.world.events.change(written(connected)[0], start=datetime(2031, 8, 1, 9, tzinfo=UTC))
    assert await find(connected, copy) == copy.place


@pytest.mark.parametrize(
    ("status", "code"), [(400, "ErrorInvalidRequest"), (403, "ErrorAccessDenied"), (501, "NotImplemented")]
)
async def test_a_calendar_that_knows_no_tags_is_searched_by_time(
    connected: Connected, status: int, code: str
) -> None:
    copy = await copy_for(connected)
    place = await create(connected, copy)
    fault = connected.sandbox.world.faults.answer(status, code=code, method="GET", path="/events$")
    assert await find(connected, copy) == place
    assert fault.hits == 1


async def test_a_filter_that_is_ignored_leads_to_nobody_elses_event(connected: Connected) -> None:
    copy = await copy_for(connected)
    foreign = {"value": [{"id": "AAMkforeign=", "transactionId": "other"}, {"id": "AAMkplain="}]}
    fault = connected.sandbox.world.faults.add(method="GET", path="/events$", status=200, body=foreign)
    assert await find(connected, copy) is None
    assert fault.hits == 1


TAG_SEARCH, VIEW = "/events$", "/calendarView$"
SILENCES: list[dict[str, Any]] = [
    {"status": 500, "body": {"error": {"code": "ErrorInternalServerError"}}},
    {"status": 504, "body": {"error": {"code": "UnknownError"}}},
    {"status": 404, "body": {"error": {"code": "UnknownError"}}},
    {"status": 400, "body": {"error": {"code": "ErrorInvalidRequest"}}},
    {"kind": "cut"},
    {"status": 200, "body": {"value": [{"id": "AAMkforeign="}]}},
]


@pytest.mark.parametrize("silence", SILENCES[:-1])
@pytest.mark.parametrize("witness", [TAG_SEARCH, VIEW])
@pytest.mark.parametrize("there", [True, False])
async def test_where_one_witness_is_silent_the_other_is_asked(
    connected: Connected, witness: str, silence: dict[str, Any], *, there: bool
) -> None:
    copy = await copy_for(connected)
    place = await create(connected, copy) if there else None
    connected.sandbox.world.faults.add(path=witness, times=None, **silence)
    assert await find(connected, copy) == place


@pytest.mark.parametrize("silence", SILENCES)
async def test_a_search_without_any_witness_says_nothing(
    connected: Connected, silence: dict[str, Any]
) -> None:
    copy = await copy_for(connected)
    await create(connected, copy)
    connected.sandbox.world.faults.add(path=TAG_SEARCH, times=None, **silence)
    connected.sandbox.world.faults.answer(503, code="UnknownError", path=VIEW, times=None)
    with pytest.raises(ProviderUnavailable):
        await find(connected, copy)


async def test_a_search_answered_with_nonsense_says_nothing(connected: Connected) -> None:
    copy = await copy_for(connected)
    connected.sandbox.world.faults.html(times=None)
    with pytest.raises(InvalidAnswer):
        await find(connected, copy)


async def test_a_conflict_that_can_not_be_looked_into_leaves_the_outcome_open(connected: Connected) -> None:
    copy = await copy_for(connected)
    faults = connected.sandbox.world.faults
    faults.answer(409, code="ErrorDuplicateTransactionId", method="POST", path="/events")
    faults.answer(403, code="ErrorAccessDenied", method="GET", times=None)
    with pytest.raises(ProviderUnavailable) as unknown:
        await create(connected, copy)
    assert unknown.value.outcome_unknown
