"""Whether what is kept of an expert's time is still true: one tiny question for all who ask while the last one runs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from adapters.postgres.errors import StatementFailed
from adapters.postgres.line import Row, Statement
from adapters.postgres.pinned import PinnedConnection
from adapters.postgres.shared_statement import SharedStatement
from domain.ids import ExpertId

MOST_AT_ONCE: Final = 200
"""Experts a statement."""


class KnownVersion(NamedTuple):
    """The version of what is known of an expert, as bytes, and when each conflict calendar was read, by calendar."""

    version: bytes
    read_at: tuple[datetime | None, ...]


class PostgresKnownVersions:
    """On a connection that has VERSIONS prepared."""

    def __init__(self, connection: PinnedConnection) -> None:
        self._versions = SharedStatement(
            connection, VERSIONS, values=_values, answers=_answers, weight=len, most=MOST_AT_ONCE
        )

    async def of(self, expert_ids: Collection[ExpertId]) -> Mapping[ExpertId, KnownVersion]:
        """Of those who exist, and perhaps of others; all of one moment, after the call began."""
        try:
            return await self._versions.ask(expert_ids)
        except StatementFailed as failed:
            if failed.sharers == 1:
                raise
            return await self._versions.ask_alone(expert_ids)


def _values(asked: Sequence[Collection[ExpertId]]) -> Sequence[Any]:
    return (list({expert_id for expert_ids in asked for expert_id in expert_ids}),)


def _answers(
    asked: Sequence[Collection[ExpertId]], rows: Sequence[Row]
) -> Sequence[Mapping[ExpertId, KnownVersion]]:
    """To each of those who asked all that was found."""
    found = {
        expert_id: KnownVersion(version, tuple(read_at) if read_at else ())
        for expert_id, version, read_at in rows
    }
    return [found] * len(asked)


VERSIONS = Statement(
    name="versions",
    types=("text[]",),
    text="""
    SELECT expert_id, version, (
        SELECT array_agg(read_at) FROM (
            SELECT read_at FROM reading_schedule
            WHERE reading_schedule.expert_id = known_version.expert_id
            ORDER BY calendar_id
        ) AS one
    )
    FROM known_version WHERE expert_id = ANY ($1)
    """,
)
