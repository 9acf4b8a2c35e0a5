"""Access tokens of connected accounts, on the sandbox."""

import asyncio
from typing import Any

import pytest

from adapters.graph.token_cache import cached_access_token
from domain.access import AccessLost, ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountNotFound
from domain.grant import Grant
from sandbox import Sandbox
from tests.adapters.graph.stored_grants import TWO_HOURS, stored_grant, use_token
from tests.support.microsoft import Connected, connected_to


async def test_a_stored_token_is_used_while_it_lasts(connected: Connected) -> None:
    account = await connected.connect("anna")
    before = connected.token_requests()
    for _ in range(3):
        await use_token(connected, account)
    assert connected.token_requests() == before


async def test_an_expired_token_is_renewed_and_the_rotated_grant_stored(connected: Connected) -> None:
    account = await connected.connect("anna")
    first, before = stored_grant(connected, account), connected.token_requests()
    connected.sandbox.world.clock.advance(TWO_HOURS)
    await use_token(connected, account)
    renewed = stored_grant(connected, account)
    assert connected.token_requests() == before + 1
    assert (renewed.grant_version, renewed.rotation) == (1, 1)
    assert renewed.grant.scopes == first.grant.scopes
    assert renewed.grant.secret != first.grant.secret


async def test_twenty_callers_cause_one_renewal(connected: Connected) -> None:
    account = await connected.connect("anna")
    before = connected.token_requests()
    connected.sandbox.world.clock.advance(TWO_HOURS)
    connected.sandbox.world.settings.concurrency_limit = 100
    await asyncio.gather(*(connected.tokens.get(account) for _ in range(20)))
    assert connected.token_requests() == before + 1


async def test_twenty_refused_requests_cause_one_renewal(connected: Connected) -> None:
    account = await connected.connect("anna")
    before = connected.token_requests()
    connected.forget_access_tokens("anna")
    await asyncio.gather(*(use_token(connected, account) for _ in range(20)))
    assert connected.token_requests() == before + 1


async def test_an_expired_and_a_refused_token_cause_one_renewal(connected: Connected) -> None:
    connected.sandbox.world.settings.access_token_seconds = 60
    account = await connected.connect("anna")
    tokens, before = connected.tokens, connected.token_requests()
    refused = cached_access_token(stored_grant(connected, account).grant.secret)
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
    outcomes = await asyncio.gather(
        *(use_token(connected, account) for _ in range(20)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {AccessLost}
    assert connected.token_requests() == before + 1


async def test_a_caller_who_gives_up_disturbs_nobody(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.clock.advance(TWO_HOURS)
    impatient, patient = (asyncio.create_task(use_token(connected, account)) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert stored_grant(connected, account).rotation == 1


async def test_a_revoked_grant_is_lost_access_under_its_own_version(connected: Connected) -> None:
    account = await connected.connect("anna")
    await connected.connect("anna", account)
    connected.sandbox.world.grants.revoke("anna", access_tokens=True)
    with pytest.raises(AccessLost) as caught:
        await use_token(connected, account)
    assert (caught.value.account_id, caught.value.grant_version) == (account, 2)


async def test_a_token_still_accepted_hides_a_revoked_grant_until_it_is_checked(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.grants.revoke("anna")
    await use_token(connected, account)
    with pytest.raises(AccessLost):
        await connected.microsoft.directory.check_access(account)


async def test_a_check_asks_microsoft_itself_and_stores_what_it_gets(connected: Connected) -> None:
    account = await connected.connect("anna")
    before = connected.token_requests()
    await connected.microsoft.directory.check_access(account)
    assert connected.token_requests() == before + 1
    assert stored_grant(connected, account).rotation == 1


async def test_a_token_refused_while_the_grant_is_fine_is_replaced(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.forget_access_tokens("anna")
    await use_token(connected, account)
    assert stored_grant(connected, account).rotation == 1


async def test_a_token_refused_again_and_again_is_an_outage_and_no_lost_access(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.answer(401, code="InvalidAuthenticationToken", times=None)
    before = connected.token_requests()
    with pytest.raises(ProviderUnavailable):
        await use_token(connected, account)
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
    await use_token(connected, account)
    connected.sandbox.world.clock.advance(241)
    with pytest.raises(ProviderUnavailable):
        await use_token(connected, account)


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
    await use_token(connected, account)
    assert connected.token_requests() == before + 1


async def test_a_claims_challenge_the_grant_cannot_meet_is_lost_access(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.claims_challenge()
    connected.sandbox.world.faults.token_error(
        "interaction_required", codes=(50076,), suberror="basic_action"
    )
    with pytest.raises(AccessLost):
        await use_token(connected, account)


async def test_a_challenge_inside_a_403_is_heard_too(connected: Connected) -> None:
    account = await connected.connect("anna")
    challenge = 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
    connected.sandbox.world.faults.answer(
        403, code="ErrorAccessDenied", headers={"WWW-Authenticate": challenge}
    )
    before = connected.token_requests()
    await use_token(connected, account)
    assert connected.token_requests() == before + 1


async def test_an_account_without_a_grant_is_not_found(connected: Connected) -> None:
    account = await connected.connect("anna")
    del connected.store.tables.grants[account]
    for call in (use_token(connected, account), connected.microsoft.directory.check_access(account)):
        with pytest.raises(AccountNotFound):
            await call


async def test_a_grant_without_a_refresh_token_is_lost_access(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.keep(account, Grant(scopes=("Calendars.ReadWrite", "User.Read"), secret=b"{}"))
    with pytest.raises(AccessLost):
        await use_token(connected, account)
