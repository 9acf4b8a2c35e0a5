"""Times reserved for a moment while somebody books."""

import asyncio
from datetime import timedelta

import pytest

from domain.access import ProviderUnavailable
from domain.availability import CheckedTime, Verdict
from domain.change import ChangeType
from domain.expert import ExpertNotFound
from domain.hold import USUAL_LIFETIME, AvailabilityUnknown, Hold, HoldNotFound, TimeTaken
from domain.ids import HoldId
from domain.interval import Interval
from domain.spans import as_span
from tests.builders import EXPERT, HOLD, SESSION, an_interval
from tests.fakes.provider import Person
from tests.support.application import BUDGET, Application

MOMENT = timedelta(seconds=1)
LATER = an_interval(starts=30)
OTHER = HoldId("hold-2")


@pytest.fixture
async def held_at(app: Application, maria: Person) -> Person:
    """Maria, connected; her calendar was read a second ago and was empty."""
    await app.connect(maria)
    await app.run_jobs()
    app.clock.advance(MOMENT)
    return maria


async def check(app: Application, interval: Interval | None = None) -> CheckedTime:
    checked = await app.check_times(EXPERT, [as_span(interval or an_interval())], budget=BUDGET)
    return checked.times[0]


def reads(app: Application) -> int:
    return app.provider.calls["read_entries"]


@pytest.mark.usefixtures("held_at")
async def test_a_held_time_is_busy_and_named(app: Application) -> None:
    hold = await app.hold()

    assert hold.expires_at == app.clock.now() + USUAL_LIFETIME
    checked = await check(app)
    assert (checked.verdict, checked.takers.holds, checked.takers.sessions) == (Verdict.BUSY, (HOLD,), ())
    assert (await check(app, LATER)).verdict is Verdict.FREE


@pytest.mark.usefixtures("held_at")
async def test_a_hold_ends_by_the_clock_whether_or_not_it_is_swept_away(app: Application) -> None:
    await app.hold(lifetime=timedelta(minutes=2))
    app.clock.advance(timedelta(minutes=2) - MOMENT)
    assert (await check(app)).verdict is Verdict.BUSY

    app.clock.advance(MOMENT)

    assert (await check(app)).verdict is Verdict.FREE
    await app.hold(OTHER)
    await app.forget_ended()
    assert list(app.store.tables.holds) == [(EXPERT, OTHER)]


async def test_an_event_is_in_the_way(app: Application, held_at: Person) -> None:
    held_at.block(an_interval())

    with pytest.raises(TimeTaken):
        await app.hold()
    assert app.store.tables.holds == {}


async def test_looks_now_unless_older_readings_will_do(app: Application, held_at: Person) -> None:
    before = reads(app)
    await app.hold(max_age=timedelta(minutes=15))
    assert reads(app) == before

    await app.hold(OTHER, interval=LATER)
    assert reads(app) == before + 1


async def test_what_cannot_be_read_is_not_held(app: Application, held_at: Person) -> None:
    app.provider.fail("read_entries", ProviderUnavailable())

    with pytest.raises(AvailabilityUnknown):
        await app.hold()
    assert app.store.tables.holds == {}


@pytest.mark.usefixtures("held_at")
async def test_of_ten_who_want_one_time_at_once_one_gets_it(app: Application) -> None:
    outcomes = await asyncio.gather(
        *(app.hold(f"hold-{number}") for number in range(10)), return_exceptions=True
    )

    assert sum(isinstance(one, Hold) for one in outcomes) == 1
    assert sum(isinstance(one, TimeTaken) for one in outcomes) == 9


@pytest.mark.usefixtures("held_at")
async def test_of_a_hold_and_a_checked_booking_at_once_one_gets_the_time(app: Application) -> None:
    outcomes = await asyncio.gather(app.hold(), app.book(only_if_free=True), return_exceptions=True)

    assert sum(isinstance(one, TimeTaken) for one in outcomes) == 1
    assert len(app.store.tables.holds) + len(app.store.tables.sessions) == 1


@pytest.mark.usefixtures("held_at")
@pytest.mark.parametrize("checked", [True, False])
async def test_a_session_is_in_the_way_of_a_hold(app: Application, checked: bool) -> None:
    await app.book(only_if_free=checked)

    with pytest.raises(TimeTaken):
        await app.hold(interval=an_interval(starts=24.5))


async def test_one_accepted_unchecked_during_the_look_is_in_the_way(
    app: Application, held_at: Person
) -> None:
    read = app.provider.hold("read_entries", after_doing=True)
    async with app.running(app.hold()) as holding:
        await read.reached.wait()
        await app.book()
        read.release()
        with pytest.raises(TimeTaken):
            await holding


@pytest.mark.usefixtures("held_at")
async def test_one_accepted_unchecked_after_the_look_is_in_the_way(app: Application) -> None:
    both = asyncio.gather(app.book(), app.hold(max_age=timedelta(minutes=15)), return_exceptions=True)
    async with app.store.transaction():  # the booking waits for its turn while the hold looks
        await asyncio.sleep(0)
    _, holding = await both

    assert isinstance(holding, TimeTaken)
    assert app.store.tables.holds == {}


@pytest.mark.usefixtures("held_at")
async def test_a_hold_is_in_the_way_of_a_checked_booking_and_of_no_other(app: Application) -> None:
    await app.hold()

    with pytest.raises(TimeTaken):
        await app.book(only_if_free=True)
    assert app.store.tables.sessions == {}
    await app.book()


@pytest.mark.usefixtures("held_at")
async def test_a_hold_of_this_id_is_renewed(app: Application) -> None:
    first = await app.hold()
    app.clock.advance(timedelta(minutes=4))

    second = await app.hold()

    assert second.expires_at == first.expires_at + timedelta(minutes=4)
    assert list(app.store.tables.holds.values()) == [second]


@pytest.mark.usefixtures("held_at")
async def test_a_hold_that_is_moved_gives_its_time_back(app: Application) -> None:
    await app.hold()
    await app.hold(interval=LATER)

    assert (await check(app)).verdict is Verdict.FREE
    assert (await check(app, LATER)).takers.holds == (HOLD,)


async def test_a_hold_that_cannot_be_moved_stays(app: Application, held_at: Person) -> None:
    first = await app.hold()
    held_at.block(LATER)
    app.clock.advance(MOMENT)

    with pytest.raises(TimeTaken):
        await app.hold(interval=LATER)

    assert list(app.store.tables.holds.values()) == [first]


@pytest.mark.usefixtures("held_at")
@pytest.mark.parametrize("only_if_free", [True, False])
async def test_a_hold_becomes_the_session(app: Application, only_if_free: bool) -> None:
    await app.hold()

    session = await app.book(hold_id=HOLD, only_if_free=only_if_free)

    assert session == await app.session()
    assert app.store.tables.holds == {}
    checked = await check(app)
    assert (checked.takers.sessions, checked.takers.holds) == ((SESSION,), ())
    with pytest.raises(TimeTaken):
        await app.hold(OTHER)


@pytest.mark.usefixtures("held_at")
async def test_what_a_hold_promised_is_not_looked_at_again(app: Application) -> None:
    await app.hold()
    before = reads(app)

    await app.book(hold_id=HOLD)

    assert reads(app) == before


@pytest.mark.usefixtures("held_at")
async def test_a_part_of_the_held_time_can_become_the_session(app: Application) -> None:
    await app.hold(interval=an_interval(hours=2))

    await app.book(interval=an_interval(starts=25), hold_id=HOLD)

    assert (await check(app)).verdict is Verdict.FREE


@pytest.mark.usefixtures("held_at")
async def test_the_same_booking_of_a_hold_again_changes_nothing(app: Application) -> None:
    await app.hold()
    session = await app.book(hold_id=HOLD)

    assert await app.book(hold_id=HOLD) == session


async def test_an_event_that_came_during_the_hold_is_told_when_the_hold_becomes_a_session(
    app: Application, held_at: Person
) -> None:
    await app.hold()
    calendar = await app.calendar("object-maria/Calendar")
    app.clock.advance(timedelta(seconds=1))
    held_at.block(an_interval())
    await app.read_calendar(calendar.calendar_id)
    app.forget_changes()

    await app.book(hold_id=HOLD)

    (told,) = app.changes(ChangeType.SESSION_COLLIDES)
    assert (told.session_id, told.account_id, told.calendar_id) == (
        SESSION,
        calendar.account_id,
        calendar.calendar_id,
    )


@pytest.mark.usefixtures("held_at")
async def test_a_hold_of_a_session_accepted_unchecked_gives_it_the_time(app: Application) -> None:
    session = await app.book(interval=LATER)
    app.clock.advance(timedelta(seconds=1))
    await app.cancel_session(EXPERT, SESSION)
    await app.hold(interval=LATER)
    unchecked = await app.book(interval=LATER)
    assert unchecked.session_id == session.session_id

    await app.book(interval=LATER, hold_id=HOLD)

    assert app.store.tables.holds == {}
    assert app.store.tables.reserved == {(EXPERT, SESSION): LATER}


@pytest.mark.usefixtures("held_at")
async def test_of_two_sessions_that_want_one_hold_one_gets_it(app: Application) -> None:
    await app.hold()

    outcomes = await asyncio.gather(
        app.book(hold_id=HOLD), app.book("session-2", hold_id=HOLD), return_exceptions=True
    )

    assert sum(isinstance(one, HoldNotFound) for one in outcomes) == 1
    assert len(app.store.tables.sessions) == 1


@pytest.mark.usefixtures("held_at")
@pytest.mark.parametrize("interval", [LATER, an_interval(hours=2)], ids=["elsewhere", "longer"])
async def test_a_hold_serves_no_time_it_does_not_hold(app: Application, interval: Interval) -> None:
    hold = await app.hold()

    with pytest.raises(HoldNotFound):
        await app.book(interval=interval, hold_id=HOLD)

    assert list(app.store.tables.holds.values()) == [hold]
    assert app.store.tables.sessions == {}


@pytest.mark.usefixtures("held_at")
async def test_an_expired_hold_serves_nobody_even_where_it_was_not_swept_away(app: Application) -> None:
    await app.hold()
    app.clock.advance(USUAL_LIFETIME)

    with pytest.raises(HoldNotFound):
        await app.book(hold_id=HOLD)
    assert app.store.tables.sessions == {}


@pytest.mark.usefixtures("held_at")
async def test_holds_of_another_expert_are_not_found(app: Application) -> None:
    other = await app.add_expert("expert-2")
    await app.hold()

    with pytest.raises(HoldNotFound):
        await app.book(expert_id=other, hold_id=HOLD)
    with pytest.raises(HoldNotFound):
        await app.release_hold(other, HOLD)
    assert len(app.store.tables.holds) == 1
    assert (await app.hold(expert_id=other)).expert_id == other


@pytest.mark.usefixtures("held_at")
async def test_a_released_hold_gives_its_time_back_once(app: Application) -> None:
    await app.hold()

    await app.release_hold(EXPERT, HOLD)

    assert (await check(app)).verdict is Verdict.FREE
    with pytest.raises(HoldNotFound):
        await app.release_hold(EXPERT, HOLD)


@pytest.mark.usefixtures("held_at")
async def test_a_hold_that_has_expired_is_not_there_to_be_released(app: Application) -> None:
    await app.hold()
    app.clock.advance(USUAL_LIFETIME)

    with pytest.raises(HoldNotFound):
        await app.release_hold(EXPERT, HOLD)


async def test_refuses_an_unknown_expert(app: Application) -> None:
    with pytest.raises(ExpertNotFound):
        await app.hold(expert_id="nobody")


@pytest.mark.usefixtures("held_at")
async def test_a_hold_does_not_outlive_its_expert(app: Application) -> None:
    await app.hold()

    await app.delete_expert(EXPERT)

    assert app.store.tables.holds == {}
