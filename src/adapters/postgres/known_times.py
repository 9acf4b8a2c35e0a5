"""What is known of experts' time, by one statement: the query behind every availability answer.

It runs for all who ask while it last ran, and costs as little as possible: no transaction, prepared and planned once,
binary, one row per expert and window, and no object for an interval of busy time. docs/performance.md says what that
gains.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.postgres.errors import StatementFailed
from adapters.postgres.known_rows import FoundTime, found_time
from adapters.postgres.line import Row, Statement
from adapters.postgres.pinned import PinnedConnection
from adapters.postgres.shared_statement import RowsUnreadable, SharedStatement
from application.ports.known_times import KnownTime
from domain.ids import ExpertId
from domain.interval import Interval

MOST_AT_ONCE: Final = 10
"""Experts a statement: those who ask about many take several, so that others come between them, here and there."""


@dataclass(frozen=True, slots=True)
class Question:
    expert_ids: tuple[ExpertId, ...]
    window: Interval


class PostgresKnownTimes:
    """On a connection that has KNOWN prepared."""

    def __init__(self, connection: PinnedConnection) -> None:
        self._known = SharedStatement(
            connection,
            KNOWN,
            values=_values,
            answers=_answers,
            weight=lambda question: len(question.expert_ids),
            most=MOST_AT_ONCE,
        )

    async def of(
        self, expert_ids: Collection[ExpertId], window: Interval, *, now: datetime
    ) -> Mapping[ExpertId, KnownTime]:
        found = await self.found(expert_ids, window)
        return {expert_id: one.known_at(now) for expert_id, one in found.items()}

    async def found(self, expert_ids: Collection[ExpertId], window: Interval) -> Mapping[ExpertId, FoundTime]:
        """Of each expert of one moment."""
        asked = tuple(dict.fromkeys(expert_ids))
        if len(asked) <= MOST_AT_ONCE:
            return await self._found(Question(asked, window))
        found: dict[ExpertId, FoundTime] = {}
        for first in range(0, len(asked), MOST_AT_ONCE):
            found |= await self._found(Question(asked[first : first + MOST_AT_ONCE], window))
        return found

    async def _found(self, question: Question) -> Mapping[ExpertId, FoundTime]:
        try:
            return await self._known.ask(question)
        except StatementFailed as failed:
            if failed.sharers == 1:
                raise
        except RowsUnreadable:
            pass
        return await self._known.ask_alone(question)


def _numbers(questions: Sequence[Question]) -> dict[tuple[ExpertId, Interval], int]:
    """By what each is about, from 1: what several ask about is asked once."""
    asked = ((expert_id, one.window) for one in questions for expert_id in one.expert_ids)
    return {about: number for number, about in enumerate(dict.fromkeys(asked), start=1)}


def _values(questions: Sequence[Question]) -> Sequence[Any]:
    asked = _numbers(questions)
    return (
        [expert_id for expert_id, _ in asked],
        [window.start for _, window in asked],
        [window.end for _, window in asked],
    )


def _answers(questions: Sequence[Question], rows: Sequence[Row]) -> Sequence[Mapping[ExpertId, FoundTime]]:
    found = {row[0]: found_time(row[1:]) for row in rows}
    asked = _numbers(questions)
    return [
        {
            expert_id: found[number]
            for expert_id in one.expert_ids
            if (number := asked[expert_id, one.window]) in found
        }
        for one in questions
    ]


# A version that was restored from a dump is a number of another database: once its turn comes here, it may be given to
# the expert again. Only when its transaction has ended here is it sure not to be.
# Holds that have expired are left out by whoever reads the rows, or the index of their ends would be taken for the
# better one.
KNOWN = Statement(
    name="known",
    types=("text[]", "timestamptz[]", "timestamptz[]"),
    text="""
    SELECT asked.number, (
            SELECT version FROM known_version
            WHERE known_version.expert_id = expert.expert_id
                AND pg_visible_in_snapshot(version, pg_current_snapshot())
        ), expert.expert_id, expert.time_zone, coalesce((
            SELECT tentative_blocks FROM calendar_settings WHERE calendar_settings.expert_id = expert.expert_id
        ), false), CASE WHEN conflict.calendar_ids IS NULL THEN EXISTS (
            SELECT FROM account WHERE account.expert_id = expert.expert_id
        ) END, conflict.*, booked.*, held.*
    FROM unnest($1, $2, $3) WITH ORDINALITY AS asked (expert_id, starts_at, ends_at, number)
        CROSS JOIN LATERAL (
            SELECT expert_id, time_zone FROM expert WHERE expert.expert_id = asked.expert_id
            OFFSET 0  -- one by one, or few experts would be joined by reading all
        ) AS expert
        CROSS JOIN LATERAL (
            SELECT array_agg(calendar_id) AS calendar_ids, array_agg(account_id), array_agg(provider),
                array_agg(remote_id), array_agg(active), array_agg(missing), array_agg(window_start),
                array_agg(window_end), array_agg(read_at), array_agg(zone), array_agg(busy), array_agg(deviations)
            FROM (
                SELECT calendar_id, calendar.account_id, provider, remote_id, status = 'ACTIVE' AS active, missing,
                    window_start, window_end, reading_schedule.read_at, zone, busy, deviations
                FROM reading JOIN reading_schedule USING (expert_id, calendar_id) JOIN calendar USING (calendar_id)
                    JOIN account ON account.account_id = calendar.account_id
                WHERE reading.expert_id = expert.expert_id
                ORDER BY calendar_id
            ) AS one
        ) AS conflict
        CROSS JOIN LATERAL (
            SELECT array_agg(session_id), array_agg(starts_at), array_agg(ends_at)
            FROM (
                SELECT session_id, starts_at, ends_at FROM session
                WHERE session.expert_id = expert.expert_id AND NOT cancelled
                    AND starts_at < asked.ends_at AND ends_at > asked.starts_at
                ORDER BY starts_at, session_id
            ) AS one
        ) AS booked
        CROSS JOIN LATERAL (
            SELECT array_agg(hold_id), array_agg(lower(during)), array_agg(upper(during)), array_agg(expires_at)
            FROM (
                SELECT hold_id, during, expires_at FROM reserved_time
                WHERE reserved_time.expert_id = expert.expert_id AND hold_id IS NOT NULL
                    AND during && tstzrange(asked.starts_at, asked.ends_at)
                ORDER BY during, hold_id
            ) AS one
        ) AS held
    """,
)
