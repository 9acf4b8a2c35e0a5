"""Events of sessions that their owners dragged, copied, made longer, made a day or a series, or deleted in Outlook."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from calendarsync.v1.availability_service_pb2 import CheckTimesResponse
from calendarsync.v1.change_service_pb2 import CHANGE_TYPE_SESSION_EVENT_CHANGED
from calendarsync.v1.session_pb2 import WRITE_STATUS_FAILED
from sandbox import Recurrence
from sandbox.world.model import Event
from tests.support.calls import EXPERT, NOW, SESSION, SOON, at, hours, verdicts
from tests.support.cast import AT_APPLE, Cast
from tests.support.readings import make_due
from tests.support.service import Service, outcome, start_of, until
from tests.support.watching import Watch, watching

A_WEEK = timedelta(days=7)


@pytest.fixture
async def booked(service: Service) -> Service:
    """Anna's calendar with a session's event in it, from 9 to 10."""
    return await book(service, "anna")


async def book(service: Service, person: str) -> Service:
    await service.connect(person)
    await service.put_session(start=9, day=SOON)
    await service.written()
    await service.settled()
    return service


def the_event(service: Service, person: str = "anna") -> Event:
    (event,) = service.events(person)
    return event


def drag(service: Service, start: float, end: float | None = None) -> None:
    by_hand = service.sandbox.world.events.change
    by_hand(the_event(service), start=at(start, day=SOON), end=at(end or start + 1, day=SOON))


async def check(service: Service, start: float, end: float, *excluded: str) -> CheckTimesResponse:
    """Look now."""
    return await service.check_times(hours(start, end, day=SOON), max_age=NOW, excluded=excluded)


async def verdict(service: Service, start: float, *excluded: str) -> str:
    (found,) = verdicts(await check(service, start, start + 1, *excluded))
    return found


async def told(watch: Watch) -> None:
    change = await watch.until("SESSION_EVENT_CHANGED")
    assert change.session_id == SESSION
    assert change.calendar_id


def told_so_far(watch: Watch) -> int:
    return sum(one.type == CHANGE_TYPE_SESSION_EVENT_CHANGED for one in watch.seen)


async def flush(service: Service, watch: Watch) -> None:
    """Until all that happened before has been told."""
    await service.settled()
    await service.put_session("the-last", start=20, day=SOON)
    await watch.until("SESSION_WRITTEN", session_id="the-last")


async def test_a_dragged_event_takes_the_time_where_it_is_and_its_session_may_follow(
    service: Service, cast: Cast
) -> None:
    booked = await book(service, cast.main)
    async with watching(booked, EXPERT) as watch:
        booked.sandbox.world.events.change(
            the_event(booked, cast.main), start=at(14, day=SOON), end=at(15, day=SOON)
        )
        if cast is AT_APPLE:  # which tells of nothing: it is seen by the next look
            await make_due(booked)
        await told(watch)
        assert await verdict(booked, 14) == "BUSY"
        assert await verdict(booked, 9) == "BUSY"
        taken = booked.put_session("other", start=14, day=SOON, only_if_free=True)
        assert await outcome(taken) == "TIME_TAKEN"
        assert await outcome(booked.hold(start=14, day=SOON)) == "TIME_TAKEN"

        await booked.put_session(start=14.5, day=SOON, only_if_free=True)
        await booked.written(revision=2)
        assert start_of(the_event(booked, cast.main)) == at(14.5, day=SOON)
        await booked.settled()
        stored = await booked.check_times(hours(14, 14.5, day=SOON), hours(9, 10, day=SOON))
        assert verdicts(stored) == ["FREE", "FREE"]
        await flush(booked, watch)
    assert told_so_far(watch) == 1


def copied(service: Service) -> None:
    event = the_event(service)
    service.sandbox.world.events.copy(event, event.start + A_WEEK)


def longer(service: Service) -> None:
    drag(service, 9, 12)


def shorter(service: Service) -> None:
    drag(service, 9, 9.5)


def all_day(service: Service) -> None:
    day = at(9, day=SOON).date()
    service.sandbox.world.events.change(the_event(service), start=day, end=day + timedelta(days=1))


def weekly(service: Service) -> None:
    series = Recurrence(kind="weekly", days=(f"{at(9, day=SOON):%A}".lower(),), occurrences=4)
    service.sandbox.world.events.change(the_event(service), recurrence=series)


def weekly_without_marks(service: Service) -> None:
    """Nobody documents whether occurrences print the transaction id of their series."""
    weekly(service)
    service.sandbox.world.events.change(the_event(service), omitted={"transactionId"})


def deleted(service: Service) -> None:
    service.sandbox.world.events.delete("anna", the_event(service))


def elsewhere(service: Service) -> None:
    service.sandbox.world.events.move("anna", the_event(service), "team")


BY_HAND: dict[Callable[[Service], None], list[float]] = {
    copied: [9 + 7 * 24],
    longer: [10, 11],
    shorter: [],
    all_day: [7, 10, 14],
    weekly: [9 + week * 7 * 24 for week in (1, 2, 3)],
    weekly_without_marks: [9 + week * 7 * 24 for week in (1, 2, 3)],
    deleted: [],
    elsewhere: [],
}
"""What owners do, and the hours that are taken by it beside the session's own."""


@pytest.mark.parametrize("change", BY_HAND, ids=lambda change: change.__name__)
async def test_what_an_owner_makes_of_an_event_blocks_and_is_told_once(
    booked: Service, change: Callable[[Service], None]
) -> None:
    before = {hour: await verdict(booked, hour) for hour in BY_HAND[change]}
    assert set(before.values()) <= {"FREE"}, "nothing is there yet"
    async with watching(booked, EXPERT) as watch:
        change(booked)
        await told(watch)
        for hour in BY_HAND[change]:
            assert await verdict(booked, hour) == "BUSY"
        assert await verdict(booked, 9) == "BUSY"
        for _ in range(3):
            await check(booked, 9, 10)
        await flush(booked, watch)
    assert told_so_far(watch) == 1


async def test_a_series_made_of_an_event_whose_mark_is_its_id_blocks_and_is_told_once(
    service: Service,
) -> None:
    """At Google: each occurrence has an id of its own, the series' and its time."""
    booked = await book(service, "gina")
    weeks = [9 + week * 7 * 24 for week in (1, 2)]
    assert [await verdict(booked, hour) for hour in weeks] == ["FREE", "FREE"]
    day = f"{at(9, day=SOON):%A}".lower()
    async with watching(booked, EXPERT) as watch:
        booked.sandbox.world.events.change(
            the_event(booked, "gina"), recurrence=Recurrence(kind="weekly", days=(day,), occurrences=3)
        )
        await told(watch)
        assert [await verdict(booked, hour) for hour in (9, *weeks)] == ["BUSY", "BUSY", "BUSY"]
        await flush(booked, watch)
    assert told_so_far(watch) == 1


async def test_an_event_that_lost_its_mark_is_in_nobodys_way(booked: Service) -> None:
    """Moving its session by half an hour is not refused by it."""
    world = booked.sandbox.world.events
    event = the_event(booked)
    world.change(event, transaction_id=None)
    assert await verdict(booked, 9, SESSION) == "FREE"

    await booked.put_session(start=9.5, day=SOON, only_if_free=True)
    await booked.written(revision=2)

    assert event.start == at(9.5, day=SOON).replace(tzinfo=None)


async def test_a_second_copy_at_the_very_time_is_in_its_sessions_way(booked: Service) -> None:
    event = the_event(booked)
    copy = booked.sandbox.world.events.copy(event, event.start)
    assert await verdict(booked, 9, SESSION) == "BUSY"
    moved = booked.put_session(start=9.5, day=SOON, only_if_free=True)
    assert await outcome(moved) == "TIME_TAKEN"

    booked.sandbox.world.events.delete("anna", copy)
    await booked.put_session(start=9.5, day=SOON, only_if_free=True)


async def test_a_deleted_event_that_is_brought_back_is_as_it_was(booked: Service) -> None:
    world = booked.sandbox.world.events
    event = the_event(booked)
    async with watching(booked, EXPERT) as watch:
        world.delete("anna", event)
        await told(watch)
        world.restore(event.uid)
        await flush(booked, watch)
    assert told_so_far(watch) == 1
    assert await verdict(booked, 9, SESSION) == "FREE"


async def test_an_event_brought_back_after_it_was_written_anew_blocks(booked: Service) -> None:
    world = booked.sandbox.world.events
    old = the_event(booked)
    world.delete("anna", old)
    await booked.put_session(start=11, day=SOON)
    await booked.written(revision=2)
    await booked.settled()
    async with watching(booked, EXPERT) as watch:
        world.restore(old.uid)
        await told(watch)
    assert await verdict(booked, 9) == "BUSY"
    taken = booked.put_session("other", start=9, day=SOON, only_if_free=True)
    assert await outcome(taken) == "TIME_TAKEN"


async def test_the_time_a_session_was_moved_from_is_free_before_its_event_has_moved(booked: Service) -> None:
    booked.sandbox.world.faults.answer(
        503, code="ServiceUnavailable", method="PATCH", path="/events", times=None
    )
    await booked.put_session(start=12, day=SOON)
    await booked.waits("PROVIDER_UNAVAILABLE")
    assert await verdict(booked, 9) == "FREE"
    await booked.put_session("other", start=9, day=SOON, only_if_free=True)
    await booked.put_session(start=12.5, day=SOON, only_if_free=True)


async def test_an_event_that_cannot_be_removed_blocks(booked: Service) -> None:
    booked.sandbox.world.faults.answer(
        400, code="ErrorCannotDeleteObject", method="DELETE", path="/events", times=None
    )
    await booked.cancel_session()

    await until(booked.session, lambda session: session.event.status == WRITE_STATUS_FAILED)
    await booked.settled()
    assert await verdict(booked, 9) == "BUSY"
    assert verdicts(await booked.check_times(hours(9, 10, day=SOON))) == ["BUSY"], "without a new look"
