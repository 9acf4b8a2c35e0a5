"""Which calendars are due to be read: what every repository of readings keeps to."""

import pytest

from application.ports.lanes import Room
from domain.account import AccountStatus
from domain.ids import CalendarId
from domain.reading import BegunLook, Pace
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    NOW,
    a_calendar,
    a_grant,
    a_reading,
    a_reading_task,
    a_subscription,
    after,
    an_account,
    an_identity,
)
from tests.support.claims import due_readings
from tests.support.kept_readings import LONG_AGO, begin_reading, due_calendars, store_reading
from tests.support.looks import begin_look
from tests.support.stores import Kept, choose_calendars, put_conflict_calendars, put_expert

PACE = Pace()


async def test_a_calendar_is_due_at_once_when_it_is_chosen(kept: Kept) -> None:
    await put_conflict_calendars(kept, "b", "a")
    assert await due_readings(kept, LONG_AGO) == ("a", "b")


@pytest.mark.parametrize(
    ("status", "missing"), [(AccountStatus.RECONNECT_REQUIRED, False), (AccountStatus.ACTIVE, True)]
)
async def test_what_cannot_be_read_is_not_due_and_keeps_its_reading(
    kept: Kept, status: AccountStatus, missing: bool
) -> None:
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    await store_reading(kept, task, a_reading(), due=-1)
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account(status=status))
        await tx.calendars.save([a_calendar(missing=missing)])
    async with kept.transaction() as tx:
        assert await tx.readings.task(CALENDAR) is None
        assert await begin_look(tx, CALENDAR, now=NOW, until=NOW) is None
        assert await tx.readings.mark(CALENDAR, NOW)
    assert await due_calendars(kept, minutes=1) == ()
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account())
        await tx.calendars.save([a_calendar()])
    assert (await begin_reading(kept)).previous == a_reading()
    assert await due_calendars(kept) == (CALENDAR,)


async def test_a_stored_reading_is_not_due_before_its_time(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await store_reading(kept, await begin_reading(kept), a_reading(), due=10)
    assert await due_calendars(kept, minutes=9.99) == ()
    assert await due_calendars(kept, minutes=10) == (CALENDAR,)


async def test_those_due_longest_come_first_and_no_more_than_asked_for(kept: Kept) -> None:
    await put_conflict_calendars(kept, "a", "b", "c", "d")
    for calendar_id, due in (("a", 3), ("b", 1), ("c", 2), ("d", 2)):
        task = await begin_reading(kept, CalendarId(calendar_id))
        await store_reading(kept, task, a_reading(calendar_id), due=due)
    assert await due_calendars(kept, minutes=5) == ("b", "c", "d", "a")
    assert await due_calendars(kept, minutes=2) == ("b", "c", "d")


async def test_a_mark_makes_a_calendar_due(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await store_reading(kept, await begin_reading(kept), a_reading(), due=60)
    async with kept.transaction() as tx:
        assert await tx.readings.mark(CALENDAR, after(minutes=5))
    assert await due_calendars(kept, minutes=4.9) == ()
    assert await due_calendars(kept, minutes=5) == (CALENDAR,)


async def test_a_mark_never_puts_a_calendar_off(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await store_reading(kept, await begin_reading(kept), a_reading(), due=1)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, after(minutes=5))
    assert await due_calendars(kept, minutes=1) == (CALENDAR,)


async def test_a_mark_that_lands_while_reading_asks_for_another_look(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, after(minutes=1))
    assert await store_reading(kept, task, a_reading(), due=60)
    assert await due_calendars(kept) == (CALENDAR,)
    again = await begin_reading(kept)
    assert again.previous == a_reading()
    assert await store_reading(kept, again, a_reading(read_at=after(minutes=2)), due=60)
    assert await due_calendars(kept, minutes=59) == ()


async def test_a_mark_outlives_the_failure_of_the_reading_it_landed_in(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    first, second = await begin_reading(kept), await begin_reading(kept)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
        await tx.readings.failed(first, due_at=after(minutes=30))
    await store_reading(kept, second, a_reading(), due=60)
    assert await due_calendars(kept) == (CALENDAR,)


async def test_a_mark_before_reading_began_is_answered_by_it(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
        await tx.readings.mark(CALENDAR, NOW)
    await store_reading(kept, await begin_reading(kept), a_reading(), due=60)
    assert await due_calendars(kept, minutes=59) == ()


async def test_a_mark_of_a_calendar_chosen_anew_is_not_taken_for_an_old_one(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        for _ in range(3):
            await tx.readings.mark(CALENDAR, NOW)
    task = await begin_reading(kept)
    await choose_calendars(kept, version=1)
    await choose_calendars(kept, CALENDAR, version=2)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
    await store_reading(kept, task, a_reading(), due=60)
    assert await due_calendars(kept) == (CALENDAR,)


async def test_a_calendar_that_is_being_read_is_nobody_elses_business_for_a_while(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        look = await begin_look(tx, CALENDAR, now=NOW, until=after(minutes=2))
    assert look is not None
    assert look == BegunLook(
        task=a_reading_task(marks=look.task.marks), begun_at=NOW, due_at=after(minutes=2), noticed=True
    )
    assert await due_calendars(kept, minutes=1) == ()
    assert await due_calendars(kept, minutes=2) == (CALENDAR,)


async def test_a_mark_makes_it_due_although_it_is_being_read(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await begin_look(tx, CALENDAR, now=NOW, until=after(minutes=2))
        await tx.readings.mark(CALENDAR, NOW)
    assert await due_calendars(kept) == (CALENDAR,)


async def test_looking_at_what_to_read_leaves_it_due(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await begin_reading(kept)
    assert await due_calendars(kept) == (CALENDAR,)


async def test_a_mailbox_that_is_spared_is_due_in_none_of_its_calendars(kept: Kept) -> None:
    await put_conflict_calendars(kept, "marked", "new", "later")
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account("other"), a_grant())
        await tx.calendars.save([a_calendar("others", account_id="other")])
    await choose_calendars(kept, "marked", "new", "later", "others", version=1)
    later = CalendarId("later")
    assert await store_reading(kept, await begin_reading(kept, later), a_reading(later), due=30)
    async with kept.transaction() as tx:
        await tx.readings.mark(CalendarId("marked"), NOW)
        await tx.readings.spare(ACCOUNT, until=after(minutes=10))
    assert await due_calendars(kept) == ("others",)
    assert await due_calendars(kept, minutes=10) == ("marked", "others", "new")
    assert await due_calendars(kept, minutes=30) == ("marked", "others", "new", "later")


async def _claim(kept: Kept, room: Room, *, minutes: float = 0) -> list[tuple[str, bool]]:
    """What is claimed, and whether it was noticed."""
    async with kept.transaction() as tx:
        found = await tx.readings.begin_due(
            room,
            now=after(minutes=minutes),
            until=after(minutes=minutes + 2),
            pace=PACE,
            jitter=[0.5] * room.places,
        )
    return [(one.task.calendar_id, one.noticed) for one in found]


async def _read_all(kept: Kept, *calendar_ids: str) -> None:
    """An account for each two of them; all are read, and due one after the other."""
    await put_expert(kept)
    async with kept.transaction() as tx:
        for number, calendar_id in enumerate(calendar_ids):
            account = an_account(f"account-{number // 2}", identity=an_identity(object_id=str(number // 2)))
            if number % 2 == 0:
                await tx.accounts.add(account, a_grant())
            await tx.calendars.save([a_calendar(calendar_id, account_id=account.account_id)])
    await choose_calendars(kept, *calendar_ids)
    for number, calendar_id in enumerate(calendar_ids):
        task = await begin_reading(kept, CalendarId(calendar_id))
        await store_reading(kept, task, a_reading(calendar_id), due=-10 + number)


async def test_marked_ones_are_claimed_before_those_due_longer(kept: Kept) -> None:
    await _read_all(kept, "a", "b", "c", "d")
    async with kept.transaction() as tx:
        await tx.readings.mark(CalendarId("d"), NOW)
    assert await _claim(kept, Room(places=3, again=9)) == [("d", True), ("a", False), ("b", False)]
    assert await _claim(kept, Room(places=3, again=9)) == [("c", False)]
    assert await _claim(kept, Room(places=3, again=9)) == []


async def test_no_more_polled_ones_are_claimed_than_may_be(kept: Kept) -> None:
    await _read_all(kept, "a", "b", "c", "d")
    async with kept.transaction() as tx:
        await tx.readings.mark(CalendarId("d"), NOW)
    assert await _claim(kept, Room(places=3, again=0)) == [("d", True)]
    assert await _claim(kept, Room(places=3, again=1)) == [("a", False)]


async def test_an_account_holds_two_places_at_most(kept: Kept) -> None:
    await put_conflict_calendars(kept, "a", "b", "c")
    assert await _claim(kept, Room(places=9, again=9)) == [("a", False), ("b", False)]
    assert await _claim(kept, Room(places=9, again=9, held={ACCOUNT: 2, "other": 1})) == []
    assert await _claim(kept, Room(places=9, again=9, held={ACCOUNT: 1})) == [("c", False)]


async def test_an_account_that_holds_its_places_is_in_nobodys_way(kept: Kept) -> None:
    await _read_all(kept, "a", "b", "c", "d")
    room = Room(places=1, again=1, held={"account-0": 2})
    assert await _claim(kept, room) == [("c", False)]


async def test_a_polled_one_is_planned_as_if_its_look_had_succeeded(kept: Kept) -> None:
    await _read_all(kept, "a", "b")
    subscription = a_subscription("b", account_id="account-0", expires_at=after(days=1))
    async with kept.transaction() as tx:
        assert await tx.subscriptions.save(subscription, instead_of=None, secret="secret", renew_at=NOW)
    assert await _claim(kept, Room(places=9, again=9)) == [("a", False), ("b", False)]
    for calendar_id, pause in (("a", 5), ("b", 13)):
        assert calendar_id not in await due_calendars(kept, minutes=pause * 0.95 - 0.01)
        assert calendar_id in await due_calendars(kept, minutes=pause * 0.95)


async def test_a_marked_one_is_due_again_soon_if_nothing_is_heard_of_its_look(kept: Kept) -> None:
    await _read_all(kept, "a")
    async with kept.transaction() as tx:
        await tx.readings.mark(CalendarId("a"), NOW)
    assert await _claim(kept, Room(places=1, again=0)) == [("a", True)]
    assert await _claim(kept, Room(places=1, again=0), minutes=1.9) == []
    assert await _claim(kept, Room(places=1, again=0), minutes=2) == [("a", True)]


async def test_what_a_dead_worker_has_begun_is_due(kept: Kept) -> None:
    await _read_all(kept, "a", "b", "c")
    assert await _claim(kept, Room(places=1, again=1)) == [("a", False)]
    task = await begin_reading(kept, CalendarId("a"))
    assert await _claim(kept, Room(places=1, again=1)) == [("b", False)]
    await store_reading(kept, task, a_reading("a"), due=5)
    assert await _claim(kept, Room(places=1, again=1), minutes=1) == [("c", False)]
    async with kept.transaction() as tx:
        await tx.readings.free_begun(after(minutes=2), before=after(minutes=1))
    assert await due_calendars(kept, minutes=1.9) == ()
    assert await due_calendars(kept, minutes=2) == ("b",)
    assert (await begin_reading(kept, CalendarId("b"))).failures == 1


async def test_what_several_workers_have_died_of_waits_for_its_time(kept: Kept) -> None:
    await _read_all(kept, "a")
    for minutes, due in ((0, 3), (3, 3 + 5 * 0.95)):
        assert await _claim(kept, Room(places=1, again=1), minutes=minutes) == [("a", False)]
        async with kept.transaction() as tx:
            await tx.readings.free_begun(after(minutes=minutes + 3), before=after(minutes=minutes + 2))
        assert await due_calendars(kept, minutes=due - 0.01) == ()
        assert await due_calendars(kept, minutes=due) == ("a",)


async def test_a_wish_is_for_a_look_that_begins_after_it(kept: Kept) -> None:
    await _read_all(kept, "a")
    (_,) = await _claim(kept, Room(places=1, again=1))
    task = await begin_reading(kept, CalendarId("a"))
    async with kept.transaction() as tx:
        await tx.jobs.read_calendar(CalendarId("a"))
        await tx.jobs.read_calendar(CalendarId("unknown"))
    await store_reading(kept, task, a_reading("a", read_at=after(minutes=1)), due=5)
    assert await _claim(kept, Room(places=1, again=0), minutes=1) == [("a", True)]
    assert await kept.wishes() == ()
    again = await begin_reading(kept, CalendarId("a"))
    await store_reading(kept, again, a_reading("a", read_at=after(minutes=2)), due=5)
    assert await _claim(kept, Room(places=1, again=1), minutes=4.9) == []
