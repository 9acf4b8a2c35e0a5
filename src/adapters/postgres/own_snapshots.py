"""What there is to know of experts' own events, with a version of it that can be compared in the database."""

import hashlib
import logging
from collections.abc import Collection
from typing import Any, Final

from adapters.postgres.pool import Connection
from adapters.postgres.session_rows import own_event_from_row
from application.ports.sessions import OwnSnapshot
from domain.ids import ExpertId
from domain.interval import Interval

# One index each: all in one condition would have every session of the expert looked at. A row's xmin is another after
# each update of it.
VERSION_OF_ASKED: Final = """
    SELECT md5(coalesce(string_agg(session_id || ' ' || changed, ',' ORDER BY session_id), ''))
    FROM (
        SELECT session_id, xmin::text AS changed FROM session
        WHERE expert_id = (SELECT expert_id FROM asked) AND NOT cancelled AND copy_mark IS NOT NULL
            AND starts_at < (SELECT window_end FROM asked) AND ends_at > (SELECT window_start FROM asked)
        UNION
        SELECT session_id, xmin::text FROM session
        WHERE expert_id = (SELECT expert_id FROM asked) AND written_revision < revision AND copy_mark IS NOT NULL
    ) AS one
    """
SNAPSHOTS: Final = """
    SELECT expert_id, session_id, session.xmin::text AS changed, revision, starts_at, ends_at, cancelled, status,
        hindrance, written_at, copy_account_id, copy_calendar_id, copy_remote_calendar_id, copy_mark, copy_times,
        copy_remote_id, copy_reminder_minutes
    FROM unnest(%(expert_ids)s::text[]) AS asked (asked_id)
        CROSS JOIN LATERAL (
            SELECT expert_id, session_id FROM session
            WHERE expert_id = asked_id AND NOT cancelled AND copy_mark IS NOT NULL
                AND starts_at < %(end)s AND ends_at > %(start)s
            UNION
            SELECT expert_id, session_id FROM session
            WHERE expert_id = asked_id AND written_revision < revision AND copy_mark IS NOT NULL
        ) AS own
        JOIN session USING (expert_id, session_id)
    ORDER BY expert_id, session_id
    """

_log = logging.getLogger(__name__)


async def own_snapshots(
    connection: Connection, expert_ids: Collection[ExpertId], window: Interval
) -> dict[ExpertId, OwnSnapshot]:
    cursor = await connection.execute(
        SNAPSHOTS, {"expert_ids": sorted(expert_ids), "start": window.start, "end": window.end}
    )
    rows: dict[ExpertId, list[dict[str, Any]]] = {expert_id: [] for expert_id in expert_ids}
    async for row in cursor:
        rows[row["expert_id"]].append(row)
    return {expert_id: _snapshot(found) for expert_id, found in rows.items()}


def _snapshot(rows: list[dict[str, Any]]) -> OwnSnapshot:
    """Of an expert with a session that only a later version understands, nothing, and a version that none has: the
    others must not fail with it, and whoever stores a look at their calendar finds out."""
    try:
        events = tuple(own_event_from_row(row) for row in rows)
    except (LookupError, TypeError, ValueError) as error:
        _log.warning("a session of an expert is not understood: %s", type(error).__name__)
        return OwnSnapshot(events=(), version="")
    changed = ",".join(f"{row['session_id']} {row['changed']}" for row in rows)
    return OwnSnapshot(
        events=events,
        version=hashlib.md5(changed.encode(), usedforsecurity=False).hexdigest(),
    )
