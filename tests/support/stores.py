"""Stores to test on: the fake one and the one in PostgreSQL behind the same handle."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from psycopg import sql

from adapters.crypto.cipher import KeyRing
from adapters.postgres.cells import DEFAULT_CELL
from adapters.postgres.census import PostgresCensus
from adapters.postgres.change_feed import PostgresChangeFeed, open_change_feed
from adapters.postgres.grant_vault import PostgresGrantVault
from adapters.postgres.kept_times import KeptTimes
from adapters.postgres.known_times import KNOWN, PostgresKnownTimes
from adapters.postgres.known_versions import VERSIONS
from adapters.postgres.new_sessions import PostgresNewSessions, open_new_sessions
from adapters.postgres.pinned import open_pinned
from adapters.postgres.pool import Pool, open_pool
from adapters.postgres.sealing import hash_of
from adapters.postgres.store import PostgresStore
from adapters.postgres.unchanged_looks import PostgresUnchangedLooks
from adapters.postgres.wake_ups import CHANNEL
from application.ports.census import Census
from application.ports.changes import FollowedFeed
from application.ports.grant_vault import GrantVault
from application.ports.known_times import KnownTimes
from application.ports.lanes import Room
from application.ports.new_sessions import NewSessions
from application.ports.sessions import Turn
from application.ports.store import Store, Transaction
from application.ports.unchanged_looks import UnchangedLooks
from domain.cell import MovedExpert
from domain.expert import Expert
from domain.ids import ExpertId, IncidentId, SessionId
from domain.reading import Pace
from tests.builders import CALENDAR, EXPERT, NOW, a_calendar, a_grant, an_account, an_expert, some_settings
from tests.fakes.audit_log import FakeWhoActs
from tests.fakes.store import FakeStore
from tests.fakes.tables import Wish

TOKENS = (f"worker-1.token-{number}" for number in itertools.count(1))
"""Of claims; each is new."""
MOST_BYTES = 1_000_000


class Kept(Protocol):
    """A store under test with all that is read beside its transactions, and a look at what none of them shows."""

    @property
    def store(self) -> Store: ...

    @property
    def vault(self) -> GrantVault: ...

    @property
    def known_times(self) -> KnownTimes: ...

    @property
    def kept_times(self) -> KnownTimes:
        """The same by one that keeps."""
        ...

    @property
    def new_sessions(self) -> NewSessions: ...

    @property
    def unchanged_looks(self) -> UnchangedLooks: ...

    @property
    def census(self) -> Census: ...

    @property
    def feed(self) -> FollowedFeed: ...

    @property
    def who_acts(self) -> FakeWhoActs: ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]: ...

    async def note_moved(self, moved: MovedExpert, *, address: str, links: Collection[str] = ()) -> None:
        """As moving an expert does: where they live now, and which secrets of links go to that address."""
        ...

    async def wishes(self) -> tuple[Wish, ...]:
        """Those that no claim has taken over yet, in the order in which they were made."""
        ...

    def hearing(self) -> AbstractAsyncContextManager[Callable[[], Awaitable[list[str]]]]:
        """Hears wake-ups in the block: gives the kinds of work of those since the last time, each once, sorted."""
        ...


@dataclass(frozen=True, kw_only=True)
class KeptByFake:
    store: FakeStore

    @property
    def vault(self) -> GrantVault:
        return self.store.vault

    @property
    def known_times(self) -> KnownTimes:
        return self.store.known_times

    @property
    def kept_times(self) -> KnownTimes:
        return self.store.kept_times

    @property
    def new_sessions(self) -> NewSessions:
        return self.store.new_sessions

    @property
    def unchanged_looks(self) -> UnchangedLooks:
        return self.store.unchanged_looks

    @property
    def census(self) -> Census:
        return self.store.census

    @property
    def feed(self) -> FollowedFeed:
        return self.store.feed

    @property
    def who_acts(self) -> FakeWhoActs:
        return self.store.who_acts

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.store.transaction()

    async def note_moved(self, moved: MovedExpert, *, address: str, links: Collection[str] = ()) -> None:
        self.store.tables.moved[moved.expert_id] = moved
        self.store.tables.moved_links |= dict.fromkeys(links, (moved.expert_id, address))

    async def wishes(self) -> tuple[Wish, ...]:
        return self.store.wishes

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[Callable[[], Awaitable[list[str]]]]:
        async def heard() -> list[str]:
            return sorted(set(self.store.take_woken()))

        self.store.take_woken()
        yield heard


@dataclass(frozen=True, kw_only=True)
class KeptByPostgres:
    store: PostgresStore
    vault: PostgresGrantVault
    known_times: PostgresKnownTimes
    kept_times: KeptTimes
    new_sessions: PostgresNewSessions
    unchanged_looks: PostgresUnchangedLooks
    census: PostgresCensus
    feed: PostgresChangeFeed
    pool: Pool
    who_acts: FakeWhoActs

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.store.transaction()

    async def note_moved(self, moved: MovedExpert, *, address: str, links: Collection[str] = ()) -> None:
        await self.rows(
            """
            INSERT INTO moved_expert (expert_id, move_id, to_cell, to_url, moved_at, package)
            VALUES (%(expert_id)s, 'move', %(cell)s, %(address)s, %(moved_at)s, %(package)s)
            RETURNING 1
            """,
            expert_id=moved.expert_id,
            cell=moved.cell,
            address=address,
            moved_at=moved.moved_at,
            package=None if moved.arrived else b"",
        )
        for one in links:
            await self.rows(
                "INSERT INTO moved_link VALUES (%(secret_hash)s, %(expert_id)s) RETURNING 1",
                secret_hash=hash_of(one),
                expert_id=moved.expert_id,
            )

    async def wishes(self) -> tuple[Wish, ...]:
        rows = await self.rows("SELECT kind, id FROM wish ORDER BY number")
        return tuple(Wish(str(row["kind"]), str(row["id"])) for row in rows)

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[Callable[[], Awaitable[list[str]]]]:
        async with self.pool.connection() as connection:

            async def heard() -> list[str]:
                await connection.execute("SELECT")  # what was sent before has come by the time of the answer
                return sorted({one.payload async for one in connection.notifies(timeout=0)})

            cursor = await connection.execute("SELECT notify_channel(%(name)s) AS name", {"name": CHANNEL})
            (its,) = await cursor.fetchall()
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(its["name"])))
            yield heard
            await connection.execute("UNLISTEN *")

    async def rows(self, query: str, **arguments: object) -> list[dict[str, object]]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(query.encode(), arguments)
            return await cursor.fetchall()


@asynccontextmanager
async def kept_by_postgres(
    dsn: str, *, at_once: int = 1, cell: str = DEFAULT_CELL
) -> AsyncIterator[KeptByPostgres]:
    """`at_once` transactions begin without waiting for a new connection, so that they really overlap."""
    cipher, who_acts = KeyRing({"test": bytes(range(32))}), FakeWhoActs()
    async with (
        open_pool(dsn, min_size=at_once, max_size=8, cell=cell) as pool,
        open_pinned(dsn, [VERSIONS], cell=cell) as versions,
        open_pinned(dsn, [KNOWN], cell=cell) as contents,
        open_new_sessions(dsn, cipher, cell=cell) as new_sessions,
        open_change_feed(dsn, pool, cell=cell) as feed,
    ):
        yield KeptByPostgres(
            store=PostgresStore(pool=pool, cipher=cipher, who_acts=who_acts),
            vault=PostgresGrantVault(pool=pool, cipher=cipher, who_acts=who_acts),
            known_times=PostgresKnownTimes(contents),
            kept_times=KeptTimes(versions, contents, window=Pace().window, most_bytes=MOST_BYTES),
            new_sessions=new_sessions,
            unchanged_looks=PostgresUnchangedLooks(pool=pool),
            census=PostgresCensus(pool=pool),
            feed=feed,
            pool=pool,
            who_acts=who_acts,
        )


async def put_expert(kept: Kept, *experts: Expert) -> None:
    """Store these experts, or the default one."""
    async with kept.transaction() as tx:
        for expert in experts or (an_expert(),):
            await tx.experts.put(expert)


async def choose_calendars(kept: Kept, *calendar_ids: str, expert_id: str = EXPERT, version: int = 0) -> None:
    """Have exactly these calendars of the expert checked for conflicts."""
    async with kept.transaction() as tx:
        await tx.calendars.save_settings(some_settings(expert_id, conflict=calendar_ids, version=version))


async def put_conflict_calendars(kept: Kept, *calendar_ids: str) -> None:
    """The default expert with the default account, and these calendars of it chosen, or the default one."""
    await put_expert(kept)
    calendars = [a_calendar(one) for one in calendar_ids or (CALENDAR,)]
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(), a_grant())
        await tx.calendars.save(calendars)
    await choose_calendars(kept, *(one.calendar_id for one in calendars))


async def claim_sessions(
    tx: Transaction,
    *,
    now: datetime = NOW,
    places: int = 10,
    again: int = 10,
    held: Mapping[str, int] | None = None,
    token: str | None = None,
) -> list[tuple[ExpertId, SessionId]]:
    """Claim what is due for five minutes, ripe or not; the keys of the sessions, in the order in which they came."""
    await tx.sessions.ripen(now)
    room = Room(places=places, again=again, held=held or {})
    until = now + timedelta(minutes=5)
    claimed = await tx.sessions.claim_due(room, Turn(), token=token or next(TOKENS), now=now, until=until)
    return [(one.row.expert_id, one.row.session_id) for one in claimed.rows]


async def claim_incidents(
    tx: Transaction,
    *,
    now: datetime = NOW,
    places: int = 10,
    again: int = 10,
    held: Mapping[str, int] | None = None,
    token: str | None = None,
) -> list[IncidentId]:
    """The same with incidents."""
    room = Room(places=places, again=again, held=held or {})
    until = now + timedelta(minutes=5)
    claim = await tx.incidents.claim_due(room, token=token or next(TOKENS), now=now, until=until)
    return [one.row.incident_id for one in claim.rows]
