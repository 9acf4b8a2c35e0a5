"""The booked sessions in PostgreSQL, and the claims of those who write them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.rows import DictRow, tuple_row

from adapters.postgres.due_sessions import claim_due_sessions, claimant, ripen_sessions
from adapters.postgres.forgotten_sessions import forget_sessions
from adapters.postgres.own_snapshots import own_snapshots
from adapters.postgres.pool import Connection
from adapters.postgres.session_rows import COLUMNS, own_event_from_row, session_from_row, session_to_row
from application.ports.cipher import Cipher
from application.ports.lanes import Room
from application.ports.sessions import (
    ClaimedSessions,
    OwnSnapshot,
    SessionFilter,
    SessionPosition,
    Turn,
    UpdatePosition,
)
from domain.account import Provider
from domain.ids import AccountId, EventMark, ExpertId, SessionId
from domain.interval import Interval
from domain.own_event import OwnEvent
from domain.session import Session, SessionNotFound, WriteStatus
from domain.taken import BookedTime

ADD = f"""
    INSERT INTO session ({", ".join(COLUMNS)})
    VALUES ({", ".join(f"%({column})s" for column in COLUMNS)})
    ON CONFLICT ON CONSTRAINT session_pkey DO NOTHING
    """  # noqa: S608 - made of names that stand in this program
# One index each: all in one condition would have every session of the expert looked at. Without the sealed details.
OWN_EVENTS = """
    WITH asked AS (
        SELECT session_id FROM session
        WHERE expert_id = %(expert_id)s AND NOT cancelled AND copy_mark IS NOT NULL
            AND starts_at < %(end)s AND ends_at > %(start)s
        UNION
        SELECT session_id FROM session
        WHERE expert_id = %(expert_id)s AND written_revision < revision AND copy_mark IS NOT NULL
        UNION
        SELECT session_id FROM session
        WHERE expert_id = %(expert_id)s AND session_id = ANY(%(sessions)s)
    )
    SELECT session_id, revision, starts_at, ends_at, cancelled, status, hindrance, written_at, copy_account_id,
        copy_calendar_id, copy_remote_calendar_id, copy_mark, copy_times, copy_remote_id, copy_reminder_minutes
    FROM asked JOIN session USING (session_id)
    WHERE expert_id = %(expert_id)s
    ORDER BY session_id
    """
# In the order in which everybody locks several, those included that the caller wakes next.
LOCK_TO_MOVE_COPIES = """
    SELECT session_id FROM session
    WHERE expert_id = %(expert_id)s
        AND (status = 'WAITING' OR copy_account_id = ANY(%(former)s) OR copies_left <> '[]')
    ORDER BY starts_at, session_id
    FOR NO KEY UPDATE
    """
MOVE_COPIES = """
    UPDATE session
    SET updated_at = %(now)s, copy_account_id = %(to)s, copy_calendar_id = coalesce((
        SELECT calendar_id FROM calendar
        WHERE account_id = %(to)s AND remote_id = copy_remote_calendar_id
    ), copy_calendar_id)
    WHERE expert_id = %(expert_id)s AND copy_account_id = ANY(%(former)s)
    """
MOVE_COPIES_LEFT = """
    UPDATE session
    SET copies_left = (
        SELECT jsonb_agg(CASE
            WHEN copy ->> 'account_id' = ANY(%(former)s)
            THEN copy || jsonb_build_object('account_id', %(to)s::text)
            ELSE copy
        END ORDER BY number)
        FROM jsonb_array_elements(copies_left) WITH ORDINALITY AS one (copy, number)
    )
    WHERE expert_id = %(expert_id)s AND copies_left <> '[]'
    """
COPIES_TO_REMOVE = """
    SELECT * FROM session
    WHERE expert_id = %(expert_id)s AND (
        (cancelled AND copy_account_id = %(to)s)
        OR (copies_left <> '[]' AND copies_left @> jsonb_build_array(
            jsonb_build_object('account_id', %(to)s::text)
        ))
    )
    ORDER BY starts_at, session_id
    """

# Each status from its own part of the index: those that wait are few among very many that are written.
PAGE_OF_ALL = """
    SELECT of_one.* FROM unnest(%(statuses)s::text[]) AS wanted (status)
        CROSS JOIN LATERAL (
            SELECT * FROM session
            WHERE session.status COLLATE "C" = wanted.status
                AND (updated_at, expert_id, session_id)
                    > (%(after_update)s::timestamptz, %(after_expert)s::text, %(after_id)s::text)
                AND updated_at >= %(updated_from)s::timestamptz AND updated_at < %(updated_before)s::timestamptz
                AND (%(include_cancelled)s OR NOT cancelled)
            ORDER BY updated_at, expert_id, session_id
            LIMIT %(limit)s
        ) AS of_one
    ORDER BY updated_at, expert_id, session_id
    LIMIT %(limit)s
    """
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every update."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSessions:
    connection: Connection
    cipher: Cipher

    async def get(self, expert_id: ExpertId, session_id: SessionId) -> Session:
        cursor = await self.connection.execute(
            "SELECT * FROM session WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s",
            {"expert_id": expert_id, "session_id": session_id},
        )
        return self._one(await cursor.fetchone())

    async def lock(self, expert_id: ExpertId, session_id: SessionId) -> Session:
        cursor = await self.connection.execute(
            """
            SELECT * FROM session WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s
            FOR NO KEY UPDATE
            """,
            {"expert_id": expert_id, "session_id": session_id},
        )
        return self._one(await cursor.fetchone())

    async def add(self, session: Session) -> bool:
        cursor = await self.connection.execute(ADD, session_to_row(self.cipher, session))
        if cursor.rowcount == 0:
            return False
        await self._remember_mark(session)
        return True

    async def save(self, session: Session) -> None:
        cursor = await self.connection.execute(
            """
            UPDATE session
            SET starts_at = %(starts_at)s, ends_at = %(ends_at)s, details = %(details)s, cancelled = %(cancelled)s,
                revision = %(revision)s, written_revision = %(written_revision)s, status = %(status)s,
                hindrance = %(hindrance)s, failures = %(failures)s, due_at = %(due_at)s, written_at = %(written_at)s,
                copy_account_id = %(copy_account_id)s, copy_calendar_id = %(copy_calendar_id)s,
                copy_remote_calendar_id = %(copy_remote_calendar_id)s, copy_mark = %(copy_mark)s,
                copy_times = %(copy_times)s, copy_remote_id = %(copy_remote_id)s,
                copy_written = %(copy_written)s, copy_reminder_minutes = NULL, copies_left = %(copies_left)s,
                appearance = %(appearance)s, copy_appearance = %(copy_appearance)s,
                copies = %(copies)s, replacement = %(replacement)s, updated_at = %(updated_at)s
            WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s
            """,
            session_to_row(self.cipher, session),
        )
        if cursor.rowcount == 0:
            raise SessionNotFound
        await self._remember_mark(session)

    async def _remember_mark(self, session: Session) -> None:
        if session.copy is not None:
            await self.connection.execute(
                """
                INSERT INTO session_mark (expert_id, mark, session_id)
                VALUES (%(expert_id)s, %(mark)s, %(session_id)s)
                ON CONFLICT DO NOTHING
                """,
                {"expert_id": session.expert_id, "mark": session.copy.mark, "session_id": session.session_id},
            )

    async def page(
        self, expert_id: ExpertId, which: SessionFilter, *, after: SessionPosition | None, limit: int
    ) -> tuple[Session, ...]:
        # Infinite bounds where none are asked for keep it one statement that always uses the index.
        cursor = await self.connection.execute(
            """
            SELECT * FROM session
            WHERE expert_id = %(expert_id)s
                AND (%(include_cancelled)s OR NOT cancelled)
                AND starts_at < %(window_end)s::timestamptz AND ends_at > %(window_start)s::timestamptz
                AND status = ANY(%(statuses)s)
                AND updated_at >= %(updated_from)s::timestamptz AND updated_at < %(updated_before)s::timestamptz
                AND (starts_at, session_id) > (%(after_start)s::timestamptz, %(after_id)s)
            ORDER BY starts_at, session_id
            LIMIT %(limit)s
            """,
            {
                **_filter(which),
                "expert_id": expert_id,
                "window_start": which.window.start if which.window else "-infinity",
                "window_end": which.window.end if which.window else "infinity",
                "after_start": after.start if after else "-infinity",
                "after_id": after.session_id if after else "",
                "limit": limit,
            },
        )
        return tuple([self._from_row(row) async for row in cursor])

    async def page_of_all(
        self, which: SessionFilter, *, after: UpdatePosition | None, limit: int
    ) -> tuple[Session, ...]:
        begin = after or UpdatePosition(FIRST, ExpertId(""), SessionId(""))
        cursor = await self.connection.execute(
            PAGE_OF_ALL,
            {
                **_filter(which),
                "after_update": begin.updated_at,
                "after_expert": begin.expert_id,
                "after_id": begin.session_id,
                "limit": limit,
            },
        )
        return tuple([self._from_row(row) async for row in cursor])

    async def booked(self, expert_id: ExpertId, window: Interval) -> tuple[BookedTime, ...]:
        # Many rows for every question about an expert's time: this way they cost less than half.
        cursor = self.connection.cursor(binary=True, row_factory=tuple_row)
        await cursor.execute(
            """
            SELECT session_id, starts_at, ends_at FROM session
            WHERE expert_id = %(expert_id)s AND NOT cancelled AND starts_at < %(end)s AND ends_at > %(start)s
            ORDER BY starts_at, session_id
            """,
            {"expert_id": expert_id, "start": window.start, "end": window.end},
        )
        return tuple(
            [
                BookedTime(session_id=SessionId(session_id), interval=Interval(start, end))
                for session_id, start, end in await cursor.fetchall()
            ]
        )

    async def whose_marks(
        self, expert_id: ExpertId, among: Collection[EventMark]
    ) -> Mapping[EventMark, SessionId]:
        # Marks come from other people's events too and may hold what PostgreSQL takes in no text; ours are plain.
        cursor = await self.connection.execute(
            "SELECT mark, session_id FROM session_mark WHERE expert_id = %(expert_id)s AND mark = ANY(%(marks)s)",
            {
                "expert_id": expert_id,
                "marks": [mark for mark in among if mark.isascii() and mark.isprintable()],
            },
        )
        return {EventMark(row["mark"]): SessionId(row["session_id"]) async for row in cursor}

    async def own_events(
        self, expert_id: ExpertId, window: Interval, *, sessions: Collection[SessionId] = ()
    ) -> tuple[OwnEvent, ...]:
        cursor = await self.connection.execute(
            OWN_EVENTS,
            {
                "expert_id": expert_id,
                "start": window.start,
                "end": window.end,
                "sessions": list(sessions),
            },
        )
        return tuple([own_event_from_row(row) async for row in cursor])

    async def own_snapshots(
        self, expert_ids: Collection[ExpertId], window: Interval
    ) -> Mapping[ExpertId, OwnSnapshot]:
        return await own_snapshots(self.connection, expert_ids, window)

    async def claim(
        self, expert_id: ExpertId, session_id: SessionId, *, token: str, now: datetime, until: datetime
    ) -> Session | None:
        cursor = await self.connection.execute(
            """
            UPDATE session SET claimed_by = %(token)s, claimed_until = %(until)s
            WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s AND due_at <= %(now)s
                AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_by = %(token)s)
            RETURNING *
            """,
            {
                "expert_id": expert_id,
                "session_id": session_id,
                "token": claimant(token),
                "now": now,
                "until": until,
            },
        )
        return self._one_or_none(await cursor.fetchone())

    async def claimed(self, expert_id: ExpertId, session_id: SessionId, *, token: str) -> Session | None:
        cursor = await self.connection.execute(
            """
            SELECT * FROM session
            WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s AND claimed_by = %(token)s
            FOR NO KEY UPDATE
            """,
            {"expert_id": expert_id, "session_id": session_id, "token": claimant(token)},
        )
        return self._one_or_none(await cursor.fetchone())

    async def release(self, expert_id: ExpertId, session_id: SessionId) -> None:
        await self.connection.execute(
            """
            UPDATE session SET claimed_by = NULL, claimed_until = NULL, deaths = 0
            WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s
            """,
            {"expert_id": expert_id, "session_id": session_id},
        )

    async def claim_due(
        self, room: Room, turn: Turn, *, token: str, now: datetime, until: datetime
    ) -> ClaimedSessions:
        return await claim_due_sessions(self.connection, room, turn, token=token, now=now, until=until)

    async def ripen(self, now: datetime) -> tuple[int, datetime | None]:
        return await ripen_sessions(self.connection, now)

    async def move_copies(
        self, expert_id: ExpertId, former: Collection[AccountId], to: AccountId, *, now: datetime
    ) -> tuple[Session, ...]:
        if not former:
            return ()
        asked = {"expert_id": expert_id, "former": sorted(former), "to": to, "now": now}
        for statement in (LOCK_TO_MOVE_COPIES, MOVE_COPIES, MOVE_COPIES_LEFT):
            await self.connection.execute(statement, asked)
        cursor = await self.connection.execute(COPIES_TO_REMOVE, asked)
        return tuple([self._from_row(row) async for row in cursor])

    async def waiting(self, expert_id: ExpertId) -> tuple[Session, ...]:
        cursor = await self.connection.execute(
            """
            SELECT * FROM session
            WHERE expert_id = %(expert_id)s AND status = 'WAITING'
            ORDER BY starts_at, session_id
            FOR NO KEY UPDATE
            """,
            {"expert_id": expert_id},
        )
        return tuple([self._from_row(row) async for row in cursor])

    async def delayed_in(
        self, account_id: AccountId, *, later_than: datetime, limit: int
    ) -> tuple[Session, ...]:
        cursor = await self.connection.execute(
            """
            SELECT * FROM session
            WHERE status = 'WAITING' AND hindrance = 'PROVIDER_UNAVAILABLE' AND copy_account_id = %(account_id)s
                AND due_at > %(later_than)s
            ORDER BY due_at, expert_id, session_id
            LIMIT %(limit)s
            FOR NO KEY UPDATE SKIP LOCKED
            """,
            {"account_id": account_id, "later_than": later_than, "limit": limit},
        )
        return tuple([self._from_row(row) async for row in cursor])

    async def delayed_by_account(
        self, provider: Provider, *, later_than: datetime, limit: int
    ) -> tuple[Session, ...]:
        cursor = await self.connection.execute(
            """
            WITH first AS (
                SELECT DISTINCT ON (copy_account_id) session.expert_id, session_id, due_at
                FROM session JOIN account ON account_id = copy_account_id
                WHERE session.status = 'WAITING' AND hindrance = 'PROVIDER_UNAVAILABLE'
                    AND provider = %(provider)s
                ORDER BY copy_account_id, due_at, session.expert_id, session_id
            )
            SELECT session.* FROM session JOIN first USING (expert_id, session_id)
            WHERE first.due_at > %(later_than)s
            ORDER BY first.due_at, expert_id, session_id
            LIMIT %(limit)s
            FOR NO KEY UPDATE OF session SKIP LOCKED
            """,
            {"provider": provider.value, "later_than": later_than, "limit": limit},
        )
        return tuple([self._from_row(row) async for row in cursor])

    async def forget(self, before: datetime, limit: int) -> tuple[ExpertId, ...]:
        return await forget_sessions(self.connection, before, limit)

    def _one(self, row: DictRow | None) -> Session:
        if row is None:
            raise SessionNotFound
        return self._from_row(row)

    def _one_or_none(self, row: DictRow | None) -> Session | None:
        return None if row is None else self._from_row(row)

    def _from_row(self, row: DictRow) -> Session:
        return session_from_row(self.cipher, row)


def _filter(which: SessionFilter) -> dict[str, object]:
    """But for the window."""
    return {
        "include_cancelled": which.include_cancelled,
        "statuses": [status.value for status in which.statuses or WriteStatus],
        "updated_from": which.updated_from or "-infinity",
        "updated_before": which.updated_before or "infinity",
    }
