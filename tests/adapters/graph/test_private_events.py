"""Private events, in the person's own calendars and in those that others share."""

from dataclasses import replace

import pytest

from domain.access import EventMissing
from domain.event_digest import EVERY_PART, EventPart
from domain.session import EventCopy
from domain.session_details import WITHHELD_TITLE, SessionDetails, Visibility
from sandbox.world.model import Event
from tests.adapters.graph.writing import DETAILS, SLOT, copy_for, create, find, written
from tests.support.microsoft import Connected

PRIVATE = replace(DETAILS, visibility=Visibility.PRIVATE, category="Coaching")


@pytest.fixture(params=[True, False], ids=["listed", "hidden"], autouse=True)
def lists_private_events(connected: Connected, request: pytest.FixtureRequest) -> None:
    """Whichever it is at Microsoft."""
    connected.sandbox.world.settings.lists_private_events = request.param


async def shared(connected: Connected, details: SessionDetails = PRIVATE) -> EventCopy:
    """An event in Ben's calendar, which he shares with Dora without his private events."""
    copy = await copy_for(connected, "dora", "ben-writable")
    return copy.at(await create(connected, copy, details))


async def update(connected: Connected, copy: EventCopy, details: SessionDetails, *parts: EventPart) -> None:
    await connected.microsoft.writer.update(copy, SLOT, details, parts=parts)


def at_ben(connected: Connected) -> Event:
    (event,) = written(connected, "ben", "projects")
    return event


def says(event: Event) -> tuple[object, ...]:
    return event.subject, event.location, event.categories, event.sensitivity


SAYS_ALL: tuple[object, ...] = (DETAILS.title, DETAILS.place, ["Coaching"], "private")
SAYS_NOTHING: tuple[object, ...] = (WITHHELD_TITLE, "", [], "normal")


async def test_a_private_event_of_ones_own_says_everything(connected: Connected) -> None:
    copy = await copy_for(connected)
    await create(connected, copy, PRIVATE)
    (event,) = written(connected)
    assert says(event) == SAYS_ALL


async def test_a_plain_event_says_nothing_of_how_it_looks(connected: Connected) -> None:
    copy = await copy_for(connected)
    before = len(connected.sandbox.world.traffic.requests)
    await create(connected, copy)
    assert [one.method for one in list(connected.sandbox.world.traffic.requests)[before:]] == ["POST"]
    (event,) = written(connected)
    assert (event.sensitivity, event.categories) == ("normal", [])


async def test_a_private_event_on_a_calendar_without_them_says_nothing_and_can_be_changed(
    connected: Connected,
) -> None:
    copy = await shared(connected)
    event = at_ben(connected)
    assert (says(event), event.body, event.reminder_minutes) == (SAYS_NOTHING, "", 20)

    assert await find(connected, copy) == copy.place
    await update(connected, copy, replace(PRIVATE, title="Another", place="Garden"), EventPart.TITLE)
    assert says(event) == SAYS_NOTHING
    await connected.microsoft.writer.delete(copy)
    assert written(connected, "ben", "projects") == []


async def test_one_that_is_no_longer_private_says_everything(connected: Connected) -> None:
    copy = await shared(connected)
    await update(connected, copy, replace(PRIVATE, visibility=None), EventPart.VISIBILITY)
    event = at_ben(connected)
    assert says(event) == (DETAILS.title, DETAILS.place, ["Coaching"], "normal")
    assert "First line" in event.body


async def test_one_that_becomes_private_says_nothing_any_more(connected: Connected) -> None:
    copy = await shared(connected, replace(PRIVATE, visibility=None))
    await update(connected, copy, PRIVATE, EventPart.VISIBILITY)
    assert (says(at_ben(connected)), at_ben(connected).body) == (SAYS_NOTHING, "")


async def test_where_private_events_are_shared_too_it_says_everything(connected: Connected) -> None:
    connected.sandbox.world.calendars.get("dora", "ben-writable").can_view_private = True
    copy = await shared(connected)
    assert says(at_ben(connected)) == SAYS_ALL
    await update(connected, copy, replace(PRIVATE, title="Another"), EventPart.TITLE)
    assert says(at_ben(connected)) == ("Another", *SAYS_ALL[1:])


async def test_what_rights_have_come_since_is_seen_with_the_next_word(connected: Connected) -> None:
    """Its title is never told in an event that is not private yet."""
    copy = await shared(connected)
    connected.sandbox.world.calendars.get("dora", "ben-writable").can_view_private = True
    await update(connected, copy, PRIVATE, EventPart.TITLE)
    assert says(at_ben(connected)) == SAYS_ALL


async def test_where_the_right_to_see_it_is_taken_away_it_is_found_as_far_as_it_is_listed(
    connected: Connected,
) -> None:
    """And missing under its id: where it is listed its session waits, else it counts as deleted."""
    theirs = connected.sandbox.world.calendars.get("dora", "ben-writable")
    theirs.can_view_private = True
    copy = await shared(connected)
    theirs.can_view_private = False
    with pytest.raises(EventMissing):
        await update(connected, copy, PRIVATE, EventPart.TITLE)
    is_listed = connected.sandbox.world.settings.lists_private_events
    assert await find(connected, copy) == (copy.place if is_listed else None)


async def test_a_new_time_alone_asks_nothing_of_the_calendar(connected: Connected) -> None:
    copy = await shared(connected)
    before = len(connected.sandbox.world.traffic.requests)
    await update(connected, copy, PRIVATE, EventPart.TIME)
    assert [one.method for one in list(connected.sandbox.world.traffic.requests)[before:]] == ["PATCH", "GET"]


async def test_a_colour_is_nothing_to_be_changed(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    before = len(connected.sandbox.world.traffic.requests)
    await update(connected, copy, DETAILS, EventPart.COLOR)
    assert [one.method for one in list(connected.sandbox.world.traffic.requests)[before:]] == ["GET"]


async def test_all_of_a_plain_event_can_be_sent_again_without_a_look_at_its_calendar(
    connected: Connected,
) -> None:
    copy = await shared(connected, DETAILS)
    before = len(connected.sandbox.world.traffic.requests)
    await update(connected, copy, DETAILS, *EVERY_PART)
    assert [one.method for one in list(connected.sandbox.world.traffic.requests)[before:]] == ["PATCH", "GET"]
