"""Changes, workers and writes that cross: one event, in its last state."""

import asyncio
from datetime import timedelta

from domain.session import WriteStatus
from tests.builders import EXPERT, SESSION, an_interval, some_details
from tests.fakes.provider import Person
from tests.support.application import Application


async def test_ten_changes_at_once_end_in_one_event_in_its_last_state(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    for number in range(10):
        await app.book(details=some_details(f"Title {number}"))
    await app.run_jobs()

    assert maria.the_event.details.title == "Title 9"
    assert (await app.session()).written_revision == 10
    assert app.provider.calls["create"] + app.provider.calls["update"] == 1


async def test_a_change_during_the_call_is_written_after_it(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    creating = app.provider.hold("create")
    writing = asyncio.create_task(app.write())
    await creating.reached.wait()
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    assert app.provider.calls["create"] == 1
    creating.release()
    await writing

    session = await app.session()
    assert maria.the_event.interval == an_interval(starts=30)
    assert (session.status, session.written_revision) == (WriteStatus.WRITTEN, 2)
    assert (app.provider.calls["create"], app.provider.calls["update"]) == (1, 1)


async def test_a_cancellation_during_the_call_removes_the_event_after_it(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    creating = app.provider.hold("create", after_doing=True)
    writing = asyncio.create_task(app.write())
    await creating.reached.wait()
    await app.cancel_session(EXPERT, SESSION)
    creating.release()
    await writing

    assert maria.events == {}
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_changes_that_never_end_do_not_keep_a_worker_for_ever(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    holds = [app.provider.hold("create"), *(app.provider.hold("update") for _ in range(9))]
    writing = asyncio.create_task(app.write())
    for number, held in enumerate(holds):
        reached = asyncio.create_task(held.reached.wait())
        await asyncio.wait({reached, writing}, return_when=asyncio.FIRST_COMPLETED)
        if writing.done():
            reached.cancel()
            break
        await app.book(details=some_details(f"Title {number}"))
        held.release()
    await writing
    for held in holds:
        held.release()

    assert app.provider.calls["create"] + app.provider.calls["update"] < 10
    await app.pass_time(timedelta(seconds=10))
    session = await app.session()
    assert (session.status, session.written_revision) == (WriteStatus.WRITTEN, session.revision)
    assert maria.the_event.details == session.details


async def test_two_workers_at_once_write_one_event(app: Application, maria: Person) -> None:
    app.provider.forgets_marks = True
    await app.connect(maria)
    await app.book()

    await asyncio.gather(*(app.write() for _ in range(5)))

    assert len(maria.events) == 1
    assert app.provider.calls["create"] == 1


async def test_a_second_worker_takes_over_when_the_first_is_lost(app: Application, maria: Person) -> None:
    app.provider.forgets_marks = True
    await app.connect(maria)
    await app.book()
    creating = app.provider.hold("create", after_doing=True)
    first = asyncio.create_task(app.write())
    await creating.reached.wait()
    await app.write()
    assert (await app.session()).status is WriteStatus.PENDING

    await app.book(interval=an_interval(starts=30))
    app.clock.advance(timedelta(minutes=2))
    await app.write()
    taken_over = await app.session()
    assert (taken_over.status, taken_over.written_revision) == (WriteStatus.WRITTEN, 2)

    creating.release()
    await first
    assert await app.session() == taken_over
    assert maria.the_event.interval == an_interval(starts=30)
