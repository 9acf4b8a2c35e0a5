"""What whoever keeps experts' times keeps to beyond the question itself: what comes again, and what never does."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from application.ports.known_times import KnownTime
from domain.account import AccountStatus
from domain.ids import HoldId, SessionId
from domain.interval import Interval
from domain.reading import StoredReading
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    EXPERT,
    HOLD,
    NOW,
    a_calendar,
    a_hold,
    a_reading,
    a_reading_task,
    a_session,
    after,
    an_account,
    an_expert,
    an_interval,
)
from tests.support.stores import Kept, choose_calendars, put_conflict_calendars

WINDOW = Interval(NOW, after(days=7))
BUSY = [an_interval(starts=5)]


async def _known(kept: Kept, window: Interval = WINDOW, *, now: datetime = NOW) -> KnownTime:
    return (await kept.kept_times.of([EXPERT], window, now=now))[EXPERT]


async def _store(kept: Kept, reading: StoredReading) -> None:
    async with kept.transaction() as tx:
        assert await tx.readings.store(
            a_reading_task(reading.calendar_id), reading, due_at=NOW, now=reading.read_at
        )


@pytest.fixture
async def shown(kept: Kept) -> KnownTime:
    """Of an expert with two calendars, a session and a hold."""
    await put_conflict_calendars(kept, CALENDAR, "second")
    await _store(kept, a_reading(CALENDAR, read_at=NOW, busy=BUSY))
    await _store(kept, a_reading("second", read_at=NOW))
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session())
        await tx.reserved.hold(a_hold(), now=NOW)
    return await _known(kept)


async def test_the_very_same_comes_again_while_nothing_differs(kept: Kept, shown: KnownTime) -> None:
    assert shown.workings is not None
    assert await _known(kept) is shown
    assert await _known(kept, Interval(after(days=1), after(days=2))) is shown
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
        await tx.reserved.remove_expired(NOW, 10)
    assert await _known(kept) is shown


async def test_a_look_that_finds_the_same_changes_times_only(kept: Kept, shown: KnownTime) -> None:
    await _store(kept, a_reading(CALENDAR, read_at=after(minutes=5), busy=BUSY))
    later = await _known(kept)
    assert [one.reading and one.reading.read_at for one in later.calendars] == [after(minutes=5), NOW]
    assert later.workings is shown.workings
    assert await _known(kept) is later


async def test_holds_end_by_themselves_without_another_state(kept: Kept, shown: KnownTime) -> None:
    (held,) = shown.held
    end = a_hold().expires_at
    assert (await _known(kept, now=end)).held == ()
    assert (await _known(kept, now=end)).workings is shown.workings
    async with kept.transaction() as tx:
        assert await tx.reserved.remove_expired(end, 10) == (a_hold(),)
    ended = await _known(kept, now=end)
    assert (ended.held, ended.workings) == ((), shown.workings)
    assert held.hold_id == HOLD


async def test_what_is_outside_of_what_is_kept_is_answered_without_keeping(
    kept: Kept, shown: KnownTime
) -> None:
    far = Interval(after(days=300), after(days=301))
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session("far", interval=an_interval(starts=300 * 24 + 1)))
    known = await _known(kept, far)
    assert "far" in {one.session_id for one in known.booked}


Change = Callable[[Kept], Awaitable[None]]
CHANGES: dict[str, Change] = {}


def change(make: Change) -> Change:
    CHANGES[make.__name__] = make
    return make


@change
async def session_added(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session("another", interval=an_interval(starts=30)))


@change
async def session_moved(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.sessions.save(a_session(interval=an_interval(starts=40)))


@change
async def session_cancelled(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.sessions.save(a_session(cancelled=True))


@change
async def hold_placed(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.reserved.hold(a_hold("another", interval=an_interval(starts=50)), now=NOW)


@change
async def hold_moved(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.reserved.hold(a_hold(interval=an_interval(starts=51)), now=NOW)


@change
async def hold_released(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.reserved.release(EXPERT, HoldId(HOLD))


@change
async def hold_made_a_session(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.reserved.release(EXPERT, HoldId(HOLD))
        await tx.sessions.add(a_session("booked", interval=a_hold().interval))
        await tx.reserved.reserve(EXPERT, SessionId("booked"), a_hold().interval, now=NOW)


@change
async def other_busy_time_read(kept: Kept) -> None:
    await _store(kept, a_reading(CALENDAR, read_at=after(minutes=5), busy=[an_interval(starts=6)]))


@change
async def other_window_read(kept: Kept) -> None:
    window = Interval(after(days=-1), after(days=30))
    await _store(kept, a_reading(CALENDAR, read_at=after(minutes=5), busy=BUSY, window=window))


@change
async def other_zone_read(kept: Kept) -> None:
    await _store(kept, a_reading(CALENDAR, read_at=after(minutes=5), busy=BUSY, zone="Asia/Tokyo"))


@change
async def account_lost(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account(status=AccountStatus.RECONNECT_REQUIRED))


@change
async def account_disconnected(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.accounts.remove(ACCOUNT)


@change
async def calendar_missing(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar(CALENDAR, missing=True)])


@change
async def calendar_dropped(kept: Kept) -> None:
    await choose_calendars(kept, "second", version=1)


@change
async def calendar_chosen(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar("third")])
    await choose_calendars(kept, CALENDAR, "second", "third", version=1)


@change
async def calendar_dropped_and_chosen_again(kept: Kept) -> None:
    await choose_calendars(kept, "second", version=1)
    await choose_calendars(kept, CALENDAR, "second", version=2)


@change
async def zone_changed(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert(time_zone="Asia/Tokyo"))


@change
async def expert_erased_and_made_again(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert())


@pytest.mark.parametrize("make", CHANGES.values(), ids=CHANGES)
async def test_every_change_is_seen_at_once(kept: Kept, shown: KnownTime, make: Change) -> None:
    await make(kept)
    known = await _known(kept)
    everything = Interval(after(days=-2), after(days=130))
    assert known == (await kept.known_times.of([EXPERT], everything, now=NOW))[EXPERT]
    assert known != shown
    if known.workings is shown.workings:  # which say nothing of holds
        assert (known.rule, known.calendars, known.booked) == (shown.rule, shown.calendars, shown.booked)


async def test_whoever_was_erased_is_known_no_more(kept: Kept, shown: KnownTime) -> None:
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    assert await kept.kept_times.of([EXPERT], WINDOW, now=NOW) == {}
