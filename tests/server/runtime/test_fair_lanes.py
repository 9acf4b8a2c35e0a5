"""Who gets a place where mailboxes and mail servers hang: the real lanes over fakes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from application.accounts.claim_incidents import ClaimIncidents
from application.sessions.claim_sessions import ClaimSessions
from domain.ids import ExpertId
from server.runtime import lanes
from server.runtime.work import Work
from tests.builders import an_interval
from tests.fakes.id_source import CountingIds
from tests.fakes.provider import Person
from tests.support.application import Application
from tests.support.wiring import an_application

PLACES = 8


@pytest.fixture(autouse=True)
def _polls_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "POLL_SECONDS", 0.01)


@pytest.fixture
async def app() -> AsyncIterator[Application]:
    application = an_application()
    yield application
    await application.reads.close(grace=timedelta())


@asynccontextmanager
async def working(app: Application, worker: str = "worker-1") -> AsyncIterator[None]:
    """A process with its lanes for sessions and mails."""
    ids = CountingIds(worker)
    work = Work(
        claim_sessions=ClaimSessions(store=app.store, clock=app.clock, ids=ids),
        write=app.write_session,
        claim_incidents=ClaimIncidents(store=app.store, clock=app.clock, ids=ids),
        notify=app.notify_expert,
        claim_readings=app.claim_readings,
        read=app.read_calendar,
        reads=app.reads,
        claim_subscriptions=app.claim_subscriptions,
        keep=app.keep_subscription,
        tell_ended=app.tell_ended,
        claim_lists=app.claim_lists,
        refresh=app.refresh_calendars,
        clock=app.clock,
    )
    of_sessions_and_mails = work.lanes(PLACES, reading_places=PLACES)[:2]
    tasks = [
        asyncio.create_task(lane.work(grace=timedelta(), hurry=asyncio.Event()))
        for lane in of_sessions_and_mails
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def until(holds: Callable[[], Awaitable[bool] | bool]) -> None:
    async with asyncio.timeout(20):
        while True:
            answer = holds()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0)


async def connected(app: Application, expert_id: str, person: Person | None = None) -> Person:
    """An expert with an account of this person's, or of somebody's of their own."""
    person = person or app.provider.add_person(expert_id)
    await app.connect(person, expert_id=await app.add_expert(expert_id))
    return person


def hangs(app: Application, person: Person) -> str:
    calendar = f"{person.object_id}/Calendar"
    app.provider.hanging[calendar] = asyncio.Event()
    return calendar


async def book_many(app: Application, expert_id: str, count: int) -> None:
    for number in range(count):
        await app.book(f"session-{number}", expert_id=expert_id, interval=an_interval(starts=24 + 2 * number))


async def lose_many(app: Application, count: int) -> None:
    """Losses of access, each with a mail that is due."""
    for number in range(count):
        person = await connected(app, f"lost-{number:03}")
        person.revoke()
        account = next(one for one in app.store.tables.accounts.values() if one.identity == person.identity)
        await app.refresh_calendars(account.account_id)


async def test_forty_hanging_sessions_and_hundreds_of_hanging_mails_leave_places_for_another(
    app: Application,
) -> None:
    hanging = await connected(app, "hangs")
    other = await connected(app, "other")
    calendar = hangs(app, hanging)
    await book_many(app, "hangs", 40)
    app.mailer.hangs = asyncio.Event()
    await lose_many(app, 500)
    async with working(app):
        await until(lambda: app.provider.hung[calendar] == 2 and app.mailer.hung == PLACES)

        await book_many(app, "other", 5)
        await until(lambda: len(other.events) == 5)

        assert (app.provider.hung[calendar], app.provider.most_hung[calendar]) == (2, 2)
        assert (app.mailer.hung, app.mailer.sent) == (PLACES, [])


async def test_what_hung_is_written_when_it_hangs_no_more(app: Application) -> None:
    person = await connected(app, "hangs")
    calendar = hangs(app, person)
    await book_many(app, "hangs", 40)
    async with working(app):
        await until(lambda: app.provider.hung[calendar] == 2)
        app.provider.hanging.pop(calendar).set()
        await until(lambda: len(person.events) == 40)


async def test_a_mailbox_of_many_experts_holds_two_places_in_all(app: Application) -> None:
    shared = app.provider.add_person("shared")
    for number in range(10):
        await connected(app, f"expert-{number}", shared)
    other = await connected(app, "other")
    calendar = hangs(app, shared)
    for number in range(10):
        await book_many(app, f"expert-{number}", 3)
    async with working(app):
        await until(lambda: app.provider.hung[calendar] == 2)
        await book_many(app, "other", 5)
        await until(lambda: len(other.events) == 5)
        assert app.provider.most_hung[calendar] == 2


async def test_an_expert_with_many_mailboxes_holds_two_places_in_all(app: Application) -> None:
    people = [await connected(app, "hangs")]
    for number in range(3):
        people.append(app.provider.add_person(f"more-{number}"))
        await app.connect(people[-1], expert_id="hangs")
    for number, person in enumerate(people):
        calendar = await app.calendar(f"{person.object_id}/Calendar")
        await app.update_calendar_settings(ExpertId("hangs"), write=calendar.calendar_id)
        await app.book(f"session-{number}", expert_id="hangs", interval=an_interval(starts=24 + number))
        await app.run_jobs()
    assert [len(person.events) for person in people] == [1, 1, 1, 1]
    calendars = [hangs(app, person) for person in people]
    for number in range(4):
        await app.book(f"session-{number}", expert_id="hangs", interval=an_interval(starts=48 + number))
    other = await connected(app, "other")
    async with working(app):
        await until(lambda: sum(app.provider.hung.values()) == 2)
        await book_many(app, "other", 5)
        await until(lambda: len(other.events) == 5)
        assert sum(app.provider.hung[one] for one in calendars) == 2


async def test_retries_that_hang_leave_places_for_what_is_new(app: Application) -> None:
    """The retries of an outage that has not ended: of so many mailboxes that they could take every place."""
    people = [await connected(app, f"expert-{number}") for number in range(PLACES)]
    app.provider.outage = True
    for number in range(PLACES):
        await book_many(app, f"expert-{number}", 3)
    await app.run_jobs()
    app.provider.outage = False
    other = await connected(app, "other")
    for person in people:
        hangs(app, person)
    app.clock.advance(timedelta(minutes=1))
    async with working(app):
        await until(lambda: sum(app.provider.hung.values()) == PLACES - PLACES // 4)
        await book_many(app, "other", 5)
        await until(lambda: len(other.events) == 5)


async def test_two_processes_share_what_is_due_and_write_each_session_once(app: Application) -> None:
    people = [await connected(app, f"expert-{number}") for number in range(10)]
    for number in range(10):
        await book_many(app, f"expert-{number}", 6)
    async with working(app, "worker-1"), working(app, "worker-2"):
        await until(lambda: all(len(person.events) == 6 for person in people))
    assert app.provider.calls["create"] == 60
