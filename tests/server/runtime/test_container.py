"""The wiring."""

import inspect
from typing import get_type_hints

import pytest
from aiohttp import web
from dependency_injector import providers

from domain.account import Provider
from server.http.links import CallbackUrls, ReconnectLinks, lifecycle_url, notification_url
from server.http.notifications.deliveries import Deliveries
from server.runtime.container import Container
from tests.server.served import World, a_world


def test_every_provider_builds(world: World) -> None:
    world.container.check_dependencies()
    built = {name: provider() for name, provider in world.container.providers.items()}

    assert len(built) > 40
    assert all(one is not None for one in built.values())


def test_everything_built_got_what_it_asks_for(world: World) -> None:
    """A field of a concrete type of ours holds exactly that."""
    checked = 0
    for provider in world.container.providers.values():
        built = provider()
        if not hasattr(type(built), "__dataclass_fields__") or type(built).__module__.startswith("tests."):
            continue
        for name, kind in get_type_hints(type(built)).items():
            if inspect.isclass(kind) and not getattr(kind, "_is_protocol", False):
                assert isinstance(getattr(built, name), kind), f"{type(built).__name__}.{name}"
                checked += 1
    assert checked > 10


def test_a_missing_dependency_is_told() -> None:
    whole = a_world().container
    given = {
        name: provider()
        for name, provider in whole.providers.items()
        if isinstance(provider, providers.Dependency) and name != "store"
    }

    with pytest.raises(Exception, match="store"):
        Container(**given).check_dependencies()


def test_alarms_and_readiness_are_shared_by_all(world: World) -> None:
    container = world.container

    assert container.alarms() is container.alarms()
    assert container.health().readiness is container.readiness()


def test_questions_and_work_share_one_reading_of_a_calendar(world: World) -> None:
    container = world.container
    reads = container.reads()

    assert container.work().reads is reads
    assert container.look_up_availability().reads is reads
    assert container.put_session().look_up.reads is reads


async def test_deliveries_are_closed_with_the_web_app(world: World) -> None:
    closed: list[Deliveries] = []

    class Watched(Deliveries):
        async def close(self) -> None:
            closed.append(self)

    container = world.container
    container.deliveries.override(Watched(container.sift_notifications(), container.take_notifications()))
    runner = web.AppRunner(world.container.web_app())
    await runner.setup()
    await runner.cleanup()

    assert closed == [world.container.deliveries()]


def test_links_lead_below_the_public_address() -> None:
    assert ReconnectLinks("https://calendars.example/sync")("a/b c") == (
        "https://calendars.example/sync/reconnect/a%2Fb%20c"
    )
    assert (
        CallbackUrls("https://calendars.example")(Provider.GOOGLE)
        == "https://calendars.example/oauth/google/callback"
    )
    assert (
        notification_url("https://calendars.example", Provider.GOOGLE)
        == "https://calendars.example/notifications/google"
    )
    assert (
        lifecycle_url("https://calendars.example")
        == "https://calendars.example/notifications/microsoft/lifecycle"
    )
