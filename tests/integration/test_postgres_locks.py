"""Who waits for whom in PostgreSQL: shown by the server's own list of those who wait."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import psycopg
import pytest

from application.ports.store import Transaction
from application.ports.workers import Freed
from application.wakeups.wake_readings import forget_subscriptions_of_moved
from domain.access import LossCause
from domain.ids import CalendarId, SessionId, WorkerId
from domain.session import SessionNotFound, WriteStatus
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    EXPERT,
    INCIDENT,
    NOW,
    SESSION,
    a_calendar,
    a_change,
    a_hold,
    a_reading,
    a_session,
    a_subscription,
    after,
    an_event_copy,
    an_incident,
    an_interval,
    some_settings,
)
from tests.support.stores import KeptByPostgres, choose_calendars, put_conflict_calendars, put_expert

Act = Callable[[Transaction], Awaitable[object]]


async def _stored(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    session = a_session().woken(NOW)
    async with kept.transaction() as tx:
        await tx.sessions.add(session)
        await tx.incidents.add(an_incident())
        await tx.sessions.claim(EXPERT, SESSION, token="worker", now=NOW, until=after(hours=1))
        await tx.incidents.claim(INCIDENT, token="worker", now=NOW, until=after(hours=1))
    async with kept.pool.connection() as connection:
        await connection.execute("UPDATE session SET status = 'WAITING'")


async def _subscribed(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        assert await tx.subscriptions.save(a_subscription(), instead_of=None, secret="secret", renew_at=NOW)


async def _somebody_waits(kept: KeptByPostgres) -> None:
    async with asyncio.timeout(5):
        while not await kept.rows(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            pass


@pytest.mark.parametrize(
    "lock",
    [
        lambda tx: tx.experts.lock(EXPERT),
        lambda tx: tx.accounts.lock(ACCOUNT),
        lambda tx: tx.sessions.lock(EXPERT, SESSION),
        lambda tx: tx.sessions.claimed(EXPERT, SESSION, token="worker"),
        lambda tx: tx.sessions.waiting(EXPERT),
        lambda tx: tx.incidents.open_of(ACCOUNT),
        lambda tx: tx.readings.lock(CALENDAR),
        lambda tx: tx.incidents.claimed(INCIDENT, token="worker"),
    ],
    ids=[
        "expert",
        "account",
        "session",
        "claimed session",
        "waiting sessions",
        "open incident",
        "reading",
        "claimed incident",
    ],
)
async def test_a_second_lock_waits_for_the_first_to_commit(kept: KeptByPostgres, lock: Act) -> None:
    await _stored(kept)
    got_it = asyncio.Event()

    async def second() -> None:
        async with kept.transaction() as tx:
            await lock(tx)
            got_it.set()

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await lock(tx)
        tasks.create_task(second())
        await _somebody_waits(kept)
        assert not got_it.is_set()
    assert got_it.is_set()


async def _deselect(tx: Transaction) -> None:
    await tx.experts.lock(EXPERT)
    await tx.calendars.save_settings(some_settings(conflict=(), version=1))


async def _disconnect(tx: Transaction) -> None:
    await tx.experts.lock(EXPERT)
    await tx.accounts.lock(ACCOUNT)
    await tx.calendars.save_settings(some_settings(conflict=(), version=1))
    await tx.accounts.remove(ACCOUNT)


async def _erase(tx: Transaction) -> None:
    await tx.experts.lock(EXPERT)
    await tx.experts.remove(EXPERT)


async def _save_subscription(tx: Transaction) -> None:
    assert await tx.subscriptions.save(
        a_subscription(remote_id="another"),
        instead_of=a_subscription().remote_id,
        secret="another",
        renew_at=NOW,
    )


async def _replace_subscription(tx: Transaction) -> None:
    await tx.accounts.lock(ACCOUNT)
    await tx.jobs.end_subscription(ACCOUNT, a_subscription().remote_id)
    await _save_subscription(tx)


async def _forget_subscription(tx: Transaction) -> None:
    await tx.subscriptions.forget(CALENDAR, remote_id=a_subscription().remote_id, now=NOW)


async def _postpone_subscription(tx: Transaction) -> None:
    await tx.subscriptions.postpone(CALENDAR, until=NOW)


@pytest.mark.parametrize("remove", [_deselect, _disconnect, _erase])
@pytest.mark.parametrize(
    "change", [_save_subscription, _replace_subscription, _forget_subscription, _postpone_subscription]
)
async def test_whoever_changes_a_subscription_can_mark_its_calendar_before_it_is_removed(
    kept: KeptByPostgres, change: Act, remove: Act
) -> None:
    await _subscribed(kept)

    async def removing() -> None:
        async with kept.transaction() as tx:
            await remove(tx)

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await change(tx)
        tasks.create_task(removing())
        await _somebody_waits(kept)
        assert await tx.readings.mark(CALENDAR, NOW)
    assert await kept.rows("SELECT * FROM reading") == await kept.rows("SELECT * FROM subscription") == []


@pytest.mark.parametrize("remove", [_deselect, _disconnect, _erase])
async def test_what_was_removed_meanwhile_is_not_subscribed_to(kept: KeptByPostgres, remove: Act) -> None:
    await _subscribed(kept)
    saved: list[bool] = []

    async def save() -> None:
        async with kept.transaction() as tx:
            instead_of = a_subscription().remote_id
            one = a_subscription(remote_id="another")
            saved.append(
                await tx.subscriptions.save(one, instead_of=instead_of, secret="another", renew_at=NOW)
            )

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await remove(tx)
        tasks.create_task(save())
        await _somebody_waits(kept)
    assert saved == [False]


@pytest.mark.parametrize("change", [_save_subscription, _forget_subscription])
async def test_of_two_who_knew_the_same_subscription_one_replaces_it(
    kept: KeptByPostgres, change: Act
) -> None:
    await _subscribed(kept)
    late = a_subscription(remote_id="late")
    saved: list[bool] = []

    async def save() -> None:
        async with kept.transaction() as tx:
            instead_of = a_subscription().remote_id
            saved.append(
                await tx.subscriptions.save(late, instead_of=instead_of, secret="late", renew_at=NOW)
            )

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await change(tx)
        tasks.create_task(save())
        await _somebody_waits(kept)
    assert saved == [False]


async def test_whoever_removes_several_calendars_takes_them_by_their_ids(kept: KeptByPostgres) -> None:
    """Whoever finds that several moved does so too: with another order the two could wait for each other."""
    await put_conflict_calendars(kept, "b", "c", "a")
    nowait = "SELECT calendar_id FROM reading WHERE calendar_id = %(calendar_id)s FOR NO KEY UPDATE NOWAIT"

    async def deselect() -> None:
        async with kept.transaction() as tx:
            await _deselect(tx)

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await tx.readings.lock(CalendarId("b"))
        tasks.create_task(deselect())
        await _somebody_waits(kept)
        assert len(await kept.rows(nowait, calendar_id="c")) == 1
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await kept.rows(nowait, calendar_id="a")


async def test_a_calendar_that_moved_and_its_account_that_goes_wait_for_each_other_in_one_order(
    kept: KeptByPostgres,
) -> None:
    await _subscribed(kept)
    before = a_calendar()
    after_ = replace(before, remote=replace(before.remote, remote_id="moved"))

    async def disconnect() -> None:
        async with kept.transaction() as tx:
            await _disconnect(tx)

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await tx.accounts.lock(ACCOUNT)
        tasks.create_task(disconnect())
        await _somebody_waits(kept)
        await tx.calendars.save([after_])
        await forget_subscriptions_of_moved(tx, [before], [after_], NOW)
    assert await kept.rows("SELECT * FROM reading") == []


async def test_erasing_an_expert_waits_for_whoever_writes_a_session(kept: KeptByPostgres) -> None:
    """The writer must not need anything the eraser holds already, or both wait for ever."""
    await _stored(kept)

    async def erase() -> None:
        async with kept.transaction() as tx:
            await tx.experts.lock(EXPERT)
            await tx.experts.remove(EXPERT)

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await tx.sessions.claimed(EXPERT, SESSION, token="worker")
        tasks.create_task(erase())
        await _somebody_waits(kept)
        await tx.sessions.save(a_session(copy=an_event_copy()))
        await tx.sessions.release(EXPERT, SESSION)  # a second change, which PostgreSQL has look at the expert
        await tx.jobs.write_session(EXPERT, SESSION)
    async with kept.transaction() as tx:
        with pytest.raises(SessionNotFound):
            await tx.sessions.get(EXPERT, SESSION)


async def test_erasing_an_expert_waits_for_whoever_changes_an_account_twice(kept: KeptByPostgres) -> None:
    await _stored(kept)

    async def erase() -> None:
        async with kept.transaction() as tx:
            await tx.experts.remove(EXPERT)

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        account = await tx.accounts.lock(ACCOUNT)
        await tx.accounts.save(account)
        tasks.create_task(erase())
        await _somebody_waits(kept)
        await tx.accounts.save(account)
    assert await kept.rows("SELECT FROM account") == []


@pytest.mark.parametrize(
    ("lock", "add"),
    [
        (lambda tx: tx.experts.lock(EXPERT), lambda tx: tx.sessions.add(a_session("another"))),
        (lambda tx: tx.accounts.lock(ACCOUNT), lambda tx: tx.calendars.save([a_calendar()])),
    ],
    ids=["expert", "account"],
)
async def test_a_lock_holds_nobody_back_who_only_adds_below(
    kept: KeptByPostgres, lock: Act, add: Act
) -> None:
    await _stored(kept)
    async with asyncio.timeout(5), kept.transaction() as holder:
        await lock(holder)
        async with kept.transaction() as tx:
            await add(tx)


@pytest.mark.parametrize("kind", ["hold", "session"])
async def test_whoever_gives_a_time_away_holds_the_experts_lock(kept: KeptByPostgres, kind: str) -> None:
    """Two that only met at the exclusion constraint could wait for each other."""
    nowait = "SELECT expert_id FROM expert FOR NO KEY UPDATE NOWAIT"
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session())
    async with kept.transaction() as tx:
        if kind == "hold":
            await tx.reserved.hold(a_hold(), now=NOW)
        else:
            await tx.reserved.reserve(EXPERT, SESSION, an_interval(), now=NOW)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await kept.rows(nowait)
    assert len(await kept.rows(nowait)) == 1


async def test_an_erased_expert_leaves_no_change_that_was_being_written(kept: KeptByPostgres) -> None:
    await _stored(kept)
    start = await kept.feed.end()

    async def erase() -> None:
        async with kept.transaction() as tx:
            await tx.experts.remove(EXPERT)

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await tx.sessions.claimed(EXPERT, SESSION, token="worker")
        tasks.create_task(erase())
        await _somebody_waits(kept)
        await tx.changes.add(a_change())
    assert (await kept.feed.after(start, of=None, limit=10)).changes == ()
    assert await kept.rows("SELECT * FROM change") == []


@pytest.mark.parametrize("first", ["a reading is stored", "a time is given away"])
async def test_of_a_reading_and_a_booking_at_once_one_sees_the_other(
    kept: KeptByPostgres, first: str
) -> None:
    """Whichever of them commits last knows of both: an event in the way of a session is never missed by both."""
    await put_conflict_calendars(kept)
    seen: list[object] = []

    async def reading() -> None:
        async with kept.transaction() as tx:
            task = await tx.readings.task(CALENDAR)
            assert task is not None
            await tx.readings.lock(CALENDAR)
            assert await tx.readings.store(task, a_reading(busy=[an_interval()]), due_at=NOW, now=NOW)
            if first == "a reading is stored":
                other.append(tasks.create_task(booking()))
                await _somebody_waits(kept)
            seen.extend(await tx.sessions.booked(EXPERT, an_interval()))

    async def booking() -> None:
        async with kept.transaction() as tx:
            await tx.experts.lock(EXPERT)
            await tx.sessions.add(a_session())
            seen.extend(await tx.readings.overlapping(EXPERT, an_interval()))
            if first == "a time is given away":
                other.append(tasks.create_task(reading()))
                await _somebody_waits(kept)

    other: list[asyncio.Task[None]] = []
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(reading() if first == "a reading is stored" else booking())
    assert len(seen) == 1


async def test_whoever_changes_a_schedule_twice_and_a_reading_wait_for_each_other_in_one_order(
    kept: KeptByPostgres,
) -> None:
    """Of a row that the same transaction changed before PostgreSQL checks the foreign key, though that is the same:
    it locks the reading, after the schedule."""
    await put_conflict_calendars(kept)

    async def reading() -> None:
        async with kept.transaction() as tx:
            await tx.readings.lock(CALENDAR)

    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
        storing = asyncio.create_task(reading())
        await _somebody_waits(kept)
        await tx.readings.mark(CALENDAR, NOW)
    await storing


async def test_a_notification_waits_for_no_booking(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    async with asyncio.timeout(5), kept.transaction() as booking:
        await booking.readings.overlapping(EXPERT, an_interval())
        async with kept.transaction() as tx:
            assert await tx.readings.mark(CALENDAR, NOW)


async def test_choosing_a_calendar_that_is_being_removed_leaves_it_out(kept: KeptByPostgres) -> None:
    await put_conflict_calendars(kept)
    await choose_calendars(kept, version=1)
    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await tx.accounts.remove(ACCOUNT)
        tasks.create_task(choose_calendars(kept, CALENDAR, version=2))
        await _somebody_waits(kept)
    assert await kept.rows("SELECT * FROM reading") == await kept.rows("SELECT * FROM subscription") == []


async def test_an_account_that_is_lost_and_a_choice_among_its_calendars_wait_for_each_other_in_one_order(
    kept: KeptByPostgres,
) -> None:
    await put_conflict_calendars(kept, "a", "b")

    async def deselect() -> None:
        async with kept.transaction() as tx:
            await tx.experts.lock(EXPERT)
            await tx.calendars.save_settings(some_settings(conflict=["b"], version=1))

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        account = await tx.accounts.lock(ACCOUNT)
        tasks.create_task(deselect())
        await _somebody_waits(kept)
        await tx.accounts.save(account.lost(LossCause.SIGN_IN_REQUIRED))
    found = await kept.rows("SELECT calendar_id, readable FROM reading_schedule")
    assert found == [{"calendar_id": "b", "readable": False}]


async def test_calendars_that_go_missing_together_are_taken_in_the_order_in_which_everybody_takes_several(
    kept: KeptByPostgres,
) -> None:
    await put_conflict_calendars(kept, "a", "b")

    async def miss() -> None:
        async with kept.transaction() as tx:
            await tx.calendars.save([replace(a_calendar(one), missing=True) for one in ("b", "a")])

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await tx.readings.lock(CalendarId("a"))
        tasks.create_task(miss())
        await _somebody_waits(kept)
        await tx.readings.lock(CalendarId("b"))
    found = await kept.rows("SELECT calendar_id, readable FROM reading_schedule ORDER BY calendar_id")
    assert found == [{"calendar_id": one, "readable": False} for one in ("a", "b")]


async def test_sessions_of_a_dead_worker_are_freed_in_the_order_in_which_everybody_takes_several(
    kept: KeptByPostgres,
) -> None:
    await put_expert(kept)
    first, second = SessionId("z"), SessionId("a")
    async with kept.transaction() as tx:
        await tx.workers.show_life(WorkerId("worker"), NOW)
        for session_id, starts, due in ((second, 48, -9), (first, 24, -1)):
            interval = an_interval(starts=starts)
            due_at = after(minutes=due)
            await tx.sessions.add(
                a_session(session_id, interval=interval, status=WriteStatus.WAITING, due_at=due_at)
            )
            await tx.sessions.claim(EXPERT, session_id, token="worker.1", now=NOW, until=after(minutes=2))
    freed: list[Freed] = []

    async def free() -> None:
        async with kept.transaction() as tx:
            freed.append(await tx.workers.forget(WorkerId("worker"), NOW, aside_until=None))

    async with asyncio.TaskGroup() as tasks, kept.transaction() as tx:
        await tx.sessions.lock(EXPERT, first)
        tasks.create_task(free())
        await _somebody_waits(kept)
        assert [one.session_id for one in await tx.sessions.waiting(EXPERT)] == [first, second]
    assert [set(one.sessions) for one in freed] == [{(EXPERT, first), (EXPERT, second)}]
