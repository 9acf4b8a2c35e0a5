"""What every repository of sign-ins to be confirmed keeps to."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from application.ports.pending_connections import ConfirmedConnection, PendingConnection, ProvenConnection
from domain.account import Provider
from domain.calendar import Uncheckable
from domain.connection import ConnectionAttemptNotFound
from domain.expert import ExpertNotFound
from domain.ids import AccountId, ExpertId
from tests.builders import (
    EXPERT,
    NOW,
    a_grant,
    a_proven_connection,
    a_remote_calendar,
    after,
    an_account,
    an_expert,
    an_identity,
)
from tests.support.stores import Kept, put_expert

OTHER = ExpertId("other")
ALIVE = after(minutes=10)


async def _kept(
    kept: Kept, connection: ProvenConnection, *, token: str = "token-1", expires_at: datetime = ALIVE
) -> None:
    async with kept.transaction() as tx:
        await tx.pending.add(connection, token=token, expires_at=expires_at)


async def _found(kept: Kept, token: str = "token-1", *, expert_id: ExpertId = EXPERT) -> PendingConnection:
    async with kept.transaction() as tx:
        return await tx.pending.lock(expert_id, token)


async def _is_gone(kept: Kept, token: str = "token-1") -> bool:
    try:
        await _found(kept, token)
    except ConnectionAttemptNotFound:
        return True
    return False


@pytest.mark.parametrize(
    "connection",
    [
        a_proven_connection(
            identity=an_identity("Oid-ß", tenant_id="9188040d", provider=Provider.GOOGLE),
            display_name="Ünal 'Ö'",
            grant=a_grant(b"\x00\xff {}", scopes=("Calendars.ReadWrite", "User.Read")),
            listed=[
                a_remote_calendar("AAMk=ß", name="Kalender", primary=True),
                a_remote_calendar("other", owner_email="", color="", writable=False, shared=True),
                a_remote_calendar("feed", writable=False, uncheckable=Uncheckable.SUBSCRIBED),
            ],
        ),
        a_proven_connection(
            reconnects="account-that-nobody-has",
            email="",
            listed=[],
            list_again_in=timedelta(seconds=2, microseconds=128_000),
        ),
    ],
    ids=["new", "reconnect"],
)
async def test_what_waits_comes_back_by_value(kept: Kept, connection: ProvenConnection) -> None:
    await put_expert(kept)
    await _kept(kept, connection)
    assert await _found(kept) == PendingConnection(content=connection, expires_at=ALIVE)


async def test_what_was_confirmed_is_all_that_is_left(kept: Kept) -> None:
    await put_expert(kept)
    await _kept(kept, a_proven_connection())
    confirmed = ConfirmedConnection(account_id=AccountId("account-9"), reconnected=True)
    async with kept.transaction() as tx:
        await tx.pending.confirm(EXPERT, "token-1", confirmed, expires_at=after(hours=1))
    assert await _found(kept) == PendingConnection(content=confirmed, expires_at=after(hours=1))


async def test_another_experts_token_is_not_found_and_stays(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    await _kept(kept, a_proven_connection())
    confirmed = ConfirmedConnection(account_id=AccountId("account-9"), reconnected=False)
    with pytest.raises(ConnectionAttemptNotFound):
        await _found(kept, expert_id=OTHER)
    with pytest.raises(ConnectionAttemptNotFound):
        async with kept.transaction() as tx:
            await tx.pending.confirm(OTHER, "token-1", confirmed, expires_at=ALIVE)
    assert (await _found(kept)).content == a_proven_connection()


@pytest.mark.parametrize("token", ["", "token-2", "TOKEN-1", "token-1 ", "\x00", "\ud800", "x" * 100_000])
async def test_an_unknown_token_is_not_found(kept: Kept, token: str) -> None:
    await put_expert(kept)
    await _kept(kept, a_proven_connection())
    with pytest.raises(ConnectionAttemptNotFound):
        await _found(kept, token)


async def test_a_newer_one_with_the_same_identity_takes_its_place(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    await _kept(kept, a_proven_connection())
    await _kept(kept, a_proven_connection(identity=an_identity("object-2")), token="another-identity")
    await _kept(kept, a_proven_connection(expert_id="other"), token="another-expert")
    await _kept(kept, a_proven_connection(reconnects="account-1"), token="token-2")

    assert await _is_gone(kept)
    assert (await _found(kept, "token-2")).content == a_proven_connection(reconnects="account-1")
    assert not await _is_gone(kept, "another-identity")
    assert (await _found(kept, "another-expert", expert_id=OTHER)).expires_at == ALIVE


async def test_forgets_what_waits_for_an_identity_but_not_what_was_confirmed(kept: Kept) -> None:
    await put_expert(kept)
    await _kept(kept, a_proven_connection(), token="confirmed")
    confirmed = ConfirmedConnection(account_id=AccountId("account-9"), reconnected=False)
    async with kept.transaction() as tx:
        await tx.pending.confirm(EXPERT, "confirmed", confirmed, expires_at=ALIVE)
    await _kept(kept, a_proven_connection())
    await _kept(kept, a_proven_connection(identity=an_identity("object-2")), token="another-identity")

    async with kept.transaction() as tx:
        await tx.pending.forget(EXPERT, an_identity())
        await tx.pending.forget(EXPERT, an_identity("nobody"))
        await tx.pending.forget(OTHER, an_identity("object-2"))

    assert await _is_gone(kept)
    assert not await _is_gone(kept, "another-identity")
    assert (await _found(kept, "confirmed")).content == confirmed


async def test_removes_the_expired_ones_and_counts_them(kept: Kept) -> None:
    await put_expert(kept)
    for token, expires_at in (("past", after(days=-1)), ("now", NOW), ("alive", after(seconds=1))):
        await _kept(
            kept, a_proven_connection(identity=an_identity(token)), token=token, expires_at=expires_at
        )
    async with kept.transaction() as tx:
        assert await tx.pending.remove_expired(NOW) == 2
        assert await tx.pending.remove_expired(NOW) == 0
    assert [await _is_gone(kept, token) for token in ("past", "now", "alive")] == [True, True, False]


async def test_an_expired_one_is_given_back_until_it_is_removed(kept: Kept) -> None:
    await put_expert(kept)
    await _kept(kept, a_proven_connection(), expires_at=after(days=-1))
    assert (await _found(kept)).expires_at == after(days=-1)


async def test_it_goes_with_its_expert_and_not_with_an_account(kept: Kept) -> None:
    await put_expert(kept)
    await _kept(kept, a_proven_connection(reconnects="account-1"))
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(identity=an_identity()), a_grant())
        await tx.accounts.remove(AccountId("account-1"))
    assert not await _is_gone(kept)
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    await put_expert(kept)
    assert await _is_gone(kept)


async def test_it_needs_its_expert(kept: Kept) -> None:
    with pytest.raises(ExpertNotFound):
        async with kept.transaction() as tx:
            await tx.pending.add(a_proven_connection(), token="token-1", expires_at=ALIVE)


async def test_whoever_asks_while_it_is_being_confirmed_finds_it_confirmed(kept: Kept) -> None:
    await put_expert(kept)
    await _kept(kept, a_proven_connection())

    async def confirm(account_id: str) -> AccountId:
        async with kept.transaction() as tx:
            found = await tx.pending.lock(EXPERT, "token-1")
            if isinstance(found.content, ConfirmedConnection):
                return found.content.account_id
            content = ConfirmedConnection(account_id=AccountId(account_id), reconnected=False)
            await tx.pending.confirm(EXPERT, "token-1", content, expires_at=ALIVE)
            return content.account_id

    answers = await asyncio.gather(*(confirm(f"account-{number}") for number in range(5)))
    assert len(set(answers)) == 1


async def test_whether_anybody_waits_with_an_identity_is_known(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    identity = an_identity("theirs", tenant_id="", provider=Provider.GOOGLE)
    connection = a_proven_connection(identity=identity)
    await _kept(kept, replace(connection, expert_id=OTHER))
    async with kept.transaction() as tx:
        assert await tx.pending.waits_for(identity, NOW)
        assert not await tx.pending.waits_for(identity, ALIVE)
        assert not await tx.pending.waits_for(replace(identity, object_id="another"), NOW)
        assert not await tx.pending.waits_for(replace(identity, provider=Provider.MICROSOFT), NOW)
        confirmed = ConfirmedConnection(account_id=AccountId("account"), reconnected=False)
        await tx.pending.confirm(OTHER, "token-1", confirmed, expires_at=ALIVE)
        assert not await tx.pending.waits_for(identity, NOW)
