"""Calendars that a provider answers for together are claimed together: what every repository of readings keeps to."""

import pytest

from application.ports.lanes import Room
from domain.account import Provider
from domain.ids import CalendarId
from domain.reading import BegunLook, Pace
from tests.builders import (
    NOW,
    a_calendar,
    a_grant,
    a_reading,
    a_subscription,
    after,
    an_account,
    an_identity,
)
from tests.support.kept_readings import begin_reading, store_reading
from tests.support.looks import begin_look
from tests.support.stores import Kept, choose_calendars, put_expert

PACE = Pace()
ROOMY = Room(places=9, again=9)
SHARED = ("s1", "s2", "s3", "s4")
OWNED = ("o1", "o2")


async def _put(kept: Kept, *, due: float = 0, provider: Provider = Provider.GOOGLE) -> None:
    """An account with calendars that can be written to and such that can't, all of them read and due."""
    await put_expert(kept)
    calendars = [a_calendar(one) for one in OWNED] + [a_calendar(one, writable=False) for one in SHARED]
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(identity=an_identity(provider=provider)), a_grant())
        await tx.calendars.save(calendars)
    await choose_calendars(kept, *OWNED, *SHARED)
    for calendar_id in (*OWNED, *SHARED):
        await _read(kept, calendar_id, due=due)


async def _read(kept: Kept, calendar_id: str, *, due: float) -> None:
    task = await begin_reading(kept, CalendarId(calendar_id))
    await store_reading(kept, task, a_reading(calendar_id, read_at=NOW), due=due)


async def _fail(kept: Kept, calendar_id: str, *, due: float) -> None:
    task = await begin_reading(kept, CalendarId(calendar_id))
    async with kept.transaction() as tx:
        await tx.readings.failed(task, due_at=after(minutes=due))


async def _mark(kept: Kept, calendar_id: str, *, minutes: float = 0) -> None:
    async with kept.transaction() as tx:
        await tx.readings.mark(CalendarId(calendar_id), after(minutes=minutes))


async def _claim(
    kept: Kept,
    room: Room = ROOMY,
    *,
    minutes: float = 0,
    jitter: float = 0.5,
    together: frozenset[Provider] = frozenset({Provider.GOOGLE}),
    with_writable: frozenset[Provider] = frozenset(),
    saving: frozenset[Provider] = frozenset(),
) -> dict[str, BegunLook]:
    async with kept.transaction() as tx:
        found = await tx.readings.begin_due(
            room,
            now=after(minutes=minutes),
            until=after(minutes=minutes + 2),
            pace=PACE,
            jitter=[float(jitter), *[0.0] * room.places],
            together=together,
            with_writable=with_writable,
            saving=saving,
        )
    return {one.task.calendar_id: one for one in found}


async def test_they_take_one_place_and_the_time_to_come_is_the_same(kept: Kept) -> None:
    await _put(kept)
    found = await _claim(kept, Room(places=1, again=1, held={"another": 1}))
    assert set(found) == {"o1"}
    found = await _claim(kept, Room(places=1, again=1, held={"another": 1}))
    assert set(found) == {"o2"}
    found = await _claim(kept, Room(places=1, again=1), jitter=1)
    assert set(found) == set(SHARED)
    assert {one.together for one in found.values()} == {True}
    assert {one.begun_at for one in found.values()} == {NOW}
    assert {one.due_at for one in found.values()} == {after(minutes=4.5)}
    assert await _claim(kept) == {}


async def test_an_account_holds_two_places_at_most_of_which_they_are_one(kept: Kept) -> None:
    await _put(kept)
    assert set(await _claim(kept, Room(places=9, again=9, held={"account-1": 2}))) == set()
    await _read(kept, "o1", due=60)
    found = await _claim(kept)
    assert set(found) == {"o2", *SHARED}
    assert not found["o2"].together


async def test_they_are_claimed_one_by_one_where_the_provider_answers_one_by_one(kept: Kept) -> None:
    await _put(kept, provider=Provider.MICROSOFT)
    found = await _claim(kept)
    assert set(found) == {"o1", "o2"}
    assert set(await _claim(kept)) == {"s1", "s2"}
    assert not any(one.together for one in found.values())
    await _read(kept, "s3", due=60)
    assert set(await _claim(kept, together=frozenset())) == {"s4"}


async def test_one_that_is_polled_brings_the_others_along(kept: Kept) -> None:
    """However they were read before, from then on they are read at the same times."""
    await _put(kept, due=60)
    await _read(kept, "s2", due=1)
    await _read(kept, "s3", due=4)
    found = await _claim(kept, minutes=1)
    assert set(found) == set(SHARED)
    assert {one.due_at for one in found.values()} == {after(minutes=1 + 5 * 0.95)}
    assert not any(one.noticed for one in found.values())


async def test_one_that_is_marked_brings_along_what_is_nearly_due(kept: Kept) -> None:
    await _put(kept, due=60)
    await _read(kept, "s3", due=1.2)
    await _read(kept, "s4", due=1.3)
    await _mark(kept, "s1")
    found = await _claim(kept)
    assert {name: one.noticed for name, one in found.items()} == {"s1": True, "s3": False}
    assert found["s1"].due_at == after(minutes=2)
    assert found["s3"].due_at == after(minutes=5 * 0.95)


async def test_a_mark_of_one_that_is_brought_along_is_not_lost(kept: Kept) -> None:
    await _put(kept, due=60)
    await _read(kept, "s1", due=0)
    await _mark(kept, "s2", minutes=1)
    found = await _claim(kept, minutes=0.5)
    assert {name for name, one in found.items() if one.noticed} == {"s2"}
    assert found["s2"].due_at == after(minutes=2.5)
    assert set(await _claim(kept, minutes=2.4)) == set()
    assert set(await _claim(kept, minutes=2.5)) == {"s2"}


async def test_one_that_failed_keeps_its_pause_and_nobody_from_being_read(kept: Kept) -> None:
    await _put(kept, due=0)
    for calendar_id in OWNED:
        await _read(kept, calendar_id, due=60)
    await _fail(kept, "s2", due=2)
    assert set(await _claim(kept)) == {"s1", "s3", "s4"}
    for calendar_id in ("s1", "s3", "s4"):
        await _read(kept, calendar_id, due=5)
    assert set(await _claim(kept, minutes=2)) == {"s2"}
    await _read(kept, "s2", due=7)
    assert set(await _claim(kept, minutes=5)) == set(SHARED)


async def test_those_that_failed_together_are_tried_again_together(kept: Kept) -> None:
    await _put(kept, due=60)
    for number, calendar_id in enumerate(SHARED):
        await _fail(kept, calendar_id, due=0.5 + number / 1000)
    assert set(await _claim(kept, minutes=0.5)) == set(SHARED)


@pytest.mark.parametrize("what", ["under way", "missing", "another account's"])
async def test_what_is_not_brought_along(kept: Kept, what: str) -> None:
    await _put(kept, due=60)
    await _read(kept, "s1", due=1)
    async with kept.transaction() as tx:
        if what == "under way":
            assert await begin_look(tx, CalendarId("s2"), now=NOW, until=after(minutes=2))
        elif what == "missing":
            await tx.calendars.save([a_calendar("s2", writable=False, missing=True)])
        else:
            identity = an_identity("another", provider=Provider.GOOGLE)
            await tx.accounts.add(an_account("account-2", identity=identity), a_grant())
            await tx.calendars.save([a_calendar("t1", account_id="account-2", writable=False)])
    if what == "another account's":
        await choose_calendars(kept, *OWNED, *SHARED, "t1", version=1)
        await _read(kept, "t1", due=4)
    expected = set(SHARED) - ({"s2"} if what != "another account's" else set())
    assert set(await _claim(kept, minutes=1)) == expected


@pytest.mark.parametrize(("told", "pause"), [(SHARED[:-1], 5), (SHARED, 13)])
async def test_the_slower_pace_is_for_those_of_which_all_are_notified(
    kept: Kept, told: tuple[str, ...], pause: float
) -> None:
    await _put(kept, due=60)
    for calendar_id in told:
        subscription = a_subscription(calendar_id, expires_at=after(days=1))
        async with kept.transaction() as tx:
            assert await tx.subscriptions.save(
                subscription, instead_of=None, secret=f"secret of {calendar_id}", renew_at=after(days=1)
            )
    await _read(kept, "s1", due=0)
    found = await _claim(kept, jitter=0)
    assert {name: one.due_at for name, one in found.items()} == dict.fromkeys(SHARED, after(minutes=pause))


@pytest.mark.parametrize(("saving", "pause"), [(Provider.GOOGLE, 13), (Provider.MICROSOFT, 5)])
async def test_all_have_the_slower_pace_while_their_providers_day_is_nearly_spent(
    kept: Kept, saving: Provider, pause: float
) -> None:
    await _put(kept)
    found = await _claim(kept, jitter=0, saving=frozenset({saving}))
    found |= await _claim(kept, jitter=0, saving=frozenset({saving}))
    assert {name: one.due_at for name, one in found.items()} == dict.fromkeys(
        (*OWNED, *SHARED), after(minutes=pause)
    )


ALL_ALIKE = frozenset({Provider.APPLE})


async def test_those_that_can_be_written_to_come_along_where_the_provider_answers_for_them_too(
    kept: Kept,
) -> None:
    await _put(kept, provider=Provider.APPLE, due=60)
    await _read(kept, "o1", due=1)
    found = await _claim(kept, minutes=1, together=ALL_ALIKE, with_writable=ALL_ALIKE)
    assert set(found) == {*OWNED, *SHARED}
    assert {one.together for one in found.values()} == {True}
    assert len({one.due_at for one in found.values()}) == 1


async def test_together_they_take_one_place_of_the_account(kept: Kept) -> None:
    await _put(kept, provider=Provider.APPLE)
    room = Room(places=9, again=9, held={"account-1": 1})
    found = await _claim(kept, room, together=ALL_ALIKE, with_writable=ALL_ALIKE)
    assert set(found) == {*OWNED, *SHARED}


async def test_one_that_is_written_to_is_read_alone(kept: Kept) -> None:
    await _put(kept, provider=Provider.APPLE, due=60)
    await _mark(kept, "o1")
    assert set(await _claim(kept, together=ALL_ALIKE, with_writable=ALL_ALIKE)) == {"o1"}
