"""What every store keeps to: all of a transaction or nothing."""

import asyncio

import pytest

from application.ports.store import Store
from domain.account import AccountNotFound, Provider
from domain.connection import ConnectionAttemptNotFound
from domain.expert import ExpertNotFound
from domain.session import SessionNotFound
from tests.builders import (
    ACCOUNT,
    EXPERT,
    MARK,
    SESSION,
    a_calendar,
    a_grant,
    a_session,
    an_account,
    an_attempt,
    an_event_copy,
    an_expert,
    an_incident,
    some_settings,
)
from tests.support.stores import Kept, claim_incidents, claim_sessions, put_expert


async def _write_everywhere(store: Store) -> None:
    async with store.transaction() as tx:
        await tx.experts.put(an_expert())
        await tx.accounts.add(an_account(), a_grant())
        await tx.attempts.add(an_attempt())
        await tx.attempts.ask_consent_afresh(EXPERT, Provider.MICROSOFT, wanted=True)
        await tx.calendars.save([a_calendar()])
        await tx.calendars.save_settings(some_settings(chosen="calendar-1"))
        await tx.sessions.add(a_session(copy=an_event_copy()))
        await tx.incidents.add(an_incident())
        await tx.jobs.write_session(EXPERT, SESSION)
        await tx.experts.get(EXPERT)
        raise ZeroDivisionError


async def test_nothing_stays_of_a_transaction_that_failed(kept: Kept) -> None:
    with pytest.raises(ZeroDivisionError):
        await _write_everywhere(kept.store)
    async with kept.transaction() as tx:
        with pytest.raises(ExpertNotFound):
            await tx.experts.get(EXPERT)
        with pytest.raises(AccountNotFound):
            await tx.accounts.get(ACCOUNT)
        with pytest.raises(ConnectionAttemptNotFound):
            await tx.attempts.take(an_attempt().state)
        with pytest.raises(SessionNotFound):
            await tx.sessions.get(EXPERT, SESSION)
        assert not await tx.attempts.consent_afresh(EXPERT, Provider.MICROSOFT)
        assert await tx.calendars.of_account(ACCOUNT) == ()
        assert (await tx.calendars.settings(EXPERT)).version == 0
        assert await tx.sessions.whose_marks(EXPERT, [MARK]) == {}
        assert await claim_incidents(tx) == []
    assert await kept.wishes() == ()


async def test_nobody_sees_what_is_not_committed(kept: Kept) -> None:
    seen: list[bool] = []

    async def look() -> None:
        async with kept.transaction() as tx:
            seen.append(bool(await tx.accounts.of_expert(EXPERT)))

    async with kept.transaction() as tx:
        await tx.experts.put(an_expert())
        await tx.accounts.add(an_account(), a_grant())
        looking = asyncio.create_task(look())
        assert await tx.accounts.of_expert(EXPERT) == (an_account(),)
        assert seen in ([], [False])
    await looking
    await look()
    assert seen[-1] is True


async def test_a_cancelled_task_leaves_nothing_behind(kept: Kept) -> None:
    begun = asyncio.Event()

    async def hang() -> None:
        async with kept.transaction() as tx:
            await tx.experts.put(an_expert())
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with kept.transaction() as tx:
        with pytest.raises(ExpertNotFound):
            await tx.experts.get(EXPERT)


async def test_erasing_an_expert_takes_everything_along(kept: Kept) -> None:
    await put_expert(kept, an_expert("other"))
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session(expert_id="other"))
    with pytest.raises(ZeroDivisionError):
        await _write_everywhere(kept.store)
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert())
        await tx.accounts.add(an_account(), a_grant())
        await tx.attempts.add(an_attempt())
        await tx.attempts.ask_consent_afresh(EXPERT, Provider.MICROSOFT, wanted=True)
        await tx.calendars.save_settings(some_settings(chosen="calendar-1"))
        await tx.sessions.add(a_session(copy=an_event_copy()))
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
        await tx.experts.put(an_expert())
    async with kept.transaction() as tx:
        assert await tx.accounts.of_expert(EXPERT) == ()
        assert not await tx.attempts.consent_afresh(EXPERT, Provider.MICROSOFT)
        assert (await tx.calendars.settings(EXPERT)).version == 0
        assert await tx.sessions.whose_marks(EXPERT, [MARK]) == {}
        assert await claim_sessions(tx) == [("other", SESSION)]
        with pytest.raises(ConnectionAttemptNotFound):
            await tx.attempts.take(an_attempt().state)
