"""The stored subscriptions to change notifications in PostgreSQL."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import DictRow

from adapters.postgres.pool import Connection
from adapters.postgres.rooms import room_to_row
from adapters.postgres.sealing import hash_of
from application.ports.lanes import Claimed, Room
from application.ports.subscriptions import Claim
from domain.account import Provider
from domain.ids import AccountId, CalendarId
from domain.subscription import EndedSubscription, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSubscriptions:
    """Every change is of the form `UPDATE … FROM (the reading's schedule, locked)`.

    The schedule is removed before the subscription, so who held the subscription first and then wanted the schedule
    would wait for a remover who waits for the subscription.
    """

    connection: Connection

    async def get(self, calendar_id: CalendarId) -> Subscription | None:
        cursor = await self.connection.execute(
            """
            SELECT subscription.*, account_id FROM subscription JOIN calendar USING (calendar_id)
            WHERE calendar_id = %(calendar_id)s AND subscription.remote_id IS NOT NULL
            """,
            {"calendar_id": calendar_id},
        )
        row = await cursor.fetchone()
        return None if row is None else _from_row(row)

    async def of_account(self, account_id: AccountId) -> tuple[Subscription, ...]:
        cursor = await self.connection.execute(
            """
            SELECT subscription.*, account_id FROM subscription JOIN calendar USING (calendar_id)
            WHERE account_id = %(account_id)s AND subscription.remote_id IS NOT NULL
            ORDER BY calendar_id
            """,
            {"account_id": account_id},
        )
        return tuple([_from_row(row) async for row in cursor])

    async def calendar_of(self, remote_id: str) -> CalendarId | None:
        cursor = await self.connection.execute(
            "SELECT calendar_id FROM subscription WHERE remote_id = %(remote_id)s", {"remote_id": remote_id}
        )
        row = await cursor.fetchone()
        return None if row is None else CalendarId(row["calendar_id"])

    async def save(
        self, subscription: Subscription, *, instead_of: str | None, secret: str | None, renew_at: datetime
    ) -> bool:
        cursor = await self.connection.execute(
            """
            UPDATE subscription
            SET remote_id = %(remote_id)s, secret_hash = coalesce(%(secret_hash)s, secret_hash),
                expires_at = %(expires_at)s, due_at = %(renew_at)s
            FROM (
                SELECT calendar_id FROM reading JOIN reading_schedule USING (expert_id, calendar_id)
                WHERE calendar_id = %(calendar_id)s
                FOR NO KEY UPDATE OF reading_schedule
            ) AS held
            WHERE subscription.calendar_id = held.calendar_id AND remote_id IS NOT DISTINCT FROM %(instead_of)s
            """,
            {
                "calendar_id": subscription.calendar_id,
                "instead_of": instead_of,
                "remote_id": subscription.remote_id,
                "secret_hash": None if secret is None else hash_of(secret),
                "expires_at": subscription.expires_at,
                "renew_at": renew_at,
            },
        )
        return cursor.rowcount == 1

    async def claim(self, calendar_id: CalendarId, *, now: datetime, until: datetime) -> bool:
        cursor = await self.connection.execute(
            """
            UPDATE subscription SET due_at = %(until)s
            FROM (
                SELECT calendar_id FROM reading JOIN reading_schedule USING (expert_id, calendar_id)
                WHERE calendar_id = %(calendar_id)s
                FOR NO KEY UPDATE OF reading_schedule
            ) AS held
            WHERE subscription.calendar_id = held.calendar_id AND due_at <= %(now)s
            """,
            {"calendar_id": calendar_id, "now": now, "until": until},
        )
        return cursor.rowcount == 1

    async def postpone(self, calendar_id: CalendarId, *, until: datetime) -> None:
        await self.connection.execute(
            """
            UPDATE subscription SET due_at = %(until)s
            FROM (
                SELECT calendar_id FROM reading JOIN reading_schedule USING (expert_id, calendar_id)
                WHERE calendar_id = %(calendar_id)s
                FOR NO KEY UPDATE OF reading_schedule
            ) AS held
            WHERE subscription.calendar_id = held.calendar_id
            """,
            {"calendar_id": calendar_id, "until": until},
        )

    async def forget(self, calendar_id: CalendarId, *, remote_id: str | None, now: datetime) -> None:
        await self.connection.execute(
            """
            UPDATE subscription SET remote_id = NULL, secret_hash = NULL, expires_at = NULL, due_at = %(now)s
            FROM (
                SELECT calendar_id FROM reading JOIN reading_schedule USING (expert_id, calendar_id)
                WHERE calendar_id = %(calendar_id)s
                FOR NO KEY UPDATE OF reading_schedule
            ) AS held
            WHERE subscription.calendar_id = held.calendar_id AND remote_id IS NOT DISTINCT FROM %(remote_id)s
            """,
            {"calendar_id": calendar_id, "remote_id": remote_id, "now": now},
        )

    async def proven(self, claims: Collection[Claim]) -> dict[Claim, Subscription]:
        # Anybody may call, with what PostgreSQL takes in no text; the provider's ids are plain.
        asked = {remote_id for remote_id, _ in claims if remote_id.isascii() and remote_id.isprintable()}
        cursor = await self.connection.execute(
            """
            SELECT subscription.*, account_id FROM subscription JOIN calendar USING (calendar_id)
            WHERE subscription.remote_id = ANY (%(remote_ids)s)
            """,
            {"remote_ids": sorted(asked)},
        )
        stored = {row["remote_id"]: row async for row in cursor}
        return {
            (remote_id, secret): _from_row(row)
            for remote_id, secret in claims
            if (row := stored.get(remote_id)) and hmac.compare_digest(row["secret_hash"], hash_of(secret))
        }

    async def claim_due(
        self, room: Room, *, now: datetime, until: datetime
    ) -> tuple[Claimed[CalendarId], ...]:
        # Nobody is waited for, so these rows may be locked without the schedule's.
        cursor = await self.connection.execute(
            """
            WITH held AS (SELECT * FROM unnest(%(keys)s::text[], %(held)s::int[]) AS one (account_id, places)),
            found AS MATERIALIZED (
                SELECT calendar_id, account_id, due_at FROM subscription JOIN calendar USING (calendar_id)
                WHERE readable AND due_at <= %(now)s AND account_id <> ALL (%(full)s::text[])
                ORDER BY due_at, calendar_id LIMIT %(places)s
                FOR NO KEY UPDATE OF subscription SKIP LOCKED
            ), placed AS (
                SELECT calendar_id, account_id, due_at, coalesce(places, 0) + row_number() OVER (
                    PARTITION BY account_id ORDER BY due_at, calendar_id
                ) AS place
                FROM found LEFT JOIN held USING (account_id)
            ), claimed AS (
                UPDATE subscription SET due_at = %(until)s
                WHERE calendar_id = ANY (ARRAY(SELECT calendar_id FROM placed WHERE place <= %(of_a_key)s))
                RETURNING calendar_id
            )
            SELECT calendar_id, account_id FROM claimed JOIN placed USING (calendar_id) ORDER BY due_at, calendar_id
            """,
            room_to_row(room) | {"now": now, "until": until},
        )
        return tuple(
            [
                Claimed(row=CalendarId(row["calendar_id"]), keys=(row["account_id"],), again=True)
                async for row in cursor
            ]
        )

    async def end(self, account_id: AccountId, remote_id: str) -> None:
        await self.connection.execute(
            """
            INSERT INTO ended_subscription (remote_id, account_id) VALUES (%(remote_id)s, %(account_id)s)
            ON CONFLICT DO NOTHING
            """,
            {"remote_id": remote_id, "account_id": account_id},
        )

    async def claim_ended(
        self, room: Room, *, now: datetime, until: datetime
    ) -> tuple[Claimed[EndedSubscription], ...]:
        cursor = await self.connection.execute(
            """
            WITH held AS (SELECT * FROM unnest(%(keys)s::text[], %(held)s::int[]) AS one (account_id, places)),
            found AS MATERIALIZED (
                SELECT remote_id, account_id, due_at FROM ended_subscription
                WHERE due_at <= %(now)s AND account_id <> ALL (%(full)s::text[])
                ORDER BY due_at, remote_id LIMIT %(places)s
                FOR NO KEY UPDATE SKIP LOCKED
            ), placed AS (
                SELECT remote_id, account_id, due_at, coalesce(places, 0) + row_number() OVER (
                    PARTITION BY account_id ORDER BY due_at, remote_id
                ) AS place
                FROM found LEFT JOIN held USING (account_id)
            ), claimed AS (
                UPDATE ended_subscription SET due_at = %(until)s
                WHERE remote_id = ANY (ARRAY(SELECT remote_id FROM placed WHERE place <= %(of_a_key)s))
                RETURNING remote_id
            )
            SELECT remote_id, account_id,
                (SELECT provider FROM account WHERE account.account_id = placed.account_id) AS provider
            FROM claimed JOIN placed USING (remote_id)
            ORDER BY due_at, remote_id
            """,
            room_to_row(room) | {"now": now, "until": until},
        )
        return tuple(
            [
                Claimed(
                    row=EndedSubscription(
                        provider=Provider(row["provider"]),
                        account_id=AccountId(row["account_id"]),
                        remote_id=row["remote_id"],
                    ),
                    keys=(row["account_id"],),
                )
                async for row in cursor
            ]
        )

    async def forget_ended(self, remote_id: str) -> None:
        await self.connection.execute(
            "DELETE FROM ended_subscription WHERE remote_id = %(remote_id)s", {"remote_id": remote_id}
        )


def _from_row(row: DictRow) -> Subscription:
    return Subscription(
        calendar_id=CalendarId(row["calendar_id"]),
        account_id=AccountId(row["account_id"]),
        remote_id=row["remote_id"],
        expires_at=row["expires_at"],
    )
