"""Each configured provider by itself, at every door: health, alarms, metrics and the addresses it sends browsers to."""

from json import loads
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from prometheus_client import CollectorRegistry

from application.ports.sign_in import RedirectAnswer
from calendarsync.v1.account_service_pb2 import CompleteConnectionRequest
from domain.account import Provider
from domain.connection import AccountMismatch, Confirming, SignInCancelled
from domain.ids import CalendarId, ExpertId
from server.http.links import callback_path
from server.metrics.process import Alarms
from server.rpc.catalogue import help_links
from server.rpc.provider_pages import PAGES
from server.runtime.settings import REGISTERED_BY
from tests.builders import EXPERT, an_expert
from tests.server.http.browser import at_http
from tests.server.served import RETURN_URL, World, a_world, failure_of, served

BOTH = (Provider.MICROSOFT, Provider.GOOGLE)
HealthStatus = health_pb2.HealthCheckResponse


@pytest.fixture
def world() -> World:
    return a_world(configured=BOTH)


async def test_health_follows_each_providers_own_alarm(world: World) -> None:
    async with served(world) as api:
        stub: Any = health_pb2_grpc.HealthStub(api.channel)

        async def status(provider: str) -> int:
            service = f"calendarsync.provider.{provider}"
            return int((await stub.Check(health_pb2.HealthCheckRequest(service=service))).status)

        google = stub.Watch(health_pb2.HealthCheckRequest(service="calendarsync.provider.GOOGLE"))
        assert (await google.read()).status == HealthStatus.SERVING
        world.container.alarms().provider_misconfigured(Provider.GOOGLE, "invalid_client")
        assert (await google.read()).status == HealthStatus.NOT_SERVING
        assert await status("MICROSOFT") == HealthStatus.SERVING
        google.cancel()
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await status("APPLE")
        assert refusal.value.code() is grpc.StatusCode.NOT_FOUND


async def test_health_tells_of_every_provider_that_is_configured() -> None:
    async with served(a_world(configured=tuple(Provider))) as api:
        stub: Any = health_pb2_grpc.HealthStub(api.channel)
        for provider in Provider:
            service = f"calendarsync.provider.{provider.name}"
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == HealthStatus.SERVING


async def test_one_that_is_not_configured_is_not_available(world: World) -> None:
    async with served(world) as api:
        await api.put_expert()
        failure = await failure_of(api.start(provider="PROVIDER_APPLE"))
        started = await api.start(provider="PROVIDER_GOOGLE")

    assert (failure.reason, failure.metadata) == ("PROVIDER_NOT_AVAILABLE", {"provider": "APPLE"})
    assert started.state.startswith("google-")


async def test_health_in_detail_tells_of_the_credentials_at_each() -> None:
    """There are none at Apple: each person types their own."""
    world = a_world(configured=(*BOTH, Provider.APPLE))
    world.container.alarms().provider_misconfigured(Provider.GOOGLE, "invalid_client")
    async with at_http(world, world.container.operations_app()) as door:
        ready = loads((await door.get("/readyz")).text)

    told = {name: part["state"] for name, part in ready["parts"]["credentials"].items()}
    assert told == {
        "microsoft_registration": "ok",
        "microsoft_credential": "ok",
        "microsoft_tokens": "ok",
        "google_registration": "refused",
        "google_credential": "ok",
        "google_tokens": "ok",
        "mail_server": "unknown",
    }


def test_the_alarms_of_those_configured_are_measured_while_they_are_not_raised() -> None:
    registry, raised = CollectorRegistry(), ["GOOGLE_MISCONFIGURED"]
    registry.register(Alarms(lambda: raised, BOTH))

    def value(name: str) -> float | None:
        return registry.get_sample_value("calendarsync_alarm", {"name": name})

    names = ("MICROSOFT_MISCONFIGURED", "GOOGLE_MISCONFIGURED", "GOOGLE_TOKENS_REFUSED", "CLOCK")
    assert [value(name) for name in names] == [0, 1, 0, 0]
    assert value("APPLE_MISCONFIGURED") is None


async def a_sign_in(world: World, provider: Provider, *, return_url: str | None = RETURN_URL) -> str:
    """Its state."""
    async with world.store.transaction() as tx:
        await tx.experts.put(an_expert())
    started = await world.container.start_connection()(
        expert_id=ExpertId(EXPERT), provider=provider, return_url=return_url
    )
    return started.state


async def test_a_sign_in_comes_back_to_its_own_providers_address(world: World) -> None:
    google = world.fakes[Provider.GOOGLE]
    state = await a_sign_in(world, Provider.GOOGLE)
    parameters = {"state": state, "code": google.code_for(google.add_person())}
    async with at_http(world, world.container.web_app()) as browser:
        elsewhere = await browser.get(callback_path(Provider.MICROSOFT), params=parameters)
        nowhere = await browser.get(callback_path(Provider.APPLE), params=parameters)
        at_home = await browser.get(callback_path(Provider.GOOGLE), params=parameters)

    assert (elsewhere.status, nowhere.status) == (404, 404)
    assert at_home.told["outcome"] == ["pending"]
    assert (google.calls["redeem"], world.provider.calls["redeem"]) == (1, 0)


async def test_a_failure_is_told_in_the_words_of_its_own_provider() -> None:
    world = a_world(Confirming.WITH_RETURN_URL, configured=BOTH)
    state = await a_sign_in(world, Provider.GOOGLE, return_url=None)
    async with at_http(world, world.container.web_app()) as browser:
        page = await browser.get(
            callback_path(Provider.GOOGLE), params={"state": state, "error": "access_denied"}
        )

    assert "You went back before Google could finish." in page.text
    assert 'href="https://support.google.com/' in page.text
    assert "Microsoft" not in page.text


async def test_only_administrators_at_microsoft_come_back_from_approving(world: World) -> None:
    async with at_http(world, world.container.web_app()) as browser:
        for query in ("admin_consent=True", "error=access_denied"):
            microsoft, google = [await browser.get(f"{callback_path(one)}?{query}") for one in BOTH]
            assert (microsoft.status, google.status) == (200, 400)
            assert "damaged" in google.text


def test_each_provider_that_can_be_configured_has_pages_to_send_people_to() -> None:
    assert REGISTERED_BY.keys() <= PAGES.keys()


def test_who_goes_back_from_our_own_page_is_led_to_no_consent_page() -> None:
    assert help_links(SignInCancelled(provider=Provider.APPLE)) == ()
    assert [url for _, url in help_links(AccountMismatch(provider=Provider.APPLE))] == [
        "https://account.apple.com"
    ]


async def test_callers_are_led_to_pages_of_the_provider_at_which_it_failed(world: World) -> None:
    links = {}
    async with served(world) as api:
        await api.put_expert()
        for provider in BOTH:
            started = await api.start(provider=f"PROVIDER_{provider.name}")
            request = CompleteConnectionRequest(
                expert_id=EXPERT, state=started.state, error="access_denied", error_subcode="cancel"
            )
            failure = await failure_of(api.accounts.CompleteConnection(request))
            links[provider] = failure.detail(error_details_pb2.Help).links[0].url

    assert links[Provider.MICROSOFT].startswith("https://learn.microsoft.com/")
    assert links[Provider.GOOGLE].startswith("https://support.google.com/")


@pytest.mark.parametrize("provider", BOTH)
async def test_looks_are_counted_for_the_provider_that_was_asked(world: World, provider: Provider) -> None:
    fake, container = world.fakes[provider], world.container
    state = await a_sign_in(world, provider)
    answer = RedirectAnswer(state=state, code=fake.code_for(fake.add_person()))
    proven = await container.complete_connection()(answer)
    assert proven.token is not None
    await container.confirm_connection()(ExpertId(EXPERT), proven.token)
    (calendar_id,) = world.store.tables.readings

    assert await container.metered_reads()(calendar_id) is None
    fake.misconfigured = "invalid_client"
    await container.metered_reads()(calendar_id)

    def counted(of: Provider, outcome: str) -> float | None:
        labels = {"provider": of.value, "cause": "question", "outcome": outcome}
        return container.metrics().registry.get_sample_value("calendarsync_looks_total", labels)

    other = next(one for one in BOTH if one is not provider)
    assert (counted(provider, "read"), counted(provider, "SERVICE_MISCONFIGURED")) == (1, 1)
    assert (counted(other, "read"), counted(other, "SERVICE_MISCONFIGURED")) == (None, None)
    assert container.alarms().is_raised(provider)
    assert not container.alarms().is_raised(other)


async def test_where_there_is_nothing_to_look_at_no_look_is_counted(world: World) -> None:
    failure = await world.container.metered_reads()(CalendarId("nothing"))

    assert failure is not None
    assert b"calendarsync_looks_total{" not in await world.container.metrics().page()


async def test_the_link_of_a_mail_says_so_where_its_provider_is_configured_no_longer(world: World) -> None:
    google = world.fakes[Provider.GOOGLE]
    person = google.add_person()
    async with at_http(world, world.container.web_app()) as browser:
        state = await a_sign_in(world, Provider.GOOGLE)
        query = {"state": state, "code": google.code_for(person)}
        back = await browser.get(callback_path(Provider.GOOGLE), params=query)
        (token,) = back.told["token"]
        connected = await world.container.confirm_connection()(ExpertId(EXPERT), token)
        person.revoke()
        await world.container.refresh_calendars()(connected.account.account_id)
        (incident,) = world.store.tables.incidents.values()
        del world.providers[Provider.GOOGLE]

        page = await browser.get(f"/reconnect/{incident.token}")

    assert "no calendars of this provider" in page.text
