"""What makes an expert busy, read live from the providers, and what is said when not everything could be read."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calendarsync.v1.change_service_pb2 import CHANGE_TYPE_BUSY_TIME_CHANGED, CHANGE_TYPE_SESSION_COLLIDES
from domain.blocking import CalendarEntry, FloatingTimes, ShowAs
from sandbox import Recurrence, Sandbox
from sandbox.icloud.storing import store_text
from tests.server.served import Logs
from tests.support import calls
from tests.support.calendar_texts import text_of
from tests.support.calls import DAY, NOW, SESSION, at, ends, hours, span, unread
from tests.support.cast import Cast
from tests.support.running_service import open_service
from tests.support.service import Service


async def busy_hours(service: Service, **how: Any) -> list[tuple[float, float]]:
    """The busy times of DAY in hours."""
    answer = await service.busy(**how)
    assert answer.complete
    return calls.busy_hours(answer)


@pytest.mark.parametrize(
    ("person", "zone", "day", "length"),
    [
        ("gina", "Pacific/Auckland", date(2030, 4, 7), 25),
        ("anna", "America/Los_Angeles", date(2030, 3, 10), 23),
        ("gina", "Asia/Kathmandu", date(2030, 4, 7), 24),
        ("anna", "Australia/Lord_Howe", date(2030, 4, 7), 24.5),
        ("anna", "UTC", date(2030, 4, 7), 24),
        ("ida", "Pacific/Auckland", date(2030, 4, 7), 25),
    ],
)
async def test_an_all_day_event_blocks_the_experts_own_day(
    service: Service, person: str, zone: str, day: date, length: float
) -> None:
    await service.put_expert(time_zone=zone)
    await service.connect(person)
    service.sandbox.world.events.add(person, day, show_as="oof")
    midnight = datetime.combine(day, time(), ZoneInfo(zone))
    answer = await service.busy(span(midnight - timedelta(days=2), midnight + timedelta(days=3)))
    (blocked,) = map(ends, answer.busy_times)
    assert blocked[0] == midnight
    assert blocked[1] - blocked[0] == timedelta(hours=length)


async def test_a_new_time_zone_counts_from_the_next_question_on(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    service.sandbox.world.events.add(cast.main, DAY.date())
    window = span(DAY - timedelta(days=1), DAY + timedelta(days=2))
    (in_berlin,) = map(ends, (await service.busy(window)).busy_times)
    await service.put_expert(time_zone="Asia/Tokyo")
    (in_tokyo,) = map(ends, (await service.busy(window)).busy_times)
    assert in_berlin[0] - in_tokyo[0] == timedelta(hours=7)


async def test_a_series_blocks_by_occurrence(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    weekly = Recurrence(kind="weekly", days=("tuesday",), occurrences=10)
    events = service.sandbox.world.events
    series = events.add(cast.main, at(9), at(10), zone="UTC", recurrence=weekly)
    events.delete_occurrence(series, (DAY + timedelta(days=7)).date())
    events.change_occurrence(series, (DAY + timedelta(days=14)).date(), start=at(15 + 14 * 24))
    answer = await service.busy(span(DAY, DAY + timedelta(days=22)))
    assert [ends(one)[0] - DAY for one in answer.busy_times] == [
        timedelta(hours=9),
        timedelta(days=14, hours=15),
        timedelta(days=21, hours=9),
    ]


@pytest.mark.parametrize(
    ("details", "blocks"),
    [
        ({"show_as": "busy"}, True),
        ({"show_as": "oof"}, True),
        ({"show_as": "unknown"}, True),
        ({"overrides": {"showAs": "never-seen"}}, True),
        ({"omitted": {"showAs"}}, True),
        ({"overrides": {"subject": None, "iCalUId": None}}, True),
        ({"original_zone": "tzone://Microsoft/Custom"}, True),
        ({"show_as": "free"}, False),
        ({"show_as": "tentative"}, False),
        ({"show_as": "workingElsewhere"}, False),
        ({"cancelled": True}, False),
        ({"response": "declined"}, False),
        ({"response": "notResponded"}, True),
    ],
    ids=str,
)
async def test_what_blocks_and_what_does_not(service: Service, details: dict[str, Any], blocks: bool) -> None:
    await service.connect("anna")
    service.sandbox.world.events.add("anna", at(9), at(10), **details)
    assert await busy_hours(service) == ([(9, 10)] if blocks else [])


async def test_what_blocks_at_google_and_what_does_not(service: Service) -> None:
    await service.connect("gina")
    details: list[dict[str, Any]] = [
        {"show_as": "busy"},
        {"show_as": "free"},
        {"show_as": "oof"},
        {"show_as": "workingElsewhere"},
        {"show_as": "tentative"},
        {"cancelled": True},
        {"response": "notResponded"},
        {"response": "declined"},
        {"google": {"eventType": "never seen"}},
        {"google": {"eventType": "birthday", "transparency": "transparent"}},
        {"google": {"eventType": None, "status": None}},
    ]
    for hour, how in enumerate(details):
        service.sandbox.world.events.add("gina", at(hour), at(hour + 0.5), **how)
    assert [start for start, _ in await busy_hours(service)] == [0, 2, 4, 6, 8, 10]


async def test_what_blocks_at_apple_and_what_does_not(service: Service) -> None:
    await service.connect("ida")
    details: list[dict[str, Any]] = [
        {"show_as": "busy"},
        {"show_as": "free"},
        {"show_as": "oof"},
        {"show_as": "workingElsewhere"},
        {"show_as": "tentative"},
        {"cancelled": True},
        {"response": "accepted"},
        {"response": "notResponded"},
        {"response": "declined"},
        {"original_zone": "Customized Time Zone"},
    ]
    for hour, how in enumerate(details):
        service.sandbox.world.events.add("ida", at(hour), at(hour + 0.5), **how)
    await service.put_expert(time_zone="Asia/Tokyo")
    floating = text_of(
        CalendarEntry(
            when=FloatingTimes(datetime(2030, 5, 14, 21), datetime(2030, 5, 14, 22)),  # noqa: DTZ001 - in Tokyo
            show_as=ShowAs.BUSY,
        ),
        "floating",
        owner="ida@icloud.example.com",
    )
    store_text(service.sandbox.world, "ida", "home", floating)
    assert [start for start, _ in await busy_hours(service)] == [0, 2, 6, 9, 12]


async def test_tentative_events_block_from_when_the_expert_wants_it_until_they_no_longer_do(
    service: Service,
) -> None:
    await service.connect("anna")
    for day in (0, 200):  # that far ahead no readings are kept
        service.sandbox.world.events.add(
            "anna", at(9 + 24 * day), at(10 + 24 * day), show_as="tentative", subject="Perhaps"
        )
    both = hours(9, 10), hours(9 + 24 * 200, 10 + 24 * 200)
    assert await service.check(*both) == ["FREE", "FREE"]
    await service.choose(tentative_blocks=True)
    assert await service.check(*both) == ["BUSY", "BUSY"]
    assert await busy_hours(service) == [(9, 10)]
    await service.settled()
    assert await busy_hours(service) == [(9, 10)]
    await service.choose(tentative_blocks=False)
    assert await service.check(*both) == ["FREE", "FREE"]
    assert await busy_hours(service) == []


@pytest.mark.parametrize("second", ["carla", "gina", "ida"])
async def test_merges_the_conflict_calendars_of_all_accounts_and_only_those(
    service: Service, second: str
) -> None:
    await service.connect("anna")
    await service.connect(second)
    events = service.sandbox.world.events
    events.add("anna", at(9), at(10))
    events.add(second, at(10), at(11))
    events.add(second, at(13), at(14))
    events.add("anna", at(20), at(21), calendar="team")
    assert await busy_hours(service) == [(9, 11), (13, 14)]


async def test_reads_every_page(service: Service) -> None:
    await service.connect("anna")
    for minute in range(18 * 60):  # a page holds a thousand
        start = DAY + timedelta(minutes=minute)
        service.sandbox.world.events.add("anna", start, start + timedelta(minutes=1))
    assert await busy_hours(service) == [(0, 18)]
    service.sandbox.world.faults.answer(503, code="ServiceUnavailable", page=2, times=None)
    answer = await service.busy()
    assert (list(answer.busy_times), unread(answer)) == ([], ["PROVIDER_UNAVAILABLE"])


async def test_a_session_counts_from_the_moment_it_is_accepted(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    service.sandbox.world.faults.add(**cast.creation, status=500, body={}, times=None)
    await service.put_session(start=10)
    assert await service.check(hours(10, 10.5), hours(11, 12)) == ["BUSY", "FREE"]
    assert not service.events(cast.main)


async def test_an_own_event_does_not_count_beside_its_session(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    await service.put_session(start=10)
    await service.written()
    assert await busy_hours(service) == [(10, 11)]
    assert await busy_hours(service, excluded=(SESSION,)) == []
    assert await service.check(hours(10, 11), excluded=(SESSION,)) == ["FREE"]


async def test_an_own_event_that_was_moved_by_hand_is_busy_beside_its_session(
    service: Service, cast: Cast
) -> None:
    await service.connect(cast.main)
    await service.put_session(start=10)
    await service.written()
    (event,) = service.events(cast.main)
    service.sandbox.world.events.change(event, start=at(15), subject="Moved by me")
    assert await busy_hours(service) == [(10, 11), (15, 16)]
    assert await busy_hours(service, excluded=(SESSION,)) == []


async def test_somebody_elses_event_never_passes_for_our_own(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    mark = "0b9f6a52-7a3c-4a7e-9d3f-1f2e3d4c5b6a"
    service.sandbox.world.events.add(
        cast.main,
        at(9),
        at(10),
        uid=mark,
        transaction_id=mark,
        google_id=mark.replace("-", ""),
        icloud_name=f"{mark}.ics",
    )
    assert await busy_hours(service) == [(9, 10)]


@pytest.mark.parametrize("unreadable", ["carla", "gina", "ida"])
async def test_one_unread_calendar_leaves_nothing_free(service: Service, unreadable: str) -> None:
    await service.connect("anna")
    await service.connect(unreadable)
    service.sandbox.world.events.add("anna", at(9), at(10))
    for surface in ("graph", "google", "icloud"):
        service.sandbox.world.faults.add(surface=surface, person=unreadable, status=500, body={}, times=None)
    answer = await service.busy()
    assert not answer.complete
    assert unread(answer) == ["PROVIDER_UNAVAILABLE"]
    assert [ends(one) for one in answer.busy_times] == [(at(9), at(10))]
    assert await service.check(hours(9, 10), hours(12, 13)) == ["BUSY", "UNKNOWN"]


async def test_calendars_of_others_at_google_are_read_by_their_busy_times(service: Service) -> None:
    """An error beside one of them leaves it unread, and the others as they are."""
    await service.connect("walter")
    seen = {role: await service.calendar_id("walter", role) for role in ("freeBusyReader", "reader")}
    await service.choose(conflict_calendar_ids=list(seen.values()))
    world = service.sandbox.world
    world.events.add("walter", at(9), at(10), calendar="freeBusyReader", subject="Secret")
    world.events.add("walter", at(9.5), at(11), calendar="freeBusyReader")
    world.events.add("walter", at(13), at(14), calendar="reader")
    assert await busy_hours(service, max_age=NOW) == [(9, 11), (13, 14)]
    world.calendars.change_google("walter", "reader", freebusy="error_with_busy")
    answer = await service.busy(max_age=NOW)
    assert unread(answer) == ["PROVIDER_UNAVAILABLE"]
    assert [ends(one) for one in answer.busy_times] == [(at(9), at(11))]


async def test_an_own_event_is_own_also_where_another_account_may_only_see_its_times(
    service: Service,
) -> None:
    world = service.sandbox.world
    world.calendars.share("gina", "primary", "walter", key="ginas", name="Gina's")
    world.calendars.change_google("walter", "ginas", role="reader")
    await service.connect("gina")
    await service.connect("walter")
    chosen = [await service.calendar_id("gina", "primary"), await service.calendar_id("walter", "ginas")]
    await service.choose(write_calendar_id=chosen[0], conflict_calendar_ids=chosen)
    cursor = (await service.list_changes()).cursor
    await service.put_session(start=10)
    await service.written()
    world.events.add("gina", at(15), at(16))
    assert await busy_hours(service, max_age=NOW) == [(10, 11), (15, 16)]
    assert await busy_hours(service, max_age=NOW, excluded=(SESSION,)) == [(15, 16)]
    kinds = {one.type for one in (await service.list_changes(cursor)).changes}
    assert CHANGE_TYPE_BUSY_TIME_CHANGED in kinds
    assert CHANGE_TYPE_SESSION_COLLIDES not in kinds


async def test_an_answer_of_googles_that_is_cut_off_is_unread(service: Service) -> None:
    await service.connect("gina")
    service.sandbox.world.events.add("gina", at(9), at(10))
    service.sandbox.world.faults.add(surface="google", path="/events$", kind="truncate", times=None)
    assert unread(await service.busy()) == ["INVALID_ANSWER"]
    assert await service.check(hours(12, 13)) == ["UNKNOWN"]


@pytest.mark.parametrize("spoilt", ["error_inside_200", "html", "truncate", "without_value"])
async def test_an_answer_that_is_none_is_unread(service: Service, spoilt: str) -> None:
    await service.connect("anna")
    service.sandbox.world.events.add("anna", at(9), at(10))
    faults = service.sandbox.world.faults
    if spoilt == "error_inside_200":
        faults.error_inside_200(path="calendarView", times=None)
    elif spoilt == "html":
        faults.html(200, path="calendarView", times=None)
    else:
        faults.add(kind=spoilt, path="calendarView", times=None)
    assert unread(await service.busy()) == ["INVALID_ANSWER"]
    assert await service.check(hours(12, 13)) == ["UNKNOWN"]


async def test_a_calendar_that_vanished_is_unread_and_found_missing(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    further = await service.calendar_id(cast.main, cast.further)
    await service.choose(conflict_calendar_ids=[further])
    service.sandbox.world.calendars.remove(cast.main, cast.further)
    assert unread(await service.busy()) == ["CALENDAR_MISSING"]
    await service.idle()
    missing = {one.calendar_id: one.missing for one in await service.list_calendars()}
    assert missing[further]
    assert (await service.calendar_settings()).conflict_calendar_ids == [further]


async def test_answers_before_the_callers_deadline_with_what_was_read(
    service: Service, soon_over: float
) -> None:
    await service.connect("anna")
    await service.connect("carla")
    service.sandbox.world.events.add("carla", at(9), at(10))
    assert (await service.busy(max_age=timedelta())).complete
    await service.database.execute(
        "UPDATE reading_schedule SET read_at = read_at - interval '1 day' FROM calendar "
        "WHERE calendar.calendar_id = reading_schedule.calendar_id AND calendar.remote_id = %(id)s",
        {"id": service.sandbox.world.calendars.get("anna").id},
    )
    service.sandbox.world.faults.add(kind="hang", seconds=60, person="anna", path="calendarView", times=None)
    answer = await service.busy(deadline=soon_over)
    assert unread(answer) == ["TIMED_OUT"]
    assert [ends(one) for one in answer.busy_times] == [(at(9), at(10))]
    service.sandbox.world.faults.clear()
    service.sandbox.hangs.release()
    assert (await service.busy()).complete


async def test_waits_for_microsoft_no_longer_than_its_own_limit(
    sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    async with open_service(sandbox, dsn, logs=logs, read_budget_seconds=0.3) as service:
        await service.put_expert()
        await service.connect("anna")
        sandbox.world.faults.add(kind="hang", seconds=60, path="calendarView", times=None)
        assert unread(await service.busy(max_age=NOW)) == ["TIMED_OUT"]
        sandbox.hangs.release()


async def test_asks_a_mailbox_no_more_than_four_things_at_once(service: Service) -> None:
    await service.connect("max")
    chosen = [one.calendar_id for one in await service.list_calendars(page_size=200)]
    await service.choose(conflict_calendar_ids=chosen)
    service.sandbox.world.settings.delay_seconds = 0.02
    assert (await service.busy()).complete
    assert service.sandbox.world.traffic.peak("max") == 4
