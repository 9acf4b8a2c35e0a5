"""Signing in at Google: what the browser is sent off with, and what comes of it."""

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.google.settings import LEAST_SCOPES, SCOPE_PREFIX, SHARED_SCOPES
from adapters.web.signing_keys import COOLDOWN
from application.ports.sign_in import RedirectAnswer
from domain.access import ClockDiffers, ProviderMisconfigured
from domain.account import AccountKind, Identity, Provider
from domain.connection import BlockedByOrganisation, SignInRefused
from domain.errors import DomainError
from domain.permissions import PermissionsMissing
from sandbox import Sandbox
from sandbox.google.sign_in import SignInRefused as EndedAtGoogle
from sandbox.google.tokens import redeem
from tests.support.google import OpenGoogle, google_on

EVENTS = f"{SCOPE_PREFIX}calendar.events"
EVERYTHING = f"{SCOPE_PREFIX}calendar"


async def _query(google: OpenGoogle, **how: Any) -> dict[str, str]:
    url = (await google.begin(**how)).authorization_url
    assert url.startswith(google.sandbox.google_authorization_url)
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def _identity(google: OpenGoogle, person: str) -> Identity:
    sub = google.sandbox.world.people.get(person).google_account.sub
    return Identity(provider=Provider.GOOGLE, tenant_id="", object_id=sub)


async def test_lasting_access_is_asked_for_with_a_page_that_is_always_shown(google: OpenGoogle) -> None:
    query = await _query(google)
    assert query["access_type"] == "offline"
    assert query["prompt"] == "select_account consent"
    assert query["response_type"] == "code"
    assert set(query["scope"].split()) == {"openid", "email", *LEAST_SCOPES}
    assert "include_granted_scopes" not in query


async def test_a_reconnect_names_who_it_is_by_what_outlives_their_address(google: OpenGoogle) -> None:
    known = _identity(google, "gina")
    query = await _query(google, login_hint="gina@gmail.example.com", reconnects=known)
    assert (query["login_hint"], query["prompt"]) == (known.object_id, "consent")
    assert "gina" not in query["login_hint"]


async def test_the_verifier_stays_with_us_and_its_challenge_goes(google: OpenGoogle) -> None:
    started = await google.begin()
    query = parse_qs(urlsplit(started.authorization_url).query)
    verifier = json.loads(started.flow)["verifier"]
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert (query["code_challenge"], query["code_challenge_method"]) == ([digest], ["S256"])
    assert 43 <= len(verifier) <= 128
    assert verifier not in started.authorization_url


async def test_more_is_asked_for_where_a_shared_calendar_takes_it(google: OpenGoogle) -> None:
    query = await _query(google, also=("calendar.events", LEAST_SCOPES[0]))
    assert query["scope"].split().count(EVENTS) == 1
    assert query["scope"].split().count(LEAST_SCOPES[0]) == 1


async def test_what_is_asked_for_beyond_the_usual_may_be_left_out(google: OpenGoogle) -> None:
    started = await google.begin(also=("calendar.events",))
    signed_in = await google.sign_in.redeem(started.flow, google.answer(started, grant=LEAST_SCOPES))
    assert set(signed_in.grant.scopes) == set(LEAST_SCOPES)


async def test_the_well_trodden_set_is_a_setting(sandbox: Sandbox) -> None:
    async with google_on(sandbox, scopes=SHARED_SCOPES) as google:
        assert set((await google.signed_in()).grant.scopes) == set(SHARED_SCOPES)


@pytest.mark.parametrize("spelling", ["uri", "short"])
async def test_the_scopes_of_the_sign_in_may_come_back_in_either_spelling(
    google: OpenGoogle, spelling: Any
) -> None:
    google.sandbox.world.google.settings.scope_spelling = spelling
    assert set((await google.signed_in()).grant.scopes) == set(LEAST_SCOPES)


async def test_who_grants_more_than_was_asked_passes(google: OpenGoogle) -> None:
    google.sandbox.world.google.settings.extra_scopes = [EVERYTHING]
    assert (await google.signed_in(grant=())).grant.scopes == (EVERYTHING,)


@pytest.mark.parametrize(
    ("left_empty", "described"),
    [
        (LEAST_SCOPES[0], "see the list of your calendars"),
        (LEAST_SCOPES[1], "see when you are busy"),
        (LEAST_SCOPES[2], "add sessions to your calendar"),
    ],
)
async def test_a_box_left_empty_is_named_in_words(
    google: OpenGoogle, left_empty: str, described: str
) -> None:
    with pytest.raises(PermissionsMissing) as caught:
        await google.signed_in(grant=tuple(one for one in LEAST_SCOPES if one != left_empty))
    assert caught.value.missing == (left_empty.removeprefix(SCOPE_PREFIX),)
    assert caught.value.described == (described,)


async def test_a_sign_in_that_was_not_enough_leaves_the_consent_as_it_is(google: OpenGoogle) -> None:
    await google.signed_in()
    before = google.sandbox.world.google.grants.consented("gina")
    with pytest.raises(PermissionsMissing):
        await google.signed_in(grant=())
    assert google.sandbox.world.google.grants.consented("gina") == before


async def test_a_second_sign_in_brings_lasting_access_too(google: OpenGoogle) -> None:
    first, again = await google.signed_in(), await google.signed_in()
    one, other = (json.loads(each.grant.secret)["refresh_token"] for each in (first, again))
    assert one
    assert other
    assert one != other


async def test_without_lasting_access_there_is_no_account(google: OpenGoogle) -> None:
    google.sandbox.world.people.change_google("gina", gives_refresh_token=False)
    with pytest.raises(SignInRefused):
        await google.signed_in()


async def test_who_was_named_no_scopes_granted_what_was_asked(google: OpenGoogle) -> None:
    started = await google.begin()
    answer = google.answer(started)
    redeemed = await _redeemed_without(google, started, answer, "scope")
    assert set(redeemed.grant.scopes) == set(LEAST_SCOPES)


async def test_without_an_id_token_nobody_signed_in(google: OpenGoogle) -> None:
    started = await google.begin()
    with pytest.raises(SignInRefused):
        await _redeemed_without(google, started, google.answer(started), "id_token")


async def _redeemed_without(google: OpenGoogle, started: Any, answer: RedirectAnswer, left_out: str) -> Any:
    """As if the token answer had come without this member."""
    form = {
        "grant_type": "authorization_code",
        "code": answer.code,
        "client_id": google.settings.client_id,
        "client_secret": google.settings.client_secret,
        "redirect_uri": json.loads(started.flow)["redirect_uri"],
        "code_verifier": json.loads(started.flow)["verifier"],
    }
    body = redeem(google.sandbox.world, form, "")
    del body[left_out]
    google.sandbox.world.faults.add(surface="google-token", status=200, body=body)
    return await google.sign_in.redeem(started.flow, answer)


@pytest.mark.parametrize(("person", "kind"), [("gina", AccountKind.PERSONAL), ("walter", AccountKind.WORK)])
async def test_a_workspace_makes_an_account_one_of_work(
    google: OpenGoogle, person: str, kind: AccountKind
) -> None:
    signed_in = await google.signed_in(person)
    assert (signed_in.kind, signed_in.identity) == (kind, _identity(google, person))
    assert signed_in.email == google.sandbox.world.people.get(person).email


async def test_who_changes_address_and_workspace_stays_who_they_are(google: OpenGoogle) -> None:
    before = await google.signed_in("walter")
    google.sandbox.world.people.change("walter", email="walt@elsewhere.example.com")
    google.sandbox.world.people.change_google("walter", hosted_domain="elsewhere.example.com")
    after = await google.signed_in("walter")
    assert after.identity == before.identity
    assert after.identity.tenant_id == ""
    assert (before.email, after.email) == ("walter@fabrikam.example.com", "walt@elsewhere.example.com")


async def test_another_person_under_a_given_up_address_is_another_person(google: OpenGoogle) -> None:
    before = await google.signed_in("walter")
    people = google.sandbox.world.people
    people.change("walter", email="walt@elsewhere.example.com")
    people.change("wilma", email="walter@fabrikam.example.com")
    assert (await google.signed_in("wilma")).identity != before.identity


@pytest.mark.parametrize("issuer", ["https://accounts.google.com", "accounts.google.com"])
async def test_the_issuer_has_two_forms(google: OpenGoogle, issuer: Any) -> None:
    google.sandbox.world.google.settings.issuer = issuer
    assert (await google.signed_in()).identity == _identity(google, "gina")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://accounts.google.com"},
        {"iss": "https://accounts.google.com/"},
        {"iss": "https://accounts.google.com.example.com"},
        {"iss": None},
        {"aud": "another-app"},
        {"aud": ["sandbox-google-client", "another-app"]},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"exp": None},
    ],
    ids=str,
)
async def test_a_token_that_is_not_ours_proves_nobody(google: OpenGoogle, claims: dict[str, Any]) -> None:
    google.sandbox.world.google.settings.id_token_claims = claims
    with pytest.raises(SignInRefused):
        await google.signed_in()


async def test_a_wrong_signature_proves_nobody(google: OpenGoogle) -> None:
    google.sandbox.world.google.settings.id_token_signed = False
    with pytest.raises(SignInRefused):
        await google.signed_in()


async def test_a_key_that_was_never_published_proves_nobody(google: OpenGoogle) -> None:
    google.sandbox.world.google.settings.id_token_key_id = "unknown"
    with pytest.raises(SignInRefused):
        await google.signed_in()


async def test_new_keys_are_fetched_when_they_are_needed(google: OpenGoogle) -> None:
    for _ in range(3):
        await google.signed_in()
        google.sandbox.world.google.signing_keys.rotate()
        google.sandbox.world.clock.advance(COOLDOWN.total_seconds() + 1)
    assert (await google.signed_in()).identity == _identity(google, "gina")


async def test_a_clock_that_is_off_is_an_operators_matter(google: OpenGoogle) -> None:
    google.sandbox.world.google.settings.clock_offset_seconds = 600
    with pytest.raises(ClockDiffers) as caught:
        await google.signed_in()
    assert 590 < caught.value.by.total_seconds() < 610
    assert google.alarms.clock_off_by is not None


@pytest.mark.parametrize("iss", ["https://accounts.google.com", ""])
async def test_the_redirect_may_name_google(google: OpenGoogle, iss: str) -> None:
    started = await google.begin()
    answer = replace(google.answer(started), iss=iss)
    assert (await google.sign_in.redeem(started.flow, answer)).identity == _identity(google, "gina")


async def test_the_redirect_names_google_where_google_does_so(google: OpenGoogle) -> None:
    google.sandbox.world.google.settings.redirect_extras = "with_issuer"
    started = await google.begin()
    answer = google.answer(started)
    assert answer.iss == "https://accounts.google.com"
    await google.sign_in.redeem(started.flow, answer)


@pytest.mark.parametrize(
    "iss", ["https://login.microsoftonline.com/common", "accounts.google.com", "https://accounts.google.com/"]
)
@pytest.mark.parametrize("error", ["", "access_denied"])
async def test_a_redirect_of_somebody_elses_is_refused_and_its_code_kept(
    google: OpenGoogle, iss: str, error: str
) -> None:
    started = await google.begin()
    answer = google.answer(started)
    with pytest.raises(SignInRefused):
        await google.sign_in.redeem(started.flow, replace(answer, iss=iss, error=error))
    await google.sign_in.redeem(started.flow, answer)


REDIRECTS: list[tuple[str, type[DomainError]]] = [
    ("admin_policy_enforced", BlockedByOrganisation),
    ("org_internal", BlockedByOrganisation),
    ("unauthorized_client", ProviderMisconfigured),
    ("deleted_client", ProviderMisconfigured),
    ("redirect_uri_mismatch", ProviderMisconfigured),
    ("invalid_grant", SignInRefused),
    ("disallowed_useragent", SignInRefused),
]


@pytest.mark.parametrize(("error", "outcome"), REDIRECTS)
async def test_googles_own_errors_have_their_outcome_also_in_an_outage(
    google: OpenGoogle, error: str, outcome: type[DomainError]
) -> None:
    started = await google.begin()
    google.sandbox.world.faults.add(surface="google-token", status=503, body={}, times=None)
    with pytest.raises(outcome):
        await google.sign_in.redeem(started.flow, RedirectAnswer(state=started.state, error=error))


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        ("admin_policy_enforced", BlockedByOrganisation, "admin_policy_enforced"),
        ("access_denied", BlockedByOrganisation, "access_denied"),
        ("deleted_client", ProviderMisconfigured, "deleted_client"),
        ("redirect_uri_mismatch", ProviderMisconfigured, "redirect_uri_mismatch"),
    ],
)
async def test_a_code_that_is_refused_says_whose_turn_it_is(
    google: OpenGoogle, error: str, outcome: Any, code: str
) -> None:
    started = await google.begin()
    answer = google.answer(started)
    google.sandbox.world.faults.google_token_error(error)
    with pytest.raises(outcome) as caught:
        await google.sign_in.redeem(started.flow, answer)
    assert caught.value.code == code


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request", "never_seen_before"])
async def test_a_code_that_is_merely_wrong_ends_the_attempt(google: OpenGoogle, error: str) -> None:
    started = await google.begin()
    answer = google.answer(started)
    google.sandbox.world.faults.google_token_error(error)
    with pytest.raises(SignInRefused):
        await google.sign_in.redeem(started.flow, answer)


async def test_what_an_administrator_forbids_never_comes_back(google: OpenGoogle) -> None:
    started = await google.begin()
    with pytest.raises(EndedAtGoogle, match="admin_policy_enforced"):
        google.answer(started, "governed")
