"""The losses of access in PostgreSQL."""

from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.rows import DictRow

from adapters.postgres.pool import Connection
from adapters.postgres.sealing import hash_of, open_text, place, seal_text
from application.ports.cipher import Cipher
from application.ports.incidents import DueIncident, IncidentPosition, OpenIncident
from application.ports.lanes import MOST_OF_A_KEY, Claim, Claimed, Room
from domain.access import LossCause
from domain.account import Provider
from domain.ids import AccountId, ExpertId, IncidentId
from domain.incident import Incident, ReconnectLinkUnknown

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresIncidents:
    connection: Connection
    cipher: Cipher

    async def add(self, incident: Incident) -> bool:
        cursor = await self.connection.execute(
            """
            INSERT INTO incident (incident_id, account_id, expert_id, token_hash, token, cause, opened_at, closed_at,
                notices, mail_failures, mail_due_at, mail_begun_at)
            VALUES (%(incident_id)s, %(account_id)s, %(expert_id)s, %(token_hash)s, %(token)s, %(cause)s,
                %(opened_at)s, %(closed_at)s, %(notices)s, %(mail_failures)s, %(mail_due_at)s,
                %(mail_begun_at)s)
            ON CONFLICT (account_id) WHERE closed_at IS NULL DO NOTHING
            """,
            self._to_row(incident),
        )
        return cursor.rowcount == 1

    async def open_of(self, account_id: AccountId) -> Incident | None:
        cursor = await self.connection.execute(
            """
            SELECT * FROM incident WHERE account_id = %(account_id)s AND closed_at IS NULL
            FOR NO KEY UPDATE
            """,
            {"account_id": account_id},
        )
        return self._one_or_none(await cursor.fetchone())

    async def open(
        self, of: ExpertId | None, *, after: IncidentPosition | None, now: datetime, limit: int
    ) -> tuple[OpenIncident, ...]:
        begin = after or IncidentPosition(FIRST, IncidentId(""))
        cursor = await self.connection.execute(
            _OPEN if of is None else _OPEN_OF_EXPERT,
            {
                "of": of,
                "opened_at": begin.opened_at,
                "incident_id": begin.incident_id,
                "now": now,
                "limit": limit,
            },
        )
        return tuple(
            [
                OpenIncident(
                    incident=self._from_row(row),
                    provider=Provider(row["provider"]),
                    sessions_at_risk=row["sessions_at_risk"],
                )
                async for row in cursor
            ]
        )

    async def open_with_id(self, incident_id: IncidentId) -> Incident | None:
        cursor = await self.connection.execute(
            """
            SELECT * FROM incident WHERE incident_id = %(incident_id)s AND closed_at IS NULL
            FOR NO KEY UPDATE
            """,
            {"incident_id": incident_id},
        )
        return self._one_or_none(await cursor.fetchone())

    async def by_token(self, token: str) -> Incident:
        cursor = await self.connection.execute(
            "SELECT * FROM incident WHERE token_hash = %(token_hash)s",
            {"token_hash": hash_of(token)},
        )
        row = await cursor.fetchone()
        if row is None:
            raise ReconnectLinkUnknown
        return self._from_row(row)

    async def save(self, incident: Incident) -> None:
        await self.connection.execute(
            """
            UPDATE incident
            SET account_id = %(account_id)s, expert_id = %(expert_id)s, token_hash = %(token_hash)s, token = %(token)s,
                cause = %(cause)s, opened_at = %(opened_at)s, closed_at = %(closed_at)s, notices = %(notices)s,
                mail_failures = %(mail_failures)s, mail_due_at = %(mail_due_at)s, mail_begun_at = %(mail_begun_at)s,
                claimed_by = CASE WHEN %(closed_at)s::timestamptz IS NULL THEN claimed_by END,
                claimed_until = CASE WHEN %(closed_at)s::timestamptz IS NULL THEN claimed_until END
            WHERE incident_id = %(incident_id)s
            """,
            self._to_row(incident),
        )

    async def claim(
        self, incident_id: IncidentId, *, token: str, now: datetime, until: datetime
    ) -> Incident | None:
        cursor = await self.connection.execute(
            """
            UPDATE incident SET claimed_by = %(token)s, claimed_until = %(until)s
            WHERE incident_id = %(incident_id)s AND closed_at IS NULL AND mail_due_at <= %(now)s
                AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_by = %(token)s)
            RETURNING *
            """,
            {"incident_id": incident_id, "token": token, "now": now, "until": until},
        )
        return self._one_or_none(await cursor.fetchone())

    async def claimed(self, incident_id: IncidentId, *, token: str) -> Incident | None:
        cursor = await self.connection.execute(
            """
            SELECT * FROM incident
            WHERE incident_id = %(incident_id)s AND closed_at IS NULL AND claimed_by = %(token)s
            FOR NO KEY UPDATE
            """,
            {"incident_id": incident_id, "token": token},
        )
        return self._one_or_none(await cursor.fetchone())

    async def release(self, incident_id: IncidentId) -> None:
        await self.connection.execute(
            """
            UPDATE incident SET claimed_by = NULL, claimed_until = NULL, deaths = 0
            WHERE incident_id = %(incident_id)s
            """,
            {"incident_id": incident_id},
        )

    async def claim_due(
        self, room: Room, *, token: str, now: datetime, until: datetime
    ) -> Claim[DueIncident]:
        cursor = await self.connection.execute(
            CLAIM_DUE.encode(),
            {
                "token": token,
                "now": now,
                "until": until,
                "places": room.places,
                "again": room.again,
                "full": [key for key, places in room.held.items() if places >= MOST_OF_A_KEY],
                "experts": list(room.held),
                "places_held": list(room.held.values()),
                "of_a_key": MOST_OF_A_KEY,
            },
        )
        rows = tuple(
            [
                Claimed(
                    row=DueIncident(incident_id=IncidentId(row["incident_id"]), token=token),
                    keys=(row["expert_id"],),
                    again=row["again"],
                )
                async for row in cursor
            ]
        )
        return Claim(rows=rows, more=bool(rows))

    async def forget_closed(self, before: datetime, limit: int) -> int:
        cursor = await self.connection.execute(
            """
            DELETE FROM incident
            WHERE incident_id = ANY (ARRAY(
                SELECT incident_id FROM incident WHERE closed_at < %(before)s
                ORDER BY closed_at, incident_id
                LIMIT %(limit)s
                FOR UPDATE SKIP LOCKED
            ))
            """,
            {"before": before, "limit": limit},
        )
        return cursor.rowcount

    def _one_or_none(self, row: DictRow | None) -> Incident | None:
        return None if row is None else self._from_row(row)

    def _from_row(self, row: DictRow) -> Incident:
        return Incident(
            incident_id=IncidentId(row["incident_id"]),
            account_id=AccountId(row["account_id"]),
            expert_id=ExpertId(row["expert_id"]),
            token=open_text(self.cipher, row["token"], context=_token(row["incident_id"])),
            cause=LossCause(row["cause"]),
            opened_at=row["opened_at"],
            closed_at=row["closed_at"],
            notices=row["notices"],
            mail_failures=row["mail_failures"],
            mail_due_at=row["mail_due_at"],
            mail_begun_at=row["mail_begun_at"],
        )

    def _to_row(self, incident: Incident) -> DictRow:
        return {
            "incident_id": incident.incident_id,
            "account_id": incident.account_id,
            "expert_id": incident.expert_id,
            "token_hash": hash_of(incident.token),
            "token": seal_text(self.cipher, incident.token, context=_token(incident.incident_id)),
            "cause": incident.cause.value,
            "opened_at": incident.opened_at,
            "closed_at": incident.closed_at,
            "notices": incident.notices,
            "mail_failures": incident.mail_failures,
            "mail_due_at": incident.mail_due_at,
            "mail_begun_at": incident.mail_begun_at,
        }


_OPEN = """
    SELECT incident.*, account.provider, (
        SELECT count(*) FROM session
        WHERE session.expert_id = incident.expert_id AND status = 'WAITING' AND hindrance = 'RECONNECT_REQUIRED'
            AND NOT cancelled AND ends_at > %(now)s
            AND CASE
                WHEN EXISTS (
                    SELECT FROM account AS home
                    WHERE home.account_id = copy_account_id AND home.expert_id = incident.expert_id
                )
                THEN copy_account_id = incident.account_id
                ELSE coalesce(chosen.account_id, incident.account_id) = incident.account_id
            END
    ) AS sessions_at_risk
    FROM (
        SELECT * FROM incident
        WHERE closed_at IS NULL AND (opened_at, incident_id) > (%(opened_at)s, %(incident_id)s)
        ORDER BY opened_at, incident_id
        LIMIT %(limit)s
    ) AS incident
        JOIN account USING (account_id, expert_id)
        LEFT JOIN calendar_settings USING (expert_id)
        LEFT JOIN calendar AS chosen ON chosen.calendar_id = calendar_settings.write_calendar_id
    ORDER BY opened_at, incident_id
    """
_OPEN_OF_EXPERT = _OPEN.replace("WHERE closed_at", "WHERE expert_id = %(of)s AND closed_at")
_DUE = """
    SELECT incident_id, expert_id, mail_due_at, {again} AS again FROM incident
    WHERE closed_at IS NULL AND mail_failures {failures} AND mail_due_at <= %(now)s
        AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_by = %(token)s)
        AND expert_id <> ALL (%(full)s)
    ORDER BY mail_due_at, incident_id
    LIMIT %(places)s
    FOR NO KEY UPDATE SKIP LOCKED
    """
CLAIM_DUE = f"""
    WITH new AS ({_DUE.format(failures="= 0", again="false")}),
        tried AS ({_DUE.format(failures="> 0", again="true")}),
        held (expert_id, places) AS (SELECT * FROM unnest(%(experts)s::text[], %(places_held)s::int[])),
        due AS (
            SELECT one.*, coalesce(places, 0)
                    + row_number() OVER (PARTITION BY expert_id ORDER BY again, mail_due_at, incident_id) AS place,
                row_number() OVER (PARTITION BY again ORDER BY mail_due_at, incident_id) AS place_of_kind
            FROM (SELECT * FROM new UNION ALL SELECT * FROM tried) AS one LEFT JOIN held USING (expert_id)
        ),
        wanted AS (
            SELECT * FROM due
            WHERE place <= %(of_a_key)s AND (NOT again OR place_of_kind <= %(again)s)
            ORDER BY again, mail_due_at, incident_id
            LIMIT %(places)s
        ),
        claimed AS (
            UPDATE incident SET claimed_by = %(token)s, claimed_until = %(until)s FROM wanted
            WHERE incident.incident_id = wanted.incident_id
            RETURNING incident.incident_id
        )
    SELECT incident_id, expert_id, again FROM claimed JOIN wanted USING (incident_id)
    ORDER BY again, mail_due_at, incident_id
    """  # noqa: S608


def _token(incident_id: str) -> str:
    return place("incident", incident_id, column="token")
