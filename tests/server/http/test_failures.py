"""What the page of a failed sign-in says, at each provider."""

import pytest

from adapters.google.capabilities import Capability, require_capabilities
from adapters.google.settings import LEAST_SCOPES
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.account import Provider
from domain.connection import (
    AccountMismatch,
    AdminApprovalRequired,
    BlockedByOrganisation,
    ConnectionAttemptExpired,
    MailboxNotServed,
    SignInCancelled,
    SignInInterrupted,
    SignInRefused,
)
from domain.errors import DomainError
from domain.permissions import PermissionsMissing
from server.http.english_from_elsewhere import GERMAN
from server.http.failures import failure_page
from server.http.languages import LANGUAGES

FAILURES: tuple[DomainError, ...] = (
    AccountMismatch(),
    AdminApprovalRequired(admin_consent_url="https://login.example"),
    BlockedByOrganisation(),
    BlockedByOrganisation(code="policy"),
    ConnectionAttemptExpired(),
    MailboxNotServed(),
    PermissionsMissing(missing=("anything",)),
    ProviderMisconfigured(),
    ProviderUnavailable(),
    SignInCancelled(),
    SignInInterrupted(),
    SignInRefused(),
)
OTHERS = {Provider.MICROSOFT: "Google", Provider.GOOGLE: "Microsoft"}


@pytest.mark.parametrize("provider", OTHERS)
@pytest.mark.parametrize("failure", FAILURES, ids=lambda one: type(one).__name__)
def test_a_page_speaks_of_the_provider_at_which_it_happened(failure: DomainError, provider: Provider) -> None:
    page = failure_page(failure, provider)
    for language in LANGUAGES:
        text = " ".join(one.within(language) for one in (page.title, page.what, page.next))
        assert OTHERS[provider] not in text
        assert "{" not in text
    assert page.what.en != "Something has changed while you signed in."


@pytest.mark.parametrize("failure", [SignInCancelled(), ConnectionAttemptExpired()])
def test_who_got_stuck_on_googles_own_page_is_told_whom_to_ask(failure: DomainError) -> None:
    told = failure_page(failure, Provider.GOOGLE).next
    assert "If Google showed an error" in told.en
    assert "ask your administrator" in told.en
    assert "Fragen Sie Ihre Administration" in told.de


def test_what_the_boxes_that_were_left_empty_are_for_is_said_in_words_for_people() -> None:
    with pytest.raises(PermissionsMissing) as missing:
        require_capabilities(LEAST_SCOPES[:1], asked=LEAST_SCOPES)

    told = failure_page(missing.value, Provider.GOOGLE).next

    assert told.en.endswith(
        "Please tick every box. What is missing would let us see when you are busy, see the times of your events and "
        "add sessions to your calendar."
    )
    assert told.de.endswith(
        "Bitte kreuzen Sie jedes Kästchen an. Was fehlt, würde uns Folgendes erlauben: sehen, wann Sie belegt sind; "
        "die Zeiten Ihrer Termine sehen; Termine in Ihren Kalender eintragen."
    )


@pytest.mark.parametrize("provider", Provider)
def test_links_and_permissions_are_named_in_german_too(provider: Provider) -> None:
    failures = (
        PermissionsMissing(missing=("anything",), provider=provider),
        SignInCancelled(provider=provider),
        BlockedByOrganisation(provider=provider),
        AccountMismatch(provider=provider),
        AdminApprovalRequired(admin_consent_url="https://login.example"),
    )
    links = [link for one in failures for link, _ in failure_page(one, provider).links]
    assert links
    assert [one.en for one in links if one.de == one.en] == []
    assert {one.value for one in Capability} <= GERMAN.keys()
