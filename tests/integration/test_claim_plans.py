"""Whether claiming what is due costs the same whatever is due, at fifty thousand calendars."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from adapters.postgres.calendars import PostgresCalendars
from adapters.postgres.pool import Connection, open_pool
from adapters.postgres.readings import PostgresReadings
from adapters.postgres.subscriptions import PostgresSubscriptions
from adapters.postgres.unchanged_looks import PostgresUnchangedLooks
from application.ports.lanes import Room
from application.ports.unchanged_looks import UnchangedLook
from domain.account import Provider
from domain.interval import Interval
from domain.reading import Pace
from tests.builders import NOW, after
from tests.fakes.cipher import FakeCipher
from tests.support.postgres import new_database

FLEET = """
    INSERT INTO expert SELECT 'e' || e, 'PRO', 'UTC', '' FROM generate_series(1, 10000) AS e;
    INSERT INTO calendar_settings (expert_id, conflict_calendar_ids, version, tentative_blocks)
        SELECT expert_id, ARRAY(SELECT 'a' || substr(expert_id, 2) || '-' || c FROM generate_series(1, 5) AS c), 1,
            expert_id LIKE '%7'
        FROM expert;
    INSERT INTO account (account_id, expert_id, provider, tenant_id, object_id, kind, status, person, connected_at,
            grant_version)
        SELECT 'a' || e, 'e' || e, 'MICROSOFT', 't', 'o' || e, 'WORK', 'ACTIVE', '', now(), 1
        FROM generate_series(1, 10000) AS e;
    INSERT INTO calendar SELECT account_id || '-' || c, account_id, 'remote' || c, '', '', c = 1, c <= 2, false, false
        FROM account, generate_series(1, 5) AS c;
    INSERT INTO reading (calendar_id, expert_id, window_start, window_end, read_at, zone, busy)
        SELECT calendar_id, expert_id, now(), now() + interval '1 day', now(), 'UTC', '' FROM calendar
            JOIN account USING (account_id);
    INSERT INTO subscription (calendar_id) SELECT calendar_id FROM reading;
    """
MAKE_DUE = """
    UPDATE reading_schedule SET marks = CASE WHEN %(marked)s AND {which} THEN seen_marks + 1 ELSE seen_marks END,
        due_at = CASE WHEN {which} THEN %(now)s - random() * interval '1 hour' ELSE %(now)s + interval '1 hour' END;
    UPDATE subscription SET due_at = CASE
        WHEN {which} THEN %(now)s - random() * interval '1 hour' ELSE %(now)s + interval '1 hour' END;
    UPDATE account SET list_due_at = CASE
        WHEN {which_account} THEN %(now)s - random() * interval '1 hour' ELSE %(now)s + interval '1 hour' END;
    """
PLACES = 64
ROOM = Room(places=PLACES, again=PLACES, held={f"a{number}": 2 for number in range(32)})
MOST_BLOCKS = 64
"""Of 8 kB that a claim may look at for each row: some dozens, all joins and writing included, and far from the
thousands that the tables have."""
SMALL = {"wish as a whole", "ended_subscription as a whole"}


@pytest_asyncio.fixture(scope="module")
async def fleet(
    postgres_server: str, postgres_admin: AsyncConnection, migrated_template: str
) -> AsyncIterator[Connection]:
    async with (
        new_database(postgres_admin, template=migrated_template) as name,
        open_pool(make_conninfo(postgres_server, dbname=name), min_size=1, max_size=2) as pool,
        pool.connection() as connection,
    ):
        await connection.execute(FLEET)
        yield connection


async def _claim_readings(connection: Connection, *, together: Provider = Provider.GOOGLE) -> int:
    begun = await PostgresReadings(connection=connection).begin_due(
        ROOM, now=NOW, until=after(minutes=2), pace=Pace(), jitter=[0.0] * PLACES, together={together}
    )
    return len(begun)


async def _claim_together(connection: Connection) -> int:
    """As at a provider that answers for three of the five calendars of each account in one request."""
    return await _claim_readings(connection, together=Provider.MICROSOFT)


async def _claim_subscriptions(connection: Connection) -> int:
    found = await PostgresSubscriptions(connection=connection).claim_due(
        ROOM, now=NOW, until=after(minutes=2)
    )
    return len(found)


async def _claim_lists(connection: Connection) -> int:
    calendars = PostgresCalendars(connection=connection, cipher=FakeCipher())
    return len(await calendars.claim_lists(ROOM, now=NOW, until=after(minutes=2)))


@pytest.mark.parametrize("marked", [False, True], ids=["polled", "marked"])
@pytest.mark.parametrize(
    ("which", "which_account"),
    [("false", "false"), ("calendar_id LIKE 'a77__-1'", "account_id LIKE 'a77__'"), ("true", "true")],
    ids=["nothing due", "something due", "everything due"],
)
async def test_a_claim_reads_few_blocks_whatever_is_due(
    fleet: Connection, which: str, which_account: str, marked: bool
) -> None:
    statements = MAKE_DUE.format(which=which, which_account=which_account).split(";")[:-1]
    for statement in statements:
        await fleet.execute(statement.encode(), {"now": NOW, "marked": marked})
    await fleet.execute("VACUUM ANALYZE")
    for claim in (_claim_readings, _claim_together, _claim_subscriptions, _claim_lists):
        for _ in range(8):  # also once the statement is prepared, and its plan may be one for all arguments
            blocks, scans, claimed = await _cost(fleet, claim)
            assert claimed == 0 if which == "false" else claimed > PLACES / 2, claim
            assert not scans - SMALL, claim
            assert blocks < MOST_BLOCKS * max(claimed, PLACES), claim


async def test_the_end_of_an_unchanged_look_is_one_update_in_place(fleet: Connection) -> None:
    await fleet.execute("UPDATE reading_schedule SET due_at = %(now)s, marks = seen_marks", {"now": NOW})
    await fleet.execute("VACUUM ANALYZE")
    readings = PostgresReadings(connection=fleet)
    window = Interval(NOW, after(days=1))
    for number in range(3):
        (look,) = await readings.begin_due(
            Room(places=1, again=1),
            now=after(seconds=number),
            until=after(minutes=2),
            pace=Pace(),
            jitter=[0.0],
        )
        before = await _updates(fleet)
        unchanged = UnchangedLook(
            look=look, window=window, own_version=EMPTY, foreign=frozenset(), due_at=look.due_at
        )
        assert await PostgresUnchangedLooks(pool=_OnOne(fleet)).end(unchanged)  # type: ignore[arg-type]
        after_ = await _updates(fleet)
        assert (after_[0] - before[0], after_[1] - before[1]) == (1, 1)


EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
"""The version of no events."""


class _OnOne:
    """A pool of the one connection whose statistics are looked at."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def connection(self) -> "_OnOne":
        return self

    async def __aenter__(self) -> Connection:
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        return None


async def _updates(connection: Connection) -> tuple[int, int]:
    """Of the schedule: all, and those in place."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    cursor = await connection.execute(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'reading_schedule'"
    )
    row = await cursor.fetchone()
    assert row is not None
    return row["n_tup_upd"], row["n_tup_hot_upd"]


async def _cost(
    connection: Connection, claim: Callable[[Connection], Awaitable[int]]
) -> tuple[int, set[str], int]:
    """The blocks looked at, the tables read as a whole, and how many were claimed, all of which is undone."""
    before = await _statistics(connection)
    async with connection.transaction(force_rollback=True):
        claimed = await claim(connection)
    now = await _statistics(connection)
    scans = {name for name, (scans, _) in now.items() if scans > before[name][0]}
    return sum(blocks - before[name][1] for name, (_, blocks) in now.items()), scans, claimed


async def _statistics(connection: Connection) -> dict[str, tuple[int, int]]:
    """How often each table was read as a whole, and how many blocks of it and its indexes were looked at."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    cursor = await connection.execute(
        """
        SELECT relname || ' as a whole' AS name, seq_scan,
            heap_blks_read + heap_blks_hit + coalesce(idx_blks_read, 0) + coalesce(idx_blks_hit, 0) AS blocks
        FROM pg_stat_user_tables JOIN pg_statio_user_tables USING (relid, relname)
        """
    )
    return {row["name"]: (row["seq_scan"], row["blocks"]) async for row in cursor}
