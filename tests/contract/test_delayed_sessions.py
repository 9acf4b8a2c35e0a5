"""What every repository of sessions keeps to where sessions wait for a provider that works again."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from domain.account import Provider
from domain.ids import AccountId
from domain.session import Hindrance, Session, WriteStatus
from tests.builders import (
    ACCOUNT,
    EXPERT,
    NOW,
    a_grant,
    a_session,
    after,
    an_account,
    an_event_copy,
    an_expert,
    an_identity,
)
from tests.support.stores import Kept, put_expert

DELAYED = {"status": WriteStatus.WAITING, "hindrance": Hindrance.PROVIDER_UNAVAILABLE}


def _delayed(session_id: str, due_at: datetime, *, account: str = ACCOUNT, expert: str = EXPERT) -> Session:
    session = a_session(session_id, expert_id=expert, due_at=due_at, failures=3, **DELAYED)  # type: ignore[arg-type]
    copy = an_event_copy(account_id=account, mark=f"mark-of-{session_id}", remote_id=None)
    return replace(session, copy=copy, copies=1)


async def _booked(kept: Kept, *sessions: Session) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        for account_id, expert_id in ((ACCOUNT, EXPERT), ("another", "other"), ("third", EXPERT)):
            await tx.accounts.add(an_account(account_id, expert_id=expert_id), a_grant())
        google = an_identity("of-google", provider=Provider.GOOGLE)
        await tx.accounts.add(an_account("at-google", identity=google), a_grant())
        for session in sessions:
            await tx.sessions.add(session)


async def test_those_of_one_account_come_the_first_due_first(kept: Kept) -> None:
    soon, first, second, third = (
        _delayed(f"session-{number}", after(minutes=number)) for number in (0, 3, 2, 4)
    )
    others = (
        _delayed("elsewhere", after(minutes=5), account="another"),
        replace(_delayed("blocked", after(minutes=6)), hindrance=Hindrance.CALENDAR_MISSING),
        replace(_delayed("written", after(minutes=7)), status=WriteStatus.WRITTEN, hindrance=None),
        a_session("without-copy", due_at=after(minutes=8), **DELAYED),  # type: ignore[arg-type]
    )
    await _booked(kept, soon, first, second, third, *others)
    async with kept.transaction() as tx:
        found = await tx.sessions.delayed_in(AccountId(ACCOUNT), later_than=NOW, limit=10)
        assert found == (second, first, third)
        assert await tx.sessions.delayed_in(AccountId(ACCOUNT), later_than=NOW, limit=1) == (second,)


async def test_of_each_account_the_first_due_comes_unless_it_is_due_anyway(kept: Kept) -> None:
    far, near = _delayed("far", after(minutes=9)), _delayed("near", after(minutes=5))
    other = _delayed("theirs", after(minutes=3), account="another", expert="other")
    await _booked(
        kept,
        far,
        near,
        other,
        _delayed("due", NOW, account="third"),
        _delayed("later", after(minutes=4), account="third"),
        google := _delayed("google", after(minutes=4), account="at-google"),
        _delayed("disconnected", after(minutes=4), account="gone"),
    )
    async with kept.transaction() as tx:
        microsofts = partial(tx.sessions.delayed_by_account, Provider.MICROSOFT, later_than=NOW)
        assert await microsofts(limit=10) == (other, near)
        assert await microsofts(limit=1) == (other,)
        found = await tx.sessions.delayed_by_account(Provider.GOOGLE, later_than=NOW, limit=10)
        assert found == (google,)
