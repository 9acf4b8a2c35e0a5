"""What the page of a failed sign-in says, at each provider, in words for the person at the browser."""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.account import Provider
from domain.connection import AccountMismatch, BlockedByOrganisation
from domain.permissions import PermissionsMissing
from server.http.pages import Page
from server.http.texts import AGAIN
from server.rpc.catalogue import help_links, reason_of

Words = tuple[str, str]
"""What happened, and what to do next."""

_EVERYWHERE: Final[Mapping[str, Words]] = {
    "CONNECTION_ATTEMPT_EXPIRED": ("The sign-in took longer than ten minutes.", AGAIN),
    "DESTINATION_REQUIRED": ("It was begun on no page that could tell whose calendar it is.", AGAIN),
    "SIGN_IN_CANCELLED": ("You went back before {provider} could finish.", AGAIN),
    "PERMISSIONS_MISSING": (
        "Not all of the permissions were granted. Without them we can't see when you are busy or add sessions.",
        f"{AGAIN} Please leave all permissions ticked.",
    ),
    "ADMIN_APPROVAL_REQUIRED": (
        "Your organisation lets only an administrator approve this connection.",
        "Give the link below to your administrator. Once it is approved, connect the calendar again.",
    ),
    "BLOCKED_BY_ORGANISATION": (
        "Your organisation hasn't allowed this connection: its administrator keeps the app out.",
        "Ask your administrator to allow the app, then connect the calendar again.",
    ),
    "SIGN_IN_REFUSED": ("{provider} did not accept the sign-in.", AGAIN),
    "ACCOUNT_MISMATCH": (
        "You signed in with another {provider} account than the one that is to be reconnected.",
        "Start again, and choose the right account.",
    ),
    "ACCOUNT_LIMIT_REACHED": (
        "Your plan holds no more connected accounts.",
        "Disconnect one first, or change your plan.",
    ),
    "SIGN_IN_INTERRUPTED": (
        "{provider}, or our own service, doesn't answer at the moment.",
        "Please connect the calendar again in a few minutes.",
    ),
    "PROVIDER_UNAVAILABLE": (
        "{provider} doesn't answer at the moment.",
        "Please try again in a few minutes.",
    ),
    "CLOCK_DIFFERS": (
        "A clock on our side is wrong, so we can't accept sign-ins. It is not your fault, and our operators know.",
        "Please try again later.",
    ),
    "PROVIDER_NOT_AVAILABLE": (
        "Our service connects no calendars of this provider at the moment. It is not your fault.",
        "Connect another calendar, or ask our support.",
    ),
    "PROVIDER_MISCONFIGURED": (
        "{provider} doesn't accept our service at the moment. It is not your fault.",
        "Please try again later. If it stays like this, tell our support.",
    ),
}
_GOOGLE_SHOWED: Final = (
    "If Google showed an error instead, your organisation may not allow the app: ask your administrator."
)
"""Most of Google's refusals end on its own page and never come back here; then people go back by themselves."""
_AT: Final[Mapping[Provider, Mapping[str, Words]]] = {
    Provider.MICROSOFT: {
        "SIGN_IN_CANCELLED": (
            "You went back before Microsoft could finish.",
            f"{AGAIN} If Microsoft says that an administrator must approve, ask yours to do so first.",
        ),
        "BLOCKED_BY_ORGANISATION": (
            "Your organisation hasn't allowed this connection: the app is switched off there, you are not assigned to "
            "it, or a policy blocks it.",
            "Ask your administrator to allow the app and to give you access to it, then connect the calendar again.",
        ),
        "MAILBOX_NOT_SERVED": (
            "This account has no mailbox that we can reach in Microsoft's cloud: it may be on a server of your "
            "organisation's own, have no licence, or be suspended.",
            "Connect another account, or ask your administrator.",
        ),
    },
    Provider.GOOGLE: {
        "CONNECTION_ATTEMPT_EXPIRED": (
            "The sign-in took longer than ten minutes.",
            f"{AGAIN} {_GOOGLE_SHOWED}",
        ),
        "SIGN_IN_CANCELLED": ("You went back before Google could finish.", f"{AGAIN} {_GOOGLE_SHOWED}"),
        "PERMISSIONS_MISSING": (
            "Not all of the boxes on Google's page were ticked. Without them we can't see when you are busy or add "
            "sessions.",
            f"{AGAIN} Please tick every box.",
        ),
        "MAILBOX_NOT_SERVED": (
            "Google Calendar is not switched on for this Google account.",
            "Connect another account. If it is an account of your organisation, ask your administrator to switch "
            "Google Calendar on.",
        ),
    },
    Provider.APPLE: {
        "SIGN_IN_CANCELLED": ("You went back before the calendar was connected.", AGAIN),
        "SIGN_IN_REFUSED": (
            "The proof of your Apple ID was used already, or has got lost on its way.",
            AGAIN,
        ),
        "ACCOUNT_MISMATCH": (
            "You typed another Apple ID than the one that is to be reconnected.",
            "Start again, and type the right one.",
        ),
        "MAILBOX_NOT_SERVED": (
            "There is no iCloud calendar that we can reach with this Apple ID.",
            "Switch Calendars on in your iCloud settings, or connect another account. If your organisation manages "
            "your Apple ID, ask its administrator.",
        ),
    },
}
_NAMED_BY: Final[Mapping[Provider, str]] = {Provider.APPLE: "type"}
"""How people say at the provider who they are."""
_OTHERWISE: Final = ("Something has changed while you signed in.", AGAIN)


def failure_page(failure: Exception, provider: Provider) -> Page:
    """Nothing was stored: says why, and what helps."""
    what, after = words_of(failure, provider)
    name = provider.value.title()
    if isinstance(failure, BlockedByOrganisation) and failure.code:
        after += f" They will want to know what {name} said: {failure.code}."
    if isinstance(failure, AccountMismatch) and failure.meant:
        after = f"Start again, and {_NAMED_BY.get(provider, 'choose')} {failure.meant}."
    if isinstance(failure, PermissionsMissing):
        after += _left_out(failure)
    return Page(
        title="The calendar was not connected",
        what=what,
        next=after,
        links=help_links(failure),
    )


def words_of(failure: Exception, provider: Provider) -> Words:
    reason = reason_of(failure)
    what, after = _AT.get(provider, {}).get(reason) or _EVERYWHERE.get(reason, _OTHERWISE)
    return what.format(provider=provider.value.title()), after


def _left_out(failure: PermissionsMissing) -> str:
    """What the missing ones are for, where the provider's adapter has words for it."""
    return f" What is missing would let us {_listed(failure.described)}." if failure.described else ""


def _listed(parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
