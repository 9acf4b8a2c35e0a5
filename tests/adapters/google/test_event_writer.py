"""Creating events at Google, exactly once under each mark, on the sandbox."""

import asyncio
from dataclasses import replace

import pytest

from adapters.google.settings import LEAST_SCOPES, SCOPE_PREFIX, SHARED_SCOPES
from domain.access import AccessDenied, CalendarGone, EventDeleted, ProviderUnavailable, WriteRefused
from domain.ids import EventMark
from domain.session_details import SessionDetails
from tests.adapters.google.test_event_ids import EVENT
from tests.adapters.google.writing import DETAILS, SLOT, booked, desk_for
from tests.support.google import OpenGoogle

EVENTS = "/calendars/{calendarId}/events"
ONE = f"{EVENTS}/{{eventId}}"
LISTS = ("GET", "/users/me/calendarList")
OTHER_MARK = EventMark("3f2f6f4e-7d36-5f0c-8a52-1d1a2b3c4d5e")


async def test_an_event_says_what_the_session_says(google: OpenGoogle) -> None:
    desk = desk_for(google)
    assert await desk.create() == desk.place_in("primary")
    event = desk.event
    assert (event.subject, event.location) == ("Coaching <b>with</b> Jonas & Co", "Room 4")
    assert event.body == (
        'First line<br>Second "line"<br><br>'
        '<a href="https://meet.example/abc?a=1&amp;b=2">https://meet.example/abc?a=1&amp;b=2</a>'
    )
    assert (desk.interval, event.all_day, event.show_as) == (SLOT, False, "busy")
    assert event.google["reminders"] == {
        "useDefault": False,
        "overrides": [{"method": "popup", "minutes": 20}],
    }
    assert event.google["source"]["url"] == DETAILS.join_url


async def test_markup_in_what_callers_send_does_not_become_markup_in_a_calendar(google: OpenGoogle) -> None:
    """A description is HTML to Google; a title and a place are not, and are shown as they are."""
    desk = desk_for(google)
    await desk.create(SessionDetails(title="<b>A</b> & B", text="<img src=x> & co", place="<i>Here</i>"))
    event = desk.event
    assert (event.subject, event.location) == ("<b>A</b> & B", "<i>Here</i>")
    assert event.body == "&lt;img src=x&gt; &amp; co"


async def test_an_event_lives_in_its_calendars_zone(google: OpenGoogle) -> None:
    assert (await booked(google)).event.zone == "Europe/Berlin"
    assert (await booked(google, "walter")).event.zone == "America/New_York"


async def test_nobody_is_mailed_and_one_request_is_enough(google: OpenGoogle) -> None:
    desk = await booked(google)
    assert desk.asked() == [("POST", EVENTS)]
    google.sandbox.world.events.change(desk.event, google={"attendees": [{"email": "a@b.example"}]})
    await desk.update()
    await desk.delete()
    assert google.sandbox.world.traffic.invitations == []


async def test_a_repeat_finds_the_event_and_brings_it_to_the_state_wanted(google: OpenGoogle) -> None:
    desk = await booked(google)
    place = await desk.writer.create(desk.copy, SLOT, replace(DETAILS, title="Newer", reminder_minutes=None))
    assert place == desk.copy.place
    assert desk.event.subject == "Newer"
    assert desk.event.google["reminders"]["overrides"] == []


@pytest.mark.parametrize("reason", ["conflict", "alreadyExists", "not a word"])
async def test_an_id_is_taken_whatever_google_calls_that(google: OpenGoogle, reason: str) -> None:
    desk = await booked(google)
    google.sandbox.world.faults.google_error(409, reason, method="POST")
    assert await desk.create(replace(DETAILS, title="Newer")) == desk.copy.place
    assert desk.event.subject == "Newer"


async def test_a_repeat_that_cannot_change_the_event_leaves_its_outcome_open(google: OpenGoogle) -> None:
    desk = await booked(google)
    for status, reason in ((403, "forbidden"), (400, "invalid"), (503, "backendError")):
        google.sandbox.world.faults.google_error(status, reason, method="PATCH")
        with pytest.raises(ProviderUnavailable) as caught:
            await desk.create()
        assert caught.value.outcome_unknown


@pytest.mark.parametrize("spent_id", ["duplicate", "forbidden"])
@pytest.mark.parametrize("patch_on_cancelled", ["forbidden", "not_found", "revives"])
async def test_nothing_is_written_under_the_id_of_a_deleted_event(
    google: OpenGoogle, spent_id: str, patch_on_cancelled: str
) -> None:
    settings = google.sandbox.world.google.settings
    settings.spent_id, settings.patch_on_cancelled = spent_id, patch_on_cancelled  # type: ignore[assignment]
    desk = await booked(google)
    await desk.delete()
    before = len(google.sandbox.world.traffic.requests)
    with pytest.raises(EventDeleted):
        await desk.create()
    assert desk.written() == []
    assert "PATCH" not in [method for method, _ in desk.asked(before)]
    another = await desk.writer.create(replace(desk.copy, mark=OTHER_MARK), SLOT, DETAILS)
    assert another.remote_id == OTHER_MARK.replace("-", "")


async def test_an_event_that_was_moved_away_meanwhile_is_brought_up_to_date_where_it_is(
    google: OpenGoogle,
) -> None:
    desk = await booked(google)
    google.sandbox.world.events.move("gina", desk.event, "family")
    place = await desk.create(replace(DETAILS, title="Newer"))
    assert place == desk.place_in("family")
    assert [one.subject for one in desk.written("family")] == ["Newer"]


@pytest.mark.parametrize("kind", ["cut", "truncate", "cut_inside"])
async def test_an_answer_lost_after_storing_leaves_one_event(google: OpenGoogle, kind: str) -> None:
    desk = desk_for(google)
    google.sandbox.world.faults.add(surface="google", kind=kind, method="POST", perform=True)
    with pytest.raises(ProviderUnavailable) as caught:
        await desk.create()
    assert caught.value.outcome_unknown
    assert await desk.create() == desk.place_in("primary")
    assert len(desk.written()) == 1


@pytest.mark.parametrize(
    "answer",
    [{"id": "0" * 32}, {"id": EVENT}, {"id": EVENT, "start": {"date": "2031-05-06"}, "end": {}}, {}],
)
async def test_an_answer_about_another_event_proves_nothing(
    google: OpenGoogle, answer: dict[str, object]
) -> None:
    desk = desk_for(google)
    google.sandbox.world.faults.add(surface="google", method="POST", status=200, body=answer)
    with pytest.raises(ProviderUnavailable) as caught:
        await desk.create()
    assert caught.value.outcome_unknown


async def test_an_id_called_taken_by_an_event_that_is_nowhere_leaves_all_open(google: OpenGoogle) -> None:
    desk = desk_for(google)
    google.sandbox.world.faults.google_error(409, "duplicate", method="POST")
    with pytest.raises(ProviderUnavailable) as caught:
        await desk.create()
    assert caught.value.outcome_unknown


async def test_a_write_is_not_repeated_inside_the_call(google: OpenGoogle) -> None:
    desk = desk_for(google)
    fault = google.sandbox.world.faults.google_error(503, "backendError", method="POST", times=None)
    with pytest.raises(ProviderUnavailable):
        await desk.create()
    assert fault.hits == 1


@pytest.mark.parametrize(
    "reason", ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "calendarUsageLimitsExceeded"]
)
async def test_a_usage_limit_is_no_lost_right(google: OpenGoogle, reason: str) -> None:
    desk = desk_for(google)
    google.sandbox.world.faults.google_error(403, reason, method="POST")
    with pytest.raises(ProviderUnavailable) as caught:
        await desk.create()
    assert (caught.value.throttled, caught.value.outcome_unknown) == (True, False)


@pytest.mark.parametrize("refusal", ["forbidden", "requiredAccessLevel"])
async def test_a_calendar_that_may_only_be_read_denies_the_event(google: OpenGoogle, refusal: str) -> None:
    google.sandbox.world.google.settings.write_refusal = refusal  # type: ignore[assignment]
    desk = desk_for(google, "walter", "reader", scopes=SHARED_SCOPES)
    with pytest.raises(AccessDenied) as caught:
        await desk.create()
    assert caught.value.missing_permissions == ()


async def test_a_shared_calendar_names_the_permission_that_writing_to_it_takes(google: OpenGoogle) -> None:
    with pytest.raises(AccessDenied) as caught:
        await desk_for(google, "walter", "writer").create()
    assert caught.value.missing_permissions == ("calendar.events",)


async def test_what_one_owns_may_mean_what_one_made(google: OpenGoogle) -> None:
    """Nobody documents whether the scope of owned calendars opens all that somebody has the role of an owner on."""
    google.sandbox.world.google.settings.owned = "data_owner"
    with pytest.raises(AccessDenied) as caught:
        await desk_for(google, "walter", "owner").create()
    assert caught.value.missing_permissions == ("calendar.events",)
    assert (await booked(google, "walter", "owner", scopes=SHARED_SCOPES)).event.google_id == EVENT


async def test_a_permission_that_opens_everything_leaves_none_to_ask_for(google: OpenGoogle) -> None:
    desk = desk_for(google, "walter", "reader", scopes=(*LEAST_SCOPES, f"{SCOPE_PREFIX}calendar"))
    with pytest.raises(AccessDenied) as caught:
        await desk.create()
    assert caught.value.missing_permissions == ()


@pytest.mark.parametrize("calendar", ["writer", "writerWithoutPrivateAccess", "owner"])
async def test_a_shared_calendar_is_written_with_that_permission(google: OpenGoogle, calendar: str) -> None:
    desk = await booked(google, "walter", calendar, scopes=SHARED_SCOPES)
    await desk.update()
    assert await desk.find() == desk.copy.place
    await desk.delete()
    assert desk.written() == []


async def test_a_calendar_that_is_gone_takes_no_event(google: OpenGoogle) -> None:
    desk = desk_for(google, calendar="family")
    google.sandbox.world.calendars.remove("gina", "family")
    with pytest.raises(CalendarGone):
        await desk.create()
    with pytest.raises(CalendarGone):
        await desk.find()


async def test_a_calendar_that_is_listed_though_it_is_not_found_leaves_all_open(google: OpenGoogle) -> None:
    desk = desk_for(google)
    google.sandbox.world.faults.google_error(404, "notFound", method="POST")
    with pytest.raises(ProviderUnavailable):
        await desk.create()


async def test_a_refused_event_is_told_with_the_providers_code(google: OpenGoogle) -> None:
    desk = desk_for(google)
    google.sandbox.world.faults.google_error(400, "invalid", method="POST")
    with pytest.raises(WriteRefused) as caught:
        await desk.create()
    assert caught.value.code == "invalid"


async def test_one_write_at_a_time_goes_to_a_calendar(google: OpenGoogle) -> None:
    google.sandbox.world.google.settings.delay_seconds = 0.005
    desk = desk_for(google)
    marks = [EventMark(f"3f2f6f4e-7d36-5f0c-8a52-1d1a2b3c4d{number:02}") for number in range(4)]
    await asyncio.gather(
        *(desk.writer.create(replace(desk.copy, mark=mark), SLOT, DETAILS) for mark in marks)
    )
    assert google.sandbox.world.traffic.peak("gina") == 1


async def test_writes_to_several_calendars_wait_for_each_other_in_none(google: OpenGoogle) -> None:
    google.sandbox.world.google.settings.delay_seconds = 0.02
    desk = desk_for(google)
    other = replace(desk.copy, remote_calendar_id=desk.calendar_id("family"))
    await asyncio.gather(*(desk.writer.create(copy, SLOT, DETAILS) for copy in (desk.copy, other)))
    assert google.sandbox.world.traffic.peak("gina") == 2
    assert len(desk.writer.turns) == 0
