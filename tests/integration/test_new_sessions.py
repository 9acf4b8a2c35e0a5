"""What only PostgreSQL can show of accepting new sessions: who waits for whom, and that both ways store the same."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.postgres import new_sessions
from adapters.postgres.new_sessions import open_new_sessions
from adapters.postgres.pool import PLANNED_ONCE
from application.ports.new_sessions import NewSessions
from application.ports.store import StoreUnavailable, Transaction
from application.sessions.put_session import PutSession, WantedSession
from domain.change import ChangeType, change_of_booking
from domain.expert import ExpertNotFound
from domain.ids import ExpertId, SessionId
from domain.interval import Interval
from domain.session import Session
from domain.session_details import SessionDetails
from server.rpc.mapping.sessions import session_message
from tests.builders import (
    EXPERT,
    NOW,
    SESSION,
    a_session,
    an_expert,
    an_interval,
    some_details,
)
from tests.fakes.clock import MovableClock
from tests.fakes.new_sessions import SomebodyInTheWay
from tests.support.new_sessions import BUDGET, put_session_on, refusals
from tests.support.stores import KeptByPostgres, put_expert

Act = Callable[[Transaction], Awaitable[object]]
Calls = list[asyncio.Task[Session]]
OTHER = ExpertId("other")


def _wanted(session_id: str = SESSION, expert_id: str = EXPERT) -> WantedSession:
    return WantedSession(
        expert_id=ExpertId(expert_id),
        session_id=SessionId(session_id),
        interval=an_interval(),
        details=some_details(),
    )


async def _put(put: PutSession, wanted: WantedSession) -> Session:
    return (await put(wanted, budget=BUDGET)).session


async def _put_all(put: PutSession, *session_ids: str) -> list[Session | BaseException]:
    calls = [_put(put, _wanted(one)) for one in session_ids]
    async with asyncio.timeout(20):
        return await asyncio.gather(*calls, return_exceptions=True)


async def _stored_ids(kept: KeptByPostgres, table: str = "session") -> set[object]:
    return {row["session_id"] for row in await kept.rows(f"SELECT session_id FROM {table}")}


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
    put = put_session_on(kept, kept.new_sessions)

    async def erase() -> None:
        async with kept.transaction() as tx:
            await _erase(tx)

    async def accept(number: int) -> bool:
        try:
            await _put(put, _wanted(f"session-{number}"))
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
        put = put_session_on(kept, new_sessions, MovableClock(min(now, wanted.interval.end)))
        await put_expert(kept)
        async with kept.hearing() as heard:
            answered = await _put(put, wanted)
            woken = await heard()
        async with kept.transaction() as tx:
            stored = await tx.sessions.get(wanted.expert_id, wanted.session_id)
        assert stored == answered
        assert await _put(put, wanted) == answered
        told = await kept.rows(
            "SELECT expert_id, type, at, account_id, calendar_id, session_id, hold_id, incident_id, expires_at"
            " FROM change"
        )
        async with kept.transaction() as tx:
            await tx.experts.remove(EXPERT)
        return session_message(answered).SerializeToString(deterministic=True), stored, woken, told

    assert await outcome(kept.new_sessions) == await outcome(SomebodyInTheWay())


GROWN = """
    INSERT INTO expert SELECT 'expert-' || n, 'PRO', 'UTC', '' FROM generate_series(1, 2000) AS n;
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision, written_revision,
        status, failures, copies)
    SELECT 'expert-' || 1 + n % 2000, 'session-' || n, now(), now() + interval '1 hour', '', false, 1, 1, 'WRITTEN', 0,
        1
    FROM generate_series(1, 20000) AS n;
    ANALYZE expert, session;
    """


REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON session {}
    FOR EACH ROW WHEN (new.session_id LIKE 'bad%') EXECUTE FUNCTION refuse();
    """


@pytest.mark.parametrize("when", ["NOT DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"])
async def test_a_row_that_is_refused_fails_nobody_else(
    kept: KeptByPostgres, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Also one that is refused at the commit, after the statement has given its rows."""
    await put_expert(kept)
    async with kept.pool.connection() as connection:
        await connection.execute(REFUSE.format(when).encode())
    put = put_session_on(kept, kept.new_sessions)

    good, *others = await _put_all(put, "good", "bad one", "fine", "bad two", "well")

    assert isinstance(good, Session)
    assert [type(one) for one in others] == [psycopg.errors.RaiseException, Session] * 2
    assert await _stored_ids(kept) == await _stored_ids(kept, "change") == {"good", "fine", "well"}
    assert (
        refusals(caplog)
        == ["a new session is put by itself: of 4 together one was refused, SQLSTATE P0001"] * 4
    )


async def test_who_waits_for_another_transaction_holds_nobody_else_up(
    dsn: str, kept: KeptByPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(new_sessions.SETTINGS, "lock_timeout", "20ms")
    await put_expert(kept)
    async with open_new_sessions(dsn, kept.store.cipher) as impatient, asyncio.timeout(20):
        put = put_session_on(kept, impatient)
        async with kept.transaction() as tx:
            assert await tx.sessions.add(a_session("theirs", details=some_details("Theirs")))
            waiting = asyncio.create_task(_put(put, _wanted("theirs")))
            others = await _put_all(put, *(f"mine-{number}" for number in range(5)))
            assert [type(one) for one in others] == [Session] * 5
            assert not waiting.done()
        assert (await waiting).revision == 2


@pytest.mark.parametrize("grown", [False, True], ids=["empty", "grown"])
async def test_rows_are_found_by_an_index_whatever_the_tables_were_like_when_the_plan_was_made(
    kept: KeptByPostgres, grown: bool
) -> None:
    async with kept.pool.connection() as connection, connection.transaction():
        if grown:
            await connection.execute(GROWN)
        for setting in (*new_sessions.SETTINGS.items(), *PLANNED_ONCE.items()):
            await connection.execute("SELECT set_config(%s, %s, true)", setting)
        types = ", ".join(new_sessions.ACCEPT.types)
        await connection.execute(f"PREPARE accept ({types}) AS {new_sessions.ACCEPT.text}".encode())
        plan = await connection.execute("EXPLAIN EXECUTE accept ('[]', '[]')")
        lines = [row["QUERY PLAN"].strip() for row in await plan.fetchall()]
    scans = [one for one in lines if " on session " in one or " on expert " in one]
    assert [one for one in scans if "Seq Scan" in one] == []
    assert len([one for one in scans if "Index" in one]) == 2
    if grown:
        assert [one.split()[one.split().index("using") + 1] for one in scans if "Index" in one] == [
            "session_pkey",
            "expert_pkey",
        ]


async def test_a_column_that_a_later_version_adds_is_in_nobodys_way(kept: KeptByPostgres) -> None:
    await put_expert(kept)
    assert await _accept(kept, a_session("before"))
    async with kept.pool.connection() as connection:
        for table in ("session", "change", "expert"):
            await connection.execute(
                f"ALTER TABLE {table} ADD COLUMN later integer NOT NULL DEFAULT 7".encode()
            )
    assert await _accept(kept, a_session("after"))
    assert await _stored_ids(kept, "change") == {"before", "after"}
    assert await kept.rows("SELECT DISTINCT later FROM session") == [{"later": 7}]


@pytest.mark.parametrize(("length", "statements"), [(100, 2), (2_000, 2), (40_000, 5), (160_000, 20)])
async def test_short_sessions_share_a_statement_and_long_ones_take_several(
    kept: KeptByPostgres, length: int, statements: int
) -> None:
    """The first goes ahead alone: nobody else is there yet."""
    await put_expert(kept)
    sessions = [a_session(f"{number}", details=some_details(text="x" * length)) for number in range(20)]

    assert await asyncio.gather(*(_accept(kept, one) for one in sessions)) == [True] * 20

    assert await kept.rows("SELECT count(DISTINCT transaction) AS statements FROM change") == [
        {"statements": statements}
    ]


@asynccontextmanager
async def _held_up(kept: KeptByPostgres, put: PutSession, *together: str) -> AsyncIterator[Calls]:
    """These sessions on their way by one statement, which waits for the block to end."""
    async with kept.transaction() as tx:
        assert await tx.sessions.add(a_session("in the way"))
        names = ("goes ahead", "in the way", *together)
        ahead, *calls = [asyncio.create_task(_put(put, _wanted(one))) for one in names]
        await ahead
        await _somebody_waits(kept)
        yield calls


async def test_a_lost_connection_is_unavailability_for_all_who_share_it_and_a_repeat_is_harmless(
    kept: KeptByPostgres,
) -> None:
    await put_expert(kept)
    put = put_session_on(kept, kept.new_sessions)
    async with asyncio.timeout(20):
        async with _held_up(kept, put, "one", "two") as calls:
            later = asyncio.create_task(_put(put, _wanted("later")))
            await asyncio.sleep(0)
            await kept.rows(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            failures = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(one) for one in failures] == [StoreUnavailable] * 3
        assert (await later).revision == 1
        assert await _stored_ids(kept) == {"goes ahead", "in the way", "later"}
        assert [one.revision for one in await asyncio.gather(_put(put, _wanted("one")))] == [1]
    assert await _stored_ids(kept, "change") == {"goes ahead", "later", "one"}


async def test_a_caller_who_leaves_while_the_statement_runs_finds_the_session_accepted(
    kept: KeptByPostgres,
) -> None:
    await put_expert(kept)
    put = put_session_on(kept, kept.new_sessions)
    async with asyncio.timeout(20):
        async with _held_up(kept, put, SESSION) as (in_the_way, leaving):
            leaving.cancel()
            await asyncio.wait([leaving])
        assert (await in_the_way).revision == 1
        assert leaving.cancelled()
        assert (await _put(put, _wanted())).revision == 1
    told = await kept.rows("SELECT session_id FROM change WHERE session_id = %(id)s", id=SESSION)
    assert told == [{"session_id": SESSION}]


async def _somebody_waits(kept: KeptByPostgres) -> None:
    async with asyncio.timeout(5):
        while not await kept.rows(
            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        ):
            pass
