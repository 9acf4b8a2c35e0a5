"""Signing in at Microsoft, on the sandbox."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.graph.settings import REQUIRED_SCOPES
from application.ports.sign_in import RedirectAnswer
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountKind, Provider
from domain.connection import AdminApprovalRequired, BlockedByOrganisation, SignInCancelled, SignInRefused
from domain.errors import DomainError
from domain.permissions import PermissionsMissing
from sandbox import Sandbox
from tests.support.microsoft import CALLBACK, Connected, connected_to


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def test_the_authorization_request_is_what_microsoft_documents(connected: Connected) -> None:
    started = await connected.begin(login_hint="anna@contoso.example.com")
    query = _query(started.authorization_url)
    assert started.authorization_url.startswith(f"{connected.sandbox.authority}/oauth2/v2.0/authorize?")
    assert query["client_id"] == connected.sandbox.client_id
    assert set(query["scope"].split()) == {*REQUIRED_SCOPES, "openid", "profile", "offline_access"}
    assert (query["response_type"], query["redirect_uri"]) == ("code", CALLBACK)
    assert (query["code_challenge_method"], query["prompt"]) == ("S256", "select_account")
    assert (query["state"], query["login_hint"]) == (started.state, "anna@contoso.example.com")
    assert len(query["nonce"]) == 64
    assert "response_mode" not in query


async def test_consent_is_asked_for_afresh_when_wanted(connected: Connected) -> None:
    started = await connected.begin(consent_afresh=True)
    assert _query(started.authorization_url)["prompt"] == "consent"


async def test_more_permissions_are_asked_for_when_wanted(connected: Connected) -> None:
    started = await connected.begin(also=("Calendars.ReadWrite.Shared",))
    (scope,) = parse_qs(urlsplit(started.authorization_url).query)["scope"]
    assert {"Calendars.ReadWrite", "User.Read", "Calendars.ReadWrite.Shared"} <= set(scope.split())
    signed_in = await connected.microsoft.sign_in.redeem(started.flow, connected.answer(started, "dora"))
    assert "Calendars.ReadWrite.Shared" in signed_in.grant.scopes


async def test_the_administrator_is_asked_for_all_that_the_person_was(connected: Connected) -> None:
    connected.sandbox.world.people.change_tenant("contoso.example.com", consent="admin_error")
    started = await connected.begin(also=("Calendars.ReadWrite.Shared",))
    with pytest.raises(AdminApprovalRequired) as caught:
        await connected.microsoft.sign_in.redeem(started.flow, connected.answer(started, "dora"))
    (scope,) = parse_qs(urlsplit(caught.value.admin_consent_url).query)["scope"]
    assert set(scope.split()) == {"Calendars.ReadWrite", "User.Read", "Calendars.ReadWrite.Shared"}


async def test_each_sign_in_has_secrets_of_its_own(connected: Connected) -> None:
    one, other = await connected.begin(), await connected.begin()
    for name in ("state", "nonce", "code_challenge"):
        assert _query(one.authorization_url)[name] != _query(other.authorization_url)[name]


async def test_a_work_account_is_known_by_tenant_and_object_id(connected: Connected) -> None:
    anna = connected.sandbox.world.people.get("anna")
    signed_in = await connected.sign_in("anna")
    assert signed_in.identity.provider is Provider.MICROSOFT
    assert (signed_in.identity.tenant_id, signed_in.identity.object_id) == (anna.tenant.id, anna.oid)
    assert (signed_in.kind, signed_in.email, signed_in.display_name) == (
        AccountKind.WORK,
        anna.email,
        anna.name,
    )
    assert set(signed_in.grant.scopes) == set(REQUIRED_SCOPES)


async def test_a_personal_account_is_told_by_its_tenant(connected: Connected) -> None:
    assert (await connected.sign_in("carla")).kind is AccountKind.PERSONAL


@pytest.mark.parametrize("spelling", ["bare", "uri", "lower", "upper"])
async def test_scopes_count_in_every_spelling(connected: Connected, spelling: str) -> None:
    connected.sandbox.world.people.change("anna", scope_spelling=spelling)
    account = await connected.connect("anna")
    calendars = await connected.microsoft.directory.list_calendars(account)
    assert len(calendars) == 2
    assert connected.token_requests() == 1


async def test_going_back_cancels(connected: Connected) -> None:
    with pytest.raises(SignInCancelled):
        await connected.sign_in("anna", decision="cancel")


async def test_an_unticked_permission_is_named(connected: Connected) -> None:
    with pytest.raises(PermissionsMissing) as caught:
        await connected.sign_in("anna", grant=("openid", "profile", "offline_access", "User.Read"))
    assert caught.value.missing == ("Calendars.ReadWrite",)


async def test_withheld_lasting_access_counts_as_a_missing_permission(connected: Connected) -> None:
    with pytest.raises(PermissionsMissing) as caught:
        await connected.sign_in("anna", grant=("openid", "profile", "User.Read"))
    assert caught.value.missing == ("Calendars.ReadWrite", "offline_access")


async def test_an_organisation_that_wants_an_administrator_says_where_to_approve(
    connected: Connected,
) -> None:
    connected.sandbox.world.people.change_tenant("strict.example.com", consent="admin_error")
    with pytest.raises(AdminApprovalRequired) as caught:
        await connected.sign_in("approval")
    url = caught.value.admin_consent_url
    host = connected.sandbox.base_url
    assert url.startswith(f"{host}/organizations/v2.0/adminconsent?")
    query = _query(url)
    assert (query["client_id"], query["redirect_uri"]) == (connected.sandbox.client_id, CALLBACK)
    assert query["scope"] == "Calendars.ReadWrite User.Read"


async def test_backing_out_of_the_approval_page_cannot_be_told_from_cancelling(connected: Connected) -> None:
    with pytest.raises(SignInCancelled):
        await connected.sign_in("approval")


REDIRECTS = [
    ("access_denied", "cancel", "", SignInCancelled),
    ("access_denied", "", "", SignInCancelled),
    ("access_denied", "", "AADSTS65004: User declined to consent.", SignInCancelled),
    ("access_denied", "", "AADSTS90094: Grant requires administrator permission.", AdminApprovalRequired),
    ("access_denied", "cancel", "AADSTS65001: not consented", SignInCancelled),
    ("access_denied", "admin_consent_required", "", AdminApprovalRequired),
    ("consent_required", "", "", AdminApprovalRequired),
    ("interaction_required", "", "AADSTS90095: Admin consent is required.", AdminApprovalRequired),
    ("interaction_required", "", "", SignInRefused),
    ("login_required", "", "", SignInRefused),
    ("invalid_request", "", "", SignInRefused),
    ("made_up", "", "", SignInRefused),
    ("server_error", "", "", ProviderUnavailable),
    ("temporarily_unavailable", "", "", ProviderUnavailable),
    ("unauthorized_client", "", "", BlockedByOrganisation),
    ("invalid_client", "", "", ProviderMisconfigured),
    ("invalid_scope", "", "", ProviderMisconfigured),
    ("invalid_resource", "", "", BlockedByOrganisation),
    ("unsupported_response_type", "", "", ProviderMisconfigured),
]


@pytest.mark.parametrize(("error", "subcode", "text", "outcome"), REDIRECTS)
async def test_an_error_redirect_has_an_outcome_of_its_own(
    connected: Connected, error: str, subcode: str, text: str, outcome: type[DomainError]
) -> None:
    started = await connected.begin()
    answer = RedirectAnswer(state=started.state, error=error, error_subcode=subcode, error_description=text)
    with pytest.raises(outcome):
        await connected.microsoft.sign_in.redeem(started.flow, answer)
    assert connected.token_requests() == 0


@pytest.mark.parametrize("state", ["", "another", "ünïcode"])
async def test_refuses_a_state_that_is_not_the_flows(connected: Connected, state: str) -> None:
    started = await connected.begin()
    answer = connected.answer(started, "anna")
    for wrong in (replace(answer, state=state), replace(answer, state=state, code="", error="access_denied")):
        with pytest.raises(SignInRefused):
            await connected.microsoft.sign_in.redeem(started.flow, wrong)
    assert connected.token_requests() == 0


async def test_refuses_a_redirect_that_brings_nothing(connected: Connected) -> None:
    started = await connected.begin()
    with pytest.raises(SignInRefused):
        await connected.microsoft.sign_in.redeem(started.flow, RedirectAnswer(state=started.state))


async def test_refuses_a_code_that_was_used(connected: Connected) -> None:
    started = await connected.begin()
    answer = connected.answer(started, "anna")
    await connected.microsoft.sign_in.redeem(started.flow, answer)
    with pytest.raises(SignInRefused):
        await connected.microsoft.sign_in.redeem(started.flow, answer)


async def test_refuses_the_code_of_another_flow(connected: Connected) -> None:
    mine, theirs = await connected.begin(), await connected.begin()
    stolen = replace(connected.answer(theirs, "anna"), state=mine.state)
    with pytest.raises(SignInRefused):
        await connected.microsoft.sign_in.redeem(mine.flow, stolen)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-app"},
        {"iss": "https://evil.example.com/v2.0"},
        {"nonce": "x"},
        {"exp": 1},
        {"tid": "x"},
    ],
)
async def test_refuses_an_id_token_that_was_tampered_with(
    connected: Connected, claims: dict[str, object]
) -> None:
    connected.sandbox.world.settings.id_token_claims = claims
    with pytest.raises(SignInRefused):
        await connected.sign_in("anna")


async def test_refuses_an_id_token_with_a_wrong_signature(connected: Connected) -> None:
    connected.sandbox.world.settings.id_token_signed = False
    with pytest.raises(SignInRefused):
        await connected.sign_in("anna")


async def test_an_administrators_word_at_the_token_endpoint_is_heard(connected: Connected) -> None:
    connected.sandbox.world.faults.token_error("invalid_grant", codes=(90094,))
    with pytest.raises(AdminApprovalRequired):
        await connected.sign_in("anna")


async def test_an_outage_while_the_code_is_exchanged_is_an_outage(connected: Connected) -> None:
    faults = connected.sandbox.world.faults
    faults.answer(503, surface="token", retry_after="7")
    with pytest.raises(ProviderUnavailable) as caught:
        await connected.sign_in("anna")
    assert caught.value.retry_after == timedelta(seconds=7)


OUTAGES: list[dict[str, Any]] = [
    {"status": 429},
    {"status": 429, "body": {"error": "temporarily_unavailable", "error_codes": [90055]}},
    {"status": 400, "body": {"error": "temporarily_unavailable", "error_codes": [90033]}},
    {"status": 500, "body": {"error": "server_error"}},
    {"status": 200, "body": "<html>Our services</html>", "content_type": "text/html"},
    {"status": 400, "body": "<html>Our services</html>", "content_type": "text/html"},
    {"kind": "cut"},
    {"kind": "truncate"},
]


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda outage: f"{outage.get('kind', outage.get('status'))}")
async def test_a_sign_in_works_at_once_after_an_outage(connected: Connected, outage: dict[str, Any]) -> None:
    connected.sandbox.world.faults.add(surface="token", **outage)
    with pytest.raises(ProviderUnavailable):
        await connected.sign_in("anna")
    await connected.sign_in("anna")


async def test_a_stuck_token_endpoint_is_an_outage(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, request_timeout=timedelta(milliseconds=300)) as connected:
        sandbox.world.faults.add(surface="token", kind="hang", seconds=60)
        with pytest.raises(ProviderUnavailable):
            await connected.sign_in("anna")
        sandbox.hangs.release()


async def test_an_expired_secret_is_ours_and_recovery_is_immediate(sandbox: Sandbox) -> None:
    async with connected_to(sandbox) as connected:
        sandbox.world.app.rotate_secret("the-new-one")
        with pytest.raises(ProviderMisconfigured) as caught:
            await connected.sign_in("anna")
        assert "invalid_client" in caught.value.code
        sandbox.world.app.rotate_secret("sandbox-secret")
        await connected.sign_in("anna")


async def test_a_wrong_authority_is_ours(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, authority=f"{sandbox.base_url}/no-such-tenant.example.com") as connected:
        with pytest.raises(ProviderMisconfigured):
            await connected.begin()


async def test_an_authority_that_does_not_answer_is_an_outage(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, authority="https://localhost:1/common") as connected:
        with pytest.raises(ProviderUnavailable):
            await connected.begin()


async def test_a_server_with_an_unknown_certificate_is_not_spoken_to(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, ca_file=None) as connected:
        with pytest.raises(ProviderUnavailable):
            await connected.begin()


async def test_secrets_and_names_are_not_printed(connected: Connected) -> None:
    started = await connected.begin()
    answer = connected.answer(started, "anna")
    signed_in = await connected.microsoft.sign_in.redeem(started.flow, answer)
    printed = f"{started!r} {answer!r} {signed_in!r} {connected.microsoft!r}"
    for secret in (started.state, answer.code, "sandbox-secret", "anna", "Anna", "refresh"):
        assert secret not in printed
