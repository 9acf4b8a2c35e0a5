"""What orchestrators ask the HTTP side."""

from importlib.metadata import version

from domain.account import Provider
from server.http.links import CALLBACK_PATH
from tests.server.http.browser import Browser, at_http
from tests.server.served import World


async def test_health_names_raised_alarms_and_stays_alive(browser: Browser) -> None:
    assert (await browser.get("/healthz")).text == '{"status": "ok", "alarms": []}'

    browser.world.container.alarms().provider_misconfigured(Provider.MICROSOFT, "AADSTS7000222")

    degraded = await browser.get("/healthz")
    assert degraded.status == 200
    assert degraded.text == '{"status": "degraded", "alarms": ["MICROSOFT_MISCONFIGURED"]}'


async def test_an_alarm_is_raised_by_a_refused_registration_and_ends_with_the_next_success(
    browser: Browser,
) -> None:
    browser.world.provider.misconfigured = "AADSTS7000222"
    await browser.connect(browser.world.provider.add_person())
    assert "MICROSOFT_MISCONFIGURED" in (await browser.get("/healthz")).text

    browser.world.provider.misconfigured = ""
    await browser.connect(browser.world.provider.add_person("bob"))

    assert "MICROSOFT_MISCONFIGURED" not in (await browser.get("/healthz")).text


async def test_ready_only_while_the_database_answers_and_nobody_asked_to_stop(browser: Browser) -> None:
    ready = await browser.get("/readyz")
    assert (ready.status, ready.text) == (200, f'{{"status": "ready", "time_zones": "{version("tzdata")}"}}')

    browser.world.store.away = True
    assert (await browser.get("/readyz")).text == '{"status": "unavailable", "reason": "database"}'

    browser.world.store.away = False
    browser.world.container.readiness().stopping = True
    stopping = await browser.get("/readyz")
    assert (stopping.status, stopping.text) == (503, '{"status": "unavailable", "reason": "stopping"}')


async def test_a_process_without_pages_tells_its_health_only(world: World) -> None:
    async with at_http(world, world.container.health_app()) as browser:
        assert (await browser.get("/healthz")).status == 200
        assert (await browser.get(CALLBACK_PATH)).status == 404
