"""An expert goes from one cell to another: two in one database, and one in each of two servers with other keys."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from adapters.crypto.cipher import KeyRing
from adapters.postgres.data_map import EXPERTS
from adapters.postgres.due_sessions import claimant
from adapters.postgres.migrate import migrate
from adapters.postgres.moving.arrivals import PostgresArrivals
from adapters.postgres.moving.departures import PostgresDepartures
from adapters.postgres.moving.package import APPEND_ONLY, MOVED, STAYS, collect, same
from adapters.postgres.store import PostgresStore
from application.cells.move_expert import MoveExpert
from application.ports.cipher import Cipher
from application.ports.moving import CellFacts, MoveRefused
from application.ports.sessions import SessionFilter
from application.ports.workers import MOST_DEATHS
from domain.audit import AuditAction
from domain.cell import ExpertMoving
from domain.change import ChangeType
from domain.expert import ExpertNotFound
from domain.ids import ExpertId, SessionId
from tests.builders import (
    EXPERT,
    a_change,
    a_proven_connection,
    a_session,
    an_expert,
    an_identity,
    an_interval,
)
from tests.fakes.id_source import CountingIds
from tests.support.stores import KeptByPostgres, kept_by_postgres, put_expert
from tests.support.whole_expert import link_of, state_of, store_whole_expert, token_of

WHO = ExpertId(EXPERT)
OTHER_KEYS = KeyRing({"other": bytes(range(32, 64))})
PATIENCE = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell with its keys."""

    kept: KeptByPostgres
    keys: Cipher

    async def rows(self, query: str, **arguments: object) -> list[dict[str, Any]]:
        return await self.kept.rows(query, **arguments)

    async def tables(self, expert_id: ExpertId = WHO) -> Mapping[str, list[dict[str, Any]]]:
        """All that a package has."""
        async with self.kept.pool.connection() as connection:
            found = await collect(connection, self.keys, expert_id)
        return {name: sorted(rows, key=str) for name, rows in found.items()}

    @property
    def departures(self) -> PostgresDepartures:
        return PostgresDepartures(pool=self.kept.pool, cipher=self.keys)

    @property
    def arrivals(self) -> PostgresArrivals:
        return PostgresArrivals(pool=self.kept.pool, cipher=self.keys)

    @property
    def store(self) -> PostgresStore:
        return PostgresStore(pool=self.kept.pool, cipher=self.keys, who_acts=self.kept.who_acts)


@dataclass(frozen=True, kw_only=True)
class Cells:
    east: Cell
    west: Cell

    @property
    def move(self) -> MoveExpert:
        return MoveExpert(
            here=self.east.departures, there=self.west.arrivals, ids=CountingIds(), patience=PATIENCE
        )

    @property
    def back(self) -> MoveExpert:
        return MoveExpert(
            here=self.west.departures, there=self.east.arrivals, ids=CountingIds(), patience=PATIENCE
        )


@asynccontextmanager
async def open_cells(dsn: str, west_dsn: str, west_keys: Cipher | None = None) -> AsyncIterator[Cells]:
    """The default cell of one database, and another cell of the same or of another one."""
    await migrate(west_dsn, cell="west")
    async with (
        kept_by_postgres(dsn, at_once=2) as east,
        kept_by_postgres(west_dsn, at_once=2, cell="west") as west,
    ):
        yield Cells(
            east=Cell(kept=east, keys=east.store.cipher),
            west=Cell(kept=west, keys=west_keys or west.store.cipher),
        )


@pytest_asyncio.fixture
async def cells(dsn: str) -> AsyncIterator[Cells]:
    """Two in one database, with the same keys."""
    async with open_cells(dsn, dsn) as cells:
        yield cells


@pytest_asyncio.fixture(params=["one database", "two servers"])
async def any_cells(request: pytest.FixtureRequest, dsn: str, second_server: str) -> AsyncIterator[Cells]:
    """The same, and one in each of two servers, with keys of their own."""
    apart = request.param == "two servers"
    async with open_cells(dsn, second_server if apart else dsn, OTHER_KEYS if apart else None) as cells:
        yield cells


ADJUSTED = {
    "account": {"list_due_at"},
    "session": {"updated_at"},
    "reading_schedule": {"due_at", "begun_at", "marks", "seen_marks"},
    "subscription": {"remote_id", "secret_hash", "expires_at", "due_at"},
    "ended_subscription": {"remote_id", "due_at"},
}
"""What arrives as something else: calendars are read at once, and told of under the other cell's address. That the
expert moved is recorded beside."""


def _but_adjusted(tables: Mapping[str, list[dict[str, Any]]]) -> Mapping[str, list[dict[str, Any]]]:
    return {
        name: sorted(
            (
                {key: one for key, one in row.items() if key not in ADJUSTED.get(name, ())}
                for row in rows
                if row.get("action") != AuditAction.EXPERT_MOVED.value
            ),
            key=str,
        )
        for name, rows in tables.items()
        if name != "ended_subscription"
    }


MOVES = "SELECT actor, about FROM audit_entry WHERE action = 'EXPERT_MOVED' ORDER BY number"


async def test_everything_of_an_expert_goes_along_and_nothing_stays(any_cells: Cells) -> None:
    """A table of which the expert has no row here fails: what is new must be in the whole expert first."""
    cells = any_cells
    await store_whole_expert(cells.east.kept)
    await store_whole_expert(cells.east.kept, "stays")
    before, beside = await cells.east.tables(), await cells.east.tables(ExpertId("stays"))
    assert [name for name, rows in before.items() if not rows] == []
    assert {*before, *STAYS} == set(EXPERTS)

    await cells.move(WHO)

    assert _but_adjusted(await cells.west.tables()) == _but_adjusted(before)
    assert [name for name, rows in (await cells.east.tables()).items() if rows] == []
    assert await cells.east.tables(ExpertId("stays")) == beside
    assert await cells.west.rows("SELECT remote_id FROM subscription") == [{"remote_id": None}]
    ended = await cells.west.rows("SELECT remote_id FROM ended_subscription ORDER BY 1")
    assert [row["remote_id"] for row in ended] == ["ended", f"remote-subscription-on-calendar of {EXPERT}"]
    assert await cells.west.rows(
        "SELECT due_at = 'epoch' AND marks > seen_marks AS now FROM reading_schedule"
    ) == [{"now": True}]
    assert await cells.west.rows("SELECT given_up FROM arrived_expert") == [{"given_up": False}]
    async with cells.west.store.transaction() as tx:
        assert await tx.experts.get(WHO) == an_expert()
        assert (await tx.sessions.get(WHO, SessionId("waits"))).details == a_session().details
        waiting = await tx.pending.lock(WHO, token_of(EXPERT))
        assert waiting.content == a_proven_connection(expert_id=EXPERT, identity=an_identity("to confirm"))


async def test_whoever_asks_in_the_cell_before_is_told_where_they_live(cells: Cells) -> None:
    await cells.west.rows("UPDATE cell SET public_url = 'https://west.example' RETURNING 1")
    await store_whole_expert(cells.east.kept)
    await cells.move(WHO)
    async with cells.east.store.transaction() as tx:
        moved = (await tx.moved.of([WHO]))[WHO]
        assert (moved.cell, moved.arrived) == ("west", True)
        for secret in (link_of(EXPERT), state_of(EXPERT)):
            assert await tx.moved.address_of(secret) == "https://west.example"
        assert await tx.moved.address_of("another") is None
    with pytest.raises(ExpertMoving):
        async with cells.east.store.transaction() as tx:
            await tx.experts.put(an_expert())


async def test_the_feeds_tell_of_it_and_lose_nothing(cells: Cells) -> None:
    start = {cell: await cell.kept.feed.end() for cell in (cells.east, cells.west)}
    await put_expert(cells.east.kept)
    async with cells.east.kept.transaction() as tx:
        await tx.changes.add(a_change())
    await cells.move(WHO)
    told = {}
    for cell, position in start.items():
        page = await cell.kept.feed.after(position, of=WHO, limit=10)
        told[cell] = [change.type for _, change in page.changes]
    assert told[cells.east] == [a_change().type, ChangeType.EXPERT_MOVED]
    assert told[cells.west] == [ChangeType.EXPERT_ARRIVED]


async def test_lists_by_the_last_update_have_their_sessions_in_the_new_cell(cells: Cells) -> None:
    """Whoever compares by it knows all updates of that cell, and may have missed the last ones of the other."""
    await store_whole_expert(cells.east.kept)
    await cells.east.rows("UPDATE session SET updated_at = now() - interval '1 hour' RETURNING 1")
    known = await cells.west.rows("SELECT clock_timestamp() AS until")

    await cells.move(WHO)

    async with cells.west.store.transaction() as tx:
        since = SessionFilter(include_cancelled=True, updated_from=known[0]["until"])
        listed = await tx.sessions.page_of_all(since, after=None, limit=100)
    stored = await cells.west.rows("SELECT session_id FROM session ORDER BY 1")
    assert sorted(one.session_id for one in listed) == [one["session_id"] for one in stored]


async def test_the_new_cells_workers_hear_of_what_is_due(cells: Cells) -> None:
    await store_whole_expert(cells.east.kept)
    async with cells.west.kept.hearing() as heard:
        await cells.move(WHO)
        assert await heard() == [
            "end_subscription",
            "keep_subscription",
            "notify_expert",
            "read_calendar",
            "refresh_calendars",
            "write_session",
        ]


async def test_there_and_back_again(cells: Cells) -> None:
    await store_whole_expert(cells.east.kept)
    before = await cells.east.tables()
    await cells.move(WHO)
    await cells.back(WHO)
    assert _but_adjusted(await cells.east.tables()) == _but_adjusted(before)
    async with cells.east.store.transaction() as tx:
        assert await tx.moved.of([WHO]) == {}
        assert await tx.moved.address_of(link_of(EXPERT)) is None
    async with cells.west.store.transaction() as tx:
        assert (await tx.moved.of([WHO]))[WHO].cell == "public"


@pytest.mark.parametrize("table", ["session", "account_grant", "incident"])
async def test_it_waits_for_whoever_is_at_work_at_a_provider(cells: Cells, table: str) -> None:
    """What a worker has begun there, it must be able to note down; or the other cell would do it a second time."""
    await store_whole_expert(cells.east.kept)
    await cells.east.rows(
        f"UPDATE {table} SET claimed_by = 'w.1', claimed_until = now() + interval '1 minute' RETURNING 1"
    )
    impatient = replace(cells.move, patience=timedelta(milliseconds=300))
    with pytest.raises(MoveRefused, match="workers have been at work"):
        await impatient(WHO)
    moving = asyncio.create_task(cells.move(WHO))
    await cells.east.rows(f"UPDATE {table} SET claimed_by = NULL, claimed_until = NULL RETURNING 1")
    await moving
    assert (await cells.west.tables())["expert"]


async def test_what_worker_after_worker_died_of_holds_nobody_up(cells: Cells) -> None:
    await store_whole_expert(cells.east.kept)
    await cells.east.rows(
        """
        UPDATE session SET claimed_by = %(claimant)s, claimed_until = now() + interval '1 hour', deaths = %(most)s
        RETURNING 1
        """,
        claimant=claimant("w.1"),
        most=MOST_DEATHS,
    )
    await cells.move(WHO)
    assert (await cells.west.rows("SELECT DISTINCT deaths FROM session")) == [{"deaths": MOST_DEATHS}]


async def test_it_gives_way_to_whoever_holds_a_row(cells: Cells) -> None:
    await store_whole_expert(cells.east.kept)
    moving: asyncio.Task[None] | None = None
    async with cells.east.store.transaction() as tx:
        await tx.sessions.lock(WHO, SessionId("waits"))
        moving = asyncio.create_task(cells.move(WHO))
        async with asyncio.timeout(10):
            while not await cells.west.rows("SELECT FROM pg_locks WHERE NOT granted"):
                assert not moving.done()
        # A second lock in another order, for which the move may not be in the way for good.
        await tx.experts.lock(WHO)
        await tx.sessions.add(a_session("last", interval=an_interval(starts=72)))
    await moving
    assert len((await cells.west.tables())["session"]) == 3


async def test_refuses_before_anything_is_changed(cells: Cells) -> None:
    with pytest.raises(ExpertNotFound):
        await cells.move(WHO)
    await store_whole_expert(cells.east.kept)
    await put_expert(cells.west.kept)
    with pytest.raises(MoveRefused, match="has an expert of this id already"):
        await cells.move(WHO)
    await cells.west.rows("DELETE FROM expert RETURNING 1")
    with pytest.raises(MoveRefused, match="another one of the same name"):
        await replace(cells.move, there=cells.east.arrivals)(WHO)
    await cells.west.rows("INSERT INTO schema_migration VALUES ('9999', 'later', '') RETURNING 1")
    with pytest.raises(MoveRefused, match="west has schema 9999, which is newer than this program"):
        await cells.move(WHO)
    await cells.west.rows(
        "DELETE FROM schema_migration WHERE version >= (SELECT max(version) FROM schema_migration"
        " WHERE version < '9999') RETURNING 1"
    )
    with pytest.raises(MoveRefused, match=r"and west has \d+: bring both up to date first"):
        await cells.move(WHO)
    assert await cells.east.rows("SELECT FROM moved_expert") == []
    assert (await cells.east.tables())["expert"]


async def test_clocks_that_differ_move_nobody(cells: Cells) -> None:
    @dataclass(frozen=True, kw_only=True)
    class LateArrivals(PostgresArrivals):
        async def facts(self) -> CellFacts:
            facts = await super().facts()
            return replace(facts, time=facts.time - timedelta(seconds=3))

    await put_expert(cells.east.kept)
    late = LateArrivals(pool=cells.west.kept.pool, cipher=cells.west.keys)
    with pytest.raises(MoveRefused, match="clocks"):
        await replace(cells.move, there=late)(WHO)


async def test_one_that_is_given_up_is_where_they_were(cells: Cells) -> None:
    await store_whole_expert(cells.east.kept)
    before = await cells.east.tables()
    departed = await cells.east.departures.depart(WHO, move_id="m", to=await cells.west.arrivals.facts())
    await cells.move.give_up(WHO)
    assert _but_adjusted(await cells.east.tables()) == _but_adjusted(before)
    assert await cells.west.rows("SELECT FROM expert") == []
    with pytest.raises(MoveRefused, match="not on the way"):
        await cells.move.give_up(WHO)
    assert departed.move_id == "m"


async def test_both_cells_record_who_moved_them_and_where_to(cells: Cells) -> None:
    await put_expert(cells.east.kept)
    await cells.move(WHO)
    for cell in (cells.east, cells.west):
        assert await cell.rows(MOVES) == [{"actor": "OPERATOR", "about": "west"}]
    await cells.back(WHO)
    async with cells.east.store.transaction() as tx:
        entries = await tx.audit.page(of=WHO, limit=10)
    assert [(one.act.action, one.act.about) for one in entries] == [
        (AuditAction.EXPERT_MOVED, "west"),
        (AuditAction.EXPERT_MOVED, "public"),
    ]


async def test_one_that_is_given_up_is_recorded_as_back(cells: Cells) -> None:
    await put_expert(cells.east.kept)
    await cells.east.departures.depart(WHO, move_id="m", to=await cells.west.arrivals.facts())
    await cells.move.give_up(WHO)
    assert [row["about"] for row in await cells.east.rows(MOVES)] == ["west", "public"]
    assert await cells.west.rows(MOVES) == []


async def test_one_that_has_arrived_is_not_given_up(cells: Cells) -> None:
    await store_whole_expert(cells.east.kept)
    departed = await cells.east.departures.depart(WHO, move_id="m", to=await cells.west.arrivals.facts())
    await cells.west.arrivals.arrive(departed)
    with pytest.raises(MoveRefused, match="has arrived there already"):
        await cells.move.give_up(WHO)
    await cells.move(WHO)
    assert (await cells.west.tables())["expert"]


async def test_of_giving_up_and_arriving_at_once_one_wins(cells: Cells) -> None:
    await store_whole_expert(cells.east.kept)
    departed = await cells.east.departures.depart(WHO, move_id="m", to=await cells.west.arrivals.facts())
    given_up, arrived = await asyncio.gather(
        cells.west.arrivals.give_up("m"), cells.west.arrivals.arrive(departed), return_exceptions=True
    )
    there = bool((await cells.west.tables())["expert"])
    assert there is not given_up
    assert isinstance(arrived, MoveRefused) is given_up


async def test_a_repeat_after_the_expert_was_erased_there_brings_nobody_back(cells: Cells) -> None:
    await store_whole_expert(cells.east.kept)
    departed = await cells.east.departures.depart(WHO, move_id="m", to=await cells.west.arrivals.facts())
    await cells.west.arrivals.arrive(departed)
    async with cells.west.store.transaction() as tx:
        await tx.experts.remove(WHO)
    await cells.move(WHO)
    assert await cells.west.rows("SELECT FROM expert") == []


async def test_while_they_are_on_the_way_nobody_begins_anew(cells: Cells) -> None:
    await store_whole_expert(cells.east.kept)
    await cells.east.departures.depart(WHO, move_id="m", to=await cells.west.arrivals.facts())
    async with cells.east.store.transaction() as tx:
        assert isinstance((await tx.moved.of([WHO]))[WHO].error(), ExpertMoving)
    with pytest.raises(ExpertMoving):
        async with cells.east.store.transaction() as tx:
            await tx.experts.put(an_expert())
    assert not await cells.east.kept.new_sessions.accept(a_session(), a_change())


async def test_a_command_that_was_stopped_for_long_brings_nobody_back(cells: Cells) -> None:
    """It had seen the expert on the way, and meanwhile another one ended the move, and the expert went on."""
    await store_whole_expert(cells.east.kept)
    departed = await cells.east.departures.depart(WHO, move_id="m", to=await cells.west.arrivals.facts())
    await cells.move(WHO)
    await cells.back(WHO)
    await cells.west.arrivals.arrive(departed)
    assert await cells.west.rows("SELECT FROM expert") == []


async def test_how_moves_were_decided_is_forgotten_in_the_end(cells: Cells) -> None:
    await put_expert(cells.east.kept)
    await cells.move(WHO)
    await cells.west.rows("UPDATE arrived_expert SET arrived_at = now() - interval '2 days' RETURNING 1")
    (now,) = await cells.west.rows("SELECT now() AS now")
    async with cells.west.store.transaction() as tx:
        await tx.moved.forget_before(now["now"] - timedelta(days=1), 10)
    assert await cells.west.rows("SELECT FROM arrived_expert") == []


def test_a_long_audit_log_is_compared_in_one_go() -> None:
    compared = 0

    class Counted(dict[str, Any]):
        __hash__ = None

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return super().__eq__(other)

    (log,) = APPEND_ONLY & set(MOVED)
    package: dict[str, list[dict[str, Any]]] = {
        log: [Counted(action="EVENT_WRITTEN", about=str(number)) for number in range(300)]
    }
    there: dict[str, list[dict[str, Any]]] = {name: [] for name in MOVED}
    there |= {log: [*package[log], Counted(action="OTHER", about="before")]}

    assert same(package, there)
    assert not same(package, there | {log: package[log][1:]})
    assert compared <= len(package[log])
