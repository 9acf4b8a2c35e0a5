"""Writing events to iCloud: what is asked in the straight cases, and what is then in the calendar."""

import asyncio

import pytest

from domain.access import EventMissing, ProviderUnavailable
from domain.event_digest import EventPart
from sandbox.icloud.calendar_text import parse
from tests.adapters.caldav.writing import DETAILS, FILE, LATER, MARK, SLOT, Desk, booked

CALENDAR = "/{number}/{home}/{calendar}/"
EVENT = f"{CALENDAR}{{event}}"


async def test_an_event_says_what_the_session_says(desk: Desk) -> None:
    place = await desk.create()
    event = desk.event
    assert place == desk.place_in("home")
    assert place.remote_id == FILE
    assert (event.uid, desk.interval) == (MARK, SLOT)
    assert (event.subject, event.location) == (DETAILS.title, DETAILS.place)
    assert event.body == f"{DETAILS.text}\n\n{DETAILS.join_url}"
    assert (event.show_as, event.cancelled, event.all_day) == ("busy", False, False)
    assert (event.reminder_on, event.reminder_minutes) == (True, DETAILS.reminder_minutes)
    assert desk.world.traffic.invitations == []


async def test_a_creation_is_two_requests_a_change_three_and_a_removal_one(desk: Desk) -> None:
    written = await booked(desk)
    assert desk.asked() == [("PUT", EVENT), ("REPORT", CALENDAR)]
    await written.update()
    assert desk.asked(since=2) == [("GET", EVENT), ("PUT", EVENT), ("REPORT", CALENDAR)]
    assert written.interval == LATER
    await written.delete()
    assert desk.asked(since=5) == [("DELETE", EVENT)]
    assert desk.written() == []


async def test_an_event_in_its_calendar_is_found_by_one_request(desk: Desk) -> None:
    written = await booked(desk)
    assert await written.find() == written.copy.place
    assert desk.asked(since=2) == [("PROPFIND", EVENT)]


async def test_a_removed_event_is_missing(desk: Desk) -> None:
    written = await booked(desk)
    await written.delete()
    assert await written.find() is None
    for step in (written.update, written.delete):
        with pytest.raises(EventMissing):
            await step()
    assert await written.create() == written.copy.place


async def test_of_eight_creations_at_once_there_is_one_event(desk: Desk) -> None:
    desk.world.icloud.settings.concurrency_limit = 16
    ends = await asyncio.gather(*(desk.create() for _ in range(8)), return_exceptions=True)
    assert (desk.event.uid, desk.interval) == (MARK, SLOT)
    assert desk.place_in("home") in ends
    for end in ends:
        # Who met others in each of its tries doesn't know what the event says.
        assert end == desk.place_in("home") or _is_unknown(end)


async def test_a_revision_has_the_next_number(desk: Desk) -> None:
    desk.world.icloud.settings.rewrites = False
    written = await booked(desk)
    assert "SEQUENCE:0\r\n" in desk.text
    for number in (1, 2):
        await written.update(parts={EventPart.TITLE})
        (event,) = parse(desk.text).named("VEVENT")
        assert [one.value for one in event.all("SEQUENCE")] == [str(number)]
        assert len(event.all("DTSTAMP")) == 1


def _is_unknown(end: object) -> bool:
    return isinstance(end, ProviderUnavailable) and end.outcome_unknown
