"""What sign-ins keep to at a provider of Microsoft's kind: administrators can approve, consent is remembered, and the
authority is asked before a browser is sent there."""

import pytest

from application.ports.sign_in import RedirectAnswer, SignedIn, StartedSignIn
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.connection import (
    AdminApprovalRequired,
    BlockedByOrganisation,
    SignInCancelled,
    SignInRefused,
)
from domain.errors import DomainError
from tests.support.providers import PERMISSIONS, Human, ProviderHarness, Trouble

pytest_plugins = ["tests.support.provider_fixtures"]
WITHOUT = ("google", "apple")

CALLBACK = "https://calendars.example/oauth/microsoft/callback"


async def _begin(provider: ProviderHarness) -> StartedSignIn:
    return await provider.sign_in.begin(redirect_uri=CALLBACK)


async def _sign_in(
    provider: ProviderHarness, name: str = "maria", *, withholds: tuple[str, ...] = ()
) -> SignedIn:
    started = await _begin(provider)
    return await provider.sign_in.redeem(started.flow, provider.answer(started, name, withholds=withholds))


async def test_consent_once_given_is_not_asked_for_again(provider: ProviderHarness) -> None:
    await _sign_in(provider)
    assert "Calendars.ReadWrite" in (await _sign_in(provider, withholds=PERMISSIONS)).grant.scopes


async def test_an_organisation_that_wants_an_administrator_says_where_to_approve(
    provider: ProviderHarness,
) -> None:
    provider.add_person(Human(name="ada", strict=True))
    with pytest.raises(AdminApprovalRequired) as caught:
        await _sign_in(provider, "ada")
    assert caught.value.admin_consent_url.startswith("https://")


REDIRECTS: list[tuple[str, str, str, type[DomainError]]] = [
    ("access_denied", "cancel", "", SignInCancelled),
    ("access_denied", "", "AADSTS65004: the person declined", SignInCancelled),
    ("access_denied", "", "AADSTS90094: an administrator must consent", AdminApprovalRequired),
    ("access_denied", "cancel", "AADSTS65001: not consented", SignInCancelled),
    ("access_denied", "", "AADSTS65001: not consented", AdminApprovalRequired),
    ("access_denied", "", "AADSTS50105: not assigned to a role", BlockedByOrganisation),
    ("access_denied", "", "AADSTS53003: blocked by Conditional Access", BlockedByOrganisation),
    ("interaction_required", "", "AADSTS53000: the device is not compliant", BlockedByOrganisation),
    ("unauthorized_client", "", "AADSTS7000112: the application is disabled", BlockedByOrganisation),
    ("invalid_client", "", "AADSTS650052: not subscribed", BlockedByOrganisation),
    ("invalid_request", "", "AADSTS90002: tenant not found", BlockedByOrganisation),
    ("access_denied", "", "AADSTS999999: never seen before", SignInRefused),
    ("invalid_grant", "", "AADSTS" + "5" * 5000, SignInRefused),
    ("access_denied", "admin_consent_required", "", AdminApprovalRequired),
    ("consent_required", "", "", AdminApprovalRequired),
    ("interaction_required", "", "AADSTS90095: an administrator must consent", AdminApprovalRequired),
    ("unauthorized_client", "", "", BlockedByOrganisation),
    ("invalid_resource", "", "", BlockedByOrganisation),
]


@pytest.mark.parametrize(("error", "subcode", "text", "outcome"), REDIRECTS)
async def test_every_error_redirect_has_its_outcome_also_in_an_outage(
    provider: ProviderHarness, error: str, subcode: str, text: str, outcome: type[DomainError]
) -> None:
    started = await _begin(provider)
    provider.trouble(Trouble.OUTAGE)
    answer = RedirectAnswer(state=started.state, error=error, error_subcode=subcode, error_description=text)
    with pytest.raises(outcome):
        await provider.sign_in.redeem(started.flow, answer)


async def test_no_sign_in_begins_in_an_outage(provider: ProviderHarness) -> None:
    provider.trouble(Trouble.OUTAGE)
    with pytest.raises(ProviderUnavailable):
        await _begin(provider)
    provider.mend()
    assert (await _sign_in(provider)).identity == provider.identity_of("maria")


async def test_no_sign_in_begins_where_we_are_not_registered(provider: ProviderHarness) -> None:
    provider.trouble(Trouble.UNREGISTERED)
    with pytest.raises(ProviderMisconfigured):
        await _begin(provider)
