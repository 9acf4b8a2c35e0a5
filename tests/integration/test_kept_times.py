"""When what is kept of experts' times is forgotten."""

import asyncio
import struct

import pytest_asyncio

from adapters.postgres.kept_times import KeptTimes, open_known_times
from adapters.postgres.known_times import KNOWN
from adapters.postgres.known_versions import VERSIONS
from adapters.postgres.migrate import migrate
from adapters.postgres.pinned import open_pinned
from application.ports.known_times import KnownTime, KnownTimes
from domain.ids import ExpertId
from domain.interval import Interval
from domain.reading import Pace
from tests.builders import (
    EXPERT,
    NOW,
    a_session,
    after,
    an_expert,
)
from tests.support.stores import KeptByPostgres, put_conflict_calendars, put_expert

WINDOW = Interval(NOW, after(days=7))
OTHER = ExpertId("other")


async def _known(known_times: KnownTimes, expert_id: ExpertId = EXPERT) -> KnownTime:
    return (await known_times.of([expert_id], WINDOW, now=NOW))[expert_id]


@pytest_asyncio.fixture
async def shown(kept: KeptByPostgres) -> KnownTime:
    await put_conflict_calendars(kept)
    return await _known(kept.kept_times)


async def _cut(kept: KeptByPostgres, asked: str) -> None:
    """End the connection that asked this last."""
    rows = await kept.rows(
        """
        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE %(asked)s AND pid <> pg_backend_pid()
        """,
        asked=asked,
    )
    assert len(rows) == 1


async def test_everything_is_forgotten_when_either_connection_is_made_anew(
    kept: KeptByPostgres, shown: KnownTime
) -> None:
    assert await _known(kept.kept_times) is shown
    await _cut(kept, "%SELECT expert_id, version%")
    again = await _known(kept.kept_times)
    assert again == shown
    assert again.workings is not shown.workings
    await _cut(kept, "%SELECT asked.number%")
    await _known(kept.known_times)  # goes the same way, which a kept answer does not
    assert (await _known(kept.kept_times)).workings is not again.workings


async def test_nothing_is_kept_while_versions_and_contents_come_from_different_servers(
    dsn: str, kept: KeptByPostgres, second_server: str
) -> None:
    """As after a failover that only one of the connections has noticed."""
    await put_expert(kept)
    await migrate(second_server)
    async with open_pinned(second_server, [VERSIONS]) as versions, open_pinned(dsn, [KNOWN]) as contents:
        assert versions.server != contents.server
        kept_times = KeptTimes(versions, contents, window=Pace().window, most_bytes=1_000_000)
        first = await _known(kept_times)
        second = await _known(kept_times)
    assert first == second
    assert (first.workings, second.workings) == (None, None)


WAITING = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'session'::regclass"


async def test_a_version_from_another_cluster_is_not_kept_under(
    kept: KeptByPostgres, shown: KnownTime
) -> None:
    """As after a dump was restored where its transaction's number is still to come."""
    await kept.rows("UPDATE known_version SET version = '4611686018427387904' RETURNING 1 AS one")
    restored = await _known(kept.kept_times)
    assert restored == shown
    assert restored.workings is None
    assert await _known(kept.kept_times) is not restored
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session())
    known = await _known(kept.kept_times)
    assert known.workings is not None
    assert await _known(kept.kept_times) is known


async def test_whoever_was_erased_is_forgotten_and_everybody_when_that_may_have_gone_unheard(
    kept: KeptByPostgres, shown: KnownTime
) -> None:
    await put_expert(kept, an_expert(OTHER))
    other = await _known(kept.kept_times, OTHER)
    kept.kept_times.forget(EXPERT)
    kept.kept_times.forget(ExpertId("unknown"))
    assert (await _known(kept.kept_times)).workings is not shown.workings
    assert await _known(kept.kept_times, OTHER) is other
    kept.kept_times.forget(None)
    assert (await _known(kept.kept_times, OTHER)).workings is not other.workings


async def test_what_was_on_its_way_when_its_expert_was_erased_is_not_kept(kept: KeptByPostgres) -> None:
    await put_expert(kept)
    async with kept.pool.connection() as connection, connection.transaction():
        await connection.execute("LOCK TABLE session")
        asked = asyncio.create_task(_known(kept.kept_times))
        async with asyncio.timeout(20):
            while not (await connection.execute(WAITING)).rowcount:
                pass
        kept.kept_times.forget(EXPERT)
    assert (await asked).workings is None
    assert (await _known(kept.kept_times)).workings is not None


async def test_what_was_not_asked_for_longest_is_dropped_first(dsn: str, kept: KeptByPostgres) -> None:
    experts = [ExpertId(f"expert-{number}") for number in range(4)]
    await put_expert(kept, *map(an_expert, experts))
    async with open_known_times(dsn, window=Pace().window, most_bytes=9_500) as kept_times:  # three
        shown = [await _known(kept_times, one) for one in experts[:3]]
        assert await _known(kept_times, experts[0]) is shown[0]
        await _known(kept_times, experts[3])
        assert await _known(kept_times, experts[0]) is shown[0]
        assert await _known(kept_times, experts[2]) is shown[2]
        assert await _known(kept_times, experts[1]) is not shown[1]


async def test_what_takes_more_than_all_may_is_not_kept(dsn: str, kept: KeptByPostgres) -> None:
    await put_expert(kept)
    async with open_known_times(dsn, window=Pace().window, most_bytes=1) as kept_times:
        first = await _known(kept_times)
        second = await _known(kept_times)
        assert first == second
        assert first is not second


async def test_a_batch_mixes_what_is_kept_with_what_is_not(kept: KeptByPostgres, shown: KnownTime) -> None:
    await put_expert(kept, an_expert(OTHER))
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session(expert_id=OTHER))
    known = await kept.kept_times.of([OTHER, EXPERT, ExpertId("nobody"), OTHER], WINDOW, now=NOW)
    assert known[EXPERT] is shown
    assert known == await kept.known_times.of([EXPERT, OTHER], WINDOW, now=NOW)


async def test_a_row_that_makes_no_sense_is_the_fault_of_its_expert_only(
    kept: KeptByPostgres, shown: KnownTime
) -> None:
    """As one that a later version has written: whoever shares the statement with them is answered."""
    await put_expert(kept, an_expert(OTHER))
    await kept.rows(
        """
        UPDATE reading SET window_start = now(), window_end = 'tomorrow', read_at = now(), zone = 'UTC', busy = '\\x01'
        RETURNING 1 AS one
        """
    )
    await kept.rows("UPDATE reading_schedule SET read_at = now() RETURNING 1 AS one")
    for known_times in (kept.known_times, kept.kept_times):
        first, other, shared = await asyncio.gather(
            *(_known(known_times, one) for one in (EXPERT, OTHER, EXPERT)), return_exceptions=True
        )
        assert [type(first), type(shared)] == [struct.error, struct.error]
        assert isinstance(other, KnownTime)
        assert other.expert_id == OTHER


async def test_later_windows_are_kept_from_a_new_day_on(kept: KeptByPostgres, shown: KnownTime) -> None:
    beyond = Interval(after(days=121), after(days=121, hours=1))
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session(interval=Interval(after(days=121), after(days=122))))
    not_yet = (await kept.kept_times.of([EXPERT], beyond, now=NOW))[EXPERT]
    tomorrow = (await kept.kept_times.of([EXPERT], beyond, now=after(days=1)))[EXPERT]
    assert len(not_yet.booked) == len(tomorrow.booked) == 1
    assert (not_yet.workings is None, tomorrow.workings is None) == (True, False)
    assert (await kept.kept_times.of([EXPERT], beyond, now=after(days=1)))[EXPERT] is tomorrow
