"""Buffers: time around a hold or a checked session that must be free as well, and is nobody's afterwards."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeAlias

import pytest

from domain.availability import Availability
from domain.buffers import Buffers
from domain.hold import Hold, TimeTaken
from domain.ids import HoldId, SessionId
from domain.session import Session
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application

HALF_AN_HOUR = timedelta(minutes=30)
AROUND = Buffers(before=HALF_AN_HOUR, after=HALF_AN_HOUR)
OTHER = HoldId("hold-2")
IN_THE_BUFFERS = [an_interval(starts=23, hours=0.6), an_interval(starts=25.4)]
BESIDE = [an_interval(starts=22, hours=1.5), an_interval(starts=25.5)]
Take: TypeAlias = Callable[[Application], Coroutine[None, None, Hold | Session]]


@pytest.fixture
async def calendar(app: Application, maria: Person) -> Person:
    """Maria, connected; her calendar was read a second ago and was empty."""
    await app.connect(maria)
    await app.run_jobs()
    app.clock.advance(timedelta(seconds=1))
    return maria


async def _hold(app: Application) -> Hold:
    return await app.hold(buffers=AROUND)


async def _book(app: Application) -> Session:
    return await app.book(only_if_free=True, buffers=AROUND)


@pytest.fixture(params=[_hold, _book], ids=["hold", "book"])
def take(request: pytest.FixtureRequest) -> Take:
    """Takes the hour from an_interval() on, if half an hour before and after it is free as well."""
    taking: Take = request.param
    return taking


def _taken(app: Application) -> list[str]:
    return [one_id for _, one_id in (*app.store.tables.holds, *app.store.tables.sessions)]


@pytest.mark.parametrize("place", [0, 1])
async def test_an_event_in_the_buffers_is_in_the_way(
    app: Application, calendar: Person, take: Take, place: int
) -> None:
    calendar.block(IN_THE_BUFFERS[place])

    with pytest.raises(TimeTaken):
        await take(app)
    assert _taken(app) == []


@pytest.mark.usefixtures("calendar")
@pytest.mark.parametrize("place", [0, 1])
async def test_an_unchecked_session_in_the_buffers_is_in_the_way(
    app: Application, take: Take, place: int
) -> None:
    await app.book("other", interval=IN_THE_BUFFERS[place])

    with pytest.raises(TimeTaken) as refused:
        await take(app)
    assert refused.value.sessions == ("other",)


@pytest.mark.usefixtures("calendar")
@pytest.mark.parametrize("place", [0, 1])
async def test_a_hold_in_the_buffers_is_in_the_way(app: Application, take: Take, place: int) -> None:
    await app.hold(OTHER, interval=IN_THE_BUFFERS[place])

    with pytest.raises(TimeTaken) as refused:
        await take(app)
    assert refused.value.holds == (OTHER,)


async def test_what_only_touches_the_buffers_is_in_nobodys_way(
    app: Application, calendar: Person, take: Take
) -> None:
    for one in BESIDE:
        calendar.block(one)

    taken = await take(app)

    assert taken.interval == an_interval()


@pytest.mark.parametrize("comes", ["hold", "session", "event"])
async def test_what_comes_into_the_buffers_after_the_look_is_in_the_way(
    app: Application, calendar: Person, take: Take, comes: str
) -> None:
    async def look_up(*question: Any, **bounds: Any) -> Availability:
        found = await app.look_up_availability(*question, **bounds)
        if comes == "hold":
            await app.hold(OTHER, interval=an_interval(starts=25))
        elif comes == "session":
            await app.book("other", interval=an_interval(starts=25))
        else:
            app.clock.advance(timedelta(seconds=1))
            calendar.block(an_interval(starts=25))
            await app.read_calendar(found.readings[0].calendar_id)
        return found

    slow: Any = look_up
    late = replace(
        app,
        hold_time=replace(app.hold_time, look_up=slow),
        put_session=replace(app.put_session, look_up=slow),
    )

    with pytest.raises(TimeTaken):
        await take(late)
    assert _taken(app) == {"hold": [OTHER], "session": ["other"], "event": []}[comes]


@pytest.mark.usefixtures("calendar")
async def test_buffers_are_not_held(app: Application, take: Take) -> None:
    await take(app)

    beside = await app.book("other", interval=an_interval(starts=25), only_if_free=True)

    assert beside.interval == an_interval(starts=25)


@pytest.mark.usefixtures("calendar")
async def test_a_session_that_is_moved_is_not_in_its_own_way(app: Application) -> None:
    await app.book(only_if_free=True)

    moved = await app.book(interval=an_interval(starts=25), only_if_free=True, buffers=AROUND)

    assert moved.interval == an_interval(starts=25)


@pytest.mark.usefixtures("calendar")
async def test_the_hold_that_becomes_the_session_is_not_in_its_way(app: Application) -> None:
    hold = await app.hold(interval=an_interval(starts=23.5, hours=2))

    await app.book(only_if_free=True, buffers=AROUND, hold_id=hold.hold_id)

    assert app.store.tables.reserved == {(EXPERT, SESSION): an_interval()}


async def test_of_what_is_unread_counts_what_is_known_in_the_buffers(
    app: Application, calendar: Person
) -> None:
    calendar.block(an_interval(starts=25))
    app.clock.advance(timedelta(seconds=1))
    await app.read_calendar((await app.calendar("object-maria/Calendar")).calendar_id)
    app.provider.outage = True

    await app.book("beside", only_if_free=True, despite_unread=True)
    await app.cancel_session(EXPERT, SessionId("beside"))
    with pytest.raises(TimeTaken):
        await app.book(only_if_free=True, despite_unread=True, buffers=AROUND)


@pytest.mark.usefixtures("calendar")
async def test_without_a_check_buffers_count_for_nothing(app: Application) -> None:
    await app.book("other", interval=an_interval(starts=25))

    assert (await app.book(buffers=AROUND)).interval == an_interval()
