"""What orchestrators ask the HTTP side: a word, and nothing of the inside."""

import asyncio

from domain.account import Provider
from tests.server.http.browser import Browser, at_http
from tests.server.served import World
from tests.support.paths import CALLBACK_PATH


async def test_health_says_a_word_also_with_alarms(browser: Browser) -> None:
    browser.world.container.alarms().provider_misconfigured(Provider.MICROSOFT, "AADSTS7000222")

    alive = await browser.get("/healthz")

    assert (alive.status, alive.text) == (200, "ok")


async def test_ready_only_while_the_database_answers_and_nobody_asked_to_stop(browser: Browser) -> None:
    ready = await browser.get("/readyz")
    assert (ready.status, ready.text) == (200, "ok")

    browser.world.store.away = True
    away = await browser.get("/readyz")
    assert (away.status, away.text) == (503, "unavailable")

    browser.world.store.away = False
    assert (await browser.get("/readyz")).status == 200

    browser.world.container.readiness().stopping = True
    stopping = await browser.get("/readyz")
    assert (stopping.status, stopping.text) == (503, "unavailable")


async def test_a_database_of_a_later_version_is_good_enough_and_one_of_an_earlier_is_not(
    browser: Browser,
) -> None:
    browser.world.store.census.schema = "9999"
    assert (await browser.get("/readyz")).status == 200

    browser.world.store.census.schema = "0001"
    assert (await browser.get("/readyz")).status == 503


async def test_neither_an_alarm_nor_a_provider_makes_a_process_unready(browser: Browser) -> None:
    alarms = browser.world.container.alarms()
    alarms.provider_misconfigured(Provider.MICROSOFT, "AADSTS7000222")
    alarms.tokens_refused(Provider.MICROSOFT)

    assert (await browser.get("/readyz")).status == 200


async def test_however_many_ask_the_database_is_asked_by_one_at_a_time(browser: Browser) -> None:
    census = browser.world.store.census
    census.hold = asyncio.Event()
    asking = [asyncio.ensure_future(browser.get("/readyz")) for _ in range(20)]
    async with asyncio.timeout(10):
        await census.asked.wait()
    census.hold.set()

    assert {one.status for one in await asyncio.gather(*asking)} == {200}
    assert census.most_at_once == 1


async def test_a_process_without_pages_tells_its_health_only(world: World) -> None:
    async with at_http(world, world.container.health_app()) as browser:
        assert (await browser.get("/healthz")).status == 200
        assert (await browser.get(CALLBACK_PATH)).status == 404


async def test_measurements_and_details_are_not_told_there(browser: Browser) -> None:
    assert (await browser.get("/metrics")).status == 404
