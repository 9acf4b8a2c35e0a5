"""Absence is not believed on one word: what is said to be missing is looked for before anything follows from it."""

from datetime import timedelta

import pytest

from domain.access import EventMissing, InvalidAnswer, ProviderUnavailable
from domain.session import Hindrance, Replacement, WriteStatus
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application


async def _retry(app: Application) -> None:
    for _ in range(5):
        await app.pass_time(timedelta(minutes=1))


async def test_a_change_of_an_event_that_is_wrongly_said_to_be_missing_is_made_again(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    app.provider.fail("update", EventMissing(), times=3)
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    waiting = await app.session()
    assert (waiting.status, waiting.hindrance) == (WriteStatus.WAITING, Hindrance.PROVIDER_UNAVAILABLE)

    await _retry(app)

    session = await app.session()
    assert maria.the_event.interval == an_interval(starts=30)
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, None)
    assert app.provider.calls["create"] == 1


async def test_an_event_that_is_wrongly_said_to_be_missing_is_removed_all_the_same(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    app.provider.fail("delete", EventMissing(), times=3)
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    assert (await app.session()).status is WriteStatus.WAITING

    await _retry(app)

    assert maria.events == {}
    assert (await app.session()).status is WriteStatus.WRITTEN


@pytest.mark.parametrize("fault", [ProviderUnavailable(), InvalidAnswer(what="no calendars")])
@pytest.mark.parametrize("method", ["update", "delete"])
async def test_nothing_follows_from_a_look_that_was_not_complete(
    app: Application, maria: Person, method: str, fault: Exception
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    app.provider.fail(method, EventMissing(), times=2)
    app.provider.fail("find", fault, times=2)
    if method == "update":
        await app.book(interval=an_interval(starts=30))
    else:
        await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    assert (await app.session()).hindrance is Hindrance.PROVIDER_UNAVAILABLE

    await _retry(app)

    left = [event.interval for event in maria.events.values()]
    assert left == ([an_interval(starts=30)] if method == "update" else [])
    assert (await app.session()).status is WriteStatus.WRITTEN
    assert app.provider.calls["create"] == 1


async def test_an_event_found_in_another_calendar_is_known_there_from_then_on(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.the_event.calendar = side
    for hours in (30, 31):
        await app.book(interval=an_interval(starts=hours))
        await app.run_jobs()

    session = await app.session()
    assert session.copy is not None
    assert (session.copy.place, session.copy.calendar_id) == (
        maria.the_event.place,
        (await app.calendar(side)).calendar_id,
    )
    assert maria.the_event.interval == an_interval(starts=31)
    assert app.provider.calls["find"] == 1


async def test_an_event_found_in_a_calendar_that_is_not_known_yet_has_the_list_looked_at(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.the_event.calendar = maria.add_calendar("New")

    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()

    assert maria.the_event.interval == an_interval(starts=30)
    assert (await app.calendar(maria.the_event.calendar)).remote.name == "New"


async def test_a_cancelled_sessions_event_is_removed_from_where_it_was_moved_to(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.the_event.calendar = side

    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    assert maria.events == {}
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_a_cancelled_sessions_event_is_gone_with_its_calendar(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.calendars.clear()
    maria.add_calendar("Another", primary=True)

    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_a_complete_look_that_finds_nothing_is_believed(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.events.clear()

    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()

    session = await app.session()
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, Replacement.EVENT_DELETED)
    assert app.provider.calls["find"] == 1
