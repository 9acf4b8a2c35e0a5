"""Looks at calendars in which nothing has changed, and all that must not be taken for that."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from adapters.caldav.calendar_tags import Tags
from adapters.caldav.grants import first_grant, opened
from adapters.caldav.home_looks import HomeLook, HomeLooks
from adapters.caldav.kept_reads import AHEAD, SETTLES_AFTER, FullRead, KeptReads, reach_for
from domain.access import ProviderUnavailable
from domain.ids import AccountId
from domain.interval import Interval
from sandbox import Sandbox
from tests.adapters.caldav.reading import ASKS, LOOKS, WEEK, Chair, at, busy, chair_at, hour

DAY = timedelta(days=1)


async def test_what_has_not_changed_takes_one_look(chair: Chair) -> None:
    chair.add(at(6, 9), at(6, 10))
    first = await chair.read()
    assert await chair.read() == first
    assert busy(first) == (hour(6, 9),)
    assert chair.asked() == [LOOKS, ASKS, LOOKS]


async def test_calendars_that_are_read_together_share_the_look(sandbox: Sandbox) -> None:
    async with chair_at(sandbox, gathered_for=timedelta(milliseconds=20)) as chair:
        chair.add(at(6, 9), at(6, 10))
        chair.add(at(7, 9), at(7, 10), calendar="emoji")
        keys = ("home", "emoji", "nameless")
        expected = [(hour(6, 9),), (hour(7, 9),), ()]
        for asked in ([LOOKS] + [ASKS] * 3, [LOOKS]):
            assert [busy(one) for one in await asyncio.gather(*map(chair.read, keys))] == expected
            assert chair.asked() == asked
            chair.world.traffic.requests.clear()


async def test_a_look_that_fails_fails_all_that_share_it(chair: Chair) -> None:
    chair.world.faults.dav_error(500, method="PROPFIND", times=None)
    reads = (chair.read(key) for key in ("home", "emoji", "nameless"))
    outcomes = await asyncio.gather(*reads, return_exceptions=True)
    assert [type(one) for one in outcomes] == [ProviderUnavailable] * 3
    assert chair.asked() == [LOOKS]


async def test_whoever_leaves_disturbs_nobody(chair: Chair) -> None:
    chair.add(at(6, 9), at(6, 10), calendar="emoji")
    chair.world.faults.add(surface="icloud", method="PROPFIND", kind="hang", seconds=60)
    reads = [asyncio.create_task(chair.read(key)) for key in ("home", "emoji")]
    await chair.sandbox.hangs.reached()
    reads[0].cancel()
    chair.sandbox.hangs.release()
    assert busy(await reads[1]) == (hour(6, 9),)
    assert chair.asked() == [LOOKS, ASKS]


async def test_a_change_is_seen_by_the_next_look(chair: Chair) -> None:
    event = chair.add(at(6, 9), at(6, 10))
    await chair.read()
    chair.world.events.change(event, start=at(6, 11), end=at(6, 12))
    assert busy(await chair.read()) == (hour(6, 11),)
    chair.world.events.delete(chair.person, event)
    assert await chair.read() == ()


async def test_one_calendar_that_changed_has_no_other_read(chair: Chair) -> None:
    for key in ("home", "emoji"):
        await chair.read(key)
    chair.add(at(6, 9), calendar="emoji")
    chair.world.traffic.requests.clear()
    assert len(await chair.read("emoji")) == 1
    await chair.read("home")
    assert chair.asked() == [LOOKS, ASKS, LOOKS]


async def test_without_a_ctag_everything_has_changed(chair: Chair) -> None:
    chair.world.icloud.settings.omitted = ["getctag"]
    for _ in range(2):
        await chair.read()
    assert chair.asked() == [LOOKS, ASKS] * 2


async def test_a_ctag_alone_is_enough(chair: Chair) -> None:
    chair.world.icloud.settings.omitted = ["sync-token"]
    for _ in range(2):
        await chair.read()
    assert chair.asked() == [LOOKS, ASKS, LOOKS]


async def test_a_change_between_look_and_query_is_not_lost(chair: Chair) -> None:
    chair.world.faults.add(surface="icloud", method="REPORT", kind="hang", seconds=60, perform=True)
    reading = asyncio.create_task(chair.read())
    await chair.sandbox.hangs.reached()
    chair.add(at(6, 9), at(6, 10))
    chair.sandbox.hangs.release()
    assert await reading == ()
    assert busy(await chair.read()) == (hour(6, 9),)


async def test_a_look_under_way_answers_nobody_who_came_later(chair: Chair) -> None:
    assert await chair.read() == ()
    chair.world.faults.add(surface="icloud", method="PROPFIND", kind="hang", seconds=60, perform=True)
    early = asyncio.create_task(chair.read())
    await chair.sandbox.hangs.reached()
    chair.add(at(6, 9), at(6, 10))
    assert busy(await chair.read()) == (hour(6, 9),)
    chair.sandbox.hangs.release()
    # What was read since the early one came answers it, too, whatever tags it saw.
    assert busy(await early) == busy(await chair.read()) == (hour(6, 9),)
    assert chair.asked() == [LOOKS, ASKS, LOOKS, ASKS, LOOKS, LOOKS]


async def test_a_read_that_comes_late_takes_no_newer_ones_place(chair: Chair) -> None:
    chair.world.faults.add(surface="icloud", method="REPORT", kind="hang", seconds=60, perform=True)
    late = asyncio.create_task(chair.read())
    await chair.sandbox.hangs.reached()
    chair.add(at(6, 9), at(6, 10))
    await chair.read()
    chair.sandbox.hangs.release()
    assert await late == ()
    chair.world.traffic.requests.clear()
    assert busy(await chair.read()) == (hour(6, 9),)
    assert chair.asked() == [LOOKS]


async def test_windows_that_move_on_are_answered_from_what_was_read(chair: Chair) -> None:
    chair.add(at(6, 9), at(6, 10))
    chair.add(at(20, 9), at(20, 10))
    await chair.read()
    later = Interval(WEEK.start + 2 * DAY, WEEK.end + AHEAD)
    assert [entry.when.start for entry in await chair.read(window=later)] == [at(20, 9)]  # type: ignore[union-attr]
    assert chair.asked() == [LOOKS, ASKS, LOOKS]


@pytest.mark.parametrize(
    "window",
    [
        Interval(WEEK.start - timedelta(seconds=1), WEEK.end),
        Interval(WEEK.start, WEEK.end + AHEAD + timedelta(seconds=1)),
    ],
)
async def test_beyond_what_was_read_is_asked_for(chair: Chair, window: Interval) -> None:
    await chair.read()
    await chair.read(window=window)
    assert chair.asked() == [LOOKS, ASKS] * 2


async def test_entries_beside_the_window_stay_here(chair: Chair) -> None:
    """Whatever was read for others, the answer is that to the question."""
    chair.add(at(6, 9), at(6, 10))
    chair.add(at(14, 9), at(14, 10))
    assert [busy(await chair.read()) for _ in range(2)] == [(hour(6, 9),)] * 2
    assert len(await chair.read()) == 1


async def test_a_question_far_ahead_leaves_the_reading_where_it_is(chair: Chair) -> None:
    far = Interval(WEEK.start + 300 * DAY, WEEK.end + 300 * DAY)
    for window in (WEEK, far, WEEK, far):
        await chair.read(window=window)
    assert chair.asked() == [LOOKS, ASKS, LOOKS, ASKS, LOOKS, LOOKS]


async def test_of_a_calendar_no_more_than_three_windows_are_kept(chair: Chair) -> None:
    windows = [Interval(WEEK.start + days * DAY, WEEK.end + days * DAY) for days in (0, 100, 200, 300)]
    for window in windows:
        await chair.read(window=window)
    chair.world.traffic.requests.clear()
    for window in reversed(windows):
        await chair.read(window=window)
    assert chair.asked() == [LOOKS] * 3 + [LOOKS, ASKS]


async def test_once_a_day_everything_is_read(chair: Chair) -> None:
    await chair.read()
    chair.dav.clock.advance(DAY - timedelta(seconds=1))
    await chair.read()
    assert chair.asked() == [LOOKS, ASKS, LOOKS]
    chair.dav.clock.advance(timedelta(seconds=1))
    await chair.read()
    assert chair.asked() == [LOOKS, ASKS, LOOKS, LOOKS, ASKS]


async def test_after_a_reconnect_everything_is_read(chair: Chair) -> None:
    """Which addresses are the person's own may have changed with it."""
    await chair.read()
    grant = opened(chair.dav.store.tables.grants[chair.account].grant)
    found = await chair.dav.discovery.walk(grant.login)
    chair.dav.connect(first_grant(grant.login, replace(found, addresses=())), version=2)
    chair.world.traffic.requests.clear()
    await chair.read()
    assert chair.asked() == [LOOKS, ASKS]


async def test_a_look_that_fails_tells_nothing_of_before(chair: Chair) -> None:
    await chair.read()
    chair.world.faults.dav_error(500, method="PROPFIND")
    with pytest.raises(ProviderUnavailable):
        await chair.read()


async def test_a_read_that_fails_is_not_kept(chair: Chair) -> None:
    chair.add(at(6, 9))
    chair.world.faults.add(surface="icloud", kind="cut_inside", method="REPORT")
    with pytest.raises(ProviderUnavailable):
        await chair.read()
    assert len(await chair.read()) == 1


async def test_accounts_keep_what_is_theirs(sandbox: Sandbox) -> None:
    other = AccountId("of ivan")
    async with chair_at(sandbox) as ida, chair_at(sandbox, "ivan") as ivan:
        ida.dav.store.tables.grants[other] = ivan.dav.store.tables.grants[ivan.account]
        ivan.add(at(6, 9))
        with_idas_reader = replace(ivan, reader=ida.reader, account=other)
        for _ in range(2):
            both = await asyncio.gather(ida.read(), with_idas_reader.read())
            assert [len(one) for one in both] == [0, 1]


@pytest.mark.parametrize(
    ("tags", "same"),
    [
        (Tags("a", "b"), True),
        (Tags("other", "b"), False),
        (Tags("a", "other"), False),
        (Tags("a", None), False),
        (Tags("b", "a"), False),
        (None, False),
    ],
)
async def test_either_of_the_tags_alone_tells_a_change(chair: Chair, tags: Tags, *, same: bool) -> None:
    look = await chair.reader.homes.look(chair.account)
    kept, key = KeptReads(settles_after=timedelta()), (chair.account, "home")
    read = FullRead(
        look_number=look.number,
        begun_at=look.begun_at,
        grant_version=1,
        tags=Tags("a", "b"),
        window=WEEK,
        entries=(),
        tags_since=look.begun_at,
    )
    kept.keep(key, look, read)
    assert (kept.find(key, look, tags, WEEK) is read) is same


# What was read when its tags had only just been seen.


@pytest_asyncio.fixture
async def settling(sandbox: Sandbox) -> AsyncIterator[Chair]:
    async with chair_at(sandbox, settles_after=SETTLES_AFTER) as opened:
        yield opened


async def test_new_tags_are_read_once_more_when_they_have_settled(settling: Chair) -> None:
    await settling.read()
    settling.dav.clock.advance(SETTLES_AFTER - timedelta(seconds=1))
    await settling.read()
    assert settling.asked() == [LOOKS, ASKS] * 2
    settling.dav.clock.advance(timedelta(seconds=1))
    for _ in range(3):
        await settling.read()
        settling.dav.clock.advance(timedelta(minutes=5))
    assert settling.asked() == [LOOKS, ASKS] * 3 + [LOOKS] * 2


async def test_after_a_change_it_begins_anew(settling: Chair) -> None:
    for _ in range(3):
        await settling.read()
        settling.dav.clock.advance(timedelta(minutes=5))
    assert settling.asked() == [LOOKS, ASKS] * 2 + [LOOKS]
    settling.add(at(6, 9), at(6, 10))
    settling.world.traffic.requests.clear()
    for _ in range(3):
        settling.dav.clock.advance(timedelta(minutes=5))
        assert busy(await settling.read()) == (hour(6, 9),)
    assert settling.asked() == [LOOKS, ASKS] * 2 + [LOOKS]


@dataclass(frozen=True, slots=True)
class _Interrupted:
    """Looks at a home, after each of which something happens."""

    homes: HomeLooks
    happens: Callable[[], None]

    async def look(self, account_id: AccountId) -> HomeLook:
        look = await self.homes.look(account_id)
        self.happens()
        return look


async def test_a_change_that_is_taken_back_at_once_frees_nothing(settling: Chair) -> None:
    """Where tags are made of the content, they are what they were before it."""
    event = settling.add(at(6, 9), at(6, 10))
    folder = settling.world.calendars.get(settling.person, "home").folder
    tagged = folder.changes
    homes: Any = _Interrupted(
        settling.reader.homes, lambda: settling.world.events.delete(settling.person, event)
    )
    assert await replace(settling, reader=replace(settling.reader, homes=homes)).read() == ()
    settling.add(at(6, 9), at(6, 10))
    folder.changes = tagged
    settling.dav.clock.advance(SETTLES_AFTER)
    for _ in range(2):
        assert busy(await settling.read()) == (hour(6, 9),)
    assert settling.asked() == [LOOKS, ASKS, LOOKS, ASKS, LOOKS]


# What memory it may take.


async def test_when_there_is_no_room_the_calendars_in_use_stay(chair: Chair) -> None:
    kept = KeptReads(most_entries=3, settles_after=timedelta())
    small = replace(chair, reader=replace(chair.reader, _kept=kept))
    for key in ("home", "emoji"):
        for day in (6, 7):
            chair.add(at(day, 9), calendar=key)
    for _ in range(2):
        for key in ("home", "emoji"):
            assert len(await small.read(key)) == 2
    assert chair.asked() == [LOOKS, ASKS] * 2 + [LOOKS] + [LOOKS, ASKS]


async def test_what_nobody_asks_for_any_more_makes_room(chair: Chair) -> None:
    kept = KeptReads(most_entries=1, settles_after=timedelta())
    small = replace(chair, reader=replace(chair.reader, _kept=kept))
    await small.read("home")
    chair.dav.clock.advance(timedelta(hours=1))
    for _ in range(2):
        await small.read("emoji")
    assert chair.asked() == [LOOKS, ASKS] * 2 + [LOOKS]


async def test_what_is_kept_names_nobody(chair: Chair) -> None:
    chair.add(at(6, 9), uid="a uid")
    await chair.read()
    reads = [one for calendar in chair.reader._kept._calendars.values() for one in calendar.reads]
    assert [[entry.remote_id for entry in one.entries] for one in reads] == [[None]]
    assert "FT=-@RU" not in repr(reads)


def test_the_last_windows_there_are_reach_no_farther() -> None:
    last = Interval(datetime.max.replace(tzinfo=UTC) - DAY, datetime.max.replace(tzinfo=UTC))
    assert reach_for(last) == last
    assert reach_for(WEEK) == Interval(WEEK.start, WEEK.end + AHEAD)
