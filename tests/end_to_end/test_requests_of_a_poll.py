"""What it costs at Google to keep an account fresh that has three calendars of its own and twenty of others."""

from collections.abc import Awaitable, Callable

from sandbox import Sandbox
from tests.server.served import Logs
from tests.support.calls import NOW, SOON, hours, unread
from tests.support.readings import make_due
from tests.support.running_service import open_service
from tests.support.service import Service, until

ALL = [("GET", "/calendars/{calendarId}/events")] * 3 + [("POST", "/freeBusy")]


def _requests(service: Service) -> list[tuple[str, str]]:
    return [
        (one.method, one.path) for one in service.sandbox.world.traffic.requests if one.surface == "google"
    ]


async def _taken_by(look: Callable[[], Awaitable[None]], service: Service) -> list[tuple[str, str]]:
    """The requests. On a busy machine some of those that are read together may come too late for the one query."""
    before = len(_requests(service))
    await look()
    return sorted(_requests(service)[before:])


async def _all_read(service: Service) -> None:
    """Nothing is due, and no look is under way."""

    async def left() -> int:
        found = await service.rows(
            "SELECT FROM reading_schedule WHERE read_at IS NULL OR due_at <= now() OR begun_at IS NOT NULL"
        )
        return len(found)

    await until(left, lambda number: number == 0)


async def test_a_poll_and_a_question_take_four_requests_each(sandbox: Sandbox, dsn: str, logs: Logs) -> None:
    """As long as one query reaches over what is read: it may be sixty days."""
    calendars = sandbox.world.calendars
    calendars.add("gina", "third", "Third")
    for number in range(20):
        key = f"shared-{number}"
        calendars.add("wilma", key, key)
        calendars.share("wilma", key, "gina", key=key)
        calendars.change_google("gina", key, role="freeBusyReader")
    async with open_service(sandbox, dsn, logs=logs, read_ahead_days=58, push="off") as service:
        await service.put_expert()
        await service.connect("gina")
        chosen = [one.calendar_id for one in await service.list_calendars()]
        assert len(chosen) == 23
        await service.choose(conflict_calendar_ids=chosen)
        await _all_read(service)

        async def poll() -> None:
            await make_due(service)
            await _all_read(service)

        async def question() -> None:
            answer = await service.busy(hours(0, 24, day=SOON), max_age=NOW)
            assert (answer.complete, unread(answer)) == (True, [])

        assert ALL in [await _taken_by(poll, service) for _ in range(3)]
        assert ALL in [await _taken_by(question, service) for _ in range(3)]
