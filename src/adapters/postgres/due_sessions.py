"""Claiming the sessions that are due: what is new first, in turns over the experts, few of one mailbox at a time.

The work of a claim is bounded, however many sessions are due, of however few experts: it walks from expert to expert in
an index, WALKED at most, and looks at the first few sessions of each. The next one walks on from there.
"""

from datetime import datetime
from typing import Any, Final

from psycopg.rows import DictRow

from adapters.postgres.pool import Connection
from application.ports.lanes import MOST_OF_A_KEY, Claimed, Room
from application.ports.sessions import ClaimedSessions, DueSession, Turn
from domain.ids import ExpertId, SessionId

WALKED: Final = 32
_KNOWS_APPEARANCE: Final = ".appearance"
"""What the claims of this version end with: sessions that say something of an event's appearance are given to no others
(migration 0034)."""

# Experts are found by one probe of an index each. Those that have no account, or none that could be written to, wait,
# and burden no mailbox. Among several candidates of a mailbox only those count that have a place for their expert.
# What is locked is looked at anew, and by its key: no index of due times serves that condition.
CLAIM: Final = """
    WITH RECURSIVE
        held (key, places) AS (SELECT * FROM unnest(%(keys)s::text[], %(places_held)s::int[])),
        new_walk (expert_id, step) AS (
            SELECT (
                SELECT expert_id FROM session
                WHERE status = 'PENDING' AND due_at IS NOT NULL AND expert_id > %(after_new)s
                ORDER BY expert_id LIMIT 1
            ), 1
            UNION ALL
            SELECT (
                SELECT expert_id FROM session
                WHERE status = 'PENDING' AND due_at IS NOT NULL AND expert_id > new_walk.expert_id
                ORDER BY expert_id LIMIT 1
            ), step + 1
            FROM new_walk WHERE expert_id IS NOT NULL AND step < %(walked)s
        ),
        ripe_walk (expert_id, step) AS (
            SELECT (
                SELECT expert_id FROM session
                WHERE status = 'WAITING' AND ripe_at = due_at AND expert_id > %(after_ripe)s
                ORDER BY expert_id LIMIT 1
            ), 1
            UNION ALL
            SELECT (
                SELECT expert_id FROM session
                WHERE status = 'WAITING' AND ripe_at = due_at AND expert_id > ripe_walk.expert_id
                ORDER BY expert_id LIMIT 1
            ), step + 1
            FROM ripe_walk WHERE expert_id IS NOT NULL AND step < %(walked)s
        ),
        due AS (
            SELECT expert_id, first.*, false AS again FROM new_walk CROSS JOIN LATERAL (
                SELECT session_id, due_at, starts_at, copy_account_id FROM session
                WHERE session.expert_id = new_walk.expert_id AND status = 'PENDING' AND due_at <= %(now)s
                    AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_by = %(token)s)
                ORDER BY due_at, starts_at, session_id LIMIT %(of_a_key)s
            ) AS first
            UNION ALL
            SELECT expert_id, first.*, true FROM ripe_walk CROSS JOIN LATERAL (
                SELECT session_id, due_at, starts_at, copy_account_id FROM session
                WHERE session.expert_id = ripe_walk.expert_id AND status = 'WAITING' AND ripe_at = due_at
                    AND due_at <= %(now)s
                    AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_by = %(token)s)
                ORDER BY due_at, starts_at, session_id LIMIT %(of_a_key)s
            ) AS first
        ),
        placed AS (
            SELECT due.*, 'expert/' || expert_id AS expert, coalesce(held.places, 0) + row_number() OVER (
                PARTITION BY expert_id ORDER BY again, due_at, starts_at, session_id
            ) AS place_of_expert
            FROM due LEFT JOIN held ON key = 'expert/' || expert_id
        ),
        placed_twice AS (
            SELECT placed.*, mailbox, coalesce(held.places, 0) + row_number() OVER (
                PARTITION BY mailbox ORDER BY again, due_at, starts_at, expert_id, session_id
            ) AS place_of_mailbox
            FROM placed
                LEFT JOIN LATERAL (
                    SELECT 'mailbox/' || provider || '/' || tenant_id || '/' || object_id AS mailbox
                    FROM account
                    WHERE account.expert_id = placed.expert_id
                    ORDER BY account_id IS NOT DISTINCT FROM copy_account_id DESC,
                        account_id IS NOT DISTINCT FROM (
                            SELECT account_id FROM calendar_settings JOIN calendar ON calendar_id = write_calendar_id
                            WHERE calendar_settings.expert_id = placed.expert_id
                        ) DESC,
                        (status = 'ACTIVE' AND unserved_since IS NULL AND EXISTS (
                            SELECT FROM calendar
                            WHERE calendar.account_id = account.account_id AND is_primary AND writable AND NOT missing
                        )) DESC,
                        connected_at, account_id
                    LIMIT 1
                ) AS its ON true
                LEFT JOIN held ON key = mailbox
            WHERE place_of_expert <= %(of_a_key)s
        ),
        counted AS (
            SELECT *, row_number() OVER (
                PARTITION BY again ORDER BY due_at, starts_at, expert_id, session_id
            ) AS number
            FROM placed_twice WHERE mailbox IS NULL OR place_of_mailbox <= %(of_a_key)s
        ),
        wanted AS (
            SELECT * FROM counted WHERE NOT again OR number <= %(again)s
            ORDER BY again, due_at, starts_at, expert_id, session_id LIMIT %(places)s
        ),
        locked AS (
            SELECT session.expert_id, session.session_id FROM session JOIN wanted USING (expert_id, session_id)
            WHERE coalesce(session.due_at, 'infinity') <= %(now)s
                AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_by = %(token)s)
            FOR NO KEY UPDATE OF session SKIP LOCKED
        ),
        claimed AS (
            UPDATE session SET claimed_by = %(token)s, claimed_until = %(until)s FROM locked
            WHERE session.expert_id = locked.expert_id AND session.session_id = locked.session_id
            RETURNING session.expert_id, session.session_id
        )
    SELECT ends.*, expert_id, session_id, expert, mailbox, again
    FROM (
        SELECT (SELECT max(expert_id) FROM new_walk WHERE step = %(walked)s) AS new_end,
            (SELECT max(expert_id) FROM ripe_walk WHERE step = %(walked)s) AS ripe_end,
            (SELECT count(*) FROM wanted) > (SELECT count(*) FROM claimed) AS missed
    ) AS ends LEFT JOIN (claimed JOIN wanted USING (expert_id, session_id)) ON true
    ORDER BY again, due_at, starts_at, expert_id, session_id
    """
# The limit is no argument: of an unknown one the planner would expect thousands, and read the whole table.
RIPEN: Final = """
    WITH due AS (
        SELECT expert_id, session_id FROM session
        WHERE status = 'WAITING' AND due_at <= %(now)s AND ripe_at IS DISTINCT FROM due_at
        ORDER BY due_at, expert_id, session_id LIMIT 100
        FOR NO KEY UPDATE SKIP LOCKED
    ), ripened AS (
        UPDATE session SET ripe_at = due_at FROM due
        WHERE session.expert_id = due.expert_id AND session.session_id = due.session_id
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM ripened) AS ripened, (
        SELECT min(due_at) FROM session
        WHERE status = 'WAITING' AND due_at > %(now)s AND ripe_at IS DISTINCT FROM due_at
    ) AS next_due
    """


def claimant(token: str) -> str:
    """What a row says of whoever claims it under this token."""
    return token + _KNOWS_APPEARANCE


async def claim_due_sessions(
    connection: Connection, room: Room, turn: Turn, *, token: str, now: datetime, until: datetime
) -> ClaimedSessions:
    cursor = await connection.execute(CLAIM, claim_arguments(room, turn, token, now, until))
    rows = await cursor.fetchall()
    return ClaimedSessions(
        rows=tuple(_claimed(row, token) for row in rows if row["session_id"] is not None),
        turn=Turn(new=rows[0]["new_end"] or "", ripe=rows[0]["ripe_end"] or ""),
        missed=rows[0]["missed"],
    )


def claim_arguments(room: Room, turn: Turn, token: str, now: datetime, until: datetime) -> dict[str, Any]:
    return {
        "keys": list(room.held),
        "places_held": list(room.held.values()),
        "of_a_key": MOST_OF_A_KEY,
        "places": room.places,
        "again": room.again,
        "walked": WALKED,
        "after_new": turn.new,
        "after_ripe": turn.ripe,
        "token": claimant(token),
        "now": now,
        "until": until,
    }


def _claimed(row: DictRow, token: str) -> Claimed[DueSession]:
    return Claimed(
        row=DueSession(
            expert_id=ExpertId(row["expert_id"]), session_id=SessionId(row["session_id"]), token=token
        ),
        keys=tuple(key for key in (row["expert"], row["mailbox"]) if key is not None),
        again=row["again"],
    )


async def ripen_sessions(connection: Connection, now: datetime) -> tuple[int, datetime | None]:
    cursor = await connection.execute(RIPEN, {"now": now})
    row = await cursor.fetchone()
    assert row is not None
    return row["ripened"], row["next_due"]
