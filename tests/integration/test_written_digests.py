"""What was last written into an event, when a process of the version before saved the session since."""

from dataclasses import replace

import pytest

from adapters.postgres.session_rows import session_to_row
from domain.event_digest import EventDigest, EventPart
from domain.session import Session
from domain.session_details import EventColor, Visibility
from tests.builders import EXPERT, MARK, SESSION, a_session, an_event_copy, some_details
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


async def test_of_how_an_event_looks_nothing_was_said_before_there_was_a_place_to_keep_it(
    kept: KeptByPostgres,
) -> None:
    """So a change of something else sends nothing of it."""
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(WRITTEN)
    (row,) = await kept.rows("SELECT appearance, copy_appearance FROM session")
    assert row == {"appearance": None, "copy_appearance": None}

    async with kept.transaction() as tx:
        session = await tx.sessions.get(EXPERT, SESSION)
    changed = replace(session, details=replace(session.details, title="Another"))
    assert changed.copy is not None
    assert changed.digest.changed_since(changed.copy.written) == {EventPart.TITLE}


DRESSED = replace(WRITTEN.details, visibility=Visibility.PRIVATE, color=EventColor.RED)
LOOKS = replace(
    WRITTEN, details=DRESSED, copy=an_event_copy(written=replace(WRITTEN, details=DRESSED).digest)
)


async def _saved_by_the_version_before(kept: KeptByPostgres, *, mark: str) -> Session:
    """Its title and its event. It knows nothing of how events look."""
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(LOOKS)
    its = replace(
        WRITTEN,
        revision=2,
        written_revision=2,
        details=some_details("By the version before"),
        copy=an_event_copy(
            mark=mark, written=a_session(details=some_details("By the version before")).digest
        ),
    )
    row = session_to_row(kept.store.cipher, its)
    known = ("details", "revision", "written_revision", "copy_mark", "copy_written")
    async with kept.pool.connection() as connection:
        await connection.execute(
            f"UPDATE session SET {', '.join(f'{name} = %({name})s' for name in known)}".encode(), row
        )
    async with kept.transaction() as tx:
        return await tx.sessions.get(EXPERT, SESSION)


async def test_how_an_event_looks_outlives_what_the_version_before_writes_into_it(
    kept: KeptByPostgres,
) -> None:
    session = await _saved_by_the_version_before(kept, mark=MARK)
    assert session.details == replace(DRESSED, title="By the version before")
    assert session.copy is not None
    assert session.digest.changed_since(session.copy.written) == frozenset()


async def test_another_event_of_the_version_before_looks_plain(kept: KeptByPostgres) -> None:
    session = await _saved_by_the_version_before(kept, mark="another")
    assert session.copy is not None
    assert session.digest.changed_since(session.copy.written) == {EventPart.VISIBILITY, EventPart.COLOR}
