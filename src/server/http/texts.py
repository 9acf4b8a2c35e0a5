"""What the pages say about each way a sign-in can end, in words for the person at the browser."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from domain.connection import AccountMismatch, BlockedByOrganisation
from server.http.pages import Page
from server.rpc.catalogue import help_links, reason_of

AGAIN: Final = "Go back to the page you came from and connect the calendar again."
CLOSE: Final = "You can close this page."

CONNECTED: Final = "connected"
RECONNECTED: Final = "reconnected"
RECONNECTED_AND_WRITING: Final = "reconnected-and-writing"

RESULTS: Final[Mapping[str, Page]] = {
    CONNECTED: Page(
        title="Your calendar is connected",
        what="Microsoft has confirmed the connection.",
        next=CLOSE,
        good=True,
    ),
    RECONNECTED: Page(
        title="Your calendar is connected again",
        what="Everything you had chosen before is still in place.",
        next=CLOSE,
        good=True,
    ),
    RECONNECTED_AND_WRITING: Page(
        title="Your calendar is connected again",
        what="Everything you had chosen before is still in place, and the sessions that waited are being written now.",
        next=CLOSE,
        good=True,
    ),
}
"""How a sign-in can end well, by the last part of the page's address."""
UNKNOWN_SIGN_IN: Final = Page(
    title="This sign-in is not known",
    what="It was finished already, or took too long.",
    next=AGAIN,
    status=HTTPStatus.NOT_FOUND,
)
OTHER_WAY: Final = Page(
    title="This sign-in ends on another page",
    what="It was begun on a page that finishes it by itself. Nothing was connected here.",
    next="If you did not begin it yourself, close this page. Otherwise go back to the page you came from, and connect "
    "the calendar again.",
    status=HTTPStatus.CONFLICT,
)
DAMAGED: Final = Page(
    title="This link is damaged",
    what="What your browser sent is not what a sign-in at Microsoft ends with.",
    next=AGAIN,
    status=HTTPStatus.BAD_REQUEST,
)
DAMAGED_RECONNECT: Final = Page(
    title="This link is damaged",
    what="A part of it is missing or has changed: mail programs sometimes break long links.",
    next="Copy the whole link from the mail into your browser's address bar.",
    status=HTTPStatus.BAD_REQUEST,
)
APPROVAL_REPORTED: Final = Page(
    title="Microsoft reports an approval",
    what="Your browser came back from Microsoft with the message that an administrator has approved the connection for "
    "their organisation. No calendar was connected by that.",
    next="Whoever was waiting for it can connect their calendar now. You can close this page.",
    good=True,
)
NOT_APPROVED: Final = Page(
    title="Nothing was approved",
    what="Your browser came back from Microsoft without an approval: it was declined, or could not be finished. "
    "Nothing was changed here.",
    next="To approve it after all, open the same link again.",
)
RECONNECTED_ALREADY: Final = Page(
    title="Your calendar is connected again already",
    what="This link was for a time when it was not. Nothing is left to do.",
    next=CLOSE,
    good=True,
)
UNKNOWN_RECONNECT: Final = Page(
    title="Nothing is left to do here",
    what="This link doesn't lead to a calendar that is waiting to be connected again.",
    next="To be sure, look at your connected calendars.",
    status=HTTPStatus.NOT_FOUND,
)
AWAY: Final = Page(
    title="We can't do this right now",
    what="A part of our service doesn't answer at the moment. Nothing was changed.",
    next="Please try again in a minute.",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
)

_FAILED: Final[Mapping[str, tuple[str, str]]] = {
    "CONNECTION_ATTEMPT_EXPIRED": ("The sign-in took longer than ten minutes.", AGAIN),
    "DESTINATION_REQUIRED": ("It was begun on no page that could tell whose calendar it is.", AGAIN),
    "SIGN_IN_CANCELLED": (
        "You went back before Microsoft could finish.",
        f"{AGAIN} If Microsoft says that an administrator must approve, ask yours to do so first.",
    ),
    "PERMISSIONS_MISSING": (
        "Not all of the permissions were granted. Without them we can't see when you are busy or add sessions.",
        f"{AGAIN} Please leave all permissions ticked.",
    ),
    "ADMIN_APPROVAL_REQUIRED": (
        "Your organisation lets only an administrator approve this connection.",
        "Give the link below to your administrator. Once it is approved, connect the calendar again.",
    ),
    "BLOCKED_BY_ORGANISATION": (
        "Your organisation hasn't allowed this connection: the app is switched off there, you are not assigned to it, "
        "or a policy blocks it.",
        "Ask your administrator to allow the app and to give you access to it, then connect the calendar again.",
    ),
    "SIGN_IN_REFUSED": ("Microsoft did not accept the sign-in.", AGAIN),
    "MAILBOX_NOT_SERVED": (
        "This account has no mailbox that we can reach in Microsoft's cloud: it may be on a server of your "
        "organisation's own, have no licence, or be suspended.",
        "Connect another account, or ask your administrator.",
    ),
    "ACCOUNT_MISMATCH": (
        "You signed in with another Microsoft account than the one that is to be reconnected.",
        "Start again, and choose the right account.",
    ),
    "ACCOUNT_LIMIT_REACHED": (
        "Your plan holds no more connected accounts.",
        "Disconnect one first, or change your plan.",
    ),
    "SIGN_IN_INTERRUPTED": (
        "Microsoft, or our own service, doesn't answer at the moment.",
        "Please connect the calendar again in a few minutes.",
    ),
    "PROVIDER_UNAVAILABLE": ("Microsoft doesn't answer at the moment.", "Please try again in a few minutes."),
    "CLOCK_DIFFERS": (
        "A clock on our side is wrong, so we can't accept sign-ins. It is not your fault, and our operators know.",
        "Please try again later.",
    ),
    "PROVIDER_NOT_AVAILABLE": (
        "Our service connects no calendars of this provider at the moment. It is not your fault.",
        "Connect another calendar, or ask our support.",
    ),
    "PROVIDER_MISCONFIGURED": (
        "Microsoft doesn't accept our service at the moment. It is not your fault, and our operators know.",
        "Please try again later.",
    ),
}
_OTHERWISE: Final = ("Something has changed while you signed in.", AGAIN)


def failure_page(failure: Exception) -> Page:
    """Nothing was stored: says why, and what helps."""
    what, after = _FAILED.get(reason_of(failure), _OTHERWISE)
    if isinstance(failure, BlockedByOrganisation) and failure.code:
        after += f" They will want to know what Microsoft said: {failure.code}."
    if isinstance(failure, AccountMismatch) and failure.meant:
        after = f"Start again, and choose {failure.meant}."
    return Page(title="The calendar was not connected", what=what, next=after, links=help_links(failure))


def fault_page(log_id: str) -> Page:
    return Page(
        title="Something went wrong on our side",
        what="Nothing was changed.",
        next=f"Please try again. If it stays like this, tell our support the number {log_id}.",
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )
