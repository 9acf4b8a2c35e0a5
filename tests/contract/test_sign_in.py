"""What every sign-in keeps to."""

import asyncio
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from application.ports.sign_in import RedirectAnswer, SignedIn, StartedSignIn
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountKind
from domain.connection import (
    SignInCancelled,
    SignInRefused,
)
from domain.errors import DomainError
from domain.permissions import PermissionsMissing
from tests.support.providers import Human, ProviderHarness, Trouble

pytest_plugins = ["tests.support.provider_fixtures"]
WITHOUT = ("apple",)

CALLBACK = "https://calendars.example/oauth/microsoft/callback"


async def _begin(provider: ProviderHarness, *, login_hint: str = "", afresh: bool = False) -> StartedSignIn:
    return await provider.sign_in.begin(redirect_uri=CALLBACK, login_hint=login_hint, consent_afresh=afresh)


async def _sign_in(
    provider: ProviderHarness,
    name: str = "maria",
    *,
    cancels: bool = False,
    withholds: tuple[str, ...] = (),
    afresh: bool = False,
) -> SignedIn:
    started = await _begin(provider, afresh=afresh)
    answer = provider.answer(started, name, cancels=cancels, withholds=withholds)
    return await provider.sign_in.redeem(started.flow, answer)


async def test_the_browser_is_sent_off_with_the_state_and_the_way_back(provider: ProviderHarness) -> None:
    started = await _begin(provider, login_hint="maria@contoso.example.com")
    query = parse_qs(urlsplit(started.authorization_url).query)
    assert started.authorization_url.startswith("https://")
    assert (query["state"], query["redirect_uri"]) == ([started.state], [CALLBACK])
    assert query["login_hint"] == ["maria@contoso.example.com"]


async def test_nobody_is_suggested_unless_named(provider: ProviderHarness) -> None:
    assert "login_hint" not in (await _begin(provider)).authorization_url


@pytest.mark.parametrize("kind", AccountKind)
async def test_who_signed_in_is_told_by_value(provider: ProviderHarness, kind: AccountKind) -> None:
    jonas = Human(name="jonas", kind=kind)
    provider.add_person(jonas)
    signed_in = await _sign_in(provider, "jonas")
    assert signed_in.identity == provider.identity_of("jonas")
    assert (signed_in.kind, signed_in.email) == (kind, jonas.email)
    assert signed_in.display_name == provider.name_of(jonas)
    assert set(signed_in.grant.scopes) == provider.usual_scopes


async def test_the_same_person_is_the_same_identity_every_time(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    first, again = await _sign_in(provider), await _sign_in(provider)
    other = await _sign_in(provider, "jonas")
    assert first.identity == again.identity != other.identity
    assert first.grant.secret != again.grant.secret


async def test_the_grant_opens_the_mailbox(provider: ProviderHarness) -> None:
    signed_in = await _sign_in(provider)
    (calendar,) = await provider.directory.first_look(signed_in.grant)
    assert calendar.remote_id == provider.primary()


async def test_two_sign_ins_at_once_do_not_mix(provider: ProviderHarness) -> None:
    provider.add_person(Human(name="jonas"))
    one, other = await asyncio.gather(_begin(provider), _begin(provider))
    assert one.state != other.state
    first, second = await asyncio.gather(
        provider.sign_in.redeem(one.flow, provider.answer(one, "maria")),
        provider.sign_in.redeem(other.flow, provider.answer(other, "jonas")),
    )
    assert first.identity == provider.identity_of("maria")
    assert second.identity == provider.identity_of("jonas")


@pytest.mark.parametrize(("first", "end"), [(0, 1), (1, 2), (2, 3), (1, 3), (0, 3)])
async def test_every_withheld_permission_is_named(provider: ProviderHarness, first: int, end: int) -> None:
    assert len(provider.permissions) == 3
    withheld = provider.permissions[first:end]
    with pytest.raises(PermissionsMissing) as caught:
        await _sign_in(provider, withholds=withheld)
    assert caught.value.missing == withheld


async def test_what_was_withheld_can_be_granted_in_the_next_sign_in(provider: ProviderHarness) -> None:
    with pytest.raises(PermissionsMissing):
        await _sign_in(provider, withholds=provider.permissions[:1])
    assert (await _sign_in(provider)).identity == provider.identity_of("maria")


async def test_consent_is_asked_for_afresh_when_wanted(provider: ProviderHarness) -> None:
    await _sign_in(provider)
    with pytest.raises(PermissionsMissing):
        await _sign_in(provider, afresh=True, withholds=provider.permissions[:1])


async def test_going_back_cancels(provider: ProviderHarness) -> None:
    with pytest.raises(SignInCancelled):
        await _sign_in(provider, cancels=True)


REDIRECTS: list[tuple[str, type[DomainError]]] = [
    ("access_denied", SignInCancelled),
    ("interaction_required", SignInRefused),
    ("login_required", SignInRefused),
    ("invalid_request", SignInRefused),
    ("never_seen_before", SignInRefused),
    ("server_error", ProviderUnavailable),
    ("temporarily_unavailable", ProviderUnavailable),
    ("invalid_client", ProviderMisconfigured),
    ("invalid_scope", ProviderMisconfigured),
    ("unsupported_response_type", ProviderMisconfigured),
]


@pytest.mark.parametrize(("error", "outcome"), REDIRECTS)
async def test_every_error_redirect_has_its_outcome_also_in_an_outage(
    provider: ProviderHarness, error: str, outcome: type[DomainError]
) -> None:
    started = await _begin(provider)
    provider.trouble(Trouble.OUTAGE)
    with pytest.raises(outcome):
        await provider.sign_in.redeem(started.flow, RedirectAnswer(state=started.state, error=error))


@pytest.mark.parametrize("state", ["", "another", "ünïcode"])
@pytest.mark.parametrize("error", ["", "access_denied"])
async def test_refuses_a_state_of_no_sign_in_of_ours(
    provider: ProviderHarness, state: str, error: str
) -> None:
    started = await _begin(provider)
    answer = replace(provider.answer(started), state=state, error=error)
    with pytest.raises(SignInRefused):
        await provider.sign_in.redeem(started.flow, answer)


async def test_refuses_the_state_of_another_sign_in(provider: ProviderHarness) -> None:
    mine, other = await _begin(provider), await _begin(provider)
    with pytest.raises(SignInRefused):
        await provider.sign_in.redeem(mine.flow, provider.answer(other))


async def test_refuses_a_code_of_another_sign_in(provider: ProviderHarness) -> None:
    mine, other = await _begin(provider), await _begin(provider)
    answer = replace(provider.answer(other), state=mine.state)
    with pytest.raises(SignInRefused):
        await provider.sign_in.redeem(mine.flow, answer)


@pytest.mark.parametrize("code", ["", "made up"])
async def test_refuses_a_code_that_was_never_given(provider: ProviderHarness, code: str) -> None:
    started = await _begin(provider)
    with pytest.raises(SignInRefused):
        await provider.sign_in.redeem(started.flow, RedirectAnswer(state=started.state, code=code))


async def test_refuses_a_code_that_was_used(provider: ProviderHarness) -> None:
    started = await _begin(provider)
    answer = provider.answer(started)
    await provider.sign_in.redeem(started.flow, answer)
    with pytest.raises(SignInRefused):
        await provider.sign_in.redeem(started.flow, answer)


async def test_of_two_uses_of_a_code_at_once_one_signs_in(provider: ProviderHarness) -> None:
    started = await _begin(provider)
    answer = provider.answer(started)
    outcomes = await asyncio.gather(
        *(provider.sign_in.redeem(started.flow, answer) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["SignInRefused", "SignedIn"]


@pytest.mark.parametrize(
    ("trouble", "error"),
    [(Trouble.OUTAGE, ProviderUnavailable), (Trouble.MISCONFIGURATION, ProviderMisconfigured)],
)
async def test_a_sign_in_that_ends_in_trouble_works_the_next_time(
    provider: ProviderHarness, trouble: Trouble, error: type[DomainError]
) -> None:
    started = await _begin(provider)
    answer = provider.answer(started)
    provider.trouble(trouble)
    with pytest.raises(error):
        await provider.sign_in.redeem(started.flow, answer)
    provider.mend()
    assert (await _sign_in(provider)).identity == provider.identity_of("maria")


async def test_our_own_fault_is_named_for_the_operator(provider: ProviderHarness) -> None:
    started = await _begin(provider)
    answer = provider.answer(started)
    provider.trouble(Trouble.MISCONFIGURATION)
    with pytest.raises(ProviderMisconfigured) as caught:
        await provider.sign_in.redeem(started.flow, answer)
    assert "invalid_client" in caught.value.code


async def test_secrets_and_people_are_not_printed(provider: ProviderHarness) -> None:
    started = await _begin(provider)
    answer = provider.answer(started)
    signed_in = await provider.sign_in.redeem(started.flow, answer)
    printed = f"{started!r} {answer!r} {signed_in!r}"
    maria = Human()
    secrets = (started.state, answer.code, maria.email, maria.display_name, str(signed_in.grant.secret))
    assert not any(secret in printed for secret in secrets)
