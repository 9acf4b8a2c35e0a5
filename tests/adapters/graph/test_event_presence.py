"""Neither absence nor presence is believed on one word: what answers to changes and removals prove, on the sandbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.access import EventMissing, ProviderUnavailable
from domain.event_digest import EventPart
from domain.interval import Interval
from domain.session import EventCopy
from domain.session_details import SessionDetails
from tests.adapters.graph.writing import DETAILS, SLOT, copy_for, create, find, written
from tests.support.microsoft import Connected

LATER = Interval(SLOT.start + timedelta(days=1), SLOT.end + timedelta(days=1))
OF_THE_ITEM = [
    (404, "ErrorItemNotFound"),
    (404, "ResourceNotFound"),
    (410, "ErrorItemNotFound"),
    (400, "ErrorInvalidIdMalformed"),
]
OUTAGES = [(404, "UnknownError"), (404, ""), (404, "NeverSeenBefore"), (410, "UnknownError"), (410, "")]


def _another_event(at: Interval) -> dict[str, Any]:
    start, end = (
        {"dateTime": instant.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}
        for instant in (at.start, at.end)
    )
    return {"id": "AAMkSomebodyElses=", "transactionId": "another", "start": start, "end": end}


async def _book(connected: Connected) -> EventCopy:
    copy = await copy_for(connected)
    return copy.at(await create(connected, copy))


async def _move(connected: Connected, copy: EventCopy) -> None:
    await connected.microsoft.writer.update(copy, LATER, DETAILS, parts={EventPart.TIME})


def _starts(connected: Connected) -> list[datetime]:
    return [event.start.replace(tzinfo=UTC) for event in written(connected)]


@pytest.mark.parametrize(("status", "code"), OF_THE_ITEM)
async def test_only_a_code_that_speaks_of_the_event_makes_it_missing(
    connected: Connected, status: int, code: str
) -> None:
    copy = await _book(connected)
    connected.sandbox.world.faults.answer(status, code=code, path="/events/", times=2)
    with pytest.raises(EventMissing):
        await _move(connected, copy)
    with pytest.raises(EventMissing):
        await connected.microsoft.writer.delete(copy)
    assert _starts(connected) == [SLOT.start]


@pytest.mark.parametrize(("status", "code"), OUTAGES)
async def test_every_other_answer_that_finds_nothing_is_an_outage(
    connected: Connected, status: int, code: str
) -> None:
    copy = await _book(connected)
    connected.sandbox.world.faults.answer(status, code=code, path="/events/", times=2)
    with pytest.raises(ProviderUnavailable):
        await _move(connected, copy)
    with pytest.raises(ProviderUnavailable):
        await connected.microsoft.writer.delete(copy)
    assert _starts(connected) == [SLOT.start]


@pytest.mark.parametrize(
    "answer",
    [{"status": 200, "body": body} for body in ({}, _another_event(LATER), _another_event(SLOT))]
    + [{"status": 204}, {"status": 200}],
)
async def test_a_change_that_was_not_made_is_not_believed(
    connected: Connected, answer: dict[str, Any]
) -> None:
    copy = await _book(connected)
    connected.sandbox.world.faults.add(method="PATCH", **answer)
    with pytest.raises(ProviderUnavailable) as caught:
        await _move(connected, copy)
    assert caught.value.outcome_unknown
    await _move(connected, copy)
    assert _starts(connected) == [LATER.start]


async def test_a_change_answered_with_the_old_times_is_not_believed(connected: Connected) -> None:
    copy = await _book(connected)
    old = _another_event(SLOT) | {"id": copy.remote_id}
    connected.sandbox.world.faults.add(method="PATCH", status=200, body=old)
    with pytest.raises(ProviderUnavailable):
        await _move(connected, copy)


async def test_an_event_that_comes_back_under_another_id_is_known_by_its_mark(connected: Connected) -> None:
    copy = await _book(connected)
    answer = _another_event(LATER) | {"transactionId": copy.mark}
    fault = connected.sandbox.world.faults.add(method="PATCH", status=200, body=answer, perform=True)
    await _move(connected, copy)
    assert fault.hits == 1


async def test_a_change_of_an_event_that_is_gone_a_moment_later_is_not_believed(connected: Connected) -> None:
    copy = await _book(connected)
    connected.sandbox.world.events.delete("anna", written(connected)[0])
    connected.sandbox.world.faults.add(method="PATCH", status=204)
    with pytest.raises(EventMissing):
        await _move(connected, copy)


@pytest.mark.parametrize("mode", ["no_content", "empty", "ignored"])
async def test_a_change_that_sets_no_times_is_confirmed_at_the_owners_own(
    connected: Connected, mode: Any
) -> None:
    copy = await _book(connected)
    connected.sandbox.world.events.change(written(connected)[0], start=LATER.start, end=LATER.end)
    connected.sandbox.world.settings.minimal_answer = mode
    title = SessionDetails(title="Another")
    await connected.microsoft.writer.update(copy, SLOT, title, parts={EventPart.TITLE})
    assert [event.subject for event in written(connected)] == ["Another"]
    assert _starts(connected) == [LATER.start]


@pytest.mark.parametrize("mode", ["no_content", "empty", "ignored"])
async def test_a_change_is_confirmed_however_the_wish_for_no_answer_is_taken(
    connected: Connected, mode: Any
) -> None:
    copy = await _book(connected)
    connected.sandbox.world.settings.minimal_answer = mode
    await _move(connected, copy)
    assert _starts(connected) == [LATER.start]


async def test_nothing_that_the_owner_added_comes_in_with_a_change(connected: Connected) -> None:
    copy = await _book(connected)
    connected.sandbox.world.events.change(written(connected)[0], body="Dr. Weiss, test results")
    connected.sandbox.world.traffic.clear()
    await _move(connected, copy)
    assert connected.sandbox.world.traffic.properties(method="PATCH") == set()
    assert connected.sandbox.world.traffic.properties() == {
        "@odata.etag", "id", "transactionId", "start.dateTime", "start.timeZone", "end.dateTime", "end.timeZone",
    }  # fmt: skip


@pytest.mark.parametrize("zone", ["Etc/GMT", "GMT Standard Time", "W. Europe Standard Time"])
async def test_times_are_compared_as_instants(connected: Connected, zone: str) -> None:
    copy = await _book(connected)
    hour = {"Etc/GMT": 9, "GMT Standard Time": 10, "W. Europe Standard Time": 11}[zone]  # summer time
    answer = {
        "id": copy.remote_id,
        "start": {"dateTime": f"2031-05-07T{hour:02}:00:00.0000000", "timeZone": zone},
        "end": {"dateTime": f"2031-05-07T{hour + 1:02}:00:00.0000000", "timeZone": zone},
    }
    fault = connected.sandbox.world.faults.add(method="PATCH", status=200, body=answer)
    await _move(connected, copy)
    assert fault.hits == 1


@pytest.mark.parametrize("body", [{}, _another_event(SLOT), _another_event(LATER)])
async def test_a_creation_answered_with_something_else_leaves_the_outcome_open(
    connected: Connected, body: dict[str, Any]
) -> None:
    copy = await copy_for(connected)
    connected.sandbox.world.faults.add(method="POST", status=201, body=body, perform=True)
    with pytest.raises(ProviderUnavailable) as caught:
        await create(connected, copy)
    assert caught.value.outcome_unknown
    place = await find(connected, copy)
    assert place is not None
    assert place.remote_id != "AAMkSomebodyElses="


async def test_a_repeat_that_is_answered_with_the_first_event_in_an_old_state_is_looked_into(
    connected: Connected,
) -> None:
    copy = await copy_for(connected)
    await create(connected, copy)
    with pytest.raises(ProviderUnavailable) as caught:
        await connected.microsoft.writer.create(copy, LATER, SessionDetails(title="Moved meanwhile"))
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("code", ["ErrorItemNotFound", "UnknownError"])
async def test_a_calendar_that_is_listed_and_takes_no_event_is_an_outage(
    connected: Connected, code: str
) -> None:
    copy = await copy_for(connected)
    connected.sandbox.world.faults.answer(404, code=code, method="POST", perform=True)
    with pytest.raises(ProviderUnavailable) as caught:
        await create(connected, copy)
    assert caught.value.outcome_unknown
    assert await find(connected, copy) is not None
