"""How a grant dies at Google, and what each answer of the token endpoint means: a test for each."""

import json
from typing import Any

import pytest

from adapters.google.token_errors import BY_ERROR, TokenFault, TokenRefusal, refusal_from
from domain.access import AccessLost, LossCause, ProviderMisconfigured, ProviderUnavailable
from domain.ids import AccountId
from tests.support.google import OpenGoogle

SIX_MONTHS = 182 * 86400
A_WEEK = 7 * 86400


@pytest.fixture
def account(google: OpenGoogle) -> AccountId:
    return google.connect("walter")


async def _lost(google: OpenGoogle, account: AccountId) -> tuple[LossCause, str]:
    """Why a renewal found access lost, and the provider's code."""
    with pytest.raises(AccessLost) as caught:
        await google.tokens.renew(account)
    assert (caught.value.account_id, caught.value.grant_version) == (account, 1)
    assert not google.alarms.history
    return caught.value.cause, caught.value.refusal


@pytest.mark.parametrize(
    ("refuses", "cause", "code"),
    [
        ("revoked", LossCause.SIGN_IN_REQUIRED, "invalid_grant"),
        ("invalid_rapt", LossCause.SIGN_IN_REQUIRED, "invalid_grant invalid_rapt"),
        ("rapt_required", LossCause.SIGN_IN_REQUIRED, "invalid_grant rapt_required"),
        ("admin_policy_enforced", LossCause.ORGANISATION_DISALLOWS, "admin_policy_enforced"),
        ("access_denied", LossCause.ORGANISATION_DISALLOWS, "access_denied"),
    ],
)
async def test_what_a_refused_refresh_says_of_the_person(
    google: OpenGoogle, account: AccountId, refuses: Any, cause: LossCause, code: str
) -> None:
    google.sandbox.world.people.change_google("walter", refuses=refuses)
    assert await _lost(google, account) == (cause, code)


async def test_a_consent_that_was_withdrawn(google: OpenGoogle, account: AccountId) -> None:
    google.sandbox.world.google.grants.end_consent("walter")
    assert await _lost(google, account) == (LossCause.SIGN_IN_REQUIRED, "invalid_grant")


async def test_a_refresh_token_that_nobody_used_for_six_months(
    google: OpenGoogle, account: AccountId
) -> None:
    google.sandbox.world.clock.advance(SIX_MONTHS)
    assert await _lost(google, account) == (LossCause.SIGN_IN_REQUIRED, "invalid_grant")


async def test_a_week_of_a_registration_in_testing(google: OpenGoogle) -> None:
    google.sandbox.world.google.settings.in_testing = True
    account = google.connect("walter")
    google.sandbox.world.clock.advance(A_WEEK + 1)
    assert await _lost(google, account) == (LossCause.SIGN_IN_REQUIRED, "invalid_grant")


async def test_the_oldest_of_too_many_refresh_tokens(google: OpenGoogle, account: AccountId) -> None:
    google.sandbox.world.google.settings.refresh_token_limit = 2
    for number in range(2):
        google.connect("walter", f"another-{number}")
    assert await _lost(google, account) == (LossCause.SIGN_IN_REQUIRED, "invalid_grant")


async def test_access_that_was_granted_for_a_time(google: OpenGoogle) -> None:
    google.sandbox.world.people.change_google("walter", access_ends_in_seconds=86400)
    account = google.connect("walter")
    google.sandbox.world.clock.advance(86400 + 1)
    assert await _lost(google, account) == (LossCause.SIGN_IN_REQUIRED, "invalid_grant")


async def test_a_secret_that_is_refused_is_ours_to_mend(google: OpenGoogle, account: AccountId) -> None:
    google.sandbox.world.google.app.rotate_secret()
    with pytest.raises(ProviderMisconfigured) as caught:
        await google.tokens.renew(account)
    assert caught.value.code == "invalid_client"


@pytest.mark.parametrize("state", ["deleted", "unauthorized"])
async def test_a_client_that_is_gone_is_ours_to_mend(
    google: OpenGoogle, account: AccountId, state: Any
) -> None:
    google.sandbox.world.google.settings.client_state = state
    with pytest.raises(ProviderMisconfigured) as caught:
        await google.tokens.renew(account)
    assert caught.value.code == f"{state}_client"


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "body": {"error": "invalid_grant"}},
        {"status": 503, "body": {"error": "invalid_client"}},
        {"status": 429, "body": {"error": "invalid_grant"}},
        {"status": 400, "body": "<html>invalid_grant</html>", "content_type": "text/html"},
        {"status": 200, "body": "<html>Sign in</html>", "content_type": "text/html"},
        {"status": 400, "body": []},
        {"status": 400, "body": {"error": {"code": 400, "status": "INVALID_ARGUMENT"}}},
        {"status": 400, "body": {"error": "never_seen", "error_description": "invalid_grant"}},
        {"status": 400, "body": {"error_description": "Token has been expired or revoked."}},
        {"status": 403, "body": {"error": "rate_limit_exceeded"}},
        {"status": 200, "body": {}},
        {"status": 200, "body": {"access_token": "", "expires_in": 3599}},
        {"status": 200, "body": {"access_token": "ya29", "expires_in": None}},
        {"status": 200, "body": {"access_token": "ya29", "expires_in": -1}},
        {"status": 200, "body": {"access_token": 7, "expires_in": 3599}},
    ],
    ids=str,
)
async def test_what_is_no_answer_says_nothing_of_anybody(
    google: OpenGoogle, account: AccountId, answer: dict[str, Any]
) -> None:
    google.sandbox.world.faults.add(surface="google-token", times=None, **answer)
    with pytest.raises(ProviderUnavailable):
        await google.tokens.renew(account)
    google.sandbox.world.faults.clear()
    await google.tokens.renew(account)


async def test_how_long_to_wait_is_google_s_to_say(google: OpenGoogle, account: AccountId) -> None:
    google.sandbox.world.faults.add(
        surface="google-token", status=429, body={}, headers={"Retry-After": "30"}
    )
    with pytest.raises(ProviderUnavailable) as caught:
        await google.tokens.renew(account)
    assert caught.value.throttled
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == 30


def test_every_known_error_has_its_fault() -> None:
    for error, fault in BY_ERROR.items():
        assert TokenRefusal(error=error.upper()).fault is fault
    assert TokenRefusal(error="never_seen").fault is TokenFault.UNKNOWN


def test_only_a_refused_secret_is_worth_another_one() -> None:
    assert [error for error in BY_ERROR if TokenRefusal(error=error).refuses_credential] == ["invalid_client"]


def test_nothing_but_known_words_is_told_of_a_refusal() -> None:
    told = {
        "error": "invalid_grant",
        "error_subtype": "of walter@fabrikam.example.com",
        "error_description": "walter@fabrikam.example.com",
    }
    assert refusal_from(told).code == "invalid_grant"
    assert refusal_from({"error": "walter@fabrikam.example.com"}).code == ""
    assert "walter" not in json.dumps(refusal_from(told).code)
