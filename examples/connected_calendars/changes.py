"""What each kind of change in the feed means for the pages: which of them may show something else now, and in words.

A part of a page says of itself what it is made from (`data-live="busy sessions"`), in these same words.
"""

from dataclasses import dataclass
from typing import Final

from calendarsync.v1 import change_service_pb2 as feed
from calendarsync.v1.change_service_pb2 import ChangeType

ACCOUNTS: Final = "accounts"
CALENDARS: Final = "calendars"
BUSY: Final = "busy"
SESSIONS: Final = "sessions"
ALL: Final = (ACCOUNTS, CALENDARS, BUSY, SESSIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """`words` are read to people who can't see that the page changed."""

    topics: tuple[str, ...]
    words: str = ""


ANYTHING: Final = News(topics=ALL)
"""What is not known in more detail may have changed everything."""

NEWS: Final = {
    feed.CHANGE_TYPE_ACCOUNT_RECONNECT_REQUIRED: News(
        topics=(ACCOUNTS, CALENDARS, BUSY), words="An account lost its access and must be reconnected."
    ),
    feed.CHANGE_TYPE_ACCOUNT_RECONNECTED: News(
        topics=(ACCOUNTS, CALENDARS, BUSY), words="An account has access again."
    ),
    feed.CHANGE_TYPE_CALENDARS_CHANGED: News(
        topics=(CALENDARS, BUSY), words="The calendars, or what was chosen of them, changed."
    ),
    feed.CHANGE_TYPE_BUSY_TIME_CHANGED: News(topics=(BUSY,), words="Something in a calendar changed."),
    feed.CHANGE_TYPE_SESSION_WRITTEN: News(
        topics=(SESSIONS,), words="The calendar shows a session as it is now."
    ),
    feed.CHANGE_TYPE_SESSION_WAITING: News(
        topics=(SESSIONS,), words="A session waits to be written to the calendar."
    ),
    feed.CHANGE_TYPE_SESSION_FAILED: News(
        topics=(SESSIONS,), words="A session can't be written to the calendar."
    ),
    feed.CHANGE_TYPE_SESSION_COLLIDES: News(
        topics=(SESSIONS,), words="Something in a calendar overlaps a session now."
    ),
    feed.CHANGE_TYPE_SESSION_EVENT_CHANGED: News(
        topics=(SESSIONS,), words="A session's event was changed in the calendar itself."
    ),
    feed.CHANGE_TYPE_ACCOUNT_CONNECTED: News(topics=ALL, words="An account was connected."),
    feed.CHANGE_TYPE_ACCOUNT_DISCONNECTED: News(topics=ALL, words="An account was disconnected."),
    feed.CHANGE_TYPE_HOLD_PLACED: News(topics=(BUSY,), words="Somebody is about to book a time."),
    feed.CHANGE_TYPE_HOLD_ENDED: News(topics=(BUSY,), words="A time that was held is free again, or booked."),
    feed.CHANGE_TYPE_SESSION_ACCEPTED: News(
        topics=(BUSY, SESSIONS), words="A session was booked or changed."
    ),
    feed.CHANGE_TYPE_SESSION_CANCELLED: News(topics=(BUSY, SESSIONS), words="A session was cancelled."),
    feed.CHANGE_TYPE_SESSION_PENDING: News(topics=(SESSIONS,), words="A session is being written."),
    feed.CHANGE_TYPE_INCIDENT_OPENED: News(topics=(ACCOUNTS,)),
    feed.CHANGE_TYPE_INCIDENT_CLOSED: News(topics=(ACCOUNTS,)),
    feed.CHANGE_TYPE_INCIDENT_NOTICE_SENT: News(
        topics=(ACCOUNTS,), words="A mail was sent about an account that must be reconnected."
    ),
    feed.CHANGE_TYPE_INCIDENT_NOTICE_DUE: News(topics=(ACCOUNTS,)),
    feed.CHANGE_TYPE_INCIDENT_NOTICE_REFUSED: News(
        topics=(ACCOUNTS,), words="The mail about an account that must be reconnected could not be delivered."
    ),
}
"""Those that are missing here are about the whole expert."""


def news_of(kind: ChangeType.ValueType) -> News:
    """Of any kind, those that were added since this was written included."""
    return NEWS.get(kind, ANYTHING)
