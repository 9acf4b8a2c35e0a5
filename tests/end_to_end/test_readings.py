"""Answers from stored readings: what they cost, how old they may be, how far they reach, and what they never hide."""

import asyncio
from datetime import UTC, timedelta

import pytest

from sandbox import Sandbox
from tests.server.served import Logs
from tests.support.calls import NOW, SESSION, SOON, at, busy_hours, ends, hours, sources, span, unread
from tests.support.readings import asked, make_due, pass_time, read_again, read_at
from tests.support.running_service import open_service
from tests.support.service import Service, until

SOON_ALL_DAY = hours(0, 24, day=SOON)


@pytest.fixture
async def connected(service: Service) -> Service:
    """Anna's primary calendar is a conflict calendar, read once; nobody tells of what changes in it from then on."""
    await service.connect("anna")
    service.sandbox.world.settings.notifications = "silent"
    return service


async def test_an_answer_from_what_is_stored_asks_microsoft_nothing(connected: Service) -> None:
    before = list(connected.sandbox.world.traffic.requests)
    answer = await connected.busy(SOON_ALL_DAY)
    assert (answer.complete, sources(answer), busy_hours(answer, day=SOON)) == (True, {"STORED"}, [])
    assert await connected.check(hours(9, 10, day=SOON)) == ["FREE"]
    assert list(connected.sandbox.world.traffic.requests)[len(before) :] == []


async def test_a_bound_of_zero_looks_now(connected: Service) -> None:
    connected.sandbox.world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    assert await connected.check(hours(9, 10, day=SOON)) == ["FREE"], "nobody told us, and it is young enough"
    before = connected.now()
    answer = await connected.busy(SOON_ALL_DAY, max_age=NOW)
    assert (sources(answer), busy_hours(answer, day=SOON)) == ({"LIVE"}, [(9, 10)])
    assert answer.calendars[0].read_time.ToDatetime(tzinfo=UTC) >= before
    stored = await connected.busy(SOON_ALL_DAY)
    assert (sources(stored), busy_hours(stored, day=SOON)) == ({"STORED"}, [(9, 10)])


async def test_says_how_old_a_reading_is_and_reads_anew_what_is_older_than_allowed(
    connected: Service,
) -> None:
    await pass_time(connected, timedelta(minutes=10), read_again=False)
    (evidence,) = (await connected.busy(SOON_ALL_DAY)).calendars
    age = connected.now() - evidence.read_time.ToDatetime(tzinfo=UTC)
    assert timedelta(minutes=10) < age < timedelta(minutes=11)
    looked = asked(connected)
    assert sources(await connected.busy(SOON_ALL_DAY, max_age=timedelta(minutes=12))) == {"STORED"}
    assert asked(connected) == looked
    assert sources(await connected.busy(SOON_ALL_DAY, max_age=timedelta(minutes=5))) == {"LIVE"}
    assert asked(connected) == looked + 1
    await pass_time(connected, timedelta(minutes=16), read_again=False)
    assert sources(await connected.busy(SOON_ALL_DAY)) == {"LIVE"}, (
        "15 minutes are allowed where nothing is said"
    )


async def test_twenty_who_ask_at_once_share_one_look(connected: Service) -> None:
    await pass_time(connected, timedelta(hours=1), read_again=False)
    looked = asked(connected)
    connected.sandbox.world.settings.delay_seconds = 0.1
    answers = await asyncio.gather(*(connected.busy(SOON_ALL_DAY) for _ in range(20)))
    assert all(one.complete for one in answers)
    assert asked(connected) == looked + 1


async def test_twenty_who_want_it_as_of_now_share_a_second_look_at_most(connected: Service) -> None:
    """Those who came after the first look had begun can't be served from it."""
    looked = asked(connected)
    connected.sandbox.world.settings.delay_seconds = 0.2
    answers = await asyncio.gather(*(connected.busy(SOON_ALL_DAY, max_age=NOW) for _ in range(20)))
    assert all(sources(one) == {"LIVE"} for one in answers)
    assert asked(connected) <= looked + 2


async def test_beyond_the_stored_window_is_looked_at_each_time(connected: Service) -> None:
    today = SOON - timedelta(days=40)
    end = today + timedelta(days=121)
    events = connected.sandbox.world.events
    events.add("anna", end - timedelta(hours=2), end + timedelta(hours=2), uid="over-the-edge")
    events.add("anna", end + timedelta(hours=5), end + timedelta(hours=6), uid="beyond")
    await connected.busy(SOON_ALL_DAY, max_age=NOW)
    looked = asked(connected)
    edge = span(end - timedelta(days=1), end + timedelta(days=1))
    answer = await connected.busy(edge)
    assert (answer.complete, sources(answer)) == (True, {"STORED"}), "partly stored"
    assert [ends(one) for one in answer.busy_times] == [
        (end - timedelta(hours=2), end + timedelta(hours=2)),
        (end + timedelta(hours=5), end + timedelta(hours=6)),
    ]
    assert asked(connected) == looked + 1
    assert sources(await connected.busy(span(end, end + timedelta(days=1)))) == {"LIVE"}
    connected.sandbox.world.faults.answer(503, code="ServiceUnavailable", times=None)
    broken = await connected.busy(edge)
    assert (broken.complete, unread(broken)) == (False, ["PROVIDER_UNAVAILABLE"])
    assert (await connected.busy(SOON_ALL_DAY)).complete


async def test_reads_thousands_of_events_or_nothing(connected: Service) -> None:
    for minute in range(2500):  # a page holds a thousand
        start = SOON + timedelta(minutes=minute)
        connected.sandbox.world.events.add("anna", start, start + timedelta(minutes=1))
    connected.sandbox.world.faults.answer(503, code="ServiceUnavailable", page=2, times=None)
    broken = await connected.busy(SOON_ALL_DAY, max_age=NOW)
    assert (list(broken.busy_times), unread(broken)) == ([], ["PROVIDER_UNAVAILABLE"])
    assert busy_hours(await connected.busy(SOON_ALL_DAY), day=SOON) == [], "what was stored stays as it was"
    connected.sandbox.world.faults.clear()
    looked = asked(connected)
    two_days = await connected.busy(hours(0, 48, day=SOON), max_age=NOW)
    assert busy_hours(two_days, day=SOON) == [(0, 2500 / 60)]
    assert asked(connected) == looked + 3
    assert busy_hours(await connected.busy(SOON_ALL_DAY), day=SOON) == [(0, 24)]


async def test_an_own_event_in_a_stored_reading_does_not_count_beside_its_session(connected: Service) -> None:
    await connected.put_session(start=10, day=SOON)
    await connected.written()
    answer = await connected.busy(SOON_ALL_DAY, max_age=NOW)
    assert busy_hours(answer, day=SOON) == [(10, 11)]
    assert busy_hours(await connected.busy(SOON_ALL_DAY, excluded=(SESSION,)), day=SOON) == []
    await connected.cancel_session()
    stored = await connected.busy(SOON_ALL_DAY)
    assert (sources(stored), busy_hours(stored, day=SOON)) == ({"STORED"}, [])


async def test_a_new_time_zone_moves_the_days_of_what_is_stored(connected: Service) -> None:
    connected.sandbox.world.events.add("anna", SOON.date())
    window = span(SOON - timedelta(days=1), SOON + timedelta(days=2))
    await connected.put_expert(time_zone="UTC")
    assert [ends(one)[0] for one in (await connected.busy(window)).busy_times] == [SOON]
    await connected.put_expert(time_zone="Asia/Tokyo")
    answer = await connected.busy(window)
    assert [ends(one)[0] for one in answer.busy_times] == [SOON - timedelta(hours=9)]
    assert sources(answer) == {"LIVE"}
    assert sources(await connected.busy(window)) == {"STORED"}


async def test_what_came_too_late_for_one_answers_the_next(connected: Service, soon_over: float) -> None:
    primary = await connected.calendar_id("anna", "primary")
    connected.sandbox.world.events.add("anna", at(9, day=SOON), at(10, day=SOON))
    before = await read_at(connected, primary)
    connected.sandbox.world.faults.add(kind="hang", seconds=60, path="calendarView")
    late = await connected.busy(SOON_ALL_DAY, max_age=NOW, deadline=soon_over)
    assert (late.complete, unread(late)) == (False, ["TIMED_OUT"])
    connected.sandbox.hangs.release()
    await read_again(connected, primary, after=before)
    looked = asked(connected)
    answer = await connected.busy(SOON_ALL_DAY, max_age=timedelta(minutes=1))
    assert (sources(answer), busy_hours(answer, day=SOON)) == ({"STORED"}, [(9, 10)])
    assert asked(connected) == looked


async def test_a_newly_chosen_calendar_counts_at_once_and_one_given_up_no_more(connected: Service) -> None:
    primary, team = [await connected.calendar_id("anna", key) for key in ("primary", "team")]
    connected.sandbox.world.events.add("anna", at(3, day=SOON), at(4, day=SOON), calendar="team")
    await connected.choose(conflict_calendar_ids=[primary, team])
    answer = await connected.busy(hours(3, 4, day=SOON))
    assert (answer.complete, busy_hours(answer, day=SOON)) == (True, [(3, 4)])
    await connected.choose(conflict_calendar_ids=[primary])
    assert busy_hours(await connected.busy(hours(3, 4, day=SOON)), day=SOON) == []
    rows = await connected.rows("SELECT calendar_id FROM reading")
    assert [one["calendar_id"] for one in rows] == [primary]


async def test_workers_and_callers_of_two_processes_renew_an_expired_token_once(
    service: Service, sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    """Each process may find it expired; what the first brings serves the other, but for a close race."""
    await service.connect("max")
    chosen = [one.calendar_id for one in await service.list_calendars(page_size=200)]
    await service.choose(conflict_calendar_ids=chosen)
    await service.settled()
    async with open_service(sandbox, dsn, logs=logs) as other:
        await other.busy(SOON_ALL_DAY)
        sandbox.world.traffic.clear()
        sandbox.world.settings.concurrency_limit = 100  # two processes don't know of each other's requests
        sandbox.world.grants.expire_access_tokens("max")
        await make_due(service)
        asks = [one.busy(SOON_ALL_DAY, max_age=NOW) for one in (service, other) for _ in range(10)]
        answers = await asyncio.gather(*asks)
        assert [unread(one) for one in answers] == [[]] * len(answers)
        await service.settled()
    renewals = [one for one in sandbox.world.traffic.requests if one.surface == "token"]
    assert 1 <= len(renewals) <= 2, "one a process at most"


async def test_a_long_outage_ages_the_readings_and_is_nobodys_fault(connected: Service) -> None:
    account = (await connected.list_accounts())[0]
    connected.sandbox.world.faults.answer(403, code="ErrorAccessDenied", times=None)
    for minutes in (5, 5):
        await pass_time(connected, timedelta(minutes=minutes))
        answer = await connected.busy(SOON_ALL_DAY)
        assert (answer.complete, sources(answer)) == (True, {"STORED"})
    for hours_passed in (1, 6, 17):
        await pass_time(connected, timedelta(hours=hours_passed))
        await connected.settled()
        answer = await connected.busy(SOON_ALL_DAY)
        assert (answer.complete, unread(answer)) == (False, ["ACCESS_DENIED"])
        assert await connected.check(hours(9, 10, day=SOON)) == ["UNKNOWN"]
    assert await connected.list_accounts() == [account]
    assert not await connected.rows("SELECT incident_id FROM incident")
    assert not connected.sandbox.mails
    connected.sandbox.world.faults.clear()
    await make_due(connected)
    await connected.settled()

    async def stored() -> set[str]:
        return sources(await connected.busy(SOON_ALL_DAY))

    await until(stored, lambda found: found == {"STORED"})


@pytest.mark.parametrize("largest", [300, 60])
async def test_a_calendar_that_never_answers_full_pages_is_read_all_the_same(
    connected: Service, largest: int
) -> None:
    world = connected.sandbox.world
    for minute in range(0, 23 * 60, 4):
        start = at(0, day=SOON) + timedelta(minutes=minute)
        world.events.add("anna", start, start + timedelta(minutes=4))
    world.settings.largest_view_page = largest
    answer = await connected.busy(SOON_ALL_DAY, max_age=NOW)
    assert (answer.complete, busy_hours(answer, day=SOON)) == (True, [(0, 23)])


async def test_a_calendar_is_read_to_its_end_behind_a_proxy(connected: Service) -> None:
    """Where what is asked goes to the proxy, and next links lead to Microsoft itself."""
    world = connected.sandbox.world
    world.settings.link_base = "https://graph.microsoft.com/v1.0"
    world.settings.largest_view_page = 50
    for minute in range(0, 23 * 60, 10):
        start = at(0, day=SOON) + timedelta(minutes=minute)
        world.events.add("anna", start, start + timedelta(minutes=10))
    answer = await connected.busy(SOON_ALL_DAY, max_age=NOW)
    assert (answer.complete, busy_hours(answer, day=SOON)) == (True, [(0, 23)])
