"""What every grant vault keeps to."""

import asyncio

import pytest

from domain.account import AccountNotFound
from tests.builders import ACCOUNT, a_grant, an_account
from tests.support.stores import Kept, put_expert


async def _connected(kept: Kept, *, grant_version: int = 1) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(grant_version=grant_version), a_grant(b"first \x00\xff"))


async def test_a_grant_comes_back_by_value(kept: Kept) -> None:
    await _connected(kept, grant_version=3)
    stored = await kept.vault.load(ACCOUNT)
    assert (stored.grant, stored.grant_version, stored.rotation) == (a_grant(b"first \x00\xff"), 3, 0)


async def test_a_grant_that_was_not_committed_is_not_there(kept: Kept) -> None:
    await put_expert(kept)
    with pytest.raises(ZeroDivisionError):
        async with kept.transaction() as tx:
            await tx.accounts.add(an_account(), a_grant())
            raise ZeroDivisionError
    with pytest.raises(AccountNotFound):
        await kept.vault.load(ACCOUNT)


async def test_a_renewal_takes_the_place_of_what_was_renewed(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    renewed = a_grant(b"renewed", scopes=("Calendars.Read",))
    assert await kept.vault.save_renewed(ACCOUNT, renewed, over=first)
    stored = await kept.vault.load(ACCOUNT)
    assert (stored.grant, stored.grant_version, stored.rotation) == (renewed, 1, 1)


async def test_refuses_a_renewal_of_what_was_renewed_already(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    assert await kept.vault.save_renewed(ACCOUNT, a_grant(b"renewed"), over=first)
    assert not await kept.vault.save_renewed(ACCOUNT, a_grant(b"late"), over=first)
    assert (await kept.vault.load(ACCOUNT)).grant == a_grant(b"renewed")


async def test_refuses_a_renewal_of_what_an_older_sign_in_gave(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    async with kept.transaction() as tx:
        again = an_account().reconnected(email="new@contoso.example", display_name="New")
        await tx.accounts.save(again, a_grant(b"second"))
    assert not await kept.vault.save_renewed(ACCOUNT, a_grant(b"late"), over=first)
    assert (await kept.vault.load(ACCOUNT)).grant == a_grant(b"second")


async def test_of_many_renewals_at_once_one_is_stored(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    secrets = [b"renewed-%d" % number for number in range(5)]
    stored = await asyncio.gather(
        *(kept.vault.save_renewed(ACCOUNT, a_grant(secret), over=first) for secret in secrets)
    )
    assert sorted(stored) == [False] * 4 + [True]
    now = await kept.vault.load(ACCOUNT)
    assert (now.grant, now.rotation) == (a_grant(secrets[stored.index(True)]), 1)


async def test_an_account_that_is_gone_has_no_grant(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    async with kept.transaction() as tx:
        await tx.accounts.remove(ACCOUNT)
    with pytest.raises(AccountNotFound):
        await kept.vault.load(ACCOUNT)
    with pytest.raises(AccountNotFound):
        await kept.vault.save_renewed(ACCOUNT, a_grant(b"renewed"), over=first)
