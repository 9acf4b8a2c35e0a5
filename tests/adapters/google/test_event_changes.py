"""Changing and removing events at Google, also such as their owner changed by hand, on the sandbox."""

import asyncio
from dataclasses import fields, replace
from typing import Any

import pytest

from adapters.google.settings import SHARED_SCOPES
from domain.access import AccessDenied, EventMissing, InvalidAnswer, ProviderUnavailable, WriteRefused
from domain.event_digest import EventPart
from domain.interval import Interval
from domain.session_details import SessionDetails
from sandbox import Recurrence
from tests.adapters.google.test_event_ids import EVENT
from tests.adapters.google.writing import DETAILS, LATER, SLOT, booked
from tests.support.google import OpenGoogle

ONE = "/calendars/{calendarId}/events/{eventId}"


async def test_an_update_looks_first_and_then_brings_the_event_to_the_sessions_state(
    google: OpenGoogle,
) -> None:
    desk = await booked(google)
    await desk.update(LATER, SessionDetails(title="Moved", reminder_minutes=5))
    event = desk.event
    assert (event.subject, event.body, event.location) == ("Moved", "", "")
    assert desk.interval == LATER
    assert event.google["reminders"]["overrides"] == [{"method": "popup", "minutes": 5}]
    assert event.google["source"] is None
    assert desk.asked()[1:] == [("GET", ONE), ("PATCH", ONE)]


async def test_a_new_time_leaves_everything_else_to_the_owner(google: OpenGoogle) -> None:
    desk = await booked(google)
    event = desk.event
    theirs = {
        "colorId": "11",
        "attendees": [{"email": "guest@example.com"}],
        "reminders": {"useDefault": False, "overrides": [{"method": "email", "minutes": 60}]},
        "guestsCanModify": True,
        "hangoutLink": "https://meet.google.example/abc",
    }
    google.sandbox.world.events.change(
        event,
        subject="Mine",
        body=f"<b>My notes</b><br>{event.body}",
        location="Room 7",
        show_as="free",
        sensitivity="private",
        google=event.google | theirs,
    )
    before = replace(event, google=dict(event.google))
    await desk.update(LATER, replace(DETAILS, title="Ours", reminder_minutes=5), parts={EventPart.TIME})
    assert desk.interval == LATER
    kept = ("start", "end", "modified", "changes")
    stays = [one.name for one in fields(event) if one.name not in kept]
    assert {name: getattr(event, name) for name in stays} == {name: getattr(before, name) for name in stays}


async def test_an_event_made_all_day_by_hand_becomes_a_session_again(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.events.change(desk.event, start="2031-05-06", end="2031-05-08")
    assert desk.event.all_day
    await desk.update(SLOT, parts={EventPart.TIME})
    assert (desk.event.all_day, desk.interval) == (False, SLOT)


async def test_an_event_stays_in_the_zone_its_owner_gave_it(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.events.change(desk.event, start=SLOT.start, end=SLOT.end, zone="Asia/Tokyo")
    await desk.update(LATER, parts={EventPart.TIME})
    assert (desk.event.zone, desk.interval) == ("Asia/Tokyo", LATER)


async def test_a_series_made_of_it_by_hand_moves_as_a_whole_and_goes_as_a_whole(google: OpenGoogle) -> None:
    desk = await booked(google)
    google.sandbox.world.events.change(desk.event, recurrence=Recurrence(kind="weekly", days=("tuesday",)))
    await desk.update(LATER, parts={EventPart.TIME})
    assert desk.event.recurrence is not None
    assert desk.interval == LATER
    await desk.delete()
    assert desk.written() == []


async def test_what_changes_meanwhile_is_looked_at_again(google: OpenGoogle) -> None:
    desk = await booked(google)
    fault = google.sandbox.world.faults.google_error(412, "conditionNotMet", method="PATCH")
    await desk.update(LATER)
    assert (fault.hits, desk.interval) == (1, LATER)
    assert [method for method, _ in desk.asked()[1:]] == ["GET", "PATCH", "GET", "PATCH"]


async def test_what_changes_each_time_is_left_for_later(google: OpenGoogle) -> None:
    desk = await booked(google)
    fault = google.sandbox.world.faults.google_error(412, "conditionNotMet", method="PATCH", times=None)
    with pytest.raises(ProviderUnavailable) as caught:
        await desk.update(LATER)
    assert (fault.hits, caught.value.outcome_unknown) == (3, False)
    assert desk.interval == SLOT


async def test_a_hand_that_is_quicker_than_a_change_is_not_overwritten_blindly(google: OpenGoogle) -> None:
    """Between the look and the change the event is deleted: its version is another one by then."""
    desk = await booked(google)
    hanging = google.sandbox.world.faults.add(surface="google", kind="hang", method="PATCH", seconds=60)
    update = asyncio.create_task(desk.update(LATER))
    await google.sandbox.hangs.reached()
    google.sandbox.world.events.delete("gina", desk.event)
    google.sandbox.world.google.settings.patch_on_cancelled = "revives"
    google.sandbox.hangs.release()
    with pytest.raises(EventMissing):
        await update
    assert hanging.hits == 1
    assert desk.written() == []


@pytest.mark.parametrize("way", ["deleted", "moved"])
@pytest.mark.parametrize("patch_on_cancelled", ["forbidden", "not_found", "revives"])
async def test_an_event_that_left_is_missing_and_is_not_touched(
    google: OpenGoogle, way: str, patch_on_cancelled: str
) -> None:
    google.sandbox.world.google.settings.patch_on_cancelled = patch_on_cancelled  # type: ignore[assignment]
    desk = await booked(google)
    if way == "deleted":
        google.sandbox.world.events.delete("gina", desk.event)
    else:
        google.sandbox.world.events.move("gina", desk.event, "family")
    for step in (desk.update, desk.delete):
        with pytest.raises(EventMissing):
            await step()
    assert len(desk.written("family")) == (way == "moved")
    assert "PATCH" not in [method for method, _ in desk.asked()]


async def test_a_change_goes_to_the_event_in_its_own_calendar(google: OpenGoogle) -> None:
    """The same id can be in another calendar, too: an id alone is no address."""
    desk = await booked(google, calendar="family")
    google.sandbox.world.events.add("gina", SLOT.start, SLOT.end, google_id=EVENT, subject="Not this one")
    await desk.update(LATER, replace(DETAILS, title="Changed"))
    assert [one.subject for one in desk.written("family")] == ["Changed"]
    assert [one.subject for one in desk.written("primary")] == ["Not this one"]
    await desk.delete()
    assert [one.subject for one in desk.written()] == ["Not this one"]


@pytest.mark.parametrize(("status", "reason"), [(404, "notFound"), (410, "deleted")])
async def test_gone_in_either_word_is_missing(google: OpenGoogle, status: int, reason: str) -> None:
    desk = await booked(google)
    for method, step in (("GET", desk.update), ("DELETE", desk.delete)):
        google.sandbox.world.faults.google_error(status, reason, method=method)
        with pytest.raises(EventMissing):
            await step()


@pytest.mark.parametrize("reason", ["fullSyncRequired", "updatedMinTooLongAgo", "whateverComesNext"])
async def test_a_410_for_another_reason_is_not_a_deleted_event(google: OpenGoogle, reason: str) -> None:
    desk = await booked(google)
    google.sandbox.world.faults.google_error(410, reason, method="DELETE")
    with pytest.raises(ProviderUnavailable):
        await desk.delete()


@pytest.mark.parametrize("status", [404, 410])
async def test_a_404_in_other_words_than_googles_does_not_count_as_removed(
    google: OpenGoogle, status: int
) -> None:
    desk = await booked(google)
    google.sandbox.world.faults.html(status, surface="google", method="DELETE")
    with pytest.raises(ProviderUnavailable):
        await desk.delete()


@pytest.mark.parametrize("status", [200, 202])
async def test_a_deletion_answered_with_nothing_but_success_is_not_believed(
    google: OpenGoogle, status: int
) -> None:
    desk = await booked(google)
    google.sandbox.world.faults.add(surface="google", method="DELETE", status=status)
    with pytest.raises(InvalidAnswer):
        await desk.delete()
    assert len(desk.written()) == 1


async def test_an_event_that_has_another_organizer_by_now_is_refused_and_its_calendar_is_not(
    google: OpenGoogle,
) -> None:
    desk = await booked(google)
    for method, step in (("PATCH", desk.update), ("DELETE", desk.delete)):
        google.sandbox.world.faults.google_error(403, "forbiddenForNonOrganizer", method=method)
        with pytest.raises(WriteRefused) as caught:
            await step()
        assert caught.value.code == "forbiddenForNonOrganizer"


async def test_a_right_that_was_withdrawn_denies_changes(google: OpenGoogle) -> None:
    desk = await booked(google, "walter", "writer", scopes=SHARED_SCOPES)
    google.sandbox.world.calendars.change_google("walter", "writer", role="reader")
    for step in (desk.update, desk.delete):
        with pytest.raises(AccessDenied):
            await step()
    assert desk.interval == SLOT
    assert await desk.find() == desk.copy.place


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "quotaExceeded"])
@pytest.mark.parametrize(("method", "step"), [("GET", "update"), ("PATCH", "update"), ("DELETE", "delete")])
async def test_a_usage_limit_denies_nothing(google: OpenGoogle, reason: str, method: str, step: str) -> None:
    desk = await booked(google)
    google.sandbox.world.faults.google_error(403, reason, retry_after="30", method=method)
    with pytest.raises(ProviderUnavailable) as caught:
        await getattr(desk, step)()
    assert (caught.value.throttled, caught.value.outcome_unknown) == (True, False)


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "0" * 32},
        {"status": "cancelled"},
        {"start": None},
        {"start": {"date": "2031-05-07"}, "end": {"date": "2031-05-08"}},
        {"start": {"dateTime": "2031-05-06T09:00:00Z"}},
        {"end": {"dateTime": "2031-05-07T10:00:00"}},
    ],
)
async def test_a_change_whose_answer_shows_something_else_may_not_have_been_made(
    google: OpenGoogle, answer: dict[str, Any]
) -> None:
    desk = await booked(google)
    whole = {
        "id": EVENT,
        "start": {"dateTime": "2031-05-07T09:00:00Z"},
        "end": {"dateTime": "2031-05-07T10:00:00Z"},
    }
    google.sandbox.world.faults.add(surface="google", method="PATCH", status=200, body=whole | answer)
    with pytest.raises(ProviderUnavailable) as caught:
        await desk.update(LATER)
    assert caught.value.outcome_unknown


@pytest.mark.parametrize(
    "answer", [{"id": EVENT}, {"id": EVENT, "etag": ""}, {"id": "0" * 32, "etag": '"1"'}, {"etag": '"1"'}]
)
async def test_without_the_version_of_this_event_nothing_is_changed(
    google: OpenGoogle, answer: dict[str, Any]
) -> None:
    desk = await booked(google)
    google.sandbox.world.faults.add(surface="google", method="GET", status=200, body=answer)
    with pytest.raises(InvalidAnswer):
        await desk.update(LATER)
    assert "PATCH" not in [method for method, _ in desk.asked()]


async def test_a_long_session_over_a_change_of_clocks_keeps_its_instants(google: OpenGoogle) -> None:
    desk = await booked(google)
    over = Interval(
        SLOT.start.replace(month=3, day=29, hour=20), SLOT.start.replace(month=3, day=31, hour=5, minute=30)
    )
    await desk.update(over)
    assert desk.interval == over
