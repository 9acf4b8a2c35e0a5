"""What the pages say, but for failed sign-ins (`failures`), in words for the person at the browser."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from server.http.pages import Page

AGAIN: Final = "Go back to the page you came from and connect the calendar again."
CLOSE: Final = "You can close this page."

CONNECTED: Final = "connected"
RECONNECTED: Final = "reconnected"
RECONNECTED_AND_WRITING: Final = "reconnected-and-writing"

RESULTS: Final[Mapping[str, Page]] = {
    CONNECTED: Page(
        title="Your calendar is connected",
        what="The connection is confirmed.",
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
    what="What your browser sent is not what a sign-in ends with.",
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


def fault_page(log_id: str) -> Page:
    return Page(
        title="Something went wrong on our side",
        what="Nothing was changed.",
        next=f"Please try again. If it stays like this, tell our support the number {log_id}.",
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )
