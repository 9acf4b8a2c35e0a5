"""Deliveries are looked up together, whatever comes, and each is told of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from application.notifications.notification import Notice, Notification
from application.notifications.sift_notifications import MOST_CLAIMS, Ours, SiftNotifications
from application.ports.store import StoreUnavailable
from tests.fakes.provider import Person
from tests.support.application import Application

PRIMARY = "object-maria/Calendar"


@pytest.fixture
async def sift(app: Application, maria: Person) -> AsyncIterator[SiftNotifications]:
    """Of a service that is subscribed to Maria's primary calendar."""
    await app.connect(maria)
    await app.run_jobs()
    sift = SiftNotifications(app.store)
    yield sift
    await sift.close()


def _forged(number: int = 0) -> Notification:
    return Notification(remote_id=f"unknown-{number}", secret="guessed", notice=Notice.CHANGED)


def _looks(app: Application) -> int:
    return app.store.tables.transaction


async def test_a_flood_costs_one_look_and_what_is_ours_comes_through_it(
    app: Application, sift: SiftNotifications
) -> None:
    before = _looks(app)
    forged = [sift([_forged(number)]) for number in range(MOST_CLAIMS // 2)]

    *others, ours = await asyncio.gather(*forged, sift(app.push.delivery(PRIMARY)))

    assert [set(notices) for notices in ours.values()] == [{Notice.CHANGED}]
    assert not any(others)
    assert _looks(app) - before == 1


async def test_those_who_come_during_a_look_share_the_next(app: Application, sift: SiftNotifications) -> None:
    before = _looks(app)
    async with _looking(app, sift) as first:
        others = [asyncio.create_task(sift([_forged(one)])) for one in range(50)]
        await asyncio.sleep(0)
    await asyncio.gather(first, *others)
    assert _looks(app) - before == 1 + 2  # the one that held it up, the first one's, and the others'


async def test_each_is_told_of_its_own(app: Application, sift: SiftNotifications) -> None:
    changed = app.push.delivery(PRIMARY)
    ended = app.push.delivery(PRIMARY, notice=Notice.ENDED)

    nothing, first, second, both = await asyncio.gather(
        sift([_forged()]), sift(changed), sift(ended), sift([*changed, _forged(), *ended, *changed])
    )

    assert nothing == {}
    (subscription,) = first
    assert first == {subscription: {Notice.CHANGED}}
    assert second == {subscription: {Notice.ENDED}}
    assert both == {subscription: {Notice.CHANGED, Notice.ENDED}}


async def test_one_statement_has_no_more_than_a_thousand_claims(
    app: Application, sift: SiftNotifications
) -> None:
    before = _looks(app)
    deliveries = [[_forged(number)] * 300 for number in range(7)]

    await asyncio.gather(*(sift(one) for one in deliveries))

    assert _looks(app) - before == 3  # three, three and one


async def test_the_largest_delivery_is_looked_up_by_itself(app: Application, sift: SiftNotifications) -> None:
    largest = [_forged(number) for number in range(MOST_CLAIMS)]
    before = _looks(app)

    await asyncio.gather(sift([_forged()]), sift(largest), sift(largest))

    assert _looks(app) - before == 3


async def test_nothing_is_looked_up_for_an_empty_delivery(app: Application, sift: SiftNotifications) -> None:
    before = _looks(app)
    assert await sift([]) == {}
    assert _looks(app) == before


async def test_what_is_unknown_is_looked_up_again(app: Application, sift: SiftNotifications) -> None:
    """It may be a subscription that is about to be stored."""
    delivery = app.push.delivery(PRIMARY)
    rows = dict(app.store.tables.subscriptions)
    app.store.tables.subscriptions.clear()
    assert await sift(delivery) == {}

    app.store.tables.subscriptions.update(rows)

    assert await sift(delivery) != {}


async def test_a_look_that_fails_fails_for_those_who_waited_for_it_and_for_nobody_else(
    app: Application, sift: SiftNotifications
) -> None:
    app.store.away = True
    outcomes = await asyncio.gather(*(sift([_forged(one)]) for one in range(3)), return_exceptions=True)
    assert [type(one) for one in outcomes] == [StoreUnavailable] * 3

    app.store.away = False

    assert await sift(app.push.delivery(PRIMARY)) != {}


async def test_whoever_has_left_is_not_looked_up(app: Application, sift: SiftNotifications) -> None:
    before = _looks(app)
    async with _looking(app, sift) as first:
        second = asyncio.create_task(sift([_forged()]))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
    assert await first == {}
    assert _looks(app) - before == 1 + 1  # the one that held it up, and the first one's


@asynccontextmanager
async def _looking(app: Application, sift: SiftNotifications) -> AsyncIterator[asyncio.Task[Ours]]:
    """A look that is under way until the end, since somebody else's transaction holds it up."""
    first = asyncio.create_task(sift([_forged()]))
    async with app.store.transaction():
        for _ in range(3):
            await asyncio.sleep(0)
        yield first
