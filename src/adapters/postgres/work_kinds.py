"""The kinds of work that rows make due: workers are woken for them by these names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkKind:
    """`queue` is where processes of the version before look for it."""

    name: str
    queue: str


WRITE_SESSION = WorkKind("write_session", "writes")
NOTIFY_EXPERT = WorkKind("notify_expert", "mails")
REFRESH_CALENDARS = WorkKind("refresh_calendars", "calendars")
READ_CALENDAR = WorkKind("read_calendar", "readings")
KEEP_SUBSCRIPTION = WorkKind("keep_subscription", "subscriptions")
END_SUBSCRIPTION = WorkKind("end_subscription", "subscriptions")
