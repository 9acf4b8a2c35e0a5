"""What every job queue keeps to."""

import pytest

from domain.expert import ExpertNotFound
from domain.ids import AccountId
from tests.builders import (
    ACCOUNT,
    EXPERT,
    INCIDENT,
    SESSION,
    a_grant,
    a_session,
    after,
    an_account,
    an_expert,
    an_incident,
)
from tests.fakes.tables import NotifyExpert, RefreshCalendars, WriteSession
from tests.support.stores import Kept, put_expert


async def test_jobs_exist_once_the_transaction_has_committed(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.jobs.write_session(EXPERT, SESSION)
        await tx.jobs.write_session(EXPERT, SESSION, at=after(minutes=5))
        await tx.jobs.notify_expert(INCIDENT)
        await tx.jobs.notify_expert(INCIDENT, at=after(days=3))
        await tx.jobs.refresh_calendars(ACCOUNT)
        assert await kept.jobs() == ()
    assert await kept.jobs() == (
        WriteSession(EXPERT, SESSION),
        WriteSession(EXPERT, SESSION, after(minutes=5)),
        NotifyExpert(INCIDENT),
        NotifyExpert(INCIDENT, after(days=3)),
        RefreshCalendars(ACCOUNT),
    )


async def test_jobs_of_a_transaction_that_failed_never_exist(kept: Kept) -> None:
    with pytest.raises(ZeroDivisionError):
        async with kept.transaction() as tx:
            await tx.jobs.write_session(EXPERT, SESSION)
            raise ZeroDivisionError
    with pytest.raises(ExpertNotFound):
        async with kept.transaction() as tx:
            await tx.jobs.write_session(EXPERT, SESSION)
            await tx.sessions.add(a_session())
    assert await kept.jobs() == ()


async def test_the_jobs_of_an_erased_expert_are_gone(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        for expert_id, suffix in ((EXPERT, "1"), ("other", "2")):
            account = an_account(f"account-{suffix}", expert_id=expert_id)
            incident = an_incident(f"incident-{suffix}", account_id=account.account_id, expert_id=expert_id)
            await tx.accounts.add(account, a_grant())
            await tx.incidents.add(incident)
            await tx.jobs.write_session(account.expert_id, SESSION)
            await tx.jobs.notify_expert(incident.incident_id)
            await tx.jobs.refresh_calendars(account.account_id)
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    assert [type(job) for job in await kept.jobs()] == [WriteSession, NotifyExpert, RefreshCalendars]
    assert "1" not in repr(await kept.jobs()).replace(SESSION, "")


async def test_one_refresh_that_waits_is_enough_for_an_account(kept: Kept) -> None:
    other = AccountId("another")
    async with kept.transaction() as tx:
        await tx.jobs.refresh_calendars(ACCOUNT, at=after(minutes=1))
    async with kept.transaction() as tx:
        await tx.jobs.refresh_calendars(ACCOUNT)
        await tx.jobs.refresh_calendars(other)
    assert await kept.jobs() == (RefreshCalendars(ACCOUNT, after(minutes=1)), RefreshCalendars(other))
