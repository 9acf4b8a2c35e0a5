"""Deliveries at the database: few at a time, and none that is waited for too long."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import pytest

from application.notifications.notification import Notice, Notification
from application.notifications.sift_notifications import Ours, SiftNotifications
from application.notifications.take_notifications import TakeNotifications
from domain.ids import AccountId, CalendarId
from domain.subscription import WANTED_LIFETIME, Subscription
from server import tasks
from server.http.notifications.deliveries import AT_ONCE, Deliveries
from tests.builders import NOW

SOON, LONG = timedelta(seconds=0.05), timedelta(seconds=10)
OURS = [Notification(remote_id="remote-1", secret="known", notice=Notice.CHANGED)]
FORGED = [Notification(remote_id="remote-1", secret="guessed", notice=Notice.CHANGED)]
SUBSCRIPTION = Subscription(
    calendar_id=CalendarId("calendar-1"),
    account_id=AccountId("account-1"),
    remote_id="remote-1",
    expires_at=NOW + WANTED_LIFETIME,
)


class KnowsOne:
    """Sifts by the one secret that is known; `hangs` while nobody answers."""

    hangs = False

    async def __call__(self, delivery: Collection[Notification]) -> Ours:
        if self.hangs:
            await asyncio.Event().wait()
        notices = {one.notice for one in delivery if one.secret == "known"}
        return {SUBSCRIPTION: notices} if notices else {}

    async def close(self) -> None:
        """Nothing is under way by itself."""


@dataclass(slots=True)
class SlowTaking:
    """Goes on until `let_go`, also after a first cancellation, as psycopg does at a database that keeps silent."""

    going: asyncio.Event = field(default_factory=asyncio.Event)
    full: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False
    under_way: int = 0
    most: int = 0
    begun: int = 0
    cancelled: int = 0

    async def __call__(self, ours: Ours) -> None:
        self.begun += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if self.under_way == AT_ONCE:
            self.full.set()
        try:
            try:
                await self.going.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                await self.going.wait()
                if self.fails:
                    raise RuntimeError("too late for anybody to hear") from None
                raise
        finally:
            self.under_way -= 1

    def let_go(self) -> None:
        self.going.set()


@pytest.fixture
def slow() -> SlowTaking:
    return SlowTaking()


@pytest.fixture
def sift() -> KnowsOne:
    return KnowsOne()


@pytest.fixture
async def deliveries(
    sift: KnowsOne, slow: SlowTaking, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Deliveries]:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)
    deliveries = Deliveries(cast(SiftNotifications, sift), cast(TakeNotifications, slow))
    yield deliveries
    await deliveries.close()
    assert slow.under_way == 0


async def _too_many(deliveries: Deliveries, *, number: int = AT_ONCE) -> None:
    """So many deliveries that take too long."""
    taking = [deliveries.take(OURS, within=SOON) for _ in range(number)]
    outcomes = await asyncio.gather(*taking, return_exceptions=True)
    assert [type(one) for one in outcomes] == [TimeoutError] * number


async def _all_over() -> None:
    await asyncio.wait([one for one in asyncio.all_tasks() if one.get_name() == "delivery"])


async def test_tells_how_many_were_ours(deliveries: Deliveries, slow: SlowTaking) -> None:
    slow.let_go()
    assert await deliveries.take([*OURS, *FORGED], within=LONG) == 1


async def test_forged_ones_need_no_place(deliveries: Deliveries, slow: SlowTaking) -> None:
    await _too_many(deliveries)
    assert await deliveries.take(FORGED, within=LONG) == 0
    assert slow.begun == AT_ONCE


async def test_a_look_that_takes_too_long_is_not_waited_for(
    deliveries: Deliveries, sift: KnowsOne, slow: SlowTaking
) -> None:
    sift.hangs = True
    await _too_many(deliveries)
    assert slow.begun == 0


async def test_waits_for_nothing_that_goes_on_when_it_is_cancelled(
    deliveries: Deliveries, slow: SlowTaking
) -> None:
    async with asyncio.timeout(1):
        await _too_many(deliveries, number=1)
    assert slow.under_way == 1


async def test_few_are_taken_at_once_and_the_others_after_them(
    deliveries: Deliveries, slow: SlowTaking
) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(3 * AT_ONCE):
            group.create_task(deliveries.take(OURS, within=LONG))
        await slow.full.wait()
        slow.let_go()
    assert (slow.begun, slow.most) == (3 * AT_ONCE, AT_ONCE)


async def test_waiting_for_a_place_counts_as_waiting(deliveries: Deliveries, slow: SlowTaking) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(deliveries.take(OURS, within=LONG))
        await _too_many(deliveries, number=1)
        assert slow.begun == AT_ONCE
        slow.let_go()
    assert await deliveries.take(OURS, within=LONG) == 1


async def test_while_all_places_are_held_by_what_was_given_up_no_more_is_begun(
    deliveries: Deliveries, slow: SlowTaking
) -> None:
    await _too_many(deliveries)
    async with asyncio.timeout(1):
        with pytest.raises(TimeoutError):
            await deliveries.take(OURS, within=LONG)
    assert slow.begun == AT_ONCE


async def test_what_was_given_up_makes_room_when_it_is_over(deliveries: Deliveries, slow: SlowTaking) -> None:
    await _too_many(deliveries)
    slow.let_go()
    await _all_over()
    assert await deliveries.take(OURS, within=LONG) == 1


async def test_a_failure_that_nobody_waits_for_any_more_is_not_reported_as_forgotten(
    deliveries: Deliveries, slow: SlowTaking
) -> None:
    slow.fails = True
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    try:
        await _too_many(deliveries)
        slow.let_go()
        await _all_over()
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert reported == []


async def test_closing_cuts_off_what_goes_on(deliveries: Deliveries, slow: SlowTaking) -> None:
    await _too_many(deliveries)
    assert slow.under_way == AT_ONCE
    await deliveries.close()
    assert slow.under_way == 0


async def test_whoever_stops_waiting_leaves_nothing_running(deliveries: Deliveries, slow: SlowTaking) -> None:
    waiting = [asyncio.create_task(deliveries.take(OURS, within=LONG)) for _ in range(AT_ONCE)]
    await slow.full.wait()
    for one in waiting:
        one.cancel()
    await asyncio.wait(waiting)
    slow.let_go()
    await _all_over()
    assert all(one.cancelled() for one in waiting)
    assert slow.cancelled == AT_ONCE
