"""Stored readings under a running service: a look at them, and time that passes for them alone."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.world.google.channels import Channel
from tests.support.service import Service, until


async def pass_time(service: Service, passed: timedelta, *, read_again: bool = True) -> None:
    """As if so much time had passed since every calendar was read.

    Without `read_again` none of them falls due by that: then only questions can have them read.
    """
    await service.database.execute(
        """
        UPDATE reading_schedule
        SET read_at = read_at - %(passed)s,
            due_at = CASE WHEN %(read_again)s THEN due_at - %(passed)s ELSE due_at END
        """,
        {"passed": passed, "read_again": read_again},
    )


async def make_due(service: Service) -> None:
    """As if the time for the next look at every calendar had come."""
    await service.database.execute("UPDATE reading_schedule SET due_at = now() - interval '1 second'")


async def make_subscriptions_due(service: Service) -> None:
    """As if the time for the renewal of every subscription had come."""
    await service.database.execute("UPDATE subscription SET due_at = now() - interval '1 second'")


async def read_at(service: Service, calendar_id: str) -> datetime:
    (row,) = await service.rows(
        "SELECT read_at FROM reading_schedule WHERE calendar_id = %(id)s", id=calendar_id
    )
    found: datetime = row["read_at"]
    return found


async def read_again(service: Service, calendar_id: str, *, after: datetime) -> datetime:
    """When the calendar was read, once that is after this moment."""
    return await until(lambda: read_at(service, calendar_id), lambda at: at > after)


def asked(
    service: Service, *, method: str = "GET", path: str = "calendarView", surface: str = "graph"
) -> int:
    """How many requests of this kind have reached Graph, or another surface of the sandbox."""
    return sum(
        1
        for one in service.sandbox.world.traffic.requests
        if one.surface == surface and one.method == method and path in one.path
    )


def subscriptions(service: Service) -> list[Any]:
    """Those that Microsoft has."""
    return service.sandbox.world.subscriptions.all()


def channels(service: Service) -> list[Channel]:
    """Those that are open at Google."""
    return service.sandbox.world.google.channels.all()
