"""What the adapter must know of our project at Google and of the hosts to talk to."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

SCOPE_PREFIX = "https://www.googleapis.com/auth/"

LEAST_SCOPES = (
    f"{SCOPE_PREFIX}calendar.calendarlist.readonly",
    f"{SCOPE_PREFIX}calendar.events.freebusy",
    f"{SCOPE_PREFIX}calendar.events.owned",
)
"""List the calendars, see availability on all of them, and write on those the person owns. Signing in comes on top."""

SHARED_SCOPES = (
    f"{SCOPE_PREFIX}calendar.calendarlist.readonly",
    f"{SCOPE_PREFIX}calendar.events.freebusy",
    f"{SCOPE_PREFIX}calendar.events",
)
"""As LEAST_SCOPES, but also for writing on calendars of others that are shared with the person for writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleSettings:
    """The client (`client_id` and its secret, or two), the hosts, how much may be asked, and how long to wait.

    The URLs are those of Google's OpenID Connect discovery document, and the root of Calendar API v3. `ca_file` is a
    PEM file of the authority to trust instead of the machine's own. `scopes` are what a sign-in asks for beyond the
    identity. `person_per_minute` and `project_per_minute` bound the requests of this process; Google counts them by
    project and person, and by project. `at_once` bounds those under way for one person. `page_size` is how many events
    one answer may hold, at most 2500. `retry_pauses` lie between the tries of a read inside one call; each such try has
    `read_timeout`, a call as a whole `request_timeout`. `largest_answer` is in bytes. `notification_url` is https; None
    where Google can't reach us.
    `daily_requests` are this process's part of what Google allows the project in a day; nothing stops there, but from
    the part `warn_at` of it on the operator is told.
    """

    client_id: str
    client_secret: str = field(repr=False)
    next_client_secret: str | None = field(default=None, repr=False)
    authorization_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    revocation_url: str = "https://oauth2.googleapis.com/revoke"
    keys_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    calendar_url: str = "https://www.googleapis.com/calendar/v3"
    ca_file: Path | None = None
    scopes: tuple[str, ...] = LEAST_SCOPES
    person_per_minute: int = 600
    project_per_minute: int = 10_000
    daily_requests: int = 1_000_000
    warn_at: float = 0.8
    at_once: int = 4
    connect_timeout: timedelta = timedelta(seconds=5)
    request_timeout: timedelta = timedelta(seconds=30)
    read_timeout: timedelta = timedelta(seconds=9)
    retry_pauses: tuple[timedelta, ...] = (timedelta(milliseconds=200), timedelta(milliseconds=800))
    page_size: int = 2500
    largest_answer: int = 20_000_000
    notification_url: str | None = None
