"""Finding what is due and no job is left for."""

from datetime import timedelta

from domain.session import WriteStatus
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes import tables
from tests.fakes.provider import Person
from tests.support.application import Application

PATIENCE = timedelta(seconds=30)


async def test_a_session_whose_job_was_lost_is_written_all_the_same(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    app.store.take_jobs()

    await app.pass_time(PATIENCE)

    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_a_mail_whose_job_was_lost_is_sent_all_the_same(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    app.store.take_jobs()

    await app.pass_time(PATIENCE)

    assert len(app.mailer.sent) == 1


async def test_jobs_are_given_some_time_first(app: Application) -> None:
    await app.book()
    app.store.take_jobs()
    app.clock.advance(PATIENCE - timedelta(seconds=1))
    await app.sweep_due()
    assert not app.store.take_jobs()

    app.clock.advance(timedelta(seconds=1))
    await app.sweep_due()
    assert app.store.take_jobs() == (tables.WriteSession(EXPERT, SESSION),)


async def test_what_is_done_or_not_due_is_left_alone(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    app.provider.outage = True
    await app.book("session-2", interval=an_interval(starts=30))
    await app.run_jobs()
    app.store.take_jobs()

    await app.sweep_due()

    assert app.store.jobs == ()


async def test_more_than_one_sweep_can_carry_is_found_by_the_next(app: Application, maria: Person) -> None:
    await app.connect(maria)
    for number in range(250):
        await app.book(f"session-{number}", interval=an_interval(starts=24 + number))
    app.store.take_jobs()

    await app.pass_time(PATIENCE)
    assert len(maria.events) == 200
    await app.pass_time(timedelta(seconds=1))
    assert len(maria.events) == 250


async def test_sign_ins_that_ended_unused_are_forgotten(app: Application) -> None:
    await app.start()
    app.clock.advance(timedelta(minutes=5))
    young = await app.start()
    app.clock.advance(timedelta(minutes=5))

    await app.sweep_due()

    assert list(app.store.tables.attempts) == [young]
