"""What only PostgreSQL can show of accepting new sessions: who waits for whom, and that both ways store the same."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.ports.new_sessions import NewSessions
from application.ports.store import Transaction
from application.sessions.cancel_session import CancelSession
from application.sessions.put_session import PutSession, WantedSession
from domain.change import Change, ChangeType, change_of_booking
from domain.expert import ExpertNotFound
from domain.ids import ExpertId, SessionId
from domain.interval import Interval
from domain.session import Session, SessionDetails, SessionNotFound
from server.rpc.mapping.sessions import session_message
from tests.builders import (
    EXPERT,
    NOW,
    SESSION,
    a_hold,
    a_session,
    an_expert,
    an_interval,
    some_details,
)
from tests.fakes.clock import MovableClock
from tests.support.stores import KeptByPostgres, kept_by_postgres, put_expert

Act = Callable[[Transaction], Awaitable[object]]
OTHER = ExpertId("other")
BUDGET = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class SomebodyInTheWay:
    """Accepts nothing, so that every session takes the way of a unit of work."""

    async def accept(self, session: Session, told: Change) -> bool:
        return False


def _put_session(
    kept: KeptByPostgres, new_sessions: NewSessions, clock: MovableClock | None = None
) -> PutSession:
    """Without checks of the calendars, which nothing here asks for."""
    return PutSession(
        store=kept.store,
        new_sessions=new_sessions,
        clock=clock or MovableClock(),
        look_up=None,  # type: ignore[arg-type]
    )


async def _accept(kept: KeptByPostgres, session: Session) -> bool:
    return await kept.new_sessions.accept(
        session, change_of_booking(ChangeType.SESSION_ACCEPTED, session, at=NOW)
    )


async def _erase(tx: Transaction) -> None:
    await tx.experts.lock(EXPERT)
    await tx.experts.remove(EXPERT)


async def _change(tx: Transaction) -> None:
    session = await tx.sessions.lock(EXPERT, SESSION)
    await tx.sessions.save(session.put(interval=an_interval(starts=9), details=some_details("New"), now=NOW))


async def _lock_expert(tx: Transaction) -> None:
    await tx.experts.lock(EXPERT)


async def _change_expert(tx: Transaction) -> None:
    await tx.experts.put(an_expert(time_zone="Asia/Tokyo"))


@pytest.mark.parametrize(
    ("act", "accepted"),
    [(_erase, False), (_change, False), (_lock_expert, True), (_change_expert, True)],
    ids=["expert erased", "session changed", "expert locked", "expert changed"],
)
async def test_nobody_waits_for_whoever_is_at_work_on_a_session_or_its_expert(
    kept: KeptByPostgres, act: Act, accepted: bool
) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    if act is _change:
        assert await _accept(kept, a_session())
    async with asyncio.timeout(5), kept.transaction() as tx:
        await act(tx)
        for_them = [_accept(kept, a_session()), _accept(kept, a_session())]
        for_others = [_accept(kept, a_session(f"session-{number}", expert_id=OTHER)) for number in range(5)]
        *others, one, two = await asyncio.gather(*for_others, *for_them)
    assert others == [True] * 5
    assert one + two == accepted


async def test_an_erasure_takes_what_is_being_accepted_along(kept: KeptByPostgres) -> None:
    await put_expert(kept)
    put = _put_session(kept, kept.new_sessions)

    async def erase() -> None:
        async with kept.transaction() as tx:
            await _erase(tx)

    async def accept(number: int) -> bool:
        wanted = WantedSession(
            expert_id=EXPERT,
            session_id=SessionId(f"session-{number}"),
            interval=an_interval(),
            details=some_details(),
        )
        try:
            await put(wanted, budget=BUDGET)
        except ExpertNotFound:
            return False
        return True

    async with asyncio.timeout(20):
        accepted = await asyncio.gather(
            *(accept(number) for number in range(20)), erase(), *(accept(20 + number) for number in range(20))
        )
    assert not await accept(99)
    assert accepted[20] is None
    for table in ("expert", "session", "change"):
        assert await kept.rows(f"SELECT * FROM {table}") == [], table


ids = st.from_regex(r"[!-~]{1,128}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200)
moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 11, 30)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)
lengths = st.timedeltas(timedelta(microseconds=1), timedelta(days=31))
wishes = st.builds(
    WantedSession,
    expert_id=st.just(EXPERT),
    session_id=ids.map(SessionId),
    interval=st.builds(lambda start, length: Interval(start, start + length), moments, lengths),
    details=st.builds(
        SessionDetails,
        title=texts.filter(bool),
        text=texts,
        place=texts,
        join_url=texts,
        reminder_minutes=st.none() | st.integers(0, 40_320),
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=wishes, now=moments)
async def test_both_ways_answer_and_store_the_same(
    kept: KeptByPostgres, wanted: WantedSession, now: datetime
) -> None:
    async def outcome(new_sessions: NewSessions) -> tuple[object, ...]:
        put = _put_session(kept, new_sessions, MovableClock(now))
        await put_expert(kept)
        answered = await put(wanted, budget=BUDGET)
        async with kept.transaction() as tx:
            stored = await tx.sessions.get(wanted.expert_id, wanted.session_id)
        assert stored == answered
        assert await put(wanted, budget=BUDGET) == answered
        jobs = await kept.jobs()
        told = await kept.rows(
            "SELECT expert_id, type, at, account_id, calendar_id, session_id, hold_id, incident_id, expires_at"
            " FROM change"
        )
        async with kept.transaction() as tx:
            await tx.experts.remove(EXPERT)
        return session_message(answered).SerializeToString(deterministic=True), stored, jobs, told

    assert await outcome(kept.new_sessions) == await outcome(SomebodyInTheWay())


REPLICAS, EXPERTS, SESSIONS, CALLS = 4, 5, 60, 150


async def test_replicas_that_write_the_same_sessions_at_once_wait_in_one_order(
    dsn: str, kept: KeptByPostgres
) -> None:
    """Beside them others change, cancel and check sessions of the same experts, and change the experts."""
    experts = [ExpertId(f"expert-{number}") for number in range(EXPERTS)]
    await put_expert(kept, *(an_expert(one) for one in experts))
    chance = random.Random(1)
    start = await kept.feed.end()

    def wanted() -> WantedSession:
        return WantedSession(
            expert_id=chance.choice(experts),
            session_id=SessionId(f"session-{chance.randrange(SESSIONS):02}"),
            interval=an_interval(starts=chance.randrange(3)),
            details=some_details(f"Version {chance.randrange(3)}"),
        )

    async def book(put: PutSession) -> None:
        await put(wanted(), budget=BUDGET)

    async def interfere() -> None:
        one = wanted()
        with suppress(SessionNotFound):
            await CancelSession(store=kept.store, clock=MovableClock())(one.expert_id, one.session_id)
        async with kept.transaction() as tx:
            await tx.experts.lock(one.expert_id)
            await tx.reserved.hold(a_hold(expert_id=one.expert_id, interval=one.interval), now=NOW)
        async with kept.transaction() as tx:
            await tx.experts.put(an_expert(one.expert_id))

    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(kept_by_postgres(dsn)) for _ in range(REPLICAS)]
        puts = [_put_session(one, one.new_sessions) for one in replicas]
        async with asyncio.timeout(60):
            for _ in range(3):
                calls = [book(put) for put in puts for _ in range(CALLS // 3)]
                await asyncio.gather(*calls, *(interfere() for _ in range(10)))

    stored = await kept.rows("SELECT expert_id, session_id, revision FROM session")
    told: dict[tuple[str, str], int] = {}
    for _, change in (await kept.feed.after(start, of=None, limit=10_000)).changes:
        if change.type in {ChangeType.SESSION_ACCEPTED, ChangeType.SESSION_CANCELLED}:
            key = (change.expert_id, str(change.session_id))
            told[key] = told.get(key, 0) + 1
    assert told == {(one["expert_id"], one["session_id"]): one["revision"] for one in stored}
