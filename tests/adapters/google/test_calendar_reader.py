"""Reading Google's calendars, on the sandbox."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from adapters.google.settings import SHARED_SCOPES
from domain.access import AccessDenied, CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.blocking import CalendarEntry, Days, Instants, ShowAs, busy_time
from domain.connection import MailboxNotServed
from domain.interval import Interval
from domain.zone import zone_named
from sandbox import Recurrence, Sandbox
from tests.adapters.google.reading import ASKS, LISTS, LOOKS, WEEK, at, busy, chair_for
from tests.adapters.google.test_event_ids import EVENT, MARK
from tests.support.google import OpenGoogle, google_on

LEFT = {
    "id",
    "status",
    "eventType",
    "start.dateTime",
    "end.dateTime",
    "attendees.self",
    "attendees.responseStatus",
}


async def test_nothing_but_times_statuses_and_ids_leaves_google(google: OpenGoogle) -> None:
    chair = chair_for(google)
    chair.add(
        at(6, 9), subject="Layoff planning", body="secret", location="Klinik", response="accepted",
        attendees=[{"emailAddress": {"address": "eva@example.com"}}], organizer_email="boss@example.com",
    )  # fmt: skip
    assert len(await chair.read()) == 1
    assert chair.world.traffic.properties() == LEFT


async def test_series_come_expanded_in_utc_and_without_the_other_guests(google: OpenGoogle) -> None:
    chair = chair_for(google)
    await chair.read()
    asked = {one.asked for one in chair.world.traffic.questions()}
    assert {one for one in asked if "=" not in one} == {
        "singleEvents",
        "showDeleted",
        "maxAttendees",
        "timeZone",
        "timeMin",
        "timeMax",
        "maxResults",
    }


async def test_of_other_calendars_nothing_but_busy_times_leaves_google(google: OpenGoogle) -> None:
    chair = chair_for(google)
    chair.add(at(6, 9), subject="Layoff planning", calendar="family")
    assert busy(await chair.read("family", ours=False)) == (Interval(at(6, 9), at(6, 10)),)
    assert chair.world.traffic.properties() == {"busy.start", "busy.end"}
    assert chair.asked() == [ASKS]


async def test_an_owned_calendar_takes_one_request(google: OpenGoogle) -> None:
    chair = chair_for(google)
    chair.add(at(6, 9), at(6, 10), google_id=EVENT)
    (entry,) = await chair.read()
    assert entry == CalendarEntry(when=Instants(at(6, 9), at(6, 10)), show_as=ShowAs.BUSY, mark=MARK)
    assert entry.remote_id == EVENT
    assert chair.asked() == [LISTS]


KINDS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"cancelled": True}, False),
    ({"response": "declined"}, False),
    ({"response": "tentativelyAccepted"}, True),
    ({"response": "notResponded"}, True),
    ({"show_as": "free"}, False),
    ({"show_as": "tentative"}, True),
    ({"show_as": "oof"}, True),
    ({"show_as": "workingElsewhere"}, False),
    ({"google": {"eventType": "focusTime"}}, True),
    ({"google": {"eventType": "fromGmail"}}, True),
    ({"google": {"eventType": "never seen"}}, True),
    ({"google": {"eventType": "birthday", "transparency": "transparent"}}, False),
    ({"sensitivity": "private"}, True),
    ({"sensitivity": "private", "show_as": "free"}, False),
]


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("said", [True, False])
async def test_both_ways_of_reading_block_alike(google: OpenGoogle, *, ours: bool, said: bool) -> None:
    chair = chair_for(google)
    chair.world.google.settings.leaves_out_defaults = not said
    for hour, (details, _) in enumerate(KINDS):
        chair.add(at(6, hour), at(6, hour, 30), **details)
    blocking = {hour for hour, (_, blocks) in enumerate(KINDS) if blocks}
    assert {one.start.hour for one in busy(await chair.read(ours=ours))} == blocking


async def test_a_guests_answer_is_not_the_persons_own(google: OpenGoogle) -> None:
    chair = chair_for(google)
    guests = [{"email": "eva@example.com", "responseStatus": "declined"}]
    chair.add(at(6, 9), response="accepted", google={"attendees": guests})
    assert len(busy(await chair.read())) == 1


async def test_a_series_comes_by_occurrence_where_it_really_is(google: OpenGoogle) -> None:
    chair = chair_for(google)
    chair.world.google.settings.lists_cancelled_instances = True
    series = chair.world.events.add(
        "gina", datetime.fromisoformat("2031-05-05T09:00"), zone="UTC", recurrence=Recurrence(kind="daily")
    )
    chair.world.events.delete_occurrence(series, date(2031, 5, 6))
    chair.world.events.change_occurrence(series, date(2031, 5, 7), start=at(7, 15), zone="UTC")
    starts = [interval.start for interval in busy(await chair.read())]
    assert starts == [at(5, 9), at(7, 15), at(8, 9), at(9, 9), at(10, 9), at(11, 9)]


async def test_a_series_that_its_owner_made_of_our_event_carries_its_mark(google: OpenGoogle) -> None:
    chair = chair_for(google)
    pattern = Recurrence(kind="daily", occurrences=3)
    chair.add(at(6, 9), at(6, 10), google_id=EVENT, recurrence=pattern)
    assert [entry.mark for entry in await chair.read()] == [MARK] * 3


DAYS_OF_CHANGE = [
    ("Europe/Berlin", date(2031, 3, 30), 23),
    ("Europe/Berlin", date(2031, 10, 26), 25),
    ("Pacific/Auckland", date(2031, 4, 6), 25),
    ("America/Los_Angeles", date(2031, 3, 9), 23),
    ("Asia/Kathmandu", date(2031, 5, 6), 24),
    ("Australia/Lord_Howe", date(2031, 4, 6), 24.5),
]


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS_OF_CHANGE)
async def test_an_all_day_event_blocks_the_experts_day_as_long_as_it_is(
    google: OpenGoogle, zone: str, day: date, hours: float
) -> None:
    chair = chair_for(google)
    chair.add(day, day + timedelta(days=1), zone="America/New_York")
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=WEEK.start.tzinfo)
    window = Interval(noon - timedelta(days=2), noon + timedelta(days=2))
    entries = await chair.read(window=window)
    assert [entry.when for entry in entries] == [Days(day, day + timedelta(days=1))]
    (blocked,) = busy_time(entries, window=window, zone=zone_named(zone), tentative_blocks=False)
    assert blocked.length == timedelta(hours=hours)


@pytest.mark.parametrize("all_day_zone", ["calendar", "UTC"])
@pytest.mark.parametrize(
    ("calendars_zone", "lives_in", "day", "hours"),
    [
        ("Pacific/Kiritimati", "Pacific/Pago_Pago", 4, (10, 11)),
        ("Pacific/Auckland", "America/Los_Angeles", 4, (6, 7)),
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", 6, (10, 11)),
        ("America/Los_Angeles", "Pacific/Auckland", 6, (12, 13)),
    ],
)
async def test_an_all_day_event_is_found_in_whatever_zone_google_compares_days(
    google: OpenGoogle,
    all_day_zone: Any,
    calendars_zone: str,
    lives_in: str,
    day: int,
    hours: tuple[int, int],
) -> None:
    chair = chair_for(google)
    chair.world.google.settings.all_day_zone = all_day_zone
    chair.world.people.change("gina", time_zone=calendars_zone)
    chair.add(date(2031, 5, day))
    window = Interval(at(5, hours[0]), at(5, hours[1]))
    entries = await chair.read(window=window)
    assert tuple(busy_time(entries, window=window, zone=zone_named(lives_in), tentative_blocks=False)) == (
        window,
    )


async def test_times_at_a_change_of_clocks_are_the_instants_they_are(google: OpenGoogle) -> None:
    """02:30 comes twice in Berlin on 26 October 2031, and the series has one occurrence that day."""
    chair = chair_for(google)
    pattern = Recurrence(kind="daily", occurrences=3)
    chair.add("2031-10-25T02:30", "2031-10-25T03:30", zone="Europe/Berlin", recurrence=pattern)
    noon = datetime(2031, 10, 26, 12, tzinfo=WEEK.start.tzinfo)
    entries = await chair.read(window=Interval(noon - timedelta(days=3), noon + timedelta(days=3)))
    starts = [entry.when.start for entry in entries if isinstance(entry.when, Instants)]
    assert [start.hour for start in starts] == [0, 0, 1]
    assert [start.date().day for start in starts] == [25, 26, 27]


async def test_what_only_touches_the_window_and_what_spans_it(google: OpenGoogle) -> None:
    chair = chair_for(google)
    chair.add(WEEK.start - timedelta(hours=1), WEEK.start)
    chair.add(WEEK.end, WEEK.end + timedelta(hours=1))
    assert busy(await chair.read()) == ()
    chair.add(WEEK.start - timedelta(days=30), WEEK.end + timedelta(days=30))
    assert busy(await chair.read()) == (WEEK,)


async def test_a_window_bounds_ends_not_starts(google: OpenGoogle) -> None:
    chair = chair_for(google)
    chair.add(at(6, 0), at(6, 12))
    window = Interval(at(8, 0), at(8, 1))
    chair.add(at(1, 0), at(8, 0, 30))
    for ours in (True, False):
        found = busy_time(
            await chair.read(ours=ours, window=window),
            window=window,
            zone=zone_named("UTC"),
            tentative_blocks=False,
        )
        assert list(found) == [Interval(at(8, 0), at(8, 0, 30))]


async def test_thousands_of_events_are_read_to_the_last_page(google: OpenGoogle) -> None:
    chair = chair_for(google)
    for number in range(2501):
        chair.add(at(5, 0) + timedelta(minutes=4 * number), uid=f"many-{number}")
    entries = await chair.read()
    assert len({entry.when for entry in entries}) == len(entries) == 2501
    assert chair.asked() == [LISTS, LISTS]


async def test_empty_and_short_pages_lead_on(google: OpenGoogle) -> None:
    chair = chair_for(google)
    chair.world.google.settings.empty_pages = 2
    chair.world.google.settings.page_size = 2
    for hour in range(5):
        chair.add(at(6, hour))
    assert len(await chair.read()) == 5
    assert chair.asked() == [LISTS] * 5


FAILURES = [
    ({"status": 503, "body": {"error": {"code": 503}}}, ProviderUnavailable),
    (
        {
            "status": 403,
            "body": {"error": {"errors": [{"reason": "rateLimitExceeded"}]}},
            "headers": {"Retry-After": "30"},
        },
        ProviderUnavailable,
    ),
    ({"status": 403, "body": {"error": {"errors": [{"reason": "never seen"}]}}}, ProviderUnavailable),
    ({"status": 404, "body": {"error": {"errors": [{"reason": "notFound"}]}}}, ProviderUnavailable),
    ({"status": 410, "body": {"error": {"errors": [{"reason": "deleted"}]}}}, ProviderUnavailable),
    ({"status": 410, "body": {"error": {"errors": [{"reason": "fullSyncRequired"}]}}}, ProviderUnavailable),
    ({"status": 400, "body": {"error": {"errors": [{"reason": "badRequest"}]}}}, InvalidAnswer),
    ({"status": 200, "body": {"kind": "calendar#events", "items": {}}}, InvalidAnswer),
    ({"status": 200, "body": {"kind": "calendar#events", "items": [{"id": "x"}]}}, InvalidAnswer),
    ({"status": 200, "body": {}}, InvalidAnswer),
    ({"status": 200, "body": "<html>", "content_type": "text/html"}, InvalidAnswer),
    ({"kind": "truncate"}, InvalidAnswer),
    ({"kind": "cut_inside"}, ProviderUnavailable),
]


@pytest.mark.parametrize(("fault", "failure"), FAILURES)
async def test_a_page_that_fails_fails_the_whole_reading(
    google: OpenGoogle, fault: dict[str, Any], failure: type[Exception]
) -> None:
    chair = chair_for(google)
    chair.world.google.settings.page_size = 2
    for hour in range(8):
        chair.add(at(6, hour))
    chair.world.faults.add(surface="google", path="/events$", page=3, times=None, **fault)
    with pytest.raises(failure):
        await chair.read()
    chair.world.faults.clear()
    chair.world.clock.advance(60)
    assert len(await chair.read()) == 8


async def test_after_a_page_that_was_too_much_smaller_ones_are_asked_for(sandbox: Sandbox) -> None:
    async with google_on(sandbox, page_size=400) as google:
        chair = chair_for(google)
        for minute in range(300):
            chair.add(at(6, 0) + timedelta(minutes=minute))
        # The first two are full pages: what takes too long once takes too long again.
        sandbox.world.faults.add(surface="google", path="/events$", status=504, body={}, times=2)
        assert len(await chair.read()) == 300
        assert chair.asked() == [LISTS] * (2 + 3)


ROLES = ["freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "never seen"]


@pytest.mark.parametrize("availability", ["stripped", "with_transparency", "refused"])
@pytest.mark.parametrize("role", ROLES)
async def test_where_events_show_no_more_than_their_times_the_busy_times_count(
    google: OpenGoogle, role: str, availability: Any
) -> None:
    """What may hold ours and is not owned is seen through a scope for times: a free event isn't marked as one."""
    chair = chair_for(google, "walter")
    chair.world.google.settings.availability_scope = availability
    chair.share("theirs", role)
    chair.add(at(6, 9), at(6, 10), calendar="theirs", show_as="free")
    chair.add(at(6, 11), at(6, 12), calendar="theirs", response="declined")
    chair.add(at(6, 13), at(6, 14), calendar="theirs")
    chair.add(at(6, 15), at(6, 16), calendar="theirs", google_id=EVENT)
    entries = await chair.read("theirs")
    assert [one.start.hour for one in busy(entries)] == [13, 15]
    assert [entry.mark for entry in entries if entry.mark] == ([] if availability == "refused" else [MARK])
    assert chair.asked() == [LISTS, ASKS]


HALF = {"start": at(6, 15, 30), "end": at(6, 16, 30)}


@pytest.mark.parametrize(
    ("other", "others_busy"),
    [
        (None, []),
        (HALF, [(at(6, 15, 30), at(6, 16, 30))]),
        ({"start": at(6, 14), "end": at(6, 15)}, [(at(6, 14), at(6, 15))]),
        ({"start": at(6, 14), "end": at(6, 17)}, [(at(6, 14), at(6, 17))]),
        ({"start": date(2031, 5, 6), "end": date(2031, 5, 7)}, [(at(5, 23), at(6, 23))]),
        ({**HALF, "google_id": "f" * 32}, []),
    ],
    ids=["alone", "overlapped", "touched", "covered", "all day", "two of ours"],
)
async def test_busy_times_that_only_events_of_ours_make_are_not_those_of_others(
    google: OpenGoogle, other: dict[str, Any] | None, others_busy: list[tuple[datetime, datetime]]
) -> None:
    """Two accounts of an expert may see the same calendar, and only one of them its events."""
    chair = chair_for(google, "walter")
    chair.share("theirs", "reader")
    chair.add(at(6, 15), at(6, 16), calendar="theirs", google_id=EVENT)
    if other is not None:
        chair.add(calendar="theirs", **other)
    entries = await chair.read("theirs")
    unmarked = [entry for entry in entries if entry.mark is None]
    assert [(one.start, one.end) for one in busy(unmarked)] == others_busy
    assert MARK in [entry.mark for entry in entries]


@pytest.mark.parametrize("role", ["writer", "writerWithoutPrivateAccess", "owner"])
async def test_where_the_grant_opens_all_events_they_are_read_one_by_one(
    google: OpenGoogle, role: str
) -> None:
    chair = chair_for(google, "walter", scopes=SHARED_SCOPES)
    chair.share("theirs", role)
    chair.add(at(6, 9), at(6, 10), calendar="theirs", show_as="free")
    chair.add(at(6, 15), at(6, 16), calendar="theirs", google_id=EVENT)
    entries = await chair.read("theirs")
    assert [entry.when for entry in entries] == [Instants(at(6, hour), at(6, hour + 1)) for hour in (9, 15)]
    assert [one.start.hour for one in busy(entries)] == [15]
    assert chair.asked() == [LISTS]


async def test_a_calendar_nobody_may_look_into_is_denied(google: OpenGoogle) -> None:
    chair = chair_for(google)
    for path in ("/events$", "/freeBusy$"):
        chair.world.faults.google_error(403, "forbidden", path=path, times=None)
    for ours in (True, False):
        with pytest.raises(AccessDenied):
            await chair.read(ours=ours)


@pytest.mark.parametrize("ours", [True, False])
async def test_a_calendar_that_is_gone_is_gone(google: OpenGoogle, *, ours: bool) -> None:
    chair = chair_for(google)
    remote_id = chair.calendar_id("family")
    chair.world.calendars.change_google("gina", "family", deleted=True)
    with pytest.raises(CalendarGone):
        await chair.read_id(remote_id, ours=ours)
    assert chair.asked() == [LISTS if ours else ASKS, LOOKS]


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("calendar_list", ["empty", "not found", "down"])
async def test_a_calendar_is_not_gone_while_the_list_is_not_to_be_believed(
    google: OpenGoogle, calendar_list: str, *, ours: bool
) -> None:
    chair = chair_for(google)
    remote_id = chair.calendar_id("family")
    chair.world.calendars.change_google("gina", "family", deleted=True)
    if calendar_list == "empty":
        chair.world.calendars.change_google("gina", "primary", deleted=True)
    else:
        status, reason = (404, "notFound") if calendar_list == "not found" else (503, "backendError")
        chair.world.faults.google_error(status, reason, path="calendarList", times=None)
    with pytest.raises((ProviderUnavailable, InvalidAnswer)):
        await chair.read_id(remote_id, ours=ours)


STRANGE = [
    "en.german#holiday@group.v.calendar.google.com",
    "no/such+id=",
    "../../me",
    "ü&timeMax=1#",
    "a?b",
    "%2e%2e",
    " ",
]


@pytest.mark.parametrize("remote_id", STRANGE)
async def test_a_strange_id_stays_inside_its_place_in_the_path(google: OpenGoogle, remote_id: str) -> None:
    chair = chair_for(google)
    chair.world.calendars.add("gina", "strange", "Strange", address=remote_id)
    chair.add(at(6, 9), calendar="strange")
    for ours in (True, False):
        assert len(busy(await chair.read_id(remote_id, ours=ours))) == 1
        with pytest.raises(CalendarGone):
            await chair.read_id(quote(remote_id, safe="") + "x", ours=ours)


async def test_an_account_without_calendar_is_not_served(google: OpenGoogle) -> None:
    chair = chair_for(google)
    chair.world.people.change_google("gina", calendar="off")
    for ours in (True, False):
        with pytest.raises(MailboxNotServed):
            await chair.read_id("gina@gmail.example.com", ours=ours)


async def test_ids_of_calendars_are_in_no_log(google: OpenGoogle, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    chair = chair_for(google)
    chair.world.faults.google_error(404, "notFound", path="/events$|/freeBusy$", times=None)
    for ours in (True, False):
        with pytest.raises(ProviderUnavailable):
            await chair.read(ours=ours)
    said = "".join(f"{record.getMessage()}{vars(record)}" for record in caplog.records)
    assert "google refused a request" in said
    assert "gina@" not in said
    assert "gina%40" not in said
