"""Failed calls and failed sign-ins in words for the person at the browser: what happened, and what to do next.

Both carry the same reasons, those of the contract's ErrorReason. Show these, and never the text of a failure, which is
for the log. A reason that is newer than this page has words, too: the general ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import grpc
import grpc.aio

from calendarsync.v1.account_pb2 import PROVIDER_UNSPECIFIED, Provider
from calendarsync_client import Failure, failure_of
from connected_calendars.notices import Notice
from connected_calendars.providers import provider_name

AGAIN: Final = "Please connect the calendar again."
LATER: Final = "Please try again in a few minutes."
OURS: Final = "It is not your fault, and our operators have been told."


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`{provider}` in them is filled with its name."""

    what: str
    then: str


def _words(what: str, then: str) -> Words:
    return Words(what=what, then=then)


OF_SIGN_INS: Final[Mapping[str, Words]] = {
    "SIGN_IN_CANCELLED": _words(
        "You went back before {provider} could finish.",
        "Connect the calendar again whenever you like. If {provider} says that an administrator must approve, ask "
        "yours to do so first.",
    ),
    "PERMISSIONS_MISSING": _words(
        "Required permissions were not granted. Without them we can't see when you are busy, or add sessions.",
        "Connect the calendar again, and leave all permissions ticked.",
    ),
    "ADMIN_APPROVAL_REQUIRED": _words(
        "Your organisation lets only an administrator approve this connection.",
        "Ask your administrator to approve it, then connect the calendar again.",
    ),
    "BLOCKED_BY_ORGANISATION": _words(
        "Your organisation doesn't allow this connection.",
        "Ask your administrator to allow the app and to give you access to it, then connect the calendar again.",
    ),
    "SIGN_IN_REFUSED": _words("{provider} did not accept the sign-in.", AGAIN),
    "SIGN_IN_INTERRUPTED": _words(
        "{provider}, or our own service, did not answer while the sign-in was being finished.",
        "Please connect the calendar again in a few minutes.",
    ),
    "MAILBOX_NOT_SERVED": _words(
        "This account has no calendar that we can reach: it is on a server of your organisation's own, has no licence "
        "for one, or has it switched off.",
        "Connect another account, or ask whoever manages this one.",
    ),
    "ACCOUNT_MISMATCH": _words(
        "You signed in with another {provider} account than the one that is to be reconnected.",
        "Reconnect it again, and choose the right account.",
    ),
    "ACCOUNT_LIMIT_REACHED": _words(
        "Your plan holds no more connected accounts.", "Disconnect one first, or change your plan."
    ),
    "CLOCK_DIFFERS": _words("A clock on our side is wrong, so no sign-in can be accepted.", OURS),
    "PROVIDER_NOT_AVAILABLE": _words(
        "We connect no calendars of {provider} at the moment.",
        "Connect another calendar, or ask our support.",
    ),
    "PROVIDER_UNAVAILABLE": _words("{provider} doesn't answer at the moment.", LATER),
    "PROVIDER_MISCONFIGURED": _words("{provider} doesn't accept our service at the moment.", OURS),
    "CONNECTION_ATTEMPT_NOT_FOUND": _words(
        "This sign-in is not known here: it was finished already, or somebody else began it.", AGAIN
    ),
    "CONNECTION_ATTEMPT_EXPIRED": _words("The sign-in took longer than ten minutes.", AGAIN),
    "CONNECTION_ATTEMPT_OTHER_WAY": _words("This sign-in ends on another page.", AGAIN),
    "RETURN_URL_NOT_ALLOWED": _words(
        "The service doesn't send browsers back to this page.",
        "Its operator must add the address of this page to RETURN_URLS.",
    ),
    "DESTINATION_REQUIRED": _words("The sign-in was begun without a page to come back to.", AGAIN),
}
"""Of sign-ins, from their start to their end."""
OF_CALLS: Final[Mapping[str, Words]] = {
    "INVALID_REQUEST": _words(
        "Something was filled in that can't be right.", "Please check it and try again."
    ),
    "TIME_ZONE_UNKNOWN": _words(
        "This time zone is not known.", "Choose one from the list, such as Europe/Berlin."
    ),
    "PAGE_TOKEN_INVALID": _words("This list has changed.", "Start again at its beginning."),
    "EXPERT_NOT_FOUND": _words("The service doesn't know this expert any more.", "Choose who you are again."),
    "ACCOUNT_NOT_FOUND": _words("This account is not connected.", "It may have been disconnected elsewhere."),
    "CALENDAR_NOT_FOUND": _words("This calendar is not there any more.", "Choose among those that are."),
    "SESSION_NOT_FOUND": _words("This session is not there any more.", "Look at the week again."),
    "CALENDAR_NOT_WRITABLE": _words("Nothing can be added to this calendar.", "Choose another one."),
    "CALENDAR_NOT_CHECKABLE": _words(
        "This calendar can't be checked: its provider doesn't tell what is in it.", "Choose others."
    ),
    "ETAG_MISMATCH": _words(
        "This was changed elsewhere meanwhile.", "Look at what it is now, and decide again."
    ),
    "TIME_TAKEN": _words("This time has just been taken.", "Please choose another one."),
    "AVAILABILITY_UNKNOWN": _words(
        "Not every calendar could be read, so nobody knows whether this time is free.",
        "Please try again in a minute.",
    ),
    "CALENDARS_UNREADABLE": _words(
        "A calendar can't be read until its account is connected again, so nobody knows whether this time is free.",
        "Reconnect the account first.",
    ),
    "HOLD_NOT_FOUND": _words("This time is no longer held.", "Please choose one again."),
    "SESSION_TOO_OLD": _words("This session was too long ago.", "It can't be changed any more."),
    "QUESTION_TOO_LARGE": _words("That was too much to ask for at once.", "Look at a shorter time."),
    "EXPERT_MOVED": _words("This expert is served elsewhere now.", OURS),
    "EXPERT_MOVING": _words("This expert is just being moved.", LATER),
    "STORE_UNAVAILABLE": _words("A part of our service doesn't answer at the moment.", LATER),
    "DEADLINE_EXCEEDED": _words("This took too long.", LATER),
    "CALLER_LIMIT_REACHED": _words("We ask for more than we may at the moment.", LATER),
    "TOO_MANY_CALLS": _words("The service is very busy.", LATER),
    "CREDENTIALS_MISSING": _words("The service doesn't let this page in.", OURS),
    "CREDENTIALS_INVALID": _words("The service doesn't let this page in.", OURS),
    "SCOPE_MISSING": _words("The service doesn't let this page do that.", OURS),
}
UNREACHABLE: Final = _words("The calendar service can't be reached.", "Nothing was lost. " + LATER)
OTHERWISE: Final = _words("Something went wrong on our side.", LATER)
STATUSES: Final[Mapping[grpc.StatusCode, int]] = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 503,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
"""How the page about a failed call is sent; as 502 otherwise."""


def words_for(reason: str, provider: Provider.ValueType = PROVIDER_UNSPECIFIED) -> Words:
    """Of a reason as it travels, e.g. in the query of a page that a sign-in came back to."""
    words = OF_SIGN_INS.get(reason) or OF_CALLS.get(reason) or OTHERWISE
    name = provider_name(provider)
    return Words(what=words.what.format(provider=name), then=words.then.format(provider=name))


def failure_notice(
    title: str, error: grpc.aio.AioRpcError, provider: Provider.ValueType = PROVIDER_UNSPECIFIED
) -> Notice:
    """What a failed call says on the page that it was made from, with the links that it brought."""
    failure = failure_of(error)
    words = words_of(failure, provider)
    return Notice(title=title, text=f"{words.what} {words.then}", good=False, links=links_of(failure))


def words_of(failure: Failure, provider: Provider.ValueType = PROVIDER_UNSPECIFIED) -> Words:
    if not failure.reason_name and failure.code == grpc.StatusCode.UNAVAILABLE:
        return UNREACHABLE
    return words_for(failure.reason_name, provider)


def links_of(failure: Failure) -> Sequence[tuple[str, str]]:
    """Pairs of text and URL: where a person can do something about it."""
    return [(text, url) for text, url in failure.links.items() if url.startswith(("https://", "http://"))]
