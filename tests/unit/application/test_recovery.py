"""After an outage: one session finds out that it is over, and the others need not wait out their pauses."""

from datetime import timedelta
from itertools import pairwise

from domain.access import ProviderUnavailable
from domain.session import Hindrance, WriteStatus
from tests.builders import an_interval
from tests.fakes.provider import Person
from tests.support.application import Application

SESSIONS = 30


async def booked_during_an_outage(app: Application, people: list[Person]) -> None:
    """Each has an expert of their own, with sessions that have waited so long that their pauses are long by now."""
    for person in people:
        expert = await app.add_expert(f"expert-{person.object_id}")
        await app.connect(person, expert_id=expert)
    app.provider.outage = True
    for person in people:
        for number in range(SESSIONS):
            await app.book(
                f"session-{number}",
                expert_id=f"expert-{person.object_id}",
                interval=an_interval(starts=24 + number),
            )
    await app.run_jobs()
    for _ in range(90):
        await app.pass_time(timedelta(seconds=30))


def written(*people: Person) -> int:
    return sum(len(person.events) for person in people)


async def test_recovery_wakes_who_waited(app: Application, maria: Person) -> None:
    people = [maria, app.provider.add_person("second"), app.provider.add_person("third")]
    await booked_during_an_outage(app, people)
    assert written(*people) == 0
    app.provider.outage = False
    for _ in range(30):
        await app.pass_time(timedelta(seconds=2))

    assert written(*people) == 3 * SESSIONS


async def test_during_an_outage_one_session_in_a_while_finds_out(app: Application, maria: Person) -> None:
    await booked_during_an_outage(app, [maria])
    before = app.provider.calls["find"]  # of events whose creation was begun
    for _ in range(60):
        await app.pass_time(timedelta(seconds=1))

    # Their own pauses are a quarter of an hour by now, so a minute sees few of those.
    assert 3 <= app.provider.calls["find"] - before <= 4 + SESSIONS / 10


async def test_who_waits_is_woken_one_after_the_other(app: Application, maria: Person) -> None:
    await booked_during_an_outage(app, [maria])
    app.provider.outage = False
    for _ in range(20):
        if maria.events:
            break
        await app.pass_time(timedelta(seconds=1))
    due = sorted(one.due_at for one in app.store.tables.sessions.values() if one.due_at is not None)
    gaps = {later - sooner for sooner, later in pairwise(due)}
    assert gaps == {timedelta(milliseconds=50)}


async def test_a_mailbox_that_goes_on_hanging_costs_one_try(app: Application, maria: Person) -> None:
    second = app.provider.add_person("second")
    await booked_during_an_outage(app, [maria, second])
    app.provider.outage = False
    calendar = "object-second/Calendar"
    app.provider.fail("create", ProviderUnavailable(), times=1000, calendar=calendar)
    app.provider.fail("find", ProviderUnavailable(), times=1000, calendar=calendar)
    before = app.provider.calls["find"] + app.provider.calls["create"]
    for _ in range(30):
        await app.pass_time(timedelta(seconds=2))

    assert written(maria) == SESSIONS
    assert written(second) == 0
    tries = app.provider.calls["find"] + app.provider.calls["create"] - before - 2 * SESSIONS
    assert tries <= 5


async def test_one_hanging_mailbox_is_no_outage(app: Application, maria: Person) -> None:
    """Where others are written to meanwhile nothing is woken early."""
    second = app.provider.add_person("second")
    for person in (maria, second):
        expert = await app.add_expert(f"expert-{person.object_id}")
        await app.connect(person, expert_id=expert)
    calendar = "object-second/Calendar"
    app.provider.fail("create", ProviderUnavailable(), times=1000, calendar=calendar)
    app.provider.fail("find", ProviderUnavailable(), times=1000, calendar=calendar)
    for number in range(10):
        await app.book(
            f"hangs-{number}",
            expert_id=f"expert-{second.object_id}",
            interval=an_interval(starts=24 + number),
        )
    await app.run_jobs()
    for number in range(60):
        await app.book(
            f"works-{number}",
            expert_id=f"expert-{maria.object_id}",
            interval=an_interval(starts=24 + number),
        )
        await app.pass_time(timedelta(seconds=20))

    # In twenty minutes a session with pauses of its own is tried at 0, 5, 15, 35, 75 ... 1275 seconds: nine times.
    assert app.provider.calls["find"] + app.provider.calls["create"] - 60 <= 10 * 10
    assert written(maria) == 60


async def test_what_waits_for_something_else_is_let_be(app: Application, maria: Person) -> None:
    other = await app.add_expert("expert-without-account")
    await app.book("waits", expert_id=other)
    await booked_during_an_outage(app, [maria])
    due_at = (await app.session("waits", expert_id=other)).due_at
    app.provider.outage = False
    app.clock.advance(timedelta(seconds=1))
    await app.recover()

    waits = await app.session("waits", expert_id=other)
    assert (waits.status, waits.hindrance) == (WriteStatus.WAITING, Hindrance.NO_WRITABLE_CALENDAR)
    assert waits.due_at == due_at
