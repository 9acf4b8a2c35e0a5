"""Where most parts of a run play: one server, one client, and the experts it is asked about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import grpc.aio

from bench import availability
from bench.calendars import connect_team
from bench.client import Client
from bench.people import book_everything, put_everybody
from bench.surroundings import Surroundings
from server.demo.world import World


class Stage:
    """What the parts share. The experts are there from the start; their calendars once a part asks for them."""

    def __init__(self, where: Surroundings, client: Client, world: World) -> None:
        self.where = where
        self.client = client
        self.world = world
        self._connected = False

    async def connect(self) -> None:
        """Connects the team's calendars and books the sessions, the first time it is called."""
        if not self._connected:
            await book_everything(self.client.service)
            await connect_team(self.client, self.world)
            await availability.require_as_told(self.client)
            self._connected = True


@asynccontextmanager
async def stage(where: Surroundings) -> AsyncIterator[Stage]:
    async with (
        grpc.aio.insecure_channel(where.server.service) as service,
        grpc.aio.insecure_channel(where.server.bare) as bare,
        aiohttp.ClientSession() as http,
    ):
        world = World(http=http, control_url=where.sandbox["control_url"])
        await put_everybody(service)
        yield Stage(where, Client(service=service, bare=bare), world)
