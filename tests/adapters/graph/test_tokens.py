"""Access tokens of connected accounts, on the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.graph import renewals
from adapters.graph.microsoft import open_microsoft
from adapters.graph.renewals import LEASE
from adapters.graph.token_cache import cached_access_token
from adapters.graph.tokens import AccessTokens
from application.ports.grant_vault import GrantVault, StoredGrant
from domain.access import AccessLost, ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountNotFound
from domain.grant import Grant
from domain.ids import AccountId
from sandbox import Sandbox
from tests.support.microsoft import Connected, SandboxClock, connected_to, settings_for

TWO_HOURS = 7200


async def _use(connected: Connected, account: AccountId) -> None:
    await connected.microsoft.directory.list_calendars(account)


def _stored(connected: Connected, account: AccountId) -> StoredGrant:
    return connected.store.tables.grants[account]


async def test_a_stored_token_is_used_while_it_lasts(connected: Connected) -> None:
    account = await connected.connect("anna")
    before = connected.token_requests()
    for _ in range(3):
        await _use(connected, account)
    assert connected.token_requests() == before


async def test_an_expired_token_is_renewed_and_the_rotated_grant_stored(connected: Connected) -> None:
    account = await connected.connect("anna")
    first, before = _stored(connected, account), connected.token_requests()
    connected.sandbox.world.clock.advance(TWO_HOURS)
    await _use(connected, account)
    renewed = _stored(connected, account)
    assert connected.token_requests() == before + 1
    assert (renewed.grant_version, renewed.rotation) == (1, 1)
    assert renewed.grant.scopes == first.grant.scopes
    assert renewed.grant.secret != first.grant.secret


async def test_twenty_callers_cause_one_renewal(connected: Connected) -> None:
    account = await connected.connect("anna")
    before = connected.token_requests()
    connected.sandbox.world.clock.advance(TWO_HOURS)
    connected.sandbox.world.settings.concurrency_limit = 100
    await asyncio.gather(*(connected.microsoft.directory.tokens.get(account) for _ in range(20)))
    assert connected.token_requests() == before + 1


async def test_twenty_refused_requests_cause_one_renewal(connected: Connected) -> None:
    account = await connected.connect("anna")
    before = connected.token_requests()
    connected.forget_access_tokens("anna")
    await asyncio.gather(*(_use(connected, account) for _ in range(20)))
    assert connected.token_requests() == before + 1


async def test_an_expired_and_a_refused_token_cause_one_renewal(connected: Connected) -> None:
    connected.sandbox.world.settings.access_token_seconds = 60
    account = await connected.connect("anna")
    tokens, before = connected.microsoft.directory.tokens, connected.token_requests()
    refused = cached_access_token(_stored(connected, account).grant.secret)
    assert refused is not None
    connected.sandbox.world.settings.access_token_seconds = 3600
    one, other = await asyncio.gather(tokens.get(account), tokens.renew(account, refused=refused))
    assert one == other != refused
    assert connected.token_requests() == before + 1


async def test_a_failed_renewal_is_shared_too(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.grants.revoke("anna", access_tokens=True)
    connected.sandbox.world.clock.advance(TWO_HOURS)
    before = connected.token_requests()
    outcomes = await asyncio.gather(*(_use(connected, account) for _ in range(20)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {AccessLost}
    assert connected.token_requests() == before + 1


async def test_a_caller_who_gives_up_disturbs_nobody(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.clock.advance(TWO_HOURS)
    impatient, patient = (asyncio.create_task(_use(connected, account)) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert _stored(connected, account).rotation == 1


async def test_a_revoked_grant_is_lost_access_under_its_own_version(connected: Connected) -> None:
    account = await connected.connect("anna")
    await connected.connect("anna", account)
    connected.sandbox.world.grants.revoke("anna", access_tokens=True)
    with pytest.raises(AccessLost) as caught:
        await _use(connected, account)
    assert (caught.value.account_id, caught.value.grant_version) == (account, 2)


async def test_a_token_still_accepted_hides_a_revoked_grant_until_it_is_checked(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.grants.revoke("anna")
    await _use(connected, account)
    with pytest.raises(AccessLost):
        await connected.microsoft.directory.check_access(account)


async def test_a_check_asks_microsoft_itself_and_stores_what_it_gets(connected: Connected) -> None:
    account = await connected.connect("anna")
    before = connected.token_requests()
    await connected.microsoft.directory.check_access(account)
    assert connected.token_requests() == before + 1
    assert _stored(connected, account).rotation == 1


async def test_a_token_refused_while_the_grant_is_fine_is_replaced(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.forget_access_tokens("anna")
    await _use(connected, account)
    assert _stored(connected, account).rotation == 1


async def test_a_token_refused_again_and_again_is_an_outage_and_no_lost_access(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.answer(401, code="InvalidAuthenticationToken", times=None)
    before = connected.token_requests()
    with pytest.raises(ProviderUnavailable):
        await _use(connected, account)
    assert connected.token_requests() == before + 1


async def test_withdrawn_consent_is_lost_access(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.grants.remove_consent("anna")
    with pytest.raises(AccessLost):
        await connected.microsoft.directory.check_access(account)


@pytest.mark.parametrize(
    ("error", "codes", "suberror"),
    [
        ("invalid_grant", (50173,), "bad_token"),
        ("invalid_grant", (700082,), None),
        ("invalid_grant", (70000,), None),
        ("invalid_grant", (65001,), "consent_required"),
        ("interaction_required", (50076,), "basic_action"),
        ("interaction_required", (53003,), None),
        ("consent_required", (), None),
        ("login_required", (), None),
    ],
)
async def test_the_persons_turn_is_lost_access(
    connected: Connected, error: str, codes: tuple[int, ...], suberror: str | None
) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.token_error(error, codes=codes, suberror=suberror)
    with pytest.raises(AccessLost):
        await connected.microsoft.directory.check_access(account)
    await connected.microsoft.directory.check_access(account)


OUTAGES: list[dict[str, Any]] = [
    {"status": 500, "body": {"error": "server_error"}},
    {"status": 503, "headers": {"Retry-After": "3"}},
    {"status": 429},
    {"status": 429, "body": {"error": "invalid_grant", "error_codes": [90055]}},
    {"status": 400, "body": {"error": "invalid_grant", "error_codes": [50196]}},
    {"status": 400, "body": {"error": "invalid_grant", "error_codes": [90033]}},
    {"status": 400, "body": {"error": "temporarily_unavailable", "error_codes": []}},
    {"status": 400, "body": {"error": "never_seen", "error_codes": []}},
    {"status": 200, "body": "<html>Sign in</html>", "content_type": "text/html"},
    {"kind": "cut"},
    {"kind": "cut_inside"},
    {"kind": "truncate"},
]


@pytest.mark.parametrize("outage", OUTAGES)
async def test_an_outage_of_the_token_endpoint_says_nothing_of_the_grant(
    connected: Connected, outage: dict[str, Any]
) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.add(surface="token", **outage)
    with pytest.raises(ProviderUnavailable):
        await connected.microsoft.directory.check_access(account)
    await connected.microsoft.directory.check_access(account)


async def test_an_outage_is_bridged_while_the_old_token_lasts(connected: Connected) -> None:
    connected.sandbox.world.settings.access_token_seconds = 240
    account = await connected.connect("anna")
    connected.sandbox.world.faults.answer(503, surface="token", times=None)
    await _use(connected, account)
    connected.sandbox.world.clock.advance(241)
    with pytest.raises(ProviderUnavailable):
        await _use(connected, account)


async def test_an_expired_secret_is_ours_and_everything_resumes_when_it_is_replaced(sandbox: Sandbox) -> None:
    async with connected_to(sandbox) as connected:
        account = await connected.connect("anna")
        sandbox.world.app.rotate_secret("the-new-one")
        with pytest.raises(ProviderMisconfigured) as caught:
            await connected.microsoft.directory.check_access(account)
        assert caught.value.code.startswith("invalid_client AADSTS")
        sandbox.world.app.rotate_secret("sandbox-secret")
        await connected.microsoft.directory.check_access(account)


async def test_a_claims_challenge_is_met_with_a_new_token(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.claims_challenge()
    before = connected.token_requests()
    await _use(connected, account)
    assert connected.token_requests() == before + 1


async def test_a_claims_challenge_the_grant_cannot_meet_is_lost_access(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.claims_challenge()
    connected.sandbox.world.faults.token_error(
        "interaction_required", codes=(50076,), suberror="basic_action"
    )
    with pytest.raises(AccessLost):
        await _use(connected, account)


async def test_a_challenge_inside_a_403_is_heard_too(connected: Connected) -> None:
    account = await connected.connect("anna")
    challenge = 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
    connected.sandbox.world.faults.answer(
        403, code="ErrorAccessDenied", headers={"WWW-Authenticate": challenge}
    )
    before = connected.token_requests()
    await _use(connected, account)
    assert connected.token_requests() == before + 1


async def test_an_account_without_a_grant_is_not_found(connected: Connected) -> None:
    account = await connected.connect("anna")
    del connected.store.tables.grants[account]
    for call in (_use(connected, account), connected.microsoft.directory.check_access(account)):
        with pytest.raises(AccountNotFound):
            await call


async def test_a_grant_without_a_refresh_token_is_lost_access(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.keep(account, Grant(scopes=("Calendars.ReadWrite", "User.Read"), secret=b"{}"))
    with pytest.raises(AccessLost):
        await _use(connected, account)


@dataclass
class TroubledVault:
    """A vault whose writes fail as ordered, and during which things may happen."""

    vault: GrantVault
    failures: int = 0
    writes: list[Grant] = field(default_factory=list)

    async def load(self, account_id: AccountId) -> StoredGrant:
        return await self.vault.load(account_id)

    async def save_renewed(self, account_id: AccountId, renewed: Grant, *, over: StoredGrant) -> bool:
        if self.failures:
            self.failures -= 1
            raise ConnectionResetError
        self.writes.append(renewed)
        return await self.vault.save_renewed(account_id, renewed, over=over)

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
    assert [_stored(connected, account).grant] == vault.writes


async def test_the_newer_grant_wins_over_ours(connected: Connected) -> None:
    account = await connected.connect("anna")
    stale = _stored(connected, account)
    async with connected_to(connected.sandbox) as other:
        other.store.tables.grants[account] = stale
        await other.microsoft.directory.check_access(account)
        newer = other.store.tables.grants[account]
    vault = TroubledVault(connected.store.vault)
    clock = SandboxClock(connected.sandbox)

    async def overtaken(account_id: AccountId, renewed: Grant, *, over: StoredGrant) -> bool:
        connected.store.tables.grants[account_id] = newer
        return await connected.store.vault.save_renewed(account_id, renewed, over=over)

    vault.save_renewed = overtaken  # type: ignore[method-assign]
    async with open_microsoft(settings_for(connected.sandbox), vault, clock, connected.alarms) as microsoft:
        await microsoft.directory.check_access(account)
        await microsoft.directory.list_calendars(account)
    assert _stored(connected, account) == newer


async def test_a_refusal_of_a_grant_that_was_replaced_meanwhile_is_no_evidence(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.grants.revoke("anna", access_tokens=True)
    revoked = _stored(connected, account)
    await connected.connect("anna", account)
    reconnected = _stored(connected, account)
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
    assert _stored(connected, account) == reconnected


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
        yield [one.directory.tokens for one in opened]


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
    assert _stored(connected, account).rotation == 2


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
        account, over=_stored(connected, account), token="another", now=now, until=now + LEASE
    )


async def test_the_claim_of_a_dead_process_is_waited_out(connected: Connected) -> None:
    account = await _with_expired_token(connected)
    before = connected.token_requests()
    await _claimed_by_another(connected, account)
    waiting = asyncio.create_task(connected.microsoft.directory.tokens.get(account))
    assert not (await asyncio.wait([waiting], timeout=0.2))[0]
    assert connected.token_requests() == before
    connected.sandbox.world.clock.advance(LEASE.total_seconds())
    await waiting
    assert connected.token_requests() == before + 1


async def test_a_token_that_still_lasts_is_used_while_another_process_renews(connected: Connected) -> None:
    account = await connected.connect("anna")
    stored = cached_access_token(_stored(connected, account).grant.secret)
    connected.sandbox.world.clock.advance(3600 - 120)
    before = connected.token_requests()
    await _claimed_by_another(connected, account)
    assert await connected.microsoft.directory.tokens.get(account) == stored
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
        first = asyncio.create_task(slow.directory.tokens.get(account))
        await connected.sandbox.hangs.reached()
        before = connected.token_requests()
        second = asyncio.create_task(connected.microsoft.directory.tokens.get(account))
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
