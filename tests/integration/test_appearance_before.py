"""Processes of the version before are given no session that says how its event looks: they would make a plain one, and
of a private one everybody would see what it is about."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.postgres.due_sessions import CLAIM, claim_arguments
from application.ports.lanes import Room
from application.ports.sessions import Turn
from domain.ids import ExpertId, SessionId
from domain.session import Session
from domain.session_details import Visibility
from tests.builders import EXPERT, NOW, SESSION, a_session, some_details
from tests.support.stores import KeptByPostgres, claim_sessions, put_expert

UNTIL = NOW + timedelta(minutes=5)
ITS_CLAIM = """
    UPDATE session SET claimed_by = %(token)s, claimed_until = %(until)s
    WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s AND due_at <= %(now)s
        AND (claimed_until IS NULL OR claimed_until <= %(now)s OR claimed_by = %(token)s)
    RETURNING session_id
    """
PRIVATE = a_session(details=some_details(visibility=Visibility.PRIVATE))
OLD: dict[str, Any] = {"token": "old.1", "now": NOW, "until": UNTIL}


async def _kept(kept: KeptByPostgres, session: Session) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        assert await tx.sessions.add(session)


async def _claimed_before(kept: KeptByPostgres) -> list[list[object]]:
    """What it gets by a job, and by a look at all that is due."""
    by_job = await kept.rows(ITS_CLAIM, expert_id=EXPERT, session_id=SESSION, **OLD)
    asked = claim_arguments(Room(places=5, again=5, held={}), Turn(), "", NOW, UNTIL) | OLD
    async with kept.pool.connection() as connection:
        rows = await (await connection.execute(CLAIM, asked)).fetchall()
    return [
        [row["session_id"] for row in by_job],
        [row["session_id"] for row in rows if row["session_id"] is not None],
    ]


async def test_one_is_left_to_those_who_know(kept: KeptByPostgres) -> None:
    await _kept(kept, PRIVATE)
    assert await _claimed_before(kept) == [[], []]
    async with kept.transaction() as tx:
        assert await claim_sessions(tx) == [(EXPERT, SESSION)]


async def test_by_its_key_it_is_given_to_those_who_know(kept: KeptByPostgres) -> None:
    await _kept(kept, PRIVATE)
    whose = (ExpertId(EXPERT), SessionId(SESSION))
    async with kept.transaction() as tx:
        assert await tx.sessions.claim(*whose, token="new.1", now=NOW, until=UNTIL) == PRIVATE
        assert await tx.sessions.claimed(*whose, token="new.1") == PRIVATE
        assert await tx.sessions.claimed(*whose, token="new.2") is None


@pytest.mark.parametrize(
    "session", [a_session(), replace(PRIVATE, cancelled=True)], ids=["plain", "cancelled"]
)
async def test_all_others_may_be_written_by_any(kept: KeptByPostgres, session: Session) -> None:
    await _kept(kept, session)
    assert await _claimed_before(kept) == [[SESSION], [SESSION]]


async def test_whoever_finds_its_worker_dead_may_give_it_back(kept: KeptByPostgres) -> None:
    await _kept(kept, PRIVATE)
    async with kept.transaction() as tx:
        await claim_sessions(tx, token="new.1")
    given_back = "UPDATE session SET claimed_by = NULL, claimed_until = NULL RETURNING session_id"
    assert await kept.rows(given_back) == [{"session_id": SESSION}]
    async with kept.transaction() as tx:
        assert await claim_sessions(tx) == [(EXPERT, SESSION)]
