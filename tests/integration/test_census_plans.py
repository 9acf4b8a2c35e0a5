"""Whether the census stays cheap, however much there is and however much of it is due."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from adapters.postgres import census
from adapters.postgres.census import PostgresCensus
from adapters.postgres.pool import Pool, open_pool
from application.ports.census import MOST_COUNTED
from tests.builders import NOW

EXPERTS, SESSIONS, CALENDARS = 500, 40, 4
EVERYTHING = f"""
    INSERT INTO expert SELECT 'e' || e, 'PRO', 'UTC', '' FROM generate_series(1, {EXPERTS}) AS e;
    INSERT INTO account
        SELECT 'a' || e, 'e' || e, 'MICROSOFT', 't', 'o' || e, 'WORK', 'ACTIVE', '', now(), 1, '2100-01-01'
        FROM generate_series(1, {EXPERTS}) AS e;
    INSERT INTO calendar SELECT account_id || '-' || c, account_id, 'remote' || c, '', '', c = 1, true, false, false
        FROM account, generate_series(1, {CALENDARS}) AS c;
    INSERT INTO reading (calendar_id, expert_id)
        SELECT calendar_id, expert_id FROM calendar JOIN account USING (account_id);
    INSERT INTO subscription (calendar_id, due_at) SELECT calendar_id, '2100-01-01' FROM calendar;
    UPDATE reading_schedule SET due_at = '2100-01-01', read_at = '2027-03-01 11:50Z';
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision, written_revision,
            status, failures, copies)
        SELECT expert_id, 's' || s, begins, begins + interval '1 hour', '', false, 1, 1, 'WRITTEN', 0, 1
        FROM expert, generate_series(1, {SESSIONS}) AS s,
            LATERAL (SELECT timestamptz '2027-03-01 12:00Z' + s * interval '3 hours') AS begin (begins);
    INSERT INTO reserved_time (expert_id, session_id, during)
        SELECT expert_id, session_id, tstzrange(starts_at, ends_at) FROM session WHERE session_id = 's1';
    """
ALL_DUE = """
    UPDATE session SET status = 'PENDING', due_at = '2027-03-01 11:00Z';
    UPDATE reading_schedule SET due_at = '2027-03-01 11:00Z';
    """
SMALL = {"worker", "ended_subscription", "incident"}
"""Those that are nearly empty here."""


@pytest_asyncio.fixture
async def crowded(dsn: str) -> AsyncIterator[Pool]:
    """With 20,000 sessions and 2,000 readings, none of them due."""
    async with open_pool(dsn, min_size=1, max_size=2) as pool:
        async with pool.connection() as connection:
            await connection.execute(EVERYTHING.encode())
            await connection.execute("VACUUM ANALYZE")
        yield pool


async def whole_tables(pool: Pool, statement: str, **arguments: Any) -> set[str]:
    """The tables that are read from end to end; those that are sampled are not."""
    async with pool.connection() as connection:
        cursor = await connection.execute(f"EXPLAIN (FORMAT JSON) {statement}".encode(), arguments)
        row = await cursor.fetchone()
    assert row is not None
    return {
        one["Relation Name"] for one in _nodes(row["QUERY PLAN"][0]["Plan"]) if one["Node Type"] == "Seq Scan"
    }


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for one in plan.get("Plans", ()) for node in _nodes(one))]


async def test_costs_little_however_much_there_is(crowded: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"now": NOW, "most": MOST_COUNTED}
    for statement in (census.DUE_WORK, census.SESSIONS, census.INCIDENTS, census.HOLDS):
        assert await whole_tables(crowded, statement, **asked) <= SMALL
    sampling = {"now": NOW, "bound": 900.0, "quantiles": [0.5], "pages": 20}
    assert await whole_tables(crowded, census.READINGS, **sampling) <= SMALL

    await assert_counts_only_so_far(crowded)
    await assert_samples_of_many(crowded, monkeypatch)


async def assert_counts_only_so_far(crowded: Pool) -> None:
    async with crowded.connection() as connection:
        await connection.execute(ALL_DUE.encode())
    work = await PostgresCensus(pool=crowded).work(NOW, alive_within=timedelta(seconds=30))

    assert {one.kind: one.rows for one in work.due if one.rows} == {
        "write_session": MOST_COUNTED,
        "read_calendar": EXPERTS * CALENDARS,
    }
    assert work.sessions == {("PENDING", ""): MOST_COUNTED}


async def assert_samples_of_many(crowded: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await PostgresCensus(pool=crowded).readings(NOW, bound=timedelta(minutes=15))
    assert (whole.calendars, whole.unread, whole.too_old) == (EXPERTS * CALENDARS, 0, 0)
    assert set(whole.ages.values()) == {600.0}

    # Of some of the pages, what is true of all is told.
    monkeypatch.setattr(census, "MOST_PAGES", 40)
    for _ in range(5):
        sampled = await PostgresCensus(pool=crowded).readings(NOW, bound=timedelta(minutes=5))
        assert 0 < sampled.calendars < 4 * whole.calendars
        assert sampled.too_old == sampled.calendars
