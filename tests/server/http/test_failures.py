"""What the page of a failed sign-in says, at each provider."""

import pytest

from adapters.google.settings import LEAST_SCOPES, SHARED_SCOPES
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
from server.http.failures import failure_page

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
    text = f"{page.title} {page.what} {page.next}"

    assert OTHERS[provider] not in text
    assert "{" not in text
    assert page.what != "Something has changed while you signed in."


@pytest.mark.parametrize("failure", [SignInCancelled(), ConnectionAttemptExpired()])
def test_who_got_stuck_on_googles_own_page_is_told_whom_to_ask(failure: DomainError) -> None:
    assert "If Google showed an error" in failure_page(failure, Provider.GOOGLE).next
    assert "ask your administrator" in failure_page(failure, Provider.GOOGLE).next


@pytest.mark.parametrize("scope", sorted({*LEAST_SCOPES, *SHARED_SCOPES}))
def test_each_of_googles_boxes_has_words_for_people(scope: str) -> None:
    told = failure_page(PermissionsMissing(missing=(scope,)), Provider.GOOGLE).next

    assert "Please tick every box. Left empty:" in told
    assert "calendar." not in told.replace("the calendar again.", "")


def test_boxes_that_were_left_empty_are_named() -> None:
    prefix = "https://www.googleapis.com/auth/"
    missing = (f"{prefix}calendar.events.freebusy", f"{prefix}calendar.events.owned", "something.new")

    told = failure_page(PermissionsMissing(missing=missing), Provider.GOOGLE).next

    assert told.endswith(
        "Left empty: the availability on your calendars, and events on the calendars you own."
    )
