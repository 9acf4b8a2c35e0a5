"""Forgetting sessions that ended long ago and need nothing any more, in steps that wait for nobody."""

from datetime import datetime
from typing import Final

from adapters.postgres.pool import Connection
from adapters.postgres.reserved_times import removing_expired
from domain.ids import ExpertId

# Experts are held as well: whoever erases one locks reserved times before sessions, which a session's end takes along.
# The first conditions are those of the index. What is asked of experts and readings is written so that it stays nested
# in the few rows it is asked for, whatever the planner thinks of the tables; so is the next statement.
FORGET: Final = """
    WITH found AS MATERIALIZED (
        SELECT session.expert_id, session.session_id
        FROM session CROSS JOIN LATERAL (
            SELECT FROM expert WHERE expert.expert_id = session.expert_id FOR KEY SHARE SKIP LOCKED
        ) AS its
        WHERE session_over_at(ends_at, copy_times) < %(before)s
            AND status IN ('WRITTEN', 'FAILED') AND due_at IS NULL AND copies_left = '[]'
            AND NOT (cancelled AND copy_mark IS NOT NULL)
            AND (
                SELECT count(*) FROM reading
                WHERE reading.expert_id = session.expert_id
                    AND deviations @> jsonb_build_array(jsonb_build_object('session_id', session_id))
            ) = 0
        ORDER BY session_over_at(ends_at, copy_times), session.expert_id, session_id
        LIMIT %(limit)s
        FOR UPDATE OF session SKIP LOCKED
    )
    DELETE FROM session USING found
    WHERE session.expert_id = found.expert_id AND session.session_id = found.session_id
    RETURNING session.expert_id
    """


MOST_FORMER: Final = 20
"""Of an expert's former accounts so many are looked at, the oldest: each look goes over all sessions of theirs."""
FORGET_FORMER: Final = f"""
    DELETE FROM former_account WHERE account_id = ANY (ARRAY(
        SELECT account_id
        FROM unnest(%(expert_ids)s::text[]) AS asked (asked_id) CROSS JOIN LATERAL (
            SELECT account_id FROM former_account
            WHERE account_id = ANY (ARRAY(
                SELECT account_id FROM former_account
                WHERE expert_id = asked_id AND former_since < %(before)s
                ORDER BY former_since LIMIT {MOST_FORMER}
            )) AND (
                SELECT count(*) FROM session
                WHERE session.expert_id = asked_id AND (
                    copy_account_id = account_id
                    OR copies_left @> jsonb_build_array(jsonb_build_object('account_id', account_id))
                )
            ) = 0
            FOR UPDATE SKIP LOCKED
        ) AS empty
    ))
    """  # noqa: S608 - a constant


async def forget_sessions(connection: Connection, before: datetime, limit: int) -> tuple[ExpertId, ...]:
    async with removing_expired(connection):
        cursor = await connection.execute(FORGET, {"before": before, "limit": limit})
        return tuple(sorted({ExpertId(row["expert_id"]) async for row in cursor}))
