"""What every grant vault keeps to."""

import asyncio
from datetime import datetime, timedelta

import pytest

from application.ports.grant_vault import StoredGrant
from domain.account import AccountNotFound
from tests.builders import ACCOUNT, NOW, a_grant, an_account
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
    assert await kept.vault.save_renewed(ACCOUNT, renewed, over=first, now=NOW)
    stored = await kept.vault.load(ACCOUNT)
    assert (stored.grant, stored.grant_version, stored.rotation) == (renewed, 1, 1)


async def test_refuses_a_renewal_of_what_was_renewed_already(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    assert await kept.vault.save_renewed(ACCOUNT, a_grant(b"renewed"), over=first, now=NOW)
    assert not await kept.vault.save_renewed(ACCOUNT, a_grant(b"late"), over=first, now=NOW)
    assert (await kept.vault.load(ACCOUNT)).grant == a_grant(b"renewed")


async def test_refuses_a_renewal_of_what_an_older_sign_in_gave(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    async with kept.transaction() as tx:
        again = an_account().reconnected(email="new@contoso.example", display_name="New")
        await tx.accounts.save(again, a_grant(b"second"))
    assert not await kept.vault.save_renewed(ACCOUNT, a_grant(b"late"), over=first, now=NOW)
    assert (await kept.vault.load(ACCOUNT)).grant == a_grant(b"second")


async def test_of_many_renewals_at_once_one_is_stored(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    secrets = [b"renewed-%d" % number for number in range(5)]
    stored = await asyncio.gather(
        *(kept.vault.save_renewed(ACCOUNT, a_grant(secret), over=first, now=NOW) for secret in secrets)
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
        await kept.vault.save_renewed(ACCOUNT, a_grant(b"renewed"), over=first, now=NOW)


async def _claim(kept: Kept, over: StoredGrant, token: str = "one", *, at: datetime = NOW) -> bool:
    return await kept.vault.claim_renewal(
        ACCOUNT, over=over, token=token, now=at, until=at + timedelta(seconds=15)
    )


async def test_of_many_who_claim_a_renewal_at_once_one_may(kept: Kept) -> None:
    await _connected(kept)
    stored = await kept.vault.load(ACCOUNT)
    claimed = await asyncio.gather(*(_claim(kept, stored, f"process-{number}") for number in range(5)))
    assert sorted(claimed) == [False] * 4 + [True]


async def test_a_claim_is_prolonged_by_its_holder_only(kept: Kept) -> None:
    await _connected(kept)
    stored = await kept.vault.load(ACCOUNT)
    assert await _claim(kept, stored)
    assert await _claim(kept, stored, at=NOW + timedelta(seconds=10))
    assert not await _claim(kept, stored, "other", at=NOW + timedelta(seconds=20))


async def test_the_claim_of_a_dead_process_expires(kept: Kept) -> None:
    await _connected(kept)
    stored = await kept.vault.load(ACCOUNT)
    assert await _claim(kept, stored)
    assert await _claim(kept, stored, "other", at=NOW + timedelta(seconds=15))
    assert not await _claim(kept, stored, at=NOW + timedelta(seconds=16))


async def test_a_claim_is_given_up_by_its_holder_only(kept: Kept) -> None:
    await _connected(kept)
    stored = await kept.vault.load(ACCOUNT)
    assert await _claim(kept, stored)
    await kept.vault.end_renewal(ACCOUNT, token="other")
    assert not await _claim(kept, stored, "other")
    await kept.vault.end_renewal(ACCOUNT, token="one")
    assert await _claim(kept, stored, "other")


async def test_what_was_renewed_meanwhile_is_not_claimed(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    assert await _claim(kept, first)
    assert await kept.vault.save_renewed(ACCOUNT, a_grant(b"renewed"), over=first, now=NOW)
    assert not await _claim(kept, first)
    assert await _claim(kept, await kept.vault.load(ACCOUNT), "other")


async def test_a_new_sign_in_ends_a_claim(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    assert await _claim(kept, first)
    async with kept.transaction() as tx:
        again = an_account().reconnected(email="new@contoso.example", display_name="New")
        await tx.accounts.save(again, a_grant(b"second"))
    assert not await _claim(kept, first)
    assert await _claim(kept, await kept.vault.load(ACCOUNT), "other")


async def test_an_account_that_is_gone_is_not_claimed(kept: Kept) -> None:
    await _connected(kept)
    first = await kept.vault.load(ACCOUNT)
    async with kept.transaction() as tx:
        await tx.accounts.remove(ACCOUNT)
    assert not await _claim(kept, first)
    await kept.vault.end_renewal(ACCOUNT, token="one")
