"""The cell that an expert comes to, in PostgreSQL."""

from dataclasses import dataclass
from typing import Final

import psycopg

from adapters.postgres.changes import PostgresChanges
from adapters.postgres.moving.facts import facts_of, now_of
from adapters.postgres.moving.package import collect, insert, require_known, same, unpacked
from adapters.postgres.pool import Connection, Pool
from application.ports.cipher import Cipher
from application.ports.moving import CellFacts, Departed, MoveRefused
from domain.change import ChangeType, change_of_expert
from domain.ids import ExpertId

READ_ANEW: Final = """
    UPDATE reading_schedule
    SET due_at = 'epoch', begun_at = NULL, marks = nextval('reading_mark'), seen_marks = 0
    WHERE expert_id = %(expert_id)s
    """
"""Whatever a notification reported on the way, the next look sees. Marks are this cell's own numbers."""
LIST_ANEW: Final = "UPDATE account SET list_due_at = 'epoch' WHERE expert_id = %(expert_id)s"
UPDATED: Final = "UPDATE session SET updated_at = now() WHERE expert_id = %(expert_id)s"
"""Who lists everybody's sessions by their last updates knows those of this cell up to now, and may have missed the last
ones of the cell before."""
END_SUBSCRIPTIONS: Final = """
    WITH theirs AS (
        SELECT calendar_id, account_id, subscription.remote_id
        FROM subscription JOIN calendar USING (calendar_id) JOIN account USING (account_id)
        WHERE expert_id = %(expert_id)s
    ), ended AS (
        INSERT INTO ended_subscription (remote_id, account_id)
        SELECT remote_id, account_id FROM theirs WHERE remote_id IS NOT NULL
        ON CONFLICT DO NOTHING
    )
    UPDATE subscription SET remote_id = NULL, secret_hash = NULL, expires_at = NULL, due_at = 'epoch'
    FROM theirs WHERE subscription.calendar_id = theirs.calendar_id
    """
"""They lead to the address of the cell before: others are made, and these are ended at the provider."""
WAKE: Final = """
    SELECT pg_notify(notify_channel('calendarsync_due'), kind) FROM unnest(ARRAY[
        'read_calendar', 'refresh_calendars', 'write_session', 'notify_expert', 'keep_subscription', 'end_subscription'
    ]) AS kind
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresArrivals:
    pool: Pool
    cipher: Cipher

    async def facts(self) -> CellFacts:
        async with self.pool.connection() as connection:
            return await facts_of(connection)

    async def rehearse(self, package: bytes) -> None:
        async with self.pool.connection() as connection, connection.transaction(force_rollback=True):
            await settle_in(connection, self.cipher, package)

    async def arrive(self, departed: Departed) -> None:
        assert departed.package is not None
        async with self.pool.connection() as connection, connection.transaction():
            if await _decide(connection, departed.move_id, given_up=False):
                await settle_in(connection, self.cipher, departed.package)
            elif await _given_up(connection, departed.move_id):
                raise MoveRefused("the move was given up: go on with giving up")

    async def give_up(self, move_id: str) -> bool:
        async with self.pool.connection() as connection, connection.transaction():
            return await _decide(connection, move_id, given_up=True) or await _given_up(connection, move_id)


async def _decide(connection: Connection, move_id: str, *, given_up: bool) -> bool:
    """False when it is decided already. Whoever is just deciding is waited for."""
    cursor = await connection.execute(
        """
        INSERT INTO arrived_expert (move_id, given_up, arrived_at) VALUES (%(move_id)s, %(given_up)s, now())
        ON CONFLICT DO NOTHING
        """,
        {"move_id": move_id, "given_up": given_up},
    )
    return cursor.rowcount == 1


async def _given_up(connection: Connection, move_id: str) -> bool:
    cursor = await connection.execute(
        "SELECT FROM arrived_expert WHERE move_id = %(move_id)s AND given_up", {"move_id": move_id}
    )
    return cursor.rowcount == 1


async def settle_in(connection: Connection, cipher: Cipher, package: bytes) -> None:
    """Have everything of the package live here, in the connection's transaction. Raises MoveRefused."""
    expert_id, tables = unpacked(package)
    require_known(tables)
    await _require_room(connection, expert_id)
    try:
        await insert(connection, cipher, expert_id, tables)
    except psycopg.IntegrityError as error:
        raise MoveRefused(
            f"a row does not fit there: {error.diag.constraint_name or error.sqlstate}"
        ) from None
    if not same(tables, await collect(connection, cipher, expert_id)):
        raise MoveRefused("what was written there is not what was read here")
    for statement in (READ_ANEW, LIST_ANEW, UPDATED, END_SUBSCRIPTIONS):
        await connection.execute(statement.encode(), {"expert_id": expert_id})
    arrived = change_of_expert(ChangeType.EXPERT_ARRIVED, expert_id, at=await now_of(connection))
    await PostgresChanges(connection=connection).add(arrived)
    await connection.execute(WAKE)


async def _require_room(connection: Connection, expert_id: ExpertId) -> None:
    """Whoever was here before, and comes back, is no longer elsewhere. Raises MoveRefused."""
    whose = {"expert_id": expert_id}
    there = await connection.execute("SELECT FROM expert WHERE expert_id = %(expert_id)s", whose)
    if there.rowcount:
        raise MoveRefused("the cell has an expert of this id already")
    await connection.execute(
        "DELETE FROM moved_expert WHERE expert_id = %(expert_id)s AND package IS NULL", whose
    )
