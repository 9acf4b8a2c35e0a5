"""Whether the questions about readings, and the feed, are answered from their indexes."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres.calendars import PostgresCalendars
from adapters.postgres.changes import PostgresChanges
from adapters.postgres.experts import PostgresExperts
from adapters.postgres.feed_pages import look_after
from adapters.postgres.jobs import PostgresJobs
from adapters.postgres.known_times import KNOWN, PostgresKnownTimes
from adapters.postgres.known_versions import VERSIONS, PostgresKnownVersions
from adapters.postgres.line import Statement
from adapters.postgres.pinned import PinnedConnection, open_pinned
from adapters.postgres.pool import Connection, Pool, open_pool
from adapters.postgres.readings import PostgresReadings
from adapters.postgres.reserved_times import PostgresReservedTimes
from adapters.postgres.shared_statement import SharedStatement
from adapters.postgres.subscriptions import PostgresSubscriptions
from application.ports.lanes import Room
from application.ports.reserved_times import HoldPosition
from domain.change import FeedPosition
from domain.ids import CalendarId, ExpertId, HoldId
from domain.interval import Interval
from domain.reading import Pace
from tests.builders import NOW, a_hold, after
from tests.fakes.cipher import FakeCipher
from tests.support.postgres import new_database

EVERYTHING = """
    INSERT INTO expert SELECT 'e' || e, 'PRO', 'UTC', '' FROM generate_series(1, 1000) AS e;
    INSERT INTO account
        SELECT 'a' || e || '-' || a, 'e' || e, 'MICROSOFT', 't', 'o' || a, 'WORK', 'ACTIVE', '', now(), 1,
            now() + e * interval '1 minute'
        FROM generate_series(1, 1000) AS e, generate_series(1, 2) AS a;
    INSERT INTO calendar SELECT account_id || '-' || c, account_id, 'remote' || c, '', '', c = 1, true, false, false
        FROM account, generate_series(1, 4) AS c;
    INSERT INTO calendar_settings (expert_id, conflict_calendar_ids, version) SELECT expert_id, '{}', 1 FROM expert;
    INSERT INTO reading (calendar_id, expert_id, window_start, window_end, read_at, zone, busy, due_at)
        SELECT calendar_id, expert_id, now(), now() + interval '1 day', now(), 'UTC', decode(repeat('00', 640), 'hex'),
            now() + random() * interval '10 days'
        FROM calendar JOIN account USING (account_id) WHERE calendar.remote_id <> 'remote4';
    INSERT INTO subscription (calendar_id, due_at) SELECT calendar_id, due_at FROM reading;
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision, written_revision,
            status, failures, copies)
        SELECT expert_id, 's' || s, begins, begins + interval '1 hour', '', false, 1, 1, 'WRITTEN', 0, 1
        FROM expert, generate_series(-30, 10) AS s,
            LATERAL (SELECT timestamptz '2027-03-01 12:00Z' + s * interval '3 hours') AS begin (begins);
    INSERT INTO reserved_time (expert_id, session_id, during)
        SELECT expert_id, session_id, tstzrange(starts_at, ends_at) FROM session;
    INSERT INTO reserved_time (expert_id, hold_id, during, expires_at)
        SELECT expert_id, 'h' || h, tstzrange(begins, begins + interval '10 minutes'), timestamptz '2027-03-01 12:05Z'
        FROM expert, generate_series(1, 2) AS h,
            LATERAL (SELECT timestamptz '2027-03-02 19:15Z' + h * interval '3 hours') AS begin (begins);
    INSERT INTO change (expert_id, type, at)
        SELECT 'e' || mod(number, 1000), 'CALENDARS_CHANGED', now() FROM generate_series(1, 20000) AS number;
    INSERT INTO wish (kind, id) SELECT 'another', calendar_id FROM calendar;
    """


@pytest_asyncio.fixture(scope="module")
async def crowded_dsn(
    postgres_server: str, postgres_admin: AsyncConnection, migrated_template: str
) -> AsyncIterator[str]:
    """Of a database with a thousand experts."""
    async with new_database(postgres_admin, template=migrated_template) as name:
        dsn = make_conninfo(postgres_server, dbname=name)
        async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
            await connection.execute(EVERYTHING)
            await connection.execute("VACUUM ANALYZE")
        yield dsn


@pytest_asyncio.fixture(scope="module")
async def crowded(crowded_dsn: str) -> AsyncIterator[Pool]:
    """Of one connection."""
    async with open_pool(crowded_dsn, min_size=1, max_size=1, plan_once=True) as pool:
        yield pool


OF_ONE_ROW = "change_feed as a whole"
WINDOW = Interval(NOW, after(days=60))


async def _hold(connection: Connection) -> None:
    async with connection.transaction(force_rollback=True):
        hold = a_hold(expert_id="e7", interval=Interval(after(days=50), after(days=51)))
        await PostgresReservedTimes(connection=connection).hold(hold, now=NOW)


async def _remove_changes(connection: Connection) -> None:
    async with connection.transaction(force_rollback=True):
        assert await PostgresChanges(connection=connection).remove_before(after(days=3000), 100) == 100


ROOM = Room(places=50, again=50, held={f"a{number}-1": 2 for number in range(32)})


async def _claim_readings(connection: Connection) -> None:
    async with connection.transaction(force_rollback=True):
        found = await PostgresReadings(connection=connection).begin_due(
            ROOM, now=after(days=3000), until=after(days=3001), pace=Pace(), jitter=[0.0] * 50
        )
        assert len(found) > 25


async def _claim_subscriptions(connection: Connection) -> None:
    async with connection.transaction(force_rollback=True):
        found = await PostgresSubscriptions(connection=connection).claim_due(
            ROOM, now=after(days=3000), until=after(days=3001)
        )
        assert len(found) > 25


async def _claim_lists(connection: Connection) -> None:
    async with connection.transaction(force_rollback=True):
        found = await PostgresCalendars(connection=connection, cipher=FakeCipher()).claim_lists(
            ROOM, now=after(days=3000), until=after(days=3001)
        )
        assert len(found) == 50


async def _list_holds(connection: Connection, of: ExpertId | None) -> None:
    position = HoldPosition(after(minutes=5), ExpertId("e6"), HoldId("h1"))
    found = await PostgresReservedTimes(connection=connection).holds(of, after=position, now=NOW, limit=20)
    assert len(found) == (20 if of is None else 2)


class SamePerson:
    """A cipher for rows that were made in masses."""

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        return plaintext

    def open(self, sealed: bytes, *, context: str) -> bytes:
        return b'{"email": "maria@experts.example", "display_name": "Maria"}'


async def _list_experts(connection: Connection) -> None:
    experts = PostgresExperts(connection=connection, cipher=SamePerson())
    assert len(await experts.page(after=ExpertId("e500"), limit=20)) == 20


@pytest.mark.parametrize(
    ("ask", "indexes"),
    [
        (_claim_readings, {"reading_schedule_due", "reading_schedule_marked"}),
        (_claim_subscriptions, {"subscription_claimable"}),
        (
            lambda it: PostgresSubscriptions(connection=it).proven([(f"r{n}", "") for n in range(1000)]),
            {"subscription_remote_unique"},
        ),
        (_claim_lists, {"account_list_due"}),
        (lambda it: PostgresReadings(connection=it).task(CalendarId("a7-1-1")), {"reading_pkey"}),
        (_hold, {"reserved_time_overlap", "expert_pkey"}),
        (lambda it: _list_holds(it, None), {"reserved_time_by_expiry"}),
        (lambda it: _list_holds(it, ExpertId("e7")), {"reserved_time_hold_unique"}),
        (_list_experts, {"expert_pkey"}),
        (lambda it: look_after(it, FeedPosition(0, 0, 0), of=None, limit=100), {"change_pkey"}),
        (
            lambda it: look_after(it, FeedPosition(0, 0, 0), of=ExpertId("e7"), limit=100),
            {"change_by_expert"},
        ),
        (_remove_changes, {"change_pkey"}),
        (lambda it: PostgresJobs(connection=it).read_calendar(CalendarId("a7-1-1")), {"wish_pkey"}),
    ],
    ids=[
        "due",
        "renewals",
        "proof",
        "lists",
        "begin",
        "hold",
        "holds",
        "one expert's holds",
        "experts",
        "changes",
        "one expert's changes",
        "old changes",
        "wish",
    ],
)
async def test_is_answered_from_an_index(
    crowded: Pool, ask: Callable[[Connection], Awaitable[object]], indexes: set[str]
) -> None:
    async with crowded.connection() as connection:
        before = await _scans(connection)
        await ask(connection)
        used = {name for name, count in (await _scans(connection)).items() if count > before[name]}
    assert indexes <= used
    assert {name for name in used if name.endswith("as a whole")} <= {OF_ONE_ROW}


@pytest.mark.parametrize("number", [1, 20])
async def test_what_is_known_is_answered_from_indexes(crowded_dsn: str, crowded: Pool, number: int) -> None:
    experts = [ExpertId(f"e{n}") for n in range(1, number + 1)]

    async def ask(pinned: PinnedConnection) -> int:
        return len(await PostgresKnownTimes(pinned).of(experts, WINDOW, now=NOW))

    assert await _used(crowded_dsn, crowded, KNOWN, ask, found=number) == {
        "account_pkey",
        "calendar_pkey",
        "calendar_settings_pkey",
        "expert_pkey",
        "known_version_pkey",
        "reading_pkey",
        "reading_schedule_pkey",
        "reserved_time_overlap",
        "session_booked",
    }


@pytest.mark.parametrize("number", [1, 20])
async def test_versions_are_found_by_indexes(crowded_dsn: str, crowded: Pool, number: int) -> None:
    experts = [ExpertId(f"e{n}") for n in range(1, number + 1)]

    async def ask(pinned: PinnedConnection) -> int:
        return len(await PostgresKnownVersions(pinned).of(experts))

    used = await _used(crowded_dsn, crowded, VERSIONS, ask, found=number)
    assert used == {"known_version_pkey", "reading_schedule_pkey"}


async def _used(
    dsn: str,
    pool: Pool,
    statement: Statement,
    ask: Callable[[PinnedConnection], Awaitable[int]],
    *,
    found: int,
) -> set[str]:
    """The indexes, and the tables read as a whole, when asked a second time: planning looks into indexes of its own
    choice."""
    async with open_pinned(dsn, [statement, COUNTED]) as pinned:
        counted: SharedStatement[None, None] = SharedStatement(
            pinned, COUNTED, values=lambda _: (), answers=lambda items, _: items
        )

        async def scans() -> dict[str, int]:
            await counted.ask(None)
            async with pool.connection() as connection:
                return await _scans(connection)

        await ask(pinned)
        before = await scans()
        assert await ask(pinned) == found
        return {name for name, count in (await scans()).items() if count > before[name]}


COUNTED = Statement(name="counted", text="SELECT pg_stat_force_next_flush()", types=())
"""What a connection did is counted when it ends a statement after this one."""


async def _scans(connection: Connection) -> dict[str, int]:
    """How often each index was used, and each table read as a whole."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    cursor = await connection.execute(
        """
        SELECT indexrelname AS name, idx_scan AS scans FROM pg_stat_user_indexes
        UNION ALL SELECT relname || ' as a whole', seq_scan FROM pg_stat_user_tables
        """
    )
    return {str(row["name"]): int(row["scans"]) async for row in cursor}
