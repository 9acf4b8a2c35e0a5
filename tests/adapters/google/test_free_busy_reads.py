"""Reads that come together share a question; each has an answer of its own."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from domain.access import CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.blocking import CalendarEntry
from domain.interval import Interval
from sandbox import Sandbox
from tests.adapters.google.reading import ASKS, LISTS, LOOKS, WEEK, Chair, at, busy, chair_for
from tests.support.google import OpenGoogle, google_on

Outcome = tuple[CalendarEntry, ...] | BaseException


@pytest.fixture
def chair(google: OpenGoogle) -> Chair:
    return chair_for(google)


@pytest_asyncio.fixture
async def patient(sandbox: Sandbox) -> AsyncIterator[Chair]:
    """Whose questions wait long enough for a test to do something meanwhile."""
    async with google_on(sandbox) as google:
        yield chair_for(google, gathered_for=timedelta(seconds=30))


async def _together(chair: Chair, *keys: str, ours: bool = False, window: Interval = WEEK) -> list[Outcome]:
    reads = [chair.read(key, ours=ours, window=window) for key in keys]
    return await asyncio.gather(*reads, return_exceptions=True)


def _calendars(chair: Chair, count: int) -> list[str]:
    """So many, each busy at an hour of its own."""
    keys = [f"team-{number}" for number in range(count)]
    for number, key in enumerate(keys):
        chair.world.calendars.add(chair.person, key, key)
        chair.add(at(5, 0) + timedelta(hours=number), calendar=key)
    return keys


def _starts(outcomes: list[Outcome]) -> list[object]:
    return [one if isinstance(one, BaseException) else busy(one)[0].start for one in outcomes]


async def test_reads_that_come_together_share_a_question(chair: Chair) -> None:
    keys = _calendars(chair, 20)
    assert _starts(await _together(chair, *keys)) == [at(5, 0) + timedelta(hours=hour) for hour in range(20)]
    assert chair.asked() == [ASKS]


@pytest.mark.parametrize(("number", "shared"), [(6, True), (30, False)])
async def test_as_long_as_some_come_the_question_waits_but_not_for_ever(
    google: OpenGoogle, number: int, shared: bool
) -> None:
    chair = chair_for(google, gathered_for=timedelta())
    keys = _calendars(chair, number)

    async def come(turn: int) -> None:
        for _ in range(turn):
            await asyncio.sleep(0)
        await chair.read(keys[turn], ours=False)

    await asyncio.gather(*(come(turn) for turn in range(number)))
    assert (chair.asked() == [ASKS]) is shared


async def test_three_owned_and_twenty_others_take_four_requests(google: OpenGoogle) -> None:
    chair = chair_for(google, "walter")
    others = [(chair.share(f"theirs-{number}"), f"theirs-{number}")[1] for number in range(20)]
    for number in range(2):
        chair.world.calendars.add("walter", f"mine-{number}", "Mine")
    owned = ["primary", "mine-0", "mine-1"]
    reads = [chair.read(key) for key in owned] + [chair.read(key, ours=False) for key in others]
    await asyncio.gather(*reads)
    assert sorted(chair.asked()) == [LISTS] * 3 + [ASKS]


async def test_more_than_fifty_take_more_questions(chair: Chair) -> None:
    keys = _calendars(chair, 120)
    assert _starts(await _together(chair, *keys)) == [at(5, 0) + timedelta(hours=hour) for hour in range(120)]
    assert chair.asked() == [ASKS] * 3


async def test_one_calendar_asked_for_twice_is_asked_about_once(chair: Chair) -> None:
    keys = _calendars(chair, 50)
    assert len(set(_starts(await _together(chair, *keys, *keys)))) == 50
    assert chair.asked() == [ASKS]


async def test_accounts_share_nothing(google: OpenGoogle) -> None:
    gina, walter = chair_for(google), chair_for(google, "walter")
    walter.add(at(6, 9), calendar="own")
    both = await asyncio.gather(gina.read("family", ours=False), walter.read("own", ours=False))
    assert [len(one) for one in both] == [0, 1]
    assert {one.person for one in gina.world.traffic.requests if one.surface == "google"} == {
        "gina",
        "walter",
    }


async def test_windows_that_overlap_are_one(chair: Chair) -> None:
    chair.add(at(11, 23), at(13, 1), calendar="family")
    chair.add(at(6, 9), at(6, 10))
    later = Interval(at(11, 0), at(18, 0))
    one, other = await asyncio.gather(chair.read(ours=False), chair.read("family", ours=False, window=later))
    assert busy(one) == (Interval(at(6, 9), at(6, 10)),)
    assert [entry.when.start for entry in other] == [at(11, 23)]  # type: ignore[union-attr]
    assert chair.asked() == [ASKS]


async def test_windows_apart_are_asked_for_apart(chair: Chair) -> None:
    chair.add(at(6, 9), at(6, 10), calendar="family")
    apart = Interval(WEEK.end + timedelta(days=300), WEEK.end + timedelta(days=301))
    near, far = await asyncio.gather(
        chair.read("family", ours=False), chair.read("family", ours=False, window=apart)
    )
    assert (len(near), far) == (1, ())
    assert chair.asked() == [ASKS] * 2


async def test_a_read_that_comes_after_the_question_makes_another(chair: Chair) -> None:
    """No answer is older than what it answers."""
    chair.world.faults.add(surface="google", path="/freeBusy", kind="hang", seconds=60, perform=True)
    early = asyncio.create_task(chair.read("family", ours=False))
    await chair.google.sandbox.hangs.reached()
    chair.add(at(6, 9), calendar="family")
    assert len(await chair.read("family", ours=False)) == 1
    chair.google.sandbox.hangs.release()
    assert await early == ()
    assert chair.asked() == [ASKS] * 2


async def test_nothing_is_kept_for_the_next_read(chair: Chair) -> None:
    assert await chair.read("family", ours=False) == ()
    chair.add(at(6, 9), calendar="family")
    assert len(await chair.read("family", ours=False)) == 1


@pytest.mark.parametrize("leaves", [0, 1])
async def test_whoever_leaves_disturbs_nobody(chair: Chair, leaves: int) -> None:
    keys = _calendars(chair, 2)
    chair.world.faults.add(surface="google", path="/freeBusy", kind="hang", seconds=60)
    reads = [asyncio.create_task(chair.read(key, ours=False)) for key in keys]
    await chair.google.sandbox.hangs.reached()
    reads.pop(leaves).cancel()
    chair.google.sandbox.hangs.release()
    assert len(await reads[0]) == 1
    assert chair.asked() == [ASKS]


async def test_those_who_left_before_it_was_sent_are_not_asked_for(chair: Chair) -> None:
    keys = _calendars(chair, 2)
    chair.world.calendars.change_google("gina", keys[0], freebusy="error", freebusy_reason="notFound")
    reads = [asyncio.create_task(chair.read(key, ours=False)) for key in keys]
    await asyncio.sleep(0)
    reads[0].cancel()
    assert len(await reads[1]) == 1
    assert chair.asked() == [ASKS]  # without a look at the list for the one that isn't found


async def test_a_question_that_nobody_waits_for_is_given_up(patient: Chair) -> None:
    before = asyncio.all_tasks()
    reads = [asyncio.create_task(patient.read(key, ours=False)) for key in ("primary", "family")]
    await asyncio.sleep(0)
    for read in reads:
        read.cancel()
    await asyncio.gather(*reads, return_exceptions=True)
    for _ in range(3):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    assert patient.asked() == []


async def test_reads_that_wait_show_no_id_of_a_calendar(patient: Chair) -> None:
    read = asyncio.create_task(patient.read(ours=False))
    await asyncio.sleep(0)
    shown = repr(vars(patient.reader.free_busy._gatherings))
    read.cancel()
    await asyncio.gather(read, return_exceptions=True)
    assert "_Wanted(" in shown
    assert "gina@" not in shown


async def test_a_read_after_all_others_left_starts_anew(chair: Chair) -> None:
    left = asyncio.create_task(chair.read("family", ours=False))
    await asyncio.sleep(0)
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    async with asyncio.timeout(20):
        assert await chair.read("family", ours=False) == ()


async def test_a_failure_goes_to_all_that_share_it(chair: Chair) -> None:
    keys = _calendars(chair, 3)
    chair.world.faults.google_error(403, "rateLimitExceeded", path="/freeBusy", retry_after="30", times=None)
    outcomes = await _together(chair, *keys)
    assert [type(one) for one in outcomes] == [ProviderUnavailable] * 3
    assert all(isinstance(one, ProviderUnavailable) and one.throttled for one in outcomes)
    assert chair.asked() == [ASKS]


async def test_what_is_wrong_with_one_calendar_is_its_own(chair: Chair) -> None:
    """Unread, and never free."""
    keys = _calendars(chair, 5)
    change = chair.world.calendars.change_google
    change("gina", keys[0], freebusy="error")
    change("gina", keys[1], freebusy="error_with_busy", freebusy_reason="never seen")
    change("gina", keys[2], freebusy="left_out")
    change("gina", keys[3], freebusy="error", freebusy_reason="notFound")
    outcomes = await _together(chair, *keys)
    assert [type(one) for one in outcomes[:-1]] == [
        ProviderUnavailable,
        ProviderUnavailable,
        InvalidAnswer,
        ProviderUnavailable,  # the list still has it
    ]
    assert len(busy(outcomes[-1])) == 1  # type: ignore[arg-type]


async def test_those_not_found_are_looked_for_once_in_the_list(chair: Chair) -> None:
    keys = _calendars(chair, 4)
    ids = [chair.calendar_id(key) for key in keys]
    for key in keys[:2]:
        chair.world.calendars.change_google("gina", key, deleted=True)
    chair.world.calendars.change_google("gina", keys[2], freebusy="error", freebusy_reason="notFound")
    outcomes = await asyncio.gather(*(chair.read_id(one, ours=False) for one in ids), return_exceptions=True)
    assert [type(one) for one in outcomes] == [CalendarGone, CalendarGone, ProviderUnavailable, tuple]
    assert chair.asked() == [ASKS, LOOKS]


@pytest.mark.parametrize("reason", ["notFound", "deleted"])
async def test_no_word_beside_a_calendar_that_is_listed_makes_it_gone(chair: Chair, reason: str) -> None:
    said = {chair.calendar_id("primary"): {"busy": [], "errors": [{"domain": "global", "reason": reason}]}}
    chair.world.faults.add(surface="google", path="/freeBusy$", status=200, body={"calendars": said})
    with pytest.raises(ProviderUnavailable):
        await chair.read(ours=False)


async def test_a_list_that_cannot_be_read_is_no_trouble_of_the_others(chair: Chair) -> None:
    keys = _calendars(chair, 2)
    chair.world.calendars.change_google("gina", keys[0], freebusy="error", freebusy_reason="notFound")
    chair.world.faults.google_error(503, "backendError", path="calendarList", times=None)
    gone, other = await _together(chair, *keys)
    assert isinstance(gone, ProviderUnavailable)
    assert len(busy(other)) == 1  # type: ignore[arg-type]


async def test_lost_access_goes_to_all_that_share_it(chair: Chair) -> None:
    keys = _calendars(chair, 2)
    chair.world.google.grants.end_consent(chair.person)
    outcomes = await _together(chair, *keys)
    assert [type(one).__name__ for one in outcomes] == ["AccessLost"] * 2
