"""Where an event is that was said to be missing, on the sandbox."""

import re
from dataclasses import replace

import pytest

from adapters.google.settings import SHARED_SCOPES
from domain.access import CalendarGone, EventDeleted, InvalidAnswer, ProviderUnavailable
from sandbox import Recurrence
from tests.adapters.google.test_event_ids import EVENT
from tests.adapters.google.writing import SLOT, Desk, booked, desk_for
from tests.support.google import OpenGoogle

ONE = ("GET", "/calendars/{calendarId}/events/{eventId}")
EVENTS = ("GET", "/calendars/{calendarId}/events")
LIST = ("GET", "/users/me/calendarList")


def path_of(desk: Desk, calendar: str) -> str:
    """For a fault: a calendar's requests and nothing else's."""
    return re.escape(desk.calendar_id(calendar).partition("@")[0])


async def test_an_event_that_is_in_its_place_is_found_by_one_request(google: OpenGoogle) -> None:
    desk = await booked(google)
    assert await desk.find() == desk.copy.place
    assert desk.asked()[1:] == [ONE]


async def test_an_event_is_found_by_its_mark_alone(google: OpenGoogle) -> None:
    desk = await booked(google)
    assert await desk.writer.find(replace(desk.copy, remote_id=None)) == desk.copy.place


async def test_what_was_never_written_takes_one_request_for_the_list_and_one_a_calendar(
    google: OpenGoogle,
) -> None:
    desk = desk_for(google)
    google.sandbox.world.calendars.add("gina", "work", "Work")
    google.sandbox.world.calendars.add("gina", "holidays", "Holidays", can_edit=False)
    google.sandbox.world.calendars.change_google("gina", "holidays", role="reader")
    assert await desk.find() is None
    assert sorted(desk.asked()) == sorted([ONE, LIST, ONE, ONE])


async def test_an_event_deleted_by_hand_has_left_a_grave(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.events.delete("gina", desk.event)
    with pytest.raises(EventDeleted):
        await desk.find()


async def test_an_event_moved_by_hand_leaves_a_stub_and_is_found_where_it_is(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.events.move("gina", desk.event, "family")
    assert await desk.find() == desk.place_in("family")
    back = desk.at(desk.place_in("family"))
    google.sandbox.world.events.move("gina", desk.event, "primary")
    assert await back.find() == desk.place_in("primary")


async def test_an_event_that_was_moved_and_then_deleted_is_deleted(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.events.move("gina", desk.event, "family")
    google.sandbox.world.events.delete("gina", desk.event)
    with pytest.raises(EventDeleted):
        await desk.find()


async def test_an_event_moved_to_a_shared_calendar_is_found_there_without_a_right_to_write(
    google: OpenGoogle,
) -> None:
    desk = await booked(google, "walter")
    google.sandbox.world.events.move("walter", desk.event, "writer")
    assert await desk.find() == desk.place_in("writer")


async def test_an_event_restored_from_the_bin_is_found(google: OpenGoogle) -> None:
    desk = await booked(google)
    event = desk.event
    google.sandbox.world.events.delete("gina", event)
    google.sandbox.world.events.restore(event.uid)
    assert await desk.find() == desk.copy.place


async def test_an_event_moved_out_of_a_calendar_that_was_removed_is_found(google: OpenGoogle) -> None:
    desk = await booked(google, calendar="family")
    google.sandbox.world.events.move("gina", desk.event, "primary")
    google.sandbox.world.calendars.remove("gina", "family")
    assert await desk.find() == desk.place_in("primary")


async def test_an_event_is_gone_with_its_calendar(google: OpenGoogle) -> None:
    desk = await booked(google, calendar="family")
    google.sandbox.world.calendars.remove("gina", "family")
    with pytest.raises(CalendarGone):
        await desk.find()


async def test_a_copy_made_by_hand_is_another_event(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.events.copy(desk.event, SLOT.end, to="family", who="gina")
    google.sandbox.world.events.delete("gina", desk.event)
    with pytest.raises(EventDeleted):
        await desk.find()


@pytest.mark.parametrize("calendar", ["primary", "family"])
async def test_nothing_is_said_of_an_event_while_a_calendar_is_silent(
    google: OpenGoogle, calendar: str
) -> None:
    desk = await booked(google)
    google.sandbox.world.events.delete("gina", desk.event)
    google.sandbox.world.faults.google_error(
        503, "backendError", path=path_of(desk, calendar) + ".*/events/", times=None
    )
    with pytest.raises(ProviderUnavailable):
        await desk.find()
    google.sandbox.world.faults.clear()
    with pytest.raises(EventDeleted):
        await desk.find()


async def test_an_event_is_found_though_another_calendar_is_silent(google: OpenGoogle) -> None:
    desk = await booked(google, calendar="family")
    google.sandbox.world.calendars.add("gina", "work", "Work")
    google.sandbox.world.events.move("gina", desk.event, "work")
    google.sandbox.world.faults.google_error(503, "backendError", path=path_of(desk, "primary"), times=None)
    assert await desk.find() == desk.place_in("work")


async def test_a_calendar_that_may_not_be_looked_into_holds_nobody_up(google: OpenGoogle) -> None:
    desk = desk_for(google, "walter", scopes=SHARED_SCOPES)
    google.sandbox.world.faults.google_error(403, "forbidden", path=path_of(desk, "writer"), times=None)
    assert await desk.find() is None


async def test_nothing_is_said_while_the_list_of_calendars_is_silent(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.events.delete("gina", desk.event)
    google.sandbox.world.faults.google_error(404, "notFound", path="calendarList", times=None)
    with pytest.raises(ProviderUnavailable):
        await desk.find()


@pytest.mark.parametrize("becomes", ["what it was", "a series"])
async def test_an_event_that_was_there_and_left_no_grave_is_sought_in_the_calendars_list(
    google: OpenGoogle, becomes: str
) -> None:
    """What is taken for gone is written anew, so one word of Google's is not enough."""
    desk = await booked(google)
    if becomes == "a series":
        weekly = Recurrence(kind="weekly", days=("tuesday",))
        google.sandbox.world.events.change(desk.event, recurrence=weekly)
    google.sandbox.world.faults.google_error(404, "notFound", path=f"/events/{EVENT}", times=None)
    assert await desk.find() == desk.copy.place


async def test_an_event_that_neither_word_knows_is_gone(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.events.add("gina", SLOT.start, SLOT.end)
    folder = google.sandbox.world.calendars.get("gina").folder
    del folder.events[desk.event.uid]
    before = len(google.sandbox.world.traffic.requests)
    assert await desk.find() is None
    assert desk.asked(before) == [ONE, LIST, ONE, EVENTS]


async def test_what_was_never_known_to_be_there_takes_no_second_word(google: OpenGoogle) -> None:
    """Where it is there all the same, creating it again says so."""
    desk = desk_for(google)
    assert await desk.find() is None
    assert EVENTS not in desk.asked()


async def test_nothing_is_said_while_the_second_word_is_missing(google: OpenGoogle) -> None:
    desk = await booked(google)
    for status, reason in ((503, "backendError"), (404, "notFound"), (410, "deleted")):
        google.sandbox.world.faults.clear()
        google.sandbox.world.faults.google_error(404, "notFound", path=f"/events/{EVENT}", times=None)
        google.sandbox.world.faults.google_error(status, reason, path="/events$", times=None)
        with pytest.raises(ProviderUnavailable):
            await desk.find()


async def test_a_404_that_is_not_googles_proves_nothing(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.faults.html(404, surface="google", path="/events/", times=None)
    with pytest.raises(ProviderUnavailable):
        await desk.find()


@pytest.mark.parametrize("answer", [{}, {"id": "0" * 32}, {"status": "cancelled"}])
async def test_an_answer_about_another_event_proves_nothing(
    google: OpenGoogle, answer: dict[str, str]
) -> None:
    desk = await booked(google)
    google.sandbox.world.faults.add(surface="google", method="GET", path="/events/", status=200, body=answer)
    with pytest.raises(InvalidAnswer):
        await desk.find()


async def test_an_event_is_found_among_very_many_calendars(google: OpenGoogle) -> None:
    desk = await booked(google)
    for number in range(40):
        google.sandbox.world.calendars.add("gina", f"more-{number}", f"More {number}")
    google.sandbox.world.events.move("gina", desk.event, "more-39")
    google.sandbox.world.google.settings.page_size = 25
    assert await desk.find() == desk.place_in("more-39")
    assert google.sandbox.world.traffic.peak("gina") <= google.settings.at_once
    assert desk.asked()[1:].count(LIST) == 2
    assert desk.asked()[1:].count(ONE) == 1 + 41


async def test_a_look_ends_where_the_person_is_over_a_limit(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.events.delete("gina", desk.event)
    google.sandbox.world.faults.google_error(
        403, "userRateLimitExceeded", retry_after="60", path=path_of(desk, "family")
    )
    with pytest.raises(ProviderUnavailable) as caught:
        await desk.find()
    assert caught.value.throttled
