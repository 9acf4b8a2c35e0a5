"""The faults of a run. Each is one blow: it strikes, lasts a moment, and is mended again, but what it left is not."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal, TypeAlias

import psycopg

from chaos.database import ACCOUNT
from chaos.fleet import Replica
from chaos.points import every_point
from chaos.provider_faults import STORMS
from chaos.scene import Scene

POINT_SECONDS: Final = 4.0
"""For a process to come by the point it is to die at."""
POINTS_AT_ONCE: Final = 8
BRISK: Final = 0.4
"""How much shorter everything lasts in a short run."""
Blow: TypeAlias = Callable[[], Awaitable[str]]
"""Says what it was; empty where it did not come to pass."""
MOST_REPLICAS: Final = {"api": 3, "worker": 3}


@dataclass(slots=True, kw_only=True)
class Faults:
    """`struck` counts the blows by kind, `told` says what each was, in order."""

    here: Scene
    random: Random
    pace: float = 1.0
    """By this the length of everything is multiplied."""
    struck: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)
    """Points that nobody came by in time."""
    _under_way: int = 0
    _leaving: set[str] = field(default_factory=set)
    _starting: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def strike(self, wanted: int) -> None:
        """So many blows that come to pass: at the fleet, and at what surrounds it at the same time."""
        most = len(self.told) + wanted
        lanes = (self._on_the_fleet(), self._around_it())

        async def lane(blows: Mapping[tuple[str, Blow], int]) -> None:
            while len(self.told) + self._under_way < most:
                self._under_way += 1
                try:
                    await self._until_work_goes_on()
                    await self._strike_once(blows)
                finally:
                    self._under_way -= 1
                await self._for(0, 0.3)

        await asyncio.gather(*map(lane, lanes))

    async def _until_work_goes_on(self) -> None:
        """Whoever is not there comes back, also one that came by its point when the order was just taken back."""
        while True:
            for replica in self.here.fleet.replicas.values():
                if not replica.runs and replica.name not in self._leaving:
                    self._start_soon(replica)
            if self.here.fleet.works:
                return
            await asyncio.sleep(0.02)

    async def _strike_once(self, blows: Mapping[tuple[str, Blow], int]) -> None:
        ((kind, blow),) = self.random.choices(list(blows), weights=list(blows.values()))
        if told := await blow():
            self.struck[kind] += 1
            self.told.append(f"{kind}: {told}")

    async def heal(self) -> None:
        """Everything that can be mended is; every place in the fleet has a process that serves."""
        self.here.sandbox.world.faults.clear()
        self.here.sandbox.world.settings.lost_notifications = 0
        self.here.sandbox.hangs.release()
        self.here.sandbox.mail_sink.state = "up"
        await asyncio.gather(*self._starting.values())
        await self.here.fleet.start(*self.here.fleet.replicas)

    def _on_the_fleet(self) -> dict[tuple[str, Blow], int]:
        return {
            ("killed at a failpoint", self._die_at_a_point): 40,
            ("killed at random", self._kill): 14,
            ("stopped by SIGTERM", self._stop): 5,
            ("replica added or taken away", self._resize): 4,
        }

    def _around_it(self) -> dict[tuple[str, Blow], int]:
        blows: dict[tuple[str, Blow], int] = {
            ("database restarted", self._restart_database): 5,
            ("database cut off", self._cut_database_off): 5,
            ("database silent", self._block_database): 4,
            ("database out of connections", self._no_connections): 4,
            ("mail server", self._mail_server): 6,
            ("provider", self._storm): 24,
        }
        if self.here.database.small is not None:
            blows["database full", self._fill_database] = 4
        return blows

    async def _die_at_a_point(self) -> str:
        """Whoever first passes one of some points, of those at which the fewest have died."""
        passed = self.here.fleet.passed
        points = {point: self.random.randint(1, 2) for point in self._seldom()}
        before = {one.name: one.starts for one in self._running()}
        for replica in self._running():
            replica.order(points)
        victim = await self._first_dead(before)
        for replica in self._running():
            replica.order({})
        if victim is None:
            self.missed.update(points)
            return ""
        for replica in self.here.fleet.replicas.values():
            if replica.died_at is not None and not replica.runs:  # two may have come by at once
                passed[replica.died_at] += 1
                self._start_soon(replica)
        return f"{victim.name} at {victim.died_at}"

    def _seldom(self) -> list[str]:
        """Points that were passed before, and now and then some that never were."""
        passed = self.here.fleet.passed
        known = [point for point in every_point() if point in passed]
        self.random.shuffle(known)
        known.sort(key=lambda point: passed[point])
        unknown = [point for point in every_point() if point not in passed]
        return known[:POINTS_AT_ONCE] + self.random.sample(unknown, k=min(2, len(unknown)))

    async def _first_dead(self, before: Mapping[str, int]) -> Replica | None:
        end = asyncio.get_running_loop().time() + POINT_SECONDS * self.pace
        while asyncio.get_running_loop().time() < end:
            for one in self.here.fleet.replicas.values():
                if one.died_at is not None and not one.runs and before.get(one.name) == one.starts:
                    return one
            await asyncio.sleep(0.01)
        return None

    async def _kill(self) -> str:
        victim = self.random.choice(self._running())
        victim.signal(signal.SIGKILL)
        await victim.ended()
        self._start_soon(victim)
        return victim.name

    async def _stop(self) -> str:
        victim = self.random.choice(self._running())
        victim.signal(signal.SIGTERM)
        await victim.ended()
        self._start_soon(victim)
        return victim.name

    async def _resize(self) -> str:
        """The third of a role comes, or goes in order."""
        role = self.random.choice(list(MOST_REPLICAS))
        name = f"{role}-{MOST_REPLICAS[role]}"
        third = self.here.fleet.replicas.get(name)
        if third is None:
            self.here.add(role, MOST_REPLICAS[role])
            await self.here.fleet.start(name)
            return f"{name} added"
        self._leaving.add(name)
        await asyncio.gather(*self._starting.values())
        third.signal(signal.SIGTERM)
        if third.runs:
            await third.ended()
        await self.here.remove(name)
        self._leaving.discard(name)
        return f"{name} taken away"

    async def _restart_database(self) -> str:
        self.here.database.stop_at_once()
        await self._for(0, 0.5)
        self.here.database.start()
        return "stopped at once"

    async def _cut_database_off(self) -> str:
        self.here.proxy.cut()
        return "every connection through the proxy"

    async def _block_database(self) -> str:
        self.here.proxy.block()
        seconds = await self._for(0.3, 3)
        self.here.proxy.unblock()
        return f"for {seconds:.1f} s"

    async def _no_connections(self) -> str:
        """PostgreSQL's own refusal, 53300: all that the service has are taken away, and it gets one."""
        async with self._administration() as connection:
            await connection.execute(f"ALTER ROLE {ACCOUNT} CONNECTION LIMIT 1")
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %(account)s",
                {"account": ACCOUNT},
            )
            seconds = await self._for(0.3, 2)
            await connection.execute(f"ALTER ROLE {ACCOUNT} CONNECTION LIMIT -1")
        return f"for {seconds:.1f} s"

    async def _fill_database(self) -> str:
        """PostgreSQL's own refusal, 53100: not a byte is left where its tables are."""
        self.here.database.fill()
        seconds = await self._for(0.3, 2)
        self.here.database.make_room()
        return f"for {seconds:.1f} s"

    async def _mail_server(self) -> str:
        state: Literal["refusing", "closed", "hanging", "cut"] = self.random.choice(
            ("refusing", "closed", "hanging", "cut")
        )
        self.here.sandbox.mail_sink.state = state
        seconds = await self._for(0.5, 3)
        self.here.sandbox.mail_sink.state = "up"
        return f"{state} for {seconds:.1f} s"

    async def _storm(self) -> str:
        storm = self.random.choice(STORMS)
        everybody = [person for expert in self.here.cast for person in expert.people]
        person = self.random.choice(everybody) if self.random.random() < 0.3 else None
        world = self.here.sandbox.world
        storm.order(world, self.random, person)
        seconds = await self._for(0.3, 2.5)
        world.faults.clear()
        self.here.sandbox.hangs.release()
        return f"{storm.name} for {seconds:.1f} s"

    def _running(self) -> list[Replica]:
        return [one for one in self.here.fleet.replicas.values() if one.runs]

    def _start_soon(self, replica: Replica) -> None:
        if replica.name not in self._starting:
            task = asyncio.create_task(self._start(replica), name=f"{replica.name} comes back")
            self._starting[replica.name] = task
            task.add_done_callback(lambda _: self._starting.pop(replica.name))

    async def _start(self, replica: Replica) -> None:
        await self._for(0, 0.5)
        await self.here.fleet.start(replica.name)

    async def _for(self, least: float, most: float) -> float:
        seconds = self.random.uniform(least, most) * self.pace
        await asyncio.sleep(seconds)
        return seconds

    @asynccontextmanager
    async def _administration(self) -> AsyncIterator[psycopg.AsyncConnection]:
        dsn = self.here.database.admin
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            yield connection
