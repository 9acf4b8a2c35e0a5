"""Connects experts to people of the sandbox, and fills the calendars."""

from datetime import timedelta
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from bench.availability import busy_request
from bench.client import Client
from bench.people import TAKEN, TEAM, taken_starts
from calendarsync.v1.account_pb2 import PROVIDER_MICROSOFT
from calendarsync.v1.account_service_pb2 import CompleteConnectionRequest, StartConnectionRequest
from calendarsync.v1.account_service_pb2_grpc import AccountServiceStub
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from calendarsync.v1.calendar_pb2 import CalendarSettings
from calendarsync.v1.calendar_service_pb2 import ListCalendarsRequest, UpdateCalendarSettingsRequest
from calendarsync.v1.calendar_service_pb2_grpc import CalendarServiceStub
from server.demo.world import World, parameters

PERSON = "max"
CALENDARS = [f"extra-{number}" for number in range(1, 6)]
REDIRECT_URI = "http://localhost:3000/microsoft"


async def connect(client: Client, world: World, expert_id: str, person: str) -> None:
    """This person's account, with its primary calendar as the only conflict calendar."""
    accounts = AccountServiceStub(client.service)
    started = await accounts.StartConnection(
        StartConnectionRequest(expert_id=expert_id, provider=PROVIDER_MICROSOFT, redirect_uri=REDIRECT_URI)
    )
    back = parameters(await world.sign_in(started.authorization_url, person))
    await accounts.CompleteConnection(
        CompleteConnectionRequest(expert_id=expert_id, state=back["state"], code=back["code"])
    )


async def connect_team(client: Client, world: World) -> None:
    """Every member to the same five calendars, each with an account and readings of their own, which are made."""
    await _fill(world)
    names = {one["name"] for one in await calendars_of(world, PERSON, CALENDARS)}
    for expert_id in TEAM:
        await connect(client, world, expert_id, PERSON)
        await _choose(client, expert_id, names)
        busy = await AvailabilityServiceStub(client.service).ListBusyTimes(busy_request(expert_id))
        assert busy.complete
        assert (len(busy.calendars), len(busy.busy_times)) == (len(CALENDARS), TAKEN)


async def calendars_of(world: World, person: str, keys: list[str]) -> list[dict[str, Any]]:
    """These calendars, as the sandbox describes them."""
    found = await world.ask("GET", f"/people/{person}/calendars")
    return [one for one in found if one["key"] in keys]


async def _fill(world: World) -> None:
    for number, start in enumerate(taken_starts()):
        await world.ask(
            "POST",
            f"/people/{PERSON}/calendars/{CALENDARS[number % len(CALENDARS)]}/events",
            start=f"{start:%Y-%m-%dT%H:%M}",
            end=f"{start + timedelta(minutes=30):%Y-%m-%dT%H:%M}",
            zone="UTC",
            show_as="busy",
        )


async def _choose(client: Client, expert_id: str, names: set[str]) -> None:
    """The calendars of these names as the only conflict calendars."""
    calendars = CalendarServiceStub(client.service)
    listed = await calendars.ListCalendars(ListCalendarsRequest(expert_id=expert_id, refresh=True))
    chosen = [one.calendar_id for one in listed.calendars if one.name in names]
    await calendars.UpdateCalendarSettings(
        UpdateCalendarSettingsRequest(
            settings=CalendarSettings(expert_id=expert_id, conflict_calendar_ids=chosen),
            update_mask=FieldMask(paths=["conflict_calendar_ids"]),
        )
    )
