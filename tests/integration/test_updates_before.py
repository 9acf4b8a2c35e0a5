"""Processes of the version before, which know nothing of when experts and sessions changed, on the same database.

Their statements are repeated here as they were.
"""

from datetime import datetime, timedelta
from typing import Any

from tests.builders import EXPERT, NOW, SESSION, a_session, an_expert
from tests.support.stores import KeptByPostgres, put_expert

ITS_EXPERT = """
    INSERT INTO expert (expert_id, plan, time_zone, person) VALUES (%(expert_id)s, %(plan)s, 'UTC', '')
    ON CONFLICT (expert_id) DO UPDATE
    SET plan = excluded.plan, time_zone = excluded.time_zone, person = excluded.person
    """
ITS_SESSION = """
    INSERT INTO session (expert_id, session_id, starts_at, ends_at, details, cancelled, revision, written_revision,
        status, failures, due_at, copies)
    VALUES (%(expert_id)s, 'new', '2027-03-02', '2027-03-03', '', false, 1, 0, 'PENDING', 0, '2027-03-02', 0)
    """
ITS_SAVE = """
    UPDATE session SET revision = revision + %(revisions)s, status = 'PENDING', due_at = %(due_at)s
    WHERE expert_id = %(expert_id)s AND session_id = %(session_id)s
    """
RESEALED = "UPDATE expert SET person = 'x' WHERE expert_id = %(expert_id)s"


async def _execute(kept: KeptByPostgres, statement: str, **given: Any) -> None:
    async with kept.pool.connection() as connection:
        await connection.execute(statement.encode(), {"expert_id": EXPERT, "session_id": SESSION, **given})


async def _is_now(kept: KeptByPostgres, time: str, *, of: str, session_id: str = SESSION) -> bool:
    """Whether this time of the row is about now by the database's clock, which is no test's."""
    beside = f"AND session_id = '{session_id}'" if of == "session" else ""
    (row,) = await kept.rows(f"SELECT {time} AS at, now() FROM {of} WHERE expert_id = '{EXPERT}' {beside}")
    at, now = row["at"], row["now"]
    assert isinstance(at, datetime)
    assert isinstance(now, datetime)
    return timedelta() <= now - at < timedelta(minutes=1)


async def test_what_it_adds_has_come_now(kept: KeptByPostgres) -> None:
    await _execute(kept, ITS_EXPERT, plan="PRO")
    await _execute(kept, ITS_SESSION)

    for time in ("created_at", "updated_at"):
        assert await _is_now(kept, time, of="expert")
        assert await _is_now(kept, time, of="session", session_id="new")


async def test_what_it_changes_is_updated_now(kept: KeptByPostgres) -> None:
    await put_expert(kept, an_expert())
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session())
    assert not await _is_now(kept, "updated_at", of="session")

    await _execute(kept, ITS_EXPERT, plan="FREE")
    await _execute(kept, ITS_SAVE, revisions=1, due_at=NOW)

    for table in ("expert", "session"):
        assert await _is_now(kept, "updated_at", of=table)
        assert not await _is_now(kept, "created_at", of=table)


async def test_what_callers_do_not_see_is_no_update(kept: KeptByPostgres) -> None:
    await put_expert(kept, an_expert())
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session())

    await _execute(kept, RESEALED)
    await _execute(kept, ITS_SAVE, revisions=0, due_at=NOW + timedelta(hours=1))

    for table in ("expert", "session"):
        assert not await _is_now(kept, "updated_at", of=table)
