"""Changing and removing events, also such as their owner changed by hand, on the sandbox."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access import EventMissing, InvalidAnswer, ProviderUnavailable
from domain.interval import Interval
from domain.session import SessionDetails
from tests.adapters.graph.writing import DETAILS, SLOT, copy_for, create, find, written
from tests.support.microsoft import Connected


async def test_an_update_brings_the_event_to_the_sessions_state(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    later = Interval(SLOT.start + timedelta(days=1), SLOT.end + timedelta(days=1))
    changed = SessionDetails(title="Moved", reminder_minutes=5)
    await connected.microsoft.writer.update(copy, later, changed, set_reminder=True)
    (event,) = written(connected)
    assert (event.subject, event.body, event.location) == ("Moved", "", "")
    assert event.start == later.start.replace(tzinfo=None)
    assert (event.reminder_on, event.reminder_minutes) == (True, 5)


async def test_the_owners_own_status_and_reminder_stay(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    connected.sandbox.world.events.change(
        written(connected)[0], show_as="free", reminder_minutes=45, categories=["Red"]
    )
    await connected.microsoft.writer.update(copy, SLOT, DETAILS, set_reminder=False)
    (event,) = written(connected)
    assert (event.show_as, event.reminder_minutes, event.categories) == ("free", 45, ["Red"])


async def test_an_event_moved_to_another_calendar_by_hand_is_reached_where_it_is_found(
    connected: Connected,
) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    connected.sandbox.world.events.move("anna", written(connected)[0], "team")
    place = await find(connected, copy)
    assert place is not None
    moved = copy.at(place)
    await connected.microsoft.writer.update(moved, SLOT, SessionDetails(title="Reached"), set_reminder=False)
    assert [event.subject for event in written(connected, "anna", "team")] == ["Reached"]
    await connected.microsoft.writer.delete(moved)
    assert written(connected, "anna", "team") == []


async def test_an_event_of_a_shared_calendar_is_reached_below_its_calendar_only(connected: Connected) -> None:
    connected.sandbox.world.settings.shared_events_in_mailbox = False
    copy = await copy_for(connected, "dora", "ben-writable")
    copy = copy.at(await create(connected, copy))
    await connected.microsoft.writer.update(copy, SLOT, SessionDetails(title="Reached"), set_reminder=False)
    assert [event.subject for event in written(connected, "ben", "projects")] == ["Reached"]
    assert await find(connected, copy) == copy.place
    await connected.microsoft.writer.delete(copy)
    assert written(connected, "ben", "projects") == []


async def test_an_event_made_all_day_by_hand_becomes_a_session_again(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    (event,) = written(connected)
    event.all_day = True
    await connected.microsoft.writer.update(copy, SLOT, DETAILS, set_reminder=False)
    assert not event.all_day


async def test_an_event_deleted_by_hand_is_missing_and_not_found(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    connected.sandbox.world.events.delete("anna", written(connected)[0])
    with pytest.raises(EventMissing):
        await connected.microsoft.writer.update(copy, SLOT, DETAILS, set_reminder=False)
    with pytest.raises(EventMissing):
        await connected.microsoft.writer.delete(copy)
    assert await find(connected, copy) is None


async def test_a_malformed_event_id_is_an_event_that_is_missing(connected: Connected) -> None:
    copy = replace(await copy_for(connected), remote_id="no/such id")
    with pytest.raises(EventMissing):
        await connected.microsoft.writer.update(copy, SLOT, DETAILS, set_reminder=False)


async def test_a_conflict_right_after_creation_is_tried_once_more(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    conflict: dict[str, Any] = {"code": "ErrorIrresolvableConflict", "path": "/me/calendars/[^/]+/events/"}
    connected.sandbox.world.faults.answer(412, **conflict)
    await connected.microsoft.writer.update(copy, SLOT, DETAILS, set_reminder=False)
    connected.sandbox.world.faults.answer(412, times=2, **conflict)
    with pytest.raises(ProviderUnavailable):
        await connected.microsoft.writer.update(copy, SLOT, DETAILS, set_reminder=False)
    connected.sandbox.world.faults.answer(412, **conflict)
    await connected.microsoft.writer.delete(copy)
    assert written(connected) == []


@pytest.mark.parametrize("status", [404, 410])
async def test_a_404_in_other_words_than_graphs_does_not_count_as_removed(
    connected: Connected, status: int
) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    connected.sandbox.world.faults.html(status, method="DELETE")
    with pytest.raises(ProviderUnavailable):
        await connected.microsoft.writer.delete(copy)


async def test_a_deletion_answered_by_a_web_page_is_not_believed(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    connected.sandbox.world.faults.html(method="DELETE")
    with pytest.raises(InvalidAnswer):
        await connected.microsoft.writer.delete(copy)
    assert len(written(connected)) == 1
