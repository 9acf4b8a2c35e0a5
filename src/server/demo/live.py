"""Two chapters on being quick and being first: what changes in Outlook is heard at once; of ten bookings one wins."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from calendarsync.v1.availability_pb2 import READING_SOURCE_STORED
from calendarsync.v1.change_service_pb2 import CHANGE_TYPE_BUSY_TIME_CHANGED, WatchChangesRequest
from server.demo.client import EXPERT, Client
from server.demo.narrator import Narrator, NotAsTold, refusal, until
from server.demo.world import World

HEARD_WITHIN: Final = 2.0
BOOKINGS: Final = 10


@dataclass(slots=True, kw_only=True)
class LiveChapters:
    """Needs an expert whose conflict calendars, Anna's primary one among them, are `calendars` in number."""

    narrator: Narrator
    client: Client
    world: World
    tomorrow: datetime
    calendars: int

    async def hear(self) -> None:
        self.narrator.chapter("What changes in Outlook is heard at once")
        await until(
            lambda: self.world.ask("GET", "/subscriptions"),
            lambda found: len(found) == self.calendars,
            told="Microsoft is asked to tell of changes to every checked calendar",
        )
        lunch = self.tomorrow + timedelta(hours=17)
        async with self._watching() as watch:
            first = await watch.read()
            self.narrator.expect("the feed of changes begins with a place to go on from", first.cursor)
            self.narrator.expect(
                "tomorrow at 17 there is nothing", await self.client.check(lunch) == ["FREE"]
            )
            started = time.monotonic()
            await self._add_event("17:00", "17:30")
            await self._busy_time_changed(watch)
            verdict = await self.client.check(lunch)
            took = time.monotonic() - started
        self.narrator.expect(
            f"Anna enters something in Outlook: told {took * 1000:.0f} ms later, and the time is taken",
            verdict == ["BUSY"] and took < HEARD_WITHIN,
        )
        busy = await self.client.busy(self.tomorrow, days=14)
        self.narrator.expect(
            "no question had to ask Microsoft for that",
            {one.source for one in busy.calendars} == {READING_SOURCE_STORED} and busy.complete,
        )

    async def race(self) -> None:
        self.narrator.chapter("Ten people book the same hour")
        hour = self.tomorrow + timedelta(hours=19)
        outcomes = await asyncio.gather(*(self._book(f"race-{number}", hour) for number in range(BOOKINGS)))
        self.narrator.expect(
            f"one gets it, and {outcomes.count('TIME_TAKEN')} hear: TIME_TAKEN",
            sorted(outcomes) == ["", *["TIME_TAKEN"] * (BOOKINGS - 1)],
        )
        later = hour + timedelta(hours=2)
        await self.client.hold("cart-1", later)
        self.narrator.expect(
            "a time that is held while somebody books is taken", await self.client.check(later) == ["BUSY"]
        )
        reason = await refusal(self.client.put_session("hasty", later, "Hasty", only_if_free=True))
        self.narrator.expect(f"nobody else gets it: {reason}", reason == "TIME_TAKEN")
        booked = await self.client.put_session("held", later, "Held and booked", hold_id="cart-1")
        self.narrator.expect("and it becomes their session", booked.revision == 1)

    async def _book(self, session_id: str, hour: datetime) -> str:
        """Empty when it was accepted, else the reason."""
        call = self.client.put_session(session_id, hour, "Everybody's hour", only_if_free=True)
        try:
            return await refusal(call)
        except NotAsTold:
            return ""

    @asynccontextmanager
    async def _watching(self) -> AsyncIterator[Any]:
        watch = self.client.changes.WatchChanges(WatchChangesRequest(expert_id=EXPERT))
        try:
            yield watch
        finally:
            watch.cancel()

    async def _busy_time_changed(self, watch: Any) -> None:
        try:
            async with asyncio.timeout(HEARD_WITHIN):
                while (await watch.read()).change.type != CHANGE_TYPE_BUSY_TIME_CHANGED:
                    pass
        except TimeoutError:
            raise NotAsTold("the feed tells that busy time changed") from None

    async def _add_event(self, start: str, end: str) -> None:
        await self.world.ask(
            "POST",
            "/people/anna/calendars/primary/events",
            start=f"{self.tomorrow:%Y-%m-%d}T{start}",
            end=f"{self.tomorrow:%Y-%m-%d}T{end}",
            zone=str(self.tomorrow.tzinfo),
            subject="Couples therapy",
        )
