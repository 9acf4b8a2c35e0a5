"""How far the calendar follows a session, in words: written, about to be, waiting and for what, or refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from calendarsync.v1 import session_pb2 as sessions
from calendarsync.v1.session_pb2 import EventReplacement, Session, WriteHindrance
from connected_calendars.names import Names

BY_ITSELF: Final = "It is written as soon as that is over."


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What stands in the way, and what helps; `href` leads to where."""

    why: str
    then: str
    href: str = ""


def _words(why: str, then: str, href: str = "") -> Words:
    return Words(why=why, then=then, href=href)


HINDRANCES: Final[Mapping[WriteHindrance.ValueType, Words]] = {
    sessions.WRITE_HINDRANCE_NO_WRITABLE_CALENDAR: _words(
        "There is no calendar to add it to.", "Connect one, or choose one that can be written.", "/accounts"
    ),
    sessions.WRITE_HINDRANCE_RECONNECT_REQUIRED: _words(
        "The account has to be connected again.",
        "Reconnect it; then the session is written by itself.",
        "/accounts",
    ),
    sessions.WRITE_HINDRANCE_CALENDAR_MISSING: _words(
        "The calendar for sessions is not there any more.", "Choose another one.", "/calendars"
    ),
    sessions.WRITE_HINDRANCE_CALENDAR_NOT_WRITABLE: _words(
        "Nothing can be added to the calendar for sessions any more.", "Choose another one.", "/calendars"
    ),
    sessions.WRITE_HINDRANCE_ACCOUNT_DISCONNECTED: _words(
        "The account was disconnected.",
        "Connect it again, or choose another calendar for sessions.",
        "/accounts",
    ),
    sessions.WRITE_HINDRANCE_PROVIDER_UNAVAILABLE: _words("The provider doesn't answer.", BY_ITSELF),
    sessions.WRITE_HINDRANCE_SERVICE_MISCONFIGURED: _words(
        "The provider doesn't accept our service at the moment.", "Our operators have been told. " + BY_ITSELF
    ),
    sessions.WRITE_HINDRANCE_REFUSED_BY_PROVIDER: _words(
        "The provider doesn't take this event.", "Change its title, notes or place, and save it again."
    ),
    sessions.WRITE_HINDRANCE_MAILBOX_NOT_SERVED: _words(
        "The account has no mailbox any more.", "Whoever manages the account must fix that."
    ),
    sessions.WRITE_HINDRANCE_PERMISSION_REQUIRED: _words(
        "The calendar is somebody else's, and adding to it needs one more permission.",
        "Reconnect the account, and grant it.",
        "/accounts",
    ),
    sessions.WRITE_HINDRANCE_MAILBOX_FULL: _words("The mailbox is full.", "Make room in it. " + BY_ITSELF),
    sessions.WRITE_HINDRANCE_MAILBOX_SUSPENDED: _words(
        "The provider has suspended the account.", "Do what the provider wrote to you. " + BY_ITSELF
    ),
}
OTHERWISE: Final = _words("Something stands in the way.", "It is tried again by itself.")
"""For hindrances that are newer than this page."""
REPLACEMENTS: Final[Mapping[EventReplacement.ValueType, str]] = {
    sessions.EVENT_REPLACEMENT_ACCOUNT_DISCONNECTED: "An earlier event of it was left in an account that was "
    "disconnected.",
    sessions.EVENT_REPLACEMENT_EVENT_DELETED: "Its first event was deleted in the calendar, so there is a new one.",
    sessions.EVENT_REPLACEMENT_CALENDAR_GONE: "The calendar of its first event is gone, so there is a new one.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """`state` is pending, written, waiting or failed."""

    state: str
    short: str
    text: str
    hindrance: Words | None = None
    next_attempt: datetime | None = None

    @property
    def mood(self) -> str:
        """How it looks, in classes of static/style.css."""
        return {"written": "good", "waiting": "warn", "failed": "bad"}.get(self.state, "")


STATES: Final = {
    sessions.WRITE_STATUS_PENDING: "pending",
    sessions.WRITE_STATUS_WRITTEN: "written",
    sessions.WRITE_STATUS_WAITING: "waiting",
    sessions.WRITE_STATUS_FAILED: "failed",
}
SHORT: Final = {
    "pending": ("being written", "being removed"),
    "written": ("in the calendar", "cancelled"),
    "waiting": ("waits", "removal waits"),
    "failed": ("not in the calendar", "not removed"),
}
"""Of a live session, and of a cancelled one."""


def writing_of(session: Session, names: Names) -> Writing:
    """Of its newest revision."""
    event = session.event
    state = STATES.get(event.status, "pending")
    hindered = state in {"waiting", "failed"}
    return Writing(
        state=state,
        short=SHORT[state][session.cancelled],
        text=" ".join(
            part for part in (_text(session, state, names), REPLACEMENTS.get(event.replacement, "")) if part
        ),
        hindrance=HINDRANCES.get(event.hindrance, OTHERWISE) if hindered else None,
        next_attempt=event.next_attempt_time.ToDatetime(UTC)
        if state == "waiting" and event.HasField("next_attempt_time")
        else None,
    )


def _text(session: Session, state: str, names: Names) -> str:
    calendar = names.calendar(session.event.calendar_id)
    match state, session.cancelled:
        case "written", False:
            return f"In {calendar}, as it is here."
        case "written", True:
            return "Cancelled, and in no connected calendar any more."
        case "pending", False:
            return "It is just being written to the calendar."
        case "pending", True:
            return "Cancelled; its event is just being removed."
        case "waiting", False:
            return (
                f"In {calendar}, but as it was before."
                if session.event.written_revision
                else "Not in a calendar yet."
            )
        case "failed", False:
            return "It can't be written to the calendar."
        case _:
            return "Cancelled, but its event is still in the calendar."
