"""Changing and removing events, also such as their owner changed by hand, on the sandbox."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from domain.access import EventMissing, InvalidAnswer, ProviderUnavailable
from domain.event_digest import EVERY_PART, EventPart
from domain.interval import Interval
from domain.session_details import SessionDetails
from tests.adapters.graph.writing import DETAILS, SLOT, copy_for, create, find, written
from tests.support.microsoft import Connected


async def test_an_update_brings_the_event_to_the_sessions_state(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    later = Interval(SLOT.start + timedelta(days=1), SLOT.end + timedelta(days=1))
    changed = SessionDetails(title="Moved", reminder_minutes=5)
    await connected.microsoft.writer.update(copy, later, changed, parts=EVERY_PART)
    (event,) = written(connected)
    assert (event.subject, event.body, event.location) == ("Moved", "", "")
    assert event.start == later.start.replace(tzinfo=None)
    assert (event.reminder_on, event.reminder_minutes) == (True, 5)


async def test_a_new_time_leaves_everything_else_to_the_owner(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    (event,) = written(connected)
    rooms = [{"displayName": "Room 7", "locationType": "conferenceRoom"}]
    connected.sandbox.world.events.add_meeting(event)
    connected.sandbox.world.events.change(
        event,
        subject="Mine",
        body=f"<p>My notes</p>{event.body}",
        location="Room 7",
        locations=rooms,
        show_as="free",
        sensitivity="private",
        importance="high",
        categories=["Red"],
        reminder_minutes=45,
    )
    before = replace(event)
    later = Interval(SLOT.start + timedelta(days=1), SLOT.end + timedelta(days=1))
    changed = replace(DETAILS, title="Ours", reminder_minutes=5)
    await connected.microsoft.writer.update(copy, later, changed, parts={EventPart.TIME})
    assert event.start == later.start.replace(tzinfo=None)
    kept = ("start", "end", "modified", "changes")
    stays = [one.name for one in fields(event) if one.name not in kept]
    assert {name: getattr(event, name) for name in stays} == {name: getattr(before, name) for name in stays}
    assert event.online_meeting


async def test_an_event_moved_to_another_calendar_by_hand_is_reached_where_it_is_found(
    connected: Connected,
) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    connected.sandbox.world.events.move("anna", written(connected)[0], "team")
    place = await find(connected, copy)
    assert place is not None
    moved = copy.at(place)
    await connected.microsoft.writer.update(moved, SLOT, SessionDetails(title="Reached"), parts=EVERY_PART)
    assert [event.subject for event in written(connected, "anna", "team")] == ["Reached"]
    await connected.microsoft.writer.delete(moved)
    assert written(connected, "anna", "team") == []


async def test_an_event_of_a_shared_calendar_is_reached_below_its_calendar_only(connected: Connected) -> None:
    connected.sandbox.world.settings.shared_events_in_mailbox = False
    copy = await copy_for(connected, "dora", "ben-writable")
    copy = copy.at(await create(connected, copy))
    await connected.microsoft.writer.update(copy, SLOT, SessionDetails(title="Reached"), parts=EVERY_PART)
    assert [event.subject for event in written(connected, "ben", "projects")] == ["Reached"]
    assert await find(connected, copy) == copy.place
    await connected.microsoft.writer.delete(copy)
    assert written(connected, "ben", "projects") == []


async def test_an_event_made_all_day_by_hand_becomes_a_session_again(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    (event,) = written(connected)
    event.all_day = True
    await connected.microsoft.writer.update(copy, SLOT, DETAILS, parts=EVERY_PART)
    assert not event.all_day


async def test_an_event_deleted_by_hand_is_missing_and_not_found(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    connected.sandbox.world.events.delete("anna", written(connected)[0])
    with pytest.raises(EventMissing):
        await connected.microsoft.writer.update(copy, SLOT, DETAILS, parts=EVERY_PART)
    with pytest.raises(EventMissing):
        await connected.microsoft.writer.delete(copy)
    assert await find(connected, copy) is None


async def test_a_malformed_event_id_is_an_event_that_is_missing(connected: Connected) -> None:
    copy = replace(await copy_for(connected), remote_id="no/such id")
    with pytest.raises(EventMissing):
        await connected.microsoft.writer.update(copy, SLOT, DETAILS, parts=EVERY_PART)


async def test_a_conflict_right_after_creation_is_tried_once_more(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    conflict: dict[str, Any] = {"code": "ErrorIrresolvableConflict", "path": "/me/calendars/[^/]+/events/"}
    connected.sandbox.world.faults.answer(412, **conflict)
    await connected.microsoft.writer.update(copy, SLOT, DETAILS, parts=EVERY_PART)
    connected.sandbox.world.faults.answer(412, times=2, **conflict)
    with pytest.raises(ProviderUnavailable):
        await connected.microsoft.writer.update(copy, SLOT, DETAILS, parts=EVERY_PART)
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


@pytest.mark.parametrize("status", [200, 202])
async def test_a_deletion_answered_with_nothing_but_success_is_not_believed(
    connected: Connected, status: int
) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    connected.sandbox.world.faults.add(method="DELETE", status=status)
    with pytest.raises(InvalidAnswer):
        await connected.microsoft.writer.delete(copy)
    assert len(written(connected)) == 1
