"""Grants of Google's: kept, refreshed, shared by whoever asks at once, and given back."""

import asyncio
import json
from typing import Any

import pytest

from adapters.google.settings import LEAST_SCOPES, SCOPE_PREFIX, SHARED_SCOPES
from application.ports.grant_vault import StoredGrant
from domain.access import AccessLost, InvalidAnswer, LossCause, ProviderUnavailable
from domain.errors import DomainError
from domain.grant import Grant
from domain.ids import AccountId
from tests.support.google import OpenGoogle, list_pages

TWO_HOURS = 7200


@pytest.fixture
def account(google: OpenGoogle) -> AccountId:
    return google.connect("gina")


def _stored(google: OpenGoogle, account: AccountId) -> StoredGrant:
    return google.store.tables.grants[account]


def _secret(google: OpenGoogle, account: AccountId) -> dict[str, Any]:
    members: dict[str, Any] = json.loads(_stored(google, account).grant.secret)
    return members


def _token_requests(google: OpenGoogle) -> int:
    return sum(one.surface == "google-token" for one in google.sandbox.world.traffic.requests)


async def test_a_sign_in_brings_all_that_is_to_be_kept(google: OpenGoogle) -> None:
    secret = json.loads((await google.signed_in()).grant.secret)
    assert secret["sub"] == google.sandbox.world.people.get("gina").google_account.sub
    assert secret["email"] == "gina@gmail.example.com"
    assert secret["refresh_token"] in google.sandbox.world.google.grants.refresh_tokens
    assert secret["access_token"] in google.sandbox.world.google.grants.access_tokens
    assert "refreshable_until" not in secret


async def test_the_access_of_a_sign_in_opens_the_calendars_before_it_is_stored(google: OpenGoogle) -> None:
    access = google.tokens.fresh((await google.signed_in()).grant)
    assert await list_pages(google.client, access)


async def test_a_token_says_whose_gate_it_passes_and_what_it_is_good_for(
    google: OpenGoogle, account: AccountId
) -> None:
    token = await google.tokens.get(account)
    assert token.mailbox == google.sandbox.world.people.get("gina").google_account.sub
    assert (token.username, token.scopes) == ("gina@gmail.example.com", LEAST_SCOPES)
    left = token.expires_at - google.sandbox.world.clock.now()
    assert 3500 < left.total_seconds() <= 3599


async def test_a_stored_token_is_used_while_it_lasts(google: OpenGoogle, account: AccountId) -> None:
    assert len({(await google.tokens.get(account)).value for _ in range(3)}) == 1
    assert _token_requests(google) == 0


async def test_a_refresh_answer_without_a_refresh_token_leaves_the_old_one(
    google: OpenGoogle, account: AccountId
) -> None:
    before = _secret(google, account)
    for number in range(1, 4):
        google.sandbox.world.clock.advance(TWO_HOURS)
        await google.tokens.get(account)
        after = _secret(google, account)
        assert after["refresh_token"] == before["refresh_token"]
        assert after["access_token"] != before["access_token"]
        assert _stored(google, account).rotation == number


async def test_a_refresh_answer_with_another_refresh_token_is_believed(
    google: OpenGoogle, account: AccountId
) -> None:
    body = {"access_token": "ya29.new", "expires_in": 3599, "refresh_token": "1//new"}
    google.sandbox.world.faults.add(surface="google-token", status=200, body=body)
    await google.tokens.renew(account)
    assert _secret(google, account)["refresh_token"] == "1//new"


async def test_a_refresh_answer_that_names_no_scope_withdraws_none(
    google: OpenGoogle, account: AccountId
) -> None:
    """It may be left out where it is as before (RFC 6749, section 5.1), and an empty one says as little."""
    body = {"access_token": "ya29.new", "expires_in": 3599, "scope": ""}
    google.sandbox.world.faults.add(surface="google-token", status=200, body=body)
    assert (await google.tokens.renew(account)).scopes == LEAST_SCOPES


async def test_twenty_callers_cause_one_renewal(google: OpenGoogle, account: AccountId) -> None:
    google.sandbox.world.clock.advance(TWO_HOURS)
    tokens = await asyncio.gather(*(google.tokens.get(account) for _ in range(20)))
    assert _token_requests(google) == 1
    assert len({token.value for token in tokens}) == 1


async def test_a_token_that_is_refused_is_renewed(google: OpenGoogle, account: AccountId) -> None:
    google.sandbox.world.google.grants.expire_access_tokens("gina")
    refused = await google.tokens.get(account)
    renewed = await google.tokens.renew(account, refused=refused)
    assert renewed.value != refused.value
    assert (await google.tokens.renew(account, refused=refused)).value == renewed.value
    assert _token_requests(google) == 1


async def test_access_for_a_time_keeps_the_day_on_which_it_ends(google: OpenGoogle) -> None:
    google.sandbox.world.people.change_google("gina", access_ends_in_seconds=10 * 86400)
    now = google.sandbox.world.clock.now().timestamp()
    grant = (await google.signed_in()).grant
    ends = json.loads(grant.secret)["refreshable_until"]
    assert ends - now == pytest.approx(10 * 86400, abs=60)
    account = AccountId("for-a-time")
    google.store.tables.grants[account] = StoredGrant(grant=grant, grant_version=1, rotation=0)
    google.sandbox.world.clock.advance(TWO_HOURS)
    await google.tokens.get(account)
    assert _secret(google, account)["refreshable_until"] == ends


@pytest.mark.parametrize("withdrawn", LEAST_SCOPES)
async def test_a_refresh_that_brings_too_few_scopes_wants_a_new_sign_in(
    google: OpenGoogle, account: AccountId, withdrawn: str
) -> None:
    google.sandbox.world.people.change_google("gina", withdrawn_scopes=[withdrawn])
    google.sandbox.world.clock.advance(TWO_HOURS)
    with pytest.raises(AccessLost) as caught:
        await google.tokens.get(account)
    assert (caught.value.cause, caught.value.refusal) == (LossCause.SIGN_IN_REQUIRED, "insufficient_scope")
    assert _stored(google, account).rotation == 0


async def test_a_refresh_that_brings_fewer_scopes_which_are_enough_says_so(google: OpenGoogle) -> None:
    shared = f"{SCOPE_PREFIX}calendar.events"
    account = google.connect("gina", scopes=(*LEAST_SCOPES, shared))
    google.sandbox.world.people.change_google("gina", withdrawn_scopes=[shared])
    google.sandbox.world.clock.advance(TWO_HOURS)
    token = await google.tokens.get(account)
    assert set(token.scopes) == set(_stored(google, account).grant.scopes) == set(LEAST_SCOPES)


async def test_a_refresh_that_names_no_scopes_changes_none(google: OpenGoogle) -> None:
    account = google.connect("gina", scopes=SHARED_SCOPES)
    body = {"access_token": "ya29.new", "expires_in": 3599}
    google.sandbox.world.faults.add(surface="google-token", status=200, body=body)
    assert (await google.tokens.renew(account)).scopes == SHARED_SCOPES


async def test_a_secret_with_members_never_seen_is_read(google: OpenGoogle, account: AccountId) -> None:
    stored = _stored(google, account)
    grant = Grant(
        scopes=stored.grant.scopes, secret=json.dumps(_secret(google, account) | {"new": 1}).encode()
    )
    google.store.tables.grants[account] = StoredGrant(grant=grant, grant_version=1, rotation=0)
    await google.tokens.get(account)


async def test_a_grant_that_is_given_back_ends_everything(google: OpenGoogle, account: AccountId) -> None:
    other = google.connect("gina", "the-same-person-elsewhere")
    await google.renewing.give_back(_stored(google, account).grant)
    assert google.sandbox.world.google.grants.consented("gina") == frozenset()
    with pytest.raises(AccessLost):
        await google.tokens.renew(other)


async def test_a_grant_that_is_gone_is_given_back(google: OpenGoogle, account: AccountId) -> None:
    google.sandbox.world.google.grants.end_consent("gina")
    await google.renewing.give_back(_stored(google, account).grant)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 503, "body": {}}, ProviderUnavailable),
        ({"status": 429, "body": {}}, ProviderUnavailable),
        ({"status": 400, "body": {"error": "invalid_request"}}, InvalidAnswer),
        ({"status": 400, "body": "<html></html>", "content_type": "text/html"}, ProviderUnavailable),
        ({"kind": "cut"}, ProviderUnavailable),
    ],
)
async def test_what_could_not_be_given_back_is_told_and_stays_good(
    google: OpenGoogle, account: AccountId, answer: dict[str, Any], error: type[DomainError]
) -> None:
    google.sandbox.world.faults.add(surface="google-revoke", times=None, **answer)
    with pytest.raises(error):
        await google.renewing.give_back(_stored(google, account).grant)
    await google.tokens.renew(account)


async def test_an_empty_answer_to_a_revocation_is_one(google: OpenGoogle, account: AccountId) -> None:
    google.sandbox.world.faults.add(surface="google-revoke", status=200, body="", perform=True)
    await google.renewing.give_back(_stored(google, account).grant)


async def test_a_reconnect_and_a_refused_sign_in_give_nothing_back(google: OpenGoogle) -> None:
    first = google.connect("gina")
    await google.signed_in()
    google.connect("gina")
    assert not [one for one in google.sandbox.world.traffic.requests if one.surface == "google-revoke"]
    await google.tokens.renew(first)


async def test_secrets_and_people_are_not_printed(google: OpenGoogle, account: AccountId) -> None:
    secret = _secret(google, account)
    token = await google.tokens.get(account)
    printed = f"{_stored(google, account)!r} {token!r}"
    for told in (secret["refresh_token"], secret["access_token"], secret["sub"], "gina@gmail.example.com"):
        assert told not in printed
