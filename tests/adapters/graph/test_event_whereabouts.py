"""Where an event is that was said to be missing, through all that can happen to a mailbox, on the sandbox."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.access import CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.interval import Interval
from domain.session import EventCopy, EventPlace
from tests.adapters.graph.writing import SLOT, copy_for, create, find, written
from tests.support.microsoft import Connected

FAR_AWAY = Interval(SLOT.start + timedelta(days=90), SLOT.end + timedelta(days=90))


async def _book(connected: Connected, person: str = "anna", calendar: str | None = None) -> EventCopy:
    copy = await copy_for(connected, person, calendar)
    return copy.at(await create(connected, copy))


def _place(
    connected: Connected, copy: EventCopy, person: str = "anna", calendar: str | None = None
) -> EventPlace:
    (event,) = written(connected, person, calendar)
    return EventPlace(
        remote_calendar_id=connected.calendar_id(person, calendar),
        remote_id=connected.sandbox.world.events.id_of(person, event, immutable=True),
    )


async def test_an_event_is_found_after_its_whole_mailbox_was_moved(connected: Connected) -> None:
    copy = await _book(connected)
    connected.sandbox.world.events.move_mailbox("anna")
    place = await find(connected, copy)
    assert place == _place(connected, copy)
    assert place != copy.place


async def test_an_event_in_a_shared_calendar_is_found_after_the_mailbox_was_moved(
    connected: Connected,
) -> None:
    copy = await _book(connected, "dora", "ben-writable")
    connected.sandbox.world.events.move_mailbox("dora")
    assert await find(connected, copy) == _place(connected, copy, "dora", "ben-writable")


async def test_an_event_restored_from_the_bin_is_found(connected: Connected) -> None:
    copy = await _book(connected)
    (event,) = written(connected)
    connected.sandbox.world.events.delete("anna", event)
    assert await find(connected, copy) is None
    connected.sandbox.world.events.restore(event.uid)
    assert await find(connected, copy) == copy.place


async def test_an_event_without_its_transaction_id_is_found_by_tag_and_by_id(connected: Connected) -> None:
    copy = await _book(connected)
    written(connected)[0].transaction_id = None
    assert await find(connected, replace(copy, remote_id=None)) == copy.place
    connected.sandbox.world.faults.answer(500, code="ErrorInternalServerError", path="/events$", times=None)
    assert await find(connected, copy) == copy.place


@pytest.mark.parametrize("path", ["/events$", "/events/"])
async def test_an_event_moved_to_another_calendar_is_found_by_the_witness_that_speaks(
    connected: Connected, path: str
) -> None:
    copy = await _book(connected)
    connected.sandbox.world.events.move("anna", written(connected)[0], "team")
    connected.sandbox.world.faults.answer(503, code="UnknownError", path=path, times=None)
    assert await find(connected, copy) == _place(connected, copy, calendar="team")


async def test_nothing_is_said_of_an_event_while_another_calendar_is_silent(connected: Connected) -> None:
    copy = await _book(connected)
    connected.sandbox.world.events.move("anna", written(connected)[0], "team")
    team = connected.calendar_id("anna", "team").rstrip("=")
    connected.sandbox.world.faults.answer(503, code="UnknownError", path=team, times=None)
    with pytest.raises(ProviderUnavailable):
        await find(connected, copy)
    connected.sandbox.world.faults.clear()
    assert await find(connected, copy) == _place(connected, copy, calendar="team")


async def test_a_calendar_shared_in_the_old_way_holds_nobody_up(connected: Connected) -> None:
    """It is listed as writable, and answers with an error that never passes."""
    copy = await _book(connected, "dora")
    connected.sandbox.world.events.delete("dora", written(connected, "dora")[0])
    shared = connected.calendar_id("dora", "ben-writable").rstrip("=")
    connected.sandbox.world.faults.answer(
        500, code="ErrorInternalServerTransientError", path=shared, times=None
    )
    assert await find(connected, copy) is None


@pytest.mark.parametrize("code", ["ErrorItemNotFound", "UnknownError", ""])
async def test_nothing_is_said_while_the_whole_mailbox_is_not_found(connected: Connected, code: str) -> None:
    copy = await _book(connected)
    connected.sandbox.world.faults.answer(404, code=code, times=None)
    with pytest.raises(ProviderUnavailable):
        await find(connected, copy)
    connected.sandbox.world.faults.clear()
    assert await find(connected, copy) == copy.place


async def test_nothing_is_said_while_the_list_of_calendars_is_empty(connected: Connected) -> None:
    copy = await _book(connected)
    connected.sandbox.world.events.delete("anna", written(connected)[0])
    connected.sandbox.world.people.change("anna", calendar_list="empty")
    with pytest.raises(InvalidAnswer):
        await find(connected, copy)


async def test_a_calendar_that_is_listed_though_it_is_not_found_leaves_all_open(connected: Connected) -> None:
    copy = await _book(connected)
    own = copy.remote_calendar_id.rstrip("=")
    connected.sandbox.world.faults.answer(404, code="ErrorItemNotFound", path=own, times=None)
    with pytest.raises(ProviderUnavailable):
        await find(connected, copy)


async def test_an_event_is_gone_with_its_calendar(connected: Connected) -> None:
    copy = await _book(connected, calendar="team")
    connected.sandbox.world.calendars.remove("anna", "team")
    with pytest.raises(CalendarGone):
        await find(connected, copy)


async def test_an_event_moved_out_of_a_calendar_that_was_removed_is_found(connected: Connected) -> None:
    copy = await _book(connected, calendar="team")
    connected.sandbox.world.events.move("anna", written(connected, calendar="team")[0], "primary")
    connected.sandbox.world.calendars.remove("anna", "team")
    assert await find(connected, copy) == _place(connected, copy)


async def test_a_copy_of_it_is_not_taken_for_the_event_itself(connected: Connected) -> None:
    copy = await _book(connected)
    (event,) = written(connected)
    connected.sandbox.world.events.add(
        "anna",
        FAR_AWAY.start,
        FAR_AWAY.end,
        transaction_id=event.transaction_id,
        extended=dict(event.extended),
    )
    assert await find(connected, copy) == copy.place


async def test_an_event_is_found_among_very_many_calendars(connected: Connected) -> None:
    copy = await _book(connected)
    for number in range(40):
        connected.sandbox.world.calendars.add("anna", f"more-{number}", f"More {number}")
    connected.sandbox.world.events.move("anna", written(connected)[0], "more-39")
    connected.sandbox.world.settings.delay_seconds = 0.005
    assert await find(connected, copy) == _place(connected, copy, calendar="more-39")
    assert connected.sandbox.world.traffic.peak("anna") == 4


async def test_a_look_ends_where_the_mailbox_wants_to_be_left_alone(connected: Connected) -> None:
    copy = await _book(connected)
    connected.sandbox.world.events.delete("anna", written(connected)[0])
    team = connected.calendar_id("anna", "team").rstrip("=")
    connected.sandbox.world.faults.answer(429, code="TooManyRequests", retry_after="60", path=team)
    with pytest.raises(ProviderUnavailable) as caught:
        await find(connected, copy)
    assert caught.value.throttled
