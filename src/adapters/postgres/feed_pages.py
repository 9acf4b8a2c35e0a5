"""Reading the feed of changes in one order, into which nothing is ever inserted later.

Transactions don't commit in the order in which they begin and number their rows. So a change is read only when every
transaction that began before its own has ended: then nothing can appear before it any more.
"""

from dataclasses import dataclass

from psycopg.rows import DictRow

from adapters.postgres.changes import change_from_row
from adapters.postgres.pool import Connection
from application.ports.changes import FeedPage
from domain.change import CursorExpired, FeedPosition
from domain.ids import ExpertId

GREATEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A page, and the transaction of the first change that can't be read yet because an older one is open, if any."""

    page: FeedPage
    waiting: int | None


async def end_of_feed(connection: Connection) -> FeedPosition:
    cursor = await connection.execute(
        "SELECT history, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon FROM change_feed"
    )
    row = await cursor.fetchone()
    assert row is not None
    return FeedPosition(row["history"], row["horizon"], 0)


async def look_after(
    connection: Connection, position: FeedPosition, *, of: ExpertId | None, limit: int
) -> Look:
    """Raises CursorExpired when changes after `position` were removed, or it is none of this feed's, or is to come yet.

    The last is what those hold who saw the end of a cluster which the one that took over from it never got.
    """
    if not (0 <= position.transaction <= GREATEST and 0 <= position.number <= GREATEST):
        raise CursorExpired
    cursor = await connection.execute(
        _OF_ALL if of is None else _OF_EXPERT,
        {"transaction": position.transaction, "number": position.number, "of": of, "limit": limit},
    )
    rows = await cursor.fetchall()
    history = rows[0]["history"]
    settled = FeedPosition(history, rows[0]["horizon"], 0)
    removed = FeedPosition(history, rows[0]["removed_transaction"], rows[0]["removed_number"])
    if position.history != history or position < removed or position > settled:
        raise CursorExpired
    changes = tuple((_position(row), change_from_row(row)) for row in rows if row["number"] is not None)
    upto = changes[-1][0] if len(changes) == limit else settled
    return Look(page=FeedPage(changes=changes, upto=upto), waiting=rows[0]["waiting"])


def _position(row: DictRow) -> FeedPosition:
    return FeedPosition(row["history"], row["transaction"], row["number"])


# One row at least, for what is true of the feed as a whole; both snapshots are that of the one statement.
_OF_ALL = """
    SELECT history, horizon::text::bigint AS horizon, removed_transaction::text::bigint AS removed_transaction,
        removed_number, (
            SELECT transaction FROM change WHERE transaction >= horizon ORDER BY transaction LIMIT 1
        )::text::bigint AS waiting,
        found.transaction::text::bigint AS transaction, found.number, expert_id, type, at, account_id, calendar_id,
        session_id, hold_id, incident_id, expires_at
    FROM change_feed
        CROSS JOIN (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon) AS settled
        LEFT JOIN LATERAL (
            SELECT * FROM change
            WHERE transaction < horizon AND (transaction, number) > (%(transaction)s::text::xid8, %(number)s)
            ORDER BY transaction, number
            LIMIT %(limit)s
        ) AS found ON true
    ORDER BY found.transaction, found.number
    """
_OF_EXPERT = _OF_ALL.replace("WHERE transaction <", "WHERE expert_id = %(of)s AND transaction <")
