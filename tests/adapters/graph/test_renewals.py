"""Renewals of grants that several processes share, or that can't be stored at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.graph.microsoft import open_microsoft
from adapters.graph.token_cache import cached_access_token
from adapters.web import renewals
from adapters.web.access_tokens import AccessTokens
from adapters.web.renewals import LEASE
from application.ports.grant_vault import GrantVault, StoredGrant
from domain.access import ProviderUnavailable
from domain.grant import Grant
from domain.ids import AccountId
from tests.adapters.graph.stored_grants import stored_grant
from tests.support.microsoft import Connected, SandboxClock, connected_to, settings_for, tokens_of


@dataclass
class TroubledVault:
    """A vault whose writes fail as ordered, and during which things may happen."""

    vault: GrantVault
    failures: int = 0
    writes: list[Grant] = field(default_factory=list)

    async def load(self, account_id: AccountId) -> StoredGrant:
        return await self.vault.load(account_id)

    async def save_renewed(
        self, account_id: AccountId, renewed: Grant, *, over: StoredGrant, now: datetime
    ) -> bool:
        if self.failures:
            self.failures -= 1
            raise ConnectionResetError
        self.writes.append(renewed)
        return await self.vault.save_renewed(account_id, renewed, over=over, now=now)

    async def claim_renewal(
        self, account_id: AccountId, *, over: StoredGrant, token: str, now: datetime, until: datetime
    ) -> bool:
        return await self.vault.claim_renewal(account_id, over=over, token=token, now=now, until=until)

    async def end_renewal(self, account_id: AccountId, *, token: str) -> None:
        await self.vault.end_renewal(account_id, token=token)


async def test_a_renewed_grant_survives_failing_writes(connected: Connected) -> None:
    account = await connected.connect("anna")
    vault = TroubledVault(connected.store.vault, failures=2)
    clock = SandboxClock(connected.sandbox)
    async with open_microsoft(settings_for(connected.sandbox), vault, clock, connected.alarms) as microsoft:
        before = connected.token_requests()
        for _ in range(2):
            with pytest.raises(ConnectionResetError):
                await microsoft.directory.check_access(account)
        assert connected.token_requests() == before + 1
        await microsoft.directory.list_calendars(account)
        assert connected.token_requests() == before + 1
    assert [stored_grant(connected, account).grant] == vault.writes


async def test_the_newer_grant_wins_over_ours(connected: Connected) -> None:
    account = await connected.connect("anna")
    stale = stored_grant(connected, account)
    async with connected_to(connected.sandbox) as other:
        other.store.tables.grants[account] = stale
        await other.microsoft.directory.check_access(account)
        newer = other.store.tables.grants[account]
    vault = TroubledVault(connected.store.vault)
    clock = SandboxClock(connected.sandbox)

    async def overtaken(account_id: AccountId, renewed: Grant, *, over: StoredGrant, now: datetime) -> bool:
        connected.store.tables.grants[account_id] = newer
        return await connected.store.vault.save_renewed(account_id, renewed, over=over, now=now)

    vault.save_renewed = overtaken  # type: ignore[method-assign]
    async with open_microsoft(settings_for(connected.sandbox), vault, clock, connected.alarms) as microsoft:
        await microsoft.directory.check_access(account)
        await microsoft.directory.list_calendars(account)
    assert stored_grant(connected, account) == newer


async def test_a_refusal_of_a_grant_that_was_replaced_meanwhile_is_no_evidence(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.grants.revoke("anna", access_tokens=True)
    revoked = stored_grant(connected, account)
    await connected.connect("anna", account)
    reconnected = stored_grant(connected, account)
    loads = iter([revoked])

    async def load(account_id: AccountId) -> StoredGrant:
        return next(loads, reconnected)

    vault = TroubledVault(connected.store.vault)
    claims = iter([True])  # and lost, as soon as the refusal has come

    async def claim(account_id: AccountId, *, over: StoredGrant, **claim: Any) -> bool:
        ours = next(claims, None)
        if ours is None:
            return await connected.store.vault.claim_renewal(account_id, over=over, **claim)
        return ours

    vault.load = load  # type: ignore[method-assign]
    vault.claim_renewal = claim  # type: ignore[method-assign]
    clock = SandboxClock(connected.sandbox)
    async with open_microsoft(settings_for(connected.sandbox), vault, clock, connected.alarms) as microsoft:
        before = connected.token_requests()
        await microsoft.directory.check_access(account)
        assert connected.token_requests() == before + 1
    assert stored_grant(connected, account) == reconnected


async def _with_expired_token(connected: Connected) -> AccountId:
    """Anna's account. By MSAL, which writes when a token ends by the machine's clock, the clock can't be moved."""
    connected.sandbox.world.settings.access_token_seconds = 1
    account = await connected.connect("anna")
    connected.sandbox.world.settings.access_token_seconds = 3600
    return account


@asynccontextmanager
async def replicas(connected: Connected, count: int) -> AsyncIterator[list[AccessTokens]]:
    """As many processes more, on one vault."""
    clock = SandboxClock(connected.sandbox)
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(
                open_microsoft(
                    settings_for(connected.sandbox), connected.store.vault, clock, connected.alarms
                )
            )
            for _ in range(count)
        ]
        yield [tokens_of(one) for one in opened]


@pytest.mark.parametrize("used_once", [False, True])
async def test_of_many_processes_one_renews(connected: Connected, *, used_once: bool) -> None:
    connected.sandbox.world.settings.refresh_tokens_used_once = used_once
    account = await _with_expired_token(connected)
    before = connected.token_requests()
    async with replicas(connected, 6) as processes:
        brought = await asyncio.gather(*(one.get(account) for one in processes for _ in range(3)))
        assert connected.token_requests() == before + 1
        assert len({token.value for token in brought}) == 1
        refused = brought[0]
        connected.forget_access_tokens("anna")
        brought = await asyncio.gather(*(one.renew(account, refused=refused) for one in processes))
    assert connected.token_requests() == before + 2
    assert {token.value for token in brought} != {refused.value}
    assert stored_grant(connected, account).rotation == 2


async def test_a_renewal_that_fails_leaves_the_next_process_its_turn(connected: Connected) -> None:
    account = await _with_expired_token(connected)
    connected.sandbox.world.faults.answer(503, surface="token")
    async with replicas(connected, 2) as (one, other):
        with pytest.raises(ProviderUnavailable):
            await one.renew(account)
        await other.renew(account)


async def _claimed_by_another(connected: Connected, account: AccountId) -> None:
    """Another process has just begun to renew this account's grant."""
    now = connected.sandbox.world.clock.now()
    assert await connected.store.vault.claim_renewal(
        account, over=stored_grant(connected, account), token="another", now=now, until=now + LEASE
    )


async def test_the_claim_of_a_dead_process_is_waited_out(connected: Connected) -> None:
    account = await _with_expired_token(connected)
    before = connected.token_requests()
    await _claimed_by_another(connected, account)
    waiting = asyncio.create_task(connected.tokens.get(account))
    assert not (await asyncio.wait([waiting], timeout=0.2))[0]
    assert connected.token_requests() == before
    connected.sandbox.world.clock.advance(LEASE.total_seconds())
    await waiting
    assert connected.token_requests() == before + 1


async def test_a_token_that_still_lasts_is_used_while_another_process_renews(connected: Connected) -> None:
    account = await connected.connect("anna")
    stored = cached_access_token(stored_grant(connected, account).grant.secret)
    connected.sandbox.world.clock.advance(3600 - 120)
    before = connected.token_requests()
    await _claimed_by_another(connected, account)
    assert await connected.tokens.get(account) == stored
    assert connected.token_requests() == before


async def test_a_long_renewal_is_not_taken_over(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its claim is prolonged while it goes on, far beyond what the claim was made for."""
    monkeypatch.setattr(renewals, "PROLONGED_EVERY", timedelta(milliseconds=5))
    account = await _with_expired_token(connected)
    connected.sandbox.world.faults.add(surface="token", kind="hang", seconds=60)
    prolonged: asyncio.Queue[None] = asyncio.Queue()
    claim = connected.store.vault.claim_renewal

    async def watched(account_id: AccountId, **claim_of: Any) -> bool:
        ours = await claim(account_id, **claim_of)
        if ours:
            prolonged.put_nowait(None)
        return ours

    vault = TroubledVault(connected.store.vault)
    vault.claim_renewal = watched  # type: ignore[method-assign]
    clock = SandboxClock(connected.sandbox)
    async with open_microsoft(settings_for(connected.sandbox), vault, clock, connected.alarms) as slow:
        first = asyncio.create_task(tokens_of(slow).get(account))
        await connected.sandbox.hangs.reached()
        before = connected.token_requests()
        second = asyncio.create_task(connected.tokens.get(account))
        for _ in range(3):
            connected.sandbox.world.clock.advance(LEASE.total_seconds() - 1)
            while not prolonged.empty():
                prolonged.get_nowait()
            await prolonged.get()
            await prolonged.get()
        assert not second.done()
        connected.sandbox.hangs.release()
        assert await first == await second
    assert connected.token_requests() == before + 1
