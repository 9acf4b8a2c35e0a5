"""What was last written into an event, when a process of the version before saved the session since."""

from dataclasses import replace

import pytest

from domain.event_digest import EventDigest
from tests.builders import EXPERT, SESSION, a_session, an_event_copy
from tests.support.stores import KeptByPostgres, put_expert

WRITTEN = a_session(written_revision=1, copy=an_event_copy())


@pytest.mark.parametrize("since", ["written_revision = 2", "copy_mark = 'another'", "copy_written = NULL"])
async def test_is_not_believed(kept: KeptByPostgres, since: str) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(WRITTEN)
    await kept.rows(f"UPDATE session SET {since} RETURNING 1")
    async with kept.transaction() as tx:
        copy = (await tx.sessions.get(EXPERT, SESSION)).copy
        assert copy is not None
        assert copy.written == EventDigest()


async def test_is_no_hindrance_where_the_event_was_forgotten(kept: KeptByPostgres) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(WRITTEN)
    await kept.rows(
        """
        UPDATE session SET copy_account_id = NULL, copy_calendar_id = NULL, copy_remote_calendar_id = NULL,
            copy_mark = NULL, copy_remote_id = NULL RETURNING 1
        """
    )
    async with kept.transaction() as tx:
        assert (await tx.sessions.get(EXPERT, SESSION)).copy is None


async def test_an_event_of_which_the_reminder_was_remembered_otherwise_can_be_forgotten(
    kept: KeptByPostgres,
) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(WRITTEN)
    await kept.rows("UPDATE session SET copy_reminder_minutes = 15 RETURNING 1")
    async with kept.transaction() as tx:
        await tx.sessions.save(replace(WRITTEN, copy=None))
    async with kept.transaction() as tx:
        assert (await tx.sessions.get(EXPERT, SESSION)).copy is None
