"""Workers that die: what they had claimed is for others as soon as they are known to be dead."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from application.upkeep.show_life import DEAD_AFTER, SHOWN_EVERY
from domain.session import WriteStatus
from tests.builders import EXPERT, SESSION
from tests.fakes.id_source import CountingIds
from tests.fakes.provider import Person
from tests.support.application import Application


async def dies_writing(app: Application) -> None:
    """Another worker claims the session, and is never heard of again."""
    other = CountingIds("worker-2")
    await replace(app.show_life, ids=other)()
    calling = app.provider.hold("create")
    async with app.running(replace(app.write_session, ids=other)(EXPERT, SESSION)) as writing:
        await calling.reached.wait()
        writing.cancel()


async def test_a_dead_workers_session_is_written_as_soon_as_it_is_known_dead(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await dies_writing(app)
    waited = timedelta()
    while (await app.session()).status is not WriteStatus.WRITTEN:
        await app.show_life()
        await app.run_jobs()
        app.clock.advance(SHOWN_EVERY)
        waited += SHOWN_EVERY
    assert waited <= DEAD_AFTER + 2 * SHOWN_EVERY
    assert len(maria.events) == 1


async def test_who_lives_keeps_its_claims(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    other = CountingIds("worker-2")
    calling = app.provider.hold("create")
    async with app.running(replace(app.write_session, ids=other)(EXPERT, SESSION)) as writing:
        await calling.reached.wait()
        for _ in range(12):
            await replace(app.show_life, ids=other)()
            await app.show_life()
            app.clock.advance(SHOWN_EVERY)
        assert app.store.tables.session_claims
        calling.release()
        await writing
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_nobody_is_judged_by_one_who_was_silent_as_well(app: Application, maria: Person) -> None:
    """While the database was away nobody could show life: the others get their chance first."""
    await app.connect(maria)
    await app.book()
    await app.show_life()
    await dies_writing(app)
    app.clock.advance(2 * DEAD_AFTER)

    await app.show_life()
    assert app.store.tables.session_claims

    app.clock.advance(SHOWN_EVERY)
    await app.show_life()
    assert not app.store.tables.session_claims


async def test_whoever_leaves_in_order_leaves_nothing_claimed(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.show_life()
    calling = app.provider.hold("create")
    async with app.running(app.write()) as writing:
        await calling.reached.wait()
        writing.cancel()
        await asyncio.wait([writing])

    await app.show_life.leave()

    await app.run_jobs()
    assert (await app.session()).status is WriteStatus.WRITTEN
    assert app.store.tables.workers == {}


async def test_what_worker_after_worker_dies_of_rests_for_an_hour(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    set_aside = 0
    for _ in range(5):
        assert set_aside == 0
        await dies_writing(app)
        for _ in range(5):
            app.clock.advance(SHOWN_EVERY)
            set_aside += await app.show_life()
    assert set_aside == 1

    await app.pass_time(timedelta(minutes=50))
    assert (await app.session()).status is WriteStatus.PENDING
    await app.pass_time(timedelta(minutes=10))
    assert (await app.session()).status is WriteStatus.WRITTEN
    assert len(maria.events) == 1
