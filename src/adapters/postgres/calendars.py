"""The calendars and the experts' choices in PostgreSQL."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from psycopg.rows import DictRow

from adapters.postgres.pool import Connection
from adapters.postgres.rooms import room_to_row
from adapters.postgres.sealing import open_fields, place, seal_fields
from application.ports.calendars import KnownOfCalendar
from application.ports.cipher import Cipher
from application.ports.lanes import Claimed, Room
from domain.calendar import Calendar, RemoteCalendar, Uncheckable
from domain.calendar_settings import CalendarSettings
from domain.errors import EtagMismatch
from domain.ids import AccountId, CalendarId, ExpertId

WISHES_AT_ONCE: Final = 100
# The time is that of the taking over, later than any list began to be read that is being read now.
TAKE_WISHES_OVER: Final = """
    WITH found AS MATERIALIZED (
        SELECT kind, id, number FROM wish WHERE kind = 'refresh_calendars'
        ORDER BY id, number LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    ), listed AS MATERIALIZED (
        SELECT account_id FROM found JOIN account ON account_id = id FOR NO KEY UPDATE OF account SKIP LOCKED
    ), planned AS (
        UPDATE account SET list_due_at = least(list_due_at, %(now)s) FROM listed
        WHERE account.account_id = listed.account_id
    )
    DELETE FROM wish USING found
    WHERE wish.kind = found.kind AND wish.id = found.id AND wish.number = found.number
        AND (
            wish.id IN (SELECT account_id FROM listed)
            OR NOT EXISTS (SELECT FROM account WHERE account_id = wish.id)
        )
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresCalendars:
    connection: Connection
    cipher: Cipher

    async def of_expert(self, expert_id: ExpertId) -> tuple[Calendar, ...]:
        cursor = await self.connection.execute(
            """
            SELECT calendar.* FROM calendar JOIN account USING (account_id)
            WHERE account.expert_id = %(expert_id)s
            ORDER BY account.connected_at, account_id, is_primary DESC, calendar_id
            """,
            {"expert_id": expert_id},
        )
        return tuple([self._from_row(row) async for row in cursor])

    async def of_account(self, account_id: AccountId) -> tuple[Calendar, ...]:
        cursor = await self.connection.execute(
            "SELECT * FROM calendar WHERE account_id = %(account_id)s ORDER BY is_primary DESC, calendar_id",
            {"account_id": account_id},
        )
        return tuple([self._from_row(row) async for row in cursor])

    async def known_of(self, calendar_id: CalendarId) -> KnownOfCalendar:
        cursor = await self.connection.execute(
            """
            SELECT writable AND NOT missing AS writable, doubt_at IS NOT NULL AS access_doubted
            FROM calendar JOIN account USING (account_id)
            WHERE calendar_id = %(calendar_id)s
            """,
            {"calendar_id": calendar_id},
        )
        row = await cursor.fetchone()
        return KnownOfCalendar() if row is None else KnownOfCalendar(**row)

    async def save(self, calendars: Iterable[Calendar]) -> None:
        # In the order in which everybody takes several: what is missing is carried over to the schedule.
        in_order = sorted(calendars, key=lambda one: one.calendar_id)
        async with self.connection.cursor() as cursor:
            await cursor.executemany(
                """
                INSERT INTO calendar (calendar_id, account_id, remote_id, details, color, is_primary, writable, shared,
                    missing, refused_at, demands, uncheckable)
                VALUES (%(calendar_id)s, %(account_id)s, %(remote_id)s, %(details)s, %(color)s, %(is_primary)s,
                    %(writable)s, %(shared)s, %(missing)s, %(refused_at)s, %(demands)s, %(uncheckable)s)
                ON CONFLICT (calendar_id) DO UPDATE
                SET account_id = excluded.account_id, remote_id = excluded.remote_id, details = excluded.details,
                    color = excluded.color, is_primary = excluded.is_primary, writable = excluded.writable,
                    shared = excluded.shared, missing = excluded.missing, refused_at = excluded.refused_at,
                    demands = excluded.demands, uncheckable = excluded.uncheckable
                """,
                [self._to_row(calendar) for calendar in in_order],
            )

    async def take_trial(self, refusing: Calendar, now: datetime) -> bool:
        # Who lists calendars locks their rows before sessions, who tries one the other way round: so nobody waits here.
        cursor = await self.connection.execute(
            """
            UPDATE calendar SET refused_at = %(now)s
            WHERE calendar_id = (
                SELECT calendar_id FROM calendar
                WHERE calendar_id = %(calendar_id)s AND refused_at = %(refused_at)s
                FOR NO KEY UPDATE SKIP LOCKED
            )
            """,
            {"calendar_id": refusing.calendar_id, "refused_at": refusing.refused_at, "now": now},
        )
        return cursor.rowcount == 1

    async def listed(
        self, account_id: AccountId, *, due_at: datetime, begun_at: datetime, now: datetime
    ) -> None:
        await self.connection.execute(
            """
            UPDATE account SET list_due_at = %(due_at)s
            WHERE account_id = %(account_id)s AND NOT (list_due_at > %(begun_at)s AND list_due_at <= %(now)s)
            """,
            {"account_id": account_id, "due_at": due_at, "begun_at": begun_at, "now": now},
        )

    async def claim_lists(
        self, room: Room, *, now: datetime, until: datetime
    ) -> tuple[Claimed[AccountId], ...]:
        await self.connection.execute(TAKE_WISHES_OVER, {"now": now, "limit": WISHES_AT_ONCE})
        cursor = await self.connection.execute(
            """
            WITH found AS MATERIALIZED (
                SELECT account_id, list_due_at FROM account
                WHERE list_due_at <= %(now)s AND status = 'ACTIVE' AND account_id <> ALL (%(keys)s::text[])
                ORDER BY list_due_at, account_id LIMIT %(places)s
                FOR NO KEY UPDATE SKIP LOCKED
            ), claimed AS (
                UPDATE account SET list_due_at = %(until)s
                WHERE account_id = ANY (ARRAY(SELECT account_id FROM found))
                RETURNING account_id
            )
            SELECT account_id FROM claimed JOIN found USING (account_id) ORDER BY found.list_due_at, account_id
            """,
            room_to_row(room) | {"now": now, "until": until},
        )
        return tuple(
            [
                Claimed(row=AccountId(row["account_id"]), keys=(row["account_id"],), again=True)
                async for row in cursor
            ]
        )

    async def settings(self, expert_id: ExpertId) -> CalendarSettings:
        cursor = await self.connection.execute(
            "SELECT * FROM calendar_settings WHERE expert_id = %(expert_id)s", {"expert_id": expert_id}
        )
        row = await cursor.fetchone()
        return CalendarSettings(expert_id=expert_id) if row is None else _settings_from_row(row)

    async def save_settings(self, settings: CalendarSettings) -> CalendarSettings:
        saved = replace(settings, version=settings.version + 1)
        # The first version is a row that must not be there yet, every later one a row that must be as it was.
        statement = """
            INSERT INTO calendar_settings (
                expert_id, conflict_calendar_ids, write_calendar_id, tentative_blocks, version
            ) VALUES (
                %(expert_id)s, %(conflict_calendar_ids)s, %(write_calendar_id)s, %(tentative_blocks)s, %(version)s
            )
            ON CONFLICT DO NOTHING
            """
        if settings.version > 0:
            statement = """
                UPDATE calendar_settings
                SET conflict_calendar_ids = %(conflict_calendar_ids)s, write_calendar_id = %(write_calendar_id)s,
                    tentative_blocks = %(tentative_blocks)s, version = %(version)s
                WHERE expert_id = %(expert_id)s AND version = %(version)s - 1
                """
        cursor = await self.connection.execute(statement, _settings_to_row(saved))
        if cursor.rowcount == 0:
            raise EtagMismatch
        return saved

    def _from_row(self, row: DictRow) -> Calendar:
        details = open_fields(self.cipher, row["details"], context=_details(row["calendar_id"]))
        uncheckable = None if row["uncheckable"] is None else Uncheckable(row["uncheckable"])
        return Calendar(
            calendar_id=CalendarId(row["calendar_id"]),
            account_id=AccountId(row["account_id"]),
            remote=RemoteCalendar(
                remote_id=row["remote_id"],
                name=details["name"],
                owner_name=details["owner_name"],
                owner_email=details["owner_email"],
                color=row["color"],
                primary=row["is_primary"],
                writable=row["writable"],
                shared=row["shared"],
                uncheckable=uncheckable,
            ),
            missing=row["missing"] and uncheckable is None,
            refused_at=row["refused_at"],
            demands=tuple(row["demands"]),
        )

    def _to_row(self, calendar: Calendar) -> DictRow:
        remote = calendar.remote
        details = {"name": remote.name, "owner_name": remote.owner_name, "owner_email": remote.owner_email}
        return {
            "calendar_id": calendar.calendar_id,
            "account_id": calendar.account_id,
            "remote_id": remote.remote_id,
            "details": seal_fields(self.cipher, details, context=_details(calendar.calendar_id)),
            "color": remote.color,
            "is_primary": remote.primary,
            "writable": remote.writable,
            "shared": remote.shared,
            # Whoever asks the database for what can be read asks for this.
            "missing": not calendar.readable,
            "refused_at": calendar.refused_at,
            "demands": list(calendar.demands),
            "uncheckable": None if remote.uncheckable is None else remote.uncheckable.value,
        }


def _details(calendar_id: str) -> str:
    return place("calendar", calendar_id, column="details")


def _settings_from_row(row: DictRow) -> CalendarSettings:
    chosen = row["write_calendar_id"]
    return CalendarSettings(
        expert_id=ExpertId(row["expert_id"]),
        conflict=frozenset(CalendarId(one) for one in row["conflict_calendar_ids"]),
        chosen=None if chosen is None else CalendarId(chosen),
        tentative_blocks=row["tentative_blocks"],
        version=row["version"],
    )


def _settings_to_row(settings: CalendarSettings) -> DictRow:
    return {
        "expert_id": settings.expert_id,
        "conflict_calendar_ids": sorted(settings.conflict),
        "write_calendar_id": settings.chosen,
        "tentative_blocks": settings.tentative_blocks,
        "version": settings.version,
    }
