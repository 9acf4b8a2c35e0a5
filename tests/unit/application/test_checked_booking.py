"""Booking only a free time: of any number at once one wins, and what is not known to be free is refused."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from application.sessions.put_session import WantedSession
from domain.access import ProviderUnavailable
from domain.availability import Availability
from domain.errors import EtagMismatch
from domain.expert import ExpertNotFound
from domain.hold import AvailabilityUnknown, TimeTaken
from domain.ids import ExpertId, SessionId
from domain.interval import Interval
from domain.session import Session
from tests.builders import EXPERT, SESSION, an_interval, some_details
from tests.fakes.provider import Person
from tests.support.application import Application

PRIMARY = "object-maria/Calendar"
MOMENT = timedelta(seconds=1)
LATER = an_interval(starts=30)


@pytest.fixture
async def booked_at(app: Application, maria: Person) -> Person:
    """Maria, connected; her calendar was read a second ago and was empty."""
    await app.connect(maria)
    await app.run_jobs()
    app.clock.advance(MOMENT)
    return maria


async def book(
    app: Application, session_id: str = SESSION, *, interval: Interval | None = None, expert_id: str = EXPERT
) -> Session:
    """Only if free."""
    return await app.book(session_id, expert_id=expert_id, interval=interval, only_if_free=True)


async def queued(app: Application, *actions: Coroutine[None, None, Session]) -> list[Session]:
    """What came of these, which all had to wait for another transaction and so took turns."""
    gate = asyncio.Event()

    async def behind_the_gate(action: Coroutine[None, None, Session]) -> Session:
        await gate.wait()
        return await action

    waiting = [asyncio.create_task(behind_the_gate(action)) for action in actions]
    async with app.store.transaction():
        gate.set()
        for _ in range(3):
            await asyncio.sleep(0)
    return await asyncio.gather(*waiting)


def reads(app: Application) -> int:
    return app.provider.calls["read_entries"]


@pytest.mark.usefixtures("booked_at")
async def test_a_free_time_is_accepted_after_a_look(app: Application) -> None:
    before = reads(app)

    session = await book(app)

    assert session == await app.session()
    assert reads(app) == before + 1
    await app.run_jobs()
    assert (await app.session()).written_revision == 1


async def test_an_event_that_came_since_the_last_reading_is_seen(app: Application, booked_at: Person) -> None:
    booked_at.block(an_interval())

    app.store.take_woken()
    with pytest.raises(TimeTaken):
        await book(app)

    assert app.store.tables.sessions == {}
    assert app.store.tables.reserved == {}
    assert app.store.take_woken() == []


async def test_a_time_that_only_touches_an_event_is_free(app: Application, booked_at: Person) -> None:
    for starts in (23, 25):
        booked_at.block(an_interval(starts=starts))

    await book(app)


@pytest.mark.usefixtures("booked_at")
async def test_of_ten_bookings_of_one_slot_at_once_one_wins(app: Application) -> None:
    outcomes = await asyncio.gather(
        *(book(app, f"session-{number}") for number in range(10)), return_exceptions=True
    )

    accepted = [one for one in outcomes if isinstance(one, Session)]
    assert len(accepted) == 1
    assert sum(isinstance(one, TimeTaken) for one in outcomes) == 9
    assert [one.session_id for one in app.store.tables.sessions.values()] == [accepted[0].session_id]


@pytest.mark.usefixtures("booked_at")
async def test_bookings_that_overlap_by_a_part_exclude_each_other_and_neighbours_do_not(
    app: Application,
) -> None:
    outcomes = await asyncio.gather(
        *(book(app, f"session-{starts}", interval=an_interval(starts=starts)) for starts in (24, 24.5, 25)),
        return_exceptions=True,
    )

    kept = sorted(one.interval for one in outcomes if isinstance(one, Session))
    assert kept in ([an_interval(starts=24), an_interval(starts=25)], [an_interval(starts=24.5)])
    assert all(isinstance(one, Session | TimeTaken) for one in outcomes)


async def test_two_experts_may_have_the_same_slot(app: Application, maria: Person) -> None:
    await app.add_expert("expert-2")
    await app.connect(maria)
    await app.connect(app.provider.add_person("second"), expert_id="expert-2")

    outcomes = await asyncio.gather(book(app), book(app, expert_id="expert-2"))

    assert [one.expert_id for one in outcomes] == [EXPERT, "expert-2"]


async def test_what_cannot_be_read_is_refused_and_named_and_nothing_stored(
    app: Application, booked_at: Person
) -> None:
    side = booked_at.add_calendar("Side")
    await app.list_calendars(EXPERT, refresh=True)
    both = [(await app.calendar(one)).calendar_id for one in (PRIMARY, side)]
    await app.update_calendar_settings(EXPERT, conflict=both)
    app.store.take_woken()
    app.provider.fail("read_entries", ProviderUnavailable(), calendar=side)

    with pytest.raises(AvailabilityUnknown) as refused:
        await book(app)

    assert [one.calendar_id for one in refused.value.unread] == [both[1]]
    assert app.store.tables.sessions == {}
    assert app.store.tables.reserved == {}
    assert app.store.take_woken() == []


async def test_a_session_accepted_unchecked_is_in_the_way(app: Application, booked_at: Person) -> None:
    await app.book("unchecked", interval=an_interval(starts=23.5))

    with pytest.raises(TimeTaken):
        await book(app)


async def test_one_accepted_unchecked_during_the_look_is_in_the_way(
    app: Application, booked_at: Person
) -> None:
    read = app.provider.hold("read_entries", after_doing=True)
    async with app.running(book(app)) as booking:
        await read.reached.wait()
        await app.book("unchecked")
        read.release()
        with pytest.raises(TimeTaken):
            await booking

    assert len(app.store.tables.sessions) == 1


@pytest.mark.usefixtures("booked_at")
async def test_one_accepted_unchecked_after_the_look_is_in_the_way(app: Application) -> None:
    await app.read_calendar((await app.calendar(PRIMARY)).calendar_id)

    both = asyncio.gather(book(app), app.book("unchecked"), return_exceptions=True)
    async with app.store.transaction():  # the unchecked one waits for its turn while the other looks
        await asyncio.sleep(0)
    booking, _ = await both

    assert isinstance(booking, TimeTaken)
    assert len(app.store.tables.sessions) == 1


@pytest.mark.usefixtures("booked_at")
async def test_an_unchecked_session_is_accepted_over_a_checked_one(app: Application) -> None:
    await book(app)

    await app.book("unchecked")

    assert len(app.store.tables.sessions) == 2


async def test_the_same_wish_again_is_not_checked_again(app: Application, booked_at: Person) -> None:
    first = await book(app)
    booked_at.block(an_interval())
    before = reads(app)

    assert await book(app) == first
    assert reads(app) == before


async def test_one_accepted_unchecked_is_checked_when_it_is_wanted_if_free(
    app: Application, booked_at: Person
) -> None:
    booked_at.block(an_interval())
    session = await app.book()

    with pytest.raises(TimeTaken):
        await book(app)

    assert await app.session() == session
    assert app.store.tables.reserved == {}


@pytest.mark.usefixtures("booked_at")
async def test_one_accepted_unchecked_and_found_free_has_its_time_for_itself_from_then_on(
    app: Application,
) -> None:
    unchecked = await app.book()

    assert await book(app) == unchecked

    assert app.store.tables.reserved == {(EXPERT, SESSION): an_interval()}
    with pytest.raises(TimeTaken):
        await book(app, "session-2")


async def test_an_event_that_a_reading_finds_after_the_look_is_seen(
    app: Application, booked_at: Person
) -> None:
    calendar = await app.calendar(PRIMARY)

    async def look_up(*question: Any, **bounds: Any) -> Availability:
        known = await app.look_up_availability(*question, **bounds)
        app.clock.advance(MOMENT)
        booked_at.block(an_interval())
        await app.read_calendar(calendar.calendar_id)
        return known

    put: Any = replace(app.put_session, look_up=look_up)  # type: ignore[arg-type]
    wanted = WantedSession(
        expert_id=ExpertId(EXPERT),
        session_id=SessionId(SESSION),
        interval=an_interval(),
        details=some_details(),
        only_if_free=True,
    )

    with pytest.raises(TimeTaken):
        await put(wanted, budget=timedelta(seconds=5))

    assert app.store.tables.sessions == {}


async def test_the_same_wish_with_a_stale_etag_is_refused(app: Application, booked_at: Person) -> None:
    await book(app)

    with pytest.raises(EtagMismatch):
        await app.book(only_if_free=True, etag="r7")


async def test_a_session_does_not_stand_in_its_own_way(app: Application, booked_at: Person) -> None:
    await book(app)
    await app.run_jobs()
    assert len(booked_at.events) == 1

    moved = await book(app, interval=an_interval(starts=24.5))

    assert moved.revision == 2
    assert (await app.session()).interval == an_interval(starts=24.5)


async def test_a_move_to_a_taken_time_leaves_the_session_and_its_time_as_they_were(
    app: Application, booked_at: Person
) -> None:
    first = await book(app)
    booked_at.block(LATER)
    app.clock.advance(MOMENT)

    with pytest.raises(TimeTaken):
        await book(app, interval=LATER)

    assert await app.session() == first
    with pytest.raises(TimeTaken):
        await book(app, "session-2")


@pytest.mark.parametrize("checked", [True, False])
async def test_moving_gives_the_old_time_back(app: Application, booked_at: Person, checked: bool) -> None:
    await book(app)
    await app.book(interval=LATER, only_if_free=checked)

    await book(app, "session-2")

    assert (EXPERT, SESSION) in app.store.tables.reserved or not checked


async def test_cancelling_gives_the_time_back(app: Application, booked_at: Person) -> None:
    await book(app)
    await app.cancel_session(EXPERT, SESSION)

    await book(app, "session-2")


async def test_a_cancelled_session_is_checked_when_it_is_put_again(
    app: Application, booked_at: Person
) -> None:
    await book(app)
    await app.cancel_session(EXPERT, SESSION)
    booked_at.block(an_interval())
    app.clock.advance(MOMENT)

    with pytest.raises(TimeTaken):
        await book(app)
    assert (await app.session()).cancelled


async def test_changed_details_keep_the_time(app: Application, booked_at: Person) -> None:
    await book(app)
    await app.book(details=some_details("Another title"))

    with pytest.raises(TimeTaken):
        await book(app, "session-2")
    assert app.store.tables.reserved == {(EXPERT, SESSION): an_interval()}


async def test_one_that_is_cancelled_while_the_same_wish_comes_again_is_not_revived_unchecked(
    app: Application, booked_at: Person
) -> None:
    first = await book(app)
    booked_at.block(an_interval())
    app.clock.advance(MOMENT)

    again, _ = await queued(app, book(app), app.cancel_session(EXPERT, SESSION))

    assert again == first
    assert (await app.session()).cancelled


async def test_checked_far_ahead_by_a_look_at_that_day(app: Application, booked_at: Person) -> None:
    far = an_interval(starts=24 * 200)
    booked_at.block(far)

    with pytest.raises(TimeTaken):
        await book(app, interval=far)
    await book(app, interval=an_interval(starts=24 * 200 + 1))


@pytest.mark.parametrize("only_if_free", [True, False])
async def test_refuses_an_unknown_expert(app: Application, only_if_free: bool) -> None:
    with pytest.raises(ExpertNotFound):
        await app.book(expert_id="nobody", only_if_free=only_if_free)


async def test_without_time_to_look_nothing_is_known(app: Application, booked_at: Person) -> None:
    app.provider.hold("read_entries")

    with pytest.raises(AvailabilityUnknown):
        await app.book(only_if_free=True, budget=timedelta())


async def test_erasing_the_expert_during_the_look_books_nothing(app: Application, booked_at: Person) -> None:
    read = app.provider.hold("read_entries")
    async with app.running(book(app)) as booking:
        await read.reached.wait()
        await app.delete_expert(EXPERT)
        read.release()
        with pytest.raises(ExpertNotFound):
            await booking

    assert app.store.tables.sessions == {}
    assert app.store.tables.reserved == {}


@pytest.mark.usefixtures("booked_at")
async def test_who_has_no_time_to_look_is_refused_though_only_a_known_conflict_would_refuse(
    app: Application,
) -> None:
    """Not to have looked is another thing than not to be able to."""
    app.provider.hanging[PRIMARY] = asyncio.Event()
    with pytest.raises(AvailabilityUnknown):
        await app.book(only_if_free=True, despite_unread=True, budget=timedelta())
    looked = await app.book(only_if_free=True, despite_unread=True, budget=timedelta(milliseconds=50))
    repeated = await app.book(only_if_free=True, despite_unread=True, budget=timedelta())

    assert looked == repeated


async def test_what_a_look_would_not_change_takes_no_time(app: Application, booked_at: Person) -> None:
    booked_at.revoke()
    await app.refresh_calendars((await app.calendar(PRIMARY)).account_id)

    accepted = await app.book(only_if_free=True, despite_unread=True, budget=timedelta())

    assert accepted.revision == 1
