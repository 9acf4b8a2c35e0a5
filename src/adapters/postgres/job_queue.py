"""The job queue: the jobs there are, and the application through which they are queued and run.

Jobs take no lock, no queueing lock and no retry of the queue's: rows say what is due, claims keep two workers apart,
and a sweep wakes a worker again for what is left over.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from procrastinate import App, PsycopgConnector


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job: the name under which rows carry it, and the queue it waits in."""

    name: str
    queue: str


WRITE_SESSION = JobKind("write_session", "writes")
"""Arguments: expert_id, session_id."""
NOTIFY_EXPERT = JobKind("notify_expert", "mails")
"""Arguments: incident_id."""
REFRESH_CALENDARS = JobKind("refresh_calendars", "calendars")
"""Arguments: account_id."""
READ_CALENDAR = JobKind("read_calendar", "readings")
"""Arguments: calendar_id."""
KEEP_SUBSCRIPTION = JobKind("keep_subscription", "subscriptions")
"""Arguments: calendar_id."""
END_SUBSCRIPTION = JobKind("end_subscription", "subscriptions")
"""Arguments: account_id, remote_id."""

UPKEEP = "upkeep"
"""The queue of what runs by the clock."""

KINDS = (WRITE_SESSION, NOTIFY_EXPERT, REFRESH_CALENDARS, READ_CALENDAR, KEEP_SUBSCRIPTION, END_SUBSCRIPTION)
QUEUES = [*dict.fromkeys(kind.queue for kind in KINDS), UPKEEP]
"""For `run_worker_async`; a list, since psycopg makes an array of a list only."""


def job_app() -> App:
    """An application without a database: `open_async(pool)` gives it one, and only a worker needs that."""
    return App(connector=PsycopgConnector())


def register(app: App, kind: JobKind, run: Callable[..., Awaitable[None]]) -> None:
    """Let workers of `app` run jobs of this kind; `run` takes the job's arguments by name, all of them strings."""
    app.task(name=kind.name, queue=kind.queue)(run)
