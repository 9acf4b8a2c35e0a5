"""Nobody waits for a neighbour: a mailbox that hangs, and a mail server that does, hold a few places and no more."""

from collections.abc import AsyncIterator

import pytest_asyncio

from calendarsync.v1.session_pb2 import WRITE_STATUS_PENDING, WRITE_STATUS_WRITTEN
from sandbox import Sandbox
from tests.server.served import Logs
from tests.support.calls import EXPERT, unread
from tests.support.running_service import open_service
from tests.support.service import Service, until

PLACES, SESSIONS = 3, 10
LOST = ["ben", "carla", "dora"]


@pytest_asyncio.fixture
async def small(sandbox: Sandbox, dsn: str, logs: Logs) -> AsyncIterator[Service]:
    """A process with few places for each kind of work."""
    async with open_service(sandbox, dsn, logs=logs, worker_concurrency=PLACES) as service:
        await service.put_expert()
        yield service
        sandbox.world.settings.notifications = "silent"


async def every_mail_hangs(service: Service) -> None:
    """As many losses of access as there are places for mails."""
    for person in LOST:
        await service.put_expert(f"expert-of-{person}")
        await service.connect(person, expert_id=f"expert-of-{person}")
    service.sandbox.mail_sink.state = "hanging"
    for person in LOST:
        service.sandbox.world.grants.revoke(person, access_tokens=True)
        answer = await service.busy(expert_id=f"expert-of-{person}")
        assert unread(answer) == ["RECONNECT_REQUIRED"]

    async def waiting() -> int:
        return service.sandbox.mail_sink.waiting

    await until(waiting, lambda number: number == len(LOST))


async def test_a_booking_is_written_while_another_mailbox_and_all_mails_hang(small: Service) -> None:
    world = small.sandbox.world
    await small.connect("anna")
    await small.put_expert("other")
    await small.connect("max", expert_id="other")
    await every_mail_hangs(small)
    hang = world.faults.add(
        kind="hang", method="POST", path="/events$", person="anna", seconds=20, times=None
    )
    for number in range(SESSIONS):
        await small.put_session(f"session-{number}", start=number)
    await small.sandbox.hangs.reached()

    for number in range(5):
        await small.put_session(f"other-{number}", start=number, expert_id="other")
        await until(
            lambda name=f"other-{number}": small.session(name, expert_id="other"),  # type: ignore[misc]
            lambda session: session.event.status == WRITE_STATUS_WRITTEN,
        )

    assert hang.hits == 2
    assert small.events("anna") == []
    waiting = [await small.session(f"session-{number}") for number in range(SESSIONS)]
    assert {one.event.status for one in waiting} == {WRITE_STATUS_PENDING}
    assert (small.sandbox.mail_sink.waiting, small.sandbox.mails) == (len(LOST), [])

    world.faults.clear()
    small.sandbox.hangs.release()
    small.sandbox.mail_sink.state = "up"
    for number in range(SESSIONS):
        await small.written(f"session-{number}")
    await small.idle()
    assert (len(small.events("anna")), len(small.sandbox.mails)) == (SESSIONS, len(LOST))


async def test_two_experts_of_one_mailbox_hold_two_places_in_all(small: Service) -> None:
    world = small.sandbox.world
    await small.put_expert("second")
    await small.put_expert("other")
    for expert in (EXPERT, "second"):
        await small.connect("anna", expert_id=expert)
    await small.connect("max", expert_id="other")
    hang = world.faults.add(
        kind="hang", method="POST", path="/events$", person="anna", seconds=20, times=None
    )
    for number in range(3):
        for expert in (EXPERT, "second"):
            await small.put_session(f"session-{number}", start=number, expert_id=expert)
    await small.sandbox.hangs.reached()

    for number in range(3):
        await small.put_session(f"other-{number}", start=number, expert_id="other")
        await until(
            lambda name=f"other-{number}": small.session(name, expert_id="other"),  # type: ignore[misc]
            lambda session: session.event.status == WRITE_STATUS_WRITTEN,
        )
    assert hang.hits == 2

    world.faults.clear()
    small.sandbox.hangs.release()
    await small.idle()
    assert len(small.events("anna")) == 6
