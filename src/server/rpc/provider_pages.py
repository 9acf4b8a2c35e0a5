"""Providers' own pages to which a person is sent when only they, or their administrator, can act."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from google.rpc import error_details_pb2

from domain.account import AccountKind, Identity, Provider
from server.rpc.error_details import help_with


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPages:
    """`personal_access` and `work_access`: where the owner of such an account removes the service's access for good.

    `consent_help`: what the consent pages ask, and when an administrator must act; None where there are none.
    `who_am_i` shows as whom the browser is signed in.
    """

    personal_access: str
    work_access: str
    consent_help: str | None
    who_am_i: str


PAGES: Final[Mapping[Provider, ProviderPages]] = {
    Provider.MICROSOFT: ProviderPages(
        # support.microsoft.com, "Apps and services"
        personal_access="https://account.live.com/consent/Manage",
        # Entra, "My Apps portal"
        work_access="https://myapps.microsoft.com",
        consent_help="https://learn.microsoft.com/entra/identity-platform/application-consent-experience",
        who_am_i="https://myaccount.microsoft.com",
    ),
    # Google Account Help, "Manage connections between your Google Account & third-parties"; at work the same.
    Provider.GOOGLE: ProviderPages(
        personal_access="https://myaccount.google.com/connections",
        work_access="https://myaccount.google.com/connections",
        consent_help="https://support.google.com/accounts/answer/13463817",
        who_am_i="https://myaccount.google.com",
    ),
    # Apple Support 102654, "Sign in to apps with your Apple Account using app-specific passwords".
    Provider.APPLE: ProviderPages(
        personal_access="https://account.apple.com/account/manage",
        work_access="https://account.apple.com/account/manage",
        consent_help=None,
        who_am_i="https://account.apple.com",
    ),
}


def access_removal_url(identity: Identity, kind: AccountKind) -> str:
    """The page on which the owner of such an account removes the service's access for good."""
    pages = PAGES[identity.provider]
    return pages.personal_access if kind is AccountKind.PERSONAL else pages.work_access


def consent_help(provider: Provider | None, text: str) -> tuple[error_details_pb2.Help, ...]:
    """A link with this text to what the consent pages ask; nothing where it isn't known whose they are, or where
    there are none."""
    page = None if provider is None else PAGES[provider].consent_help
    return () if page is None else (help_with((text, page)),)


def who_am_i(provider: Provider | None, text: str) -> tuple[error_details_pb2.Help, ...]:
    """A link with this text to where one sees as whom one is signed in."""
    return () if provider is None else (help_with((text, PAGES[provider].who_am_i)),)
