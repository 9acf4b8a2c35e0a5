"""The experts in PostgreSQL."""

from dataclasses import dataclass

from psycopg.rows import DictRow

from adapters.postgres.changes import forget_changes_of_expert
from adapters.postgres.jobs import forget_wishes_of_expert
from adapters.postgres.pool import Connection
from adapters.postgres.sealing import open_fields, place, seal_fields
from application.ports.cipher import Cipher
from domain.expert import Expert, ExpertNotFound, Plan
from domain.ids import ExpertId
from domain.zone import zone_named


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresExperts:
    connection: Connection
    cipher: Cipher

    async def get(self, expert_id: ExpertId) -> Expert:
        cursor = await self.connection.execute(
            "SELECT * FROM expert WHERE expert_id = %(expert_id)s", {"expert_id": expert_id}
        )
        return self._one(await cursor.fetchone())

    async def lock(self, expert_id: ExpertId) -> Expert:
        # Not FOR UPDATE: rows that refer to the expert may still be added by others.
        cursor = await self.connection.execute(
            "SELECT * FROM expert WHERE expert_id = %(expert_id)s FOR NO KEY UPDATE", {"expert_id": expert_id}
        )
        return self._one(await cursor.fetchone())

    async def put(self, expert: Expert) -> None:
        await self.connection.execute(
            """
            INSERT INTO expert (expert_id, plan, time_zone, locale, person, created_at, updated_at)
            VALUES (%(expert_id)s, %(plan)s, %(time_zone)s, %(locale)s, %(person)s, %(created_at)s, %(updated_at)s)
            ON CONFLICT (expert_id) DO UPDATE
            SET plan = excluded.plan, time_zone = excluded.time_zone, locale = excluded.locale,
                person = excluded.person, updated_at = excluded.updated_at
            """,
            self._to_row(expert),
        )

    async def page(self, *, after: ExpertId | None, limit: int) -> tuple[Expert, ...]:
        cursor = await self.connection.execute(
            "SELECT * FROM expert WHERE expert_id > %(after)s ORDER BY expert_id LIMIT %(limit)s",
            {"after": after or "", "limit": limit},
        )
        return tuple([self._from_row(row) async for row in cursor])

    async def remove(self, expert_id: ExpertId) -> None:
        await self.take_out(expert_id)
        await forget_changes_of_expert(self.connection, expert_id)

    async def take_out(self, expert_id: ExpertId) -> None:
        """Remove all but what the feed says of the expert: whoever follows it reads that yet. Raises ExpertNotFound."""
        await forget_wishes_of_expert(self.connection, expert_id)
        # The rows below before the expert: whoever changes one of them twice in one transaction has its foreign key
        # checked, which locks the expert after the row.
        for lock in (
            "SELECT FROM account WHERE expert_id = %(expert_id)s ORDER BY account_id FOR UPDATE",
            "SELECT FROM session WHERE expert_id = %(expert_id)s ORDER BY starts_at, session_id FOR UPDATE",
        ):
            await self.connection.execute(lock, {"expert_id": expert_id})
        cursor = await self.connection.execute(
            "DELETE FROM expert WHERE expert_id = %(expert_id)s", {"expert_id": expert_id}
        )
        if cursor.rowcount == 0:
            raise ExpertNotFound

    def _one(self, row: DictRow | None) -> Expert:
        if row is None:
            raise ExpertNotFound
        return self._from_row(row)

    def _from_row(self, row: DictRow) -> Expert:
        person = open_fields(self.cipher, row["person"], context=_person(row["expert_id"]))
        return Expert(
            expert_id=ExpertId(row["expert_id"]),
            plan=Plan(row["plan"]),
            email=person["email"],
            display_name=person["display_name"],
            time_zone=zone_named(row["time_zone"]),
            locale=row["locale"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )

    def _to_row(self, expert: Expert) -> DictRow:
        person = {"email": expert.email, "display_name": expert.display_name}
        return {
            "expert_id": expert.expert_id,
            "plan": expert.plan.value,
            "time_zone": expert.time_zone.key,
            "locale": expert.locale,
            "person": seal_fields(self.cipher, person, context=_person(expert.expert_id)),
            "created_at": expert.created_at,
            "updated_at": expert.updated_at,
        }


def _person(expert_id: str) -> str:
    return place("expert", expert_id, column="person")
