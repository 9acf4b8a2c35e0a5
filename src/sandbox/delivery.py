"""Requests the sandbox makes by itself: notifications to subscribers, and before that the test of their addresses."""

import asyncio
import contextlib
import ssl
from collections.abc import Coroutine
from typing import Any, Literal
from urllib.parse import quote_plus
from urllib.robotparser import RobotFileParser

import aiohttp
from yarl import URL

from sandbox.https import authority
from sandbox.world.google.channels import Ring
from sandbox.world.subscriptions import Notice
from sandbox.world.traffic import RequestEntry
from sandbox.world.world import World

Fault = Literal["timed out", "wrong status", "wrong answer"]

_DELIVERY_SECONDS = 10
_DELIVERIES_AT_ONCE = 50
_NO_ANSWER = 0
_TRIED_AGAIN = (500, 502, 503, 504)
_GOOGLES_AGENT = "APIs-Google"
_JSON = {"Content-Type": "application/json"}


class Delivery:
    """Delivers notices in the background, so that nothing ever waits for a subscriber."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._loop: asyncio.AbstractEventLoop | None = None
        self._http: aiohttp.ClientSession | None = None
        self._waiting: dict[str, list[Notice]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_DELIVERIES_AT_ONCE)

    async def open(self) -> None:
        """Be ready; https addresses must be certified by an authority of this machine or the sandbox's own."""
        context = ssl.create_default_context()
        context.load_verify_locations(cadata=authority().pem.decode())
        self._loop = asyncio.get_running_loop()
        # A kept connection would break unnoticed whenever the subscriber is restarted.
        connector = aiohttp.TCPConnector(ssl=context, limit=0, force_close=True)
        self._http = aiohttp.ClientSession(connector=connector)

    async def close(self) -> None:
        """End what is under way, for good."""
        self._loop = None
        await self.forget()
        if self._http is not None:
            await self._http.close()

    async def forget(self) -> None:
        """End what is under way; nothing that waits is sent."""
        self._waiting.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until everything was delivered or given up."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def send(self, notice: Notice) -> None:
        """Deliver a notice soon, with others for the same address where the settings allow it."""
        if self._loop is not None:
            self._start(self._loop, self._queue(self._loop, notice))

    async def validate(self, url: str, token: str) -> Fault | None:
        """Ask an address to prove itself; what was wrong with its answer, None for nothing.

        It must answer 200 with the token as plain text within the time of the settings (Microsoft Graph, "Receive
        change notifications through webhooks").
        """
        target = f"{url}{'&' if '?' in url else '?'}validationToken={quote_plus(token)}"
        try:
            async with asyncio.timeout(self._world.settings.validation_seconds):
                status, kind, answer = await self._post(
                    target, {"Content-Type": "text/plain; charset=utf-8"}, data=b""
                )
        except TimeoutError:
            self._record("validation", None, _NO_ANSWER)
            return "timed out"
        self._record("validation", None, status)
        if status != 200:
            return "wrong status"
        return None if kind == "text/plain" and answer == token.encode() else "wrong answer"

    def ring(self, ring: Ring) -> None:
        """Deliver a notification of Google's soon."""
        if self._loop is not None:
            for _ in range(self._world.google.settings.push_copies):
                self._start(self._loop, self._ring(ring))

    async def ring_once(self, ring: Ring) -> int:
        """Deliver a notification of Google's now, where the host's robots.txt doesn't keep it out; the status, 0 for no
        answer."""
        status = _NO_ANSWER
        async with self._places:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_DELIVERY_SECONDS):
                    if await self._lets_in(ring.url, _GOOGLES_AGENT):
                        status, _, _ = await self._post(ring.url, ring.headers, data=b"")
        self._record(f"google-{ring.state}", ring.person, status)
        return status

    async def _ring(self, ring: Ring) -> None:
        """Deliver, and again while the address fails; every other answer is delivered or lost."""
        settings = self._world.google.settings
        gap = settings.push_retry_seconds
        for attempt in range(settings.push_attempts):
            if attempt:
                await asyncio.sleep(gap)
                gap *= 2
            if await self.ring_once(ring) not in _TRIED_AGAIN:
                return

    def _start(self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
        task = loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _queue(self, loop: asyncio.AbstractEventLoop, notice: Notice) -> None:
        await asyncio.sleep(self._world.settings.notification_delay_seconds)
        if waiting := self._waiting.get(notice.url):
            waiting.append(notice)
            return
        self._waiting[notice.url] = [notice]
        self._start(loop, self._empty(loop, notice.url))

    async def _empty(self, loop: asyncio.AbstractEventLoop, url: str) -> None:
        """Make deliveries of everything that waits for one address by now."""
        settings, waiting = self._world.settings, self._waiting.pop(url, [])
        for batch in _batches(waiting, max(settings.notification_batch, 1)):
            for _ in range(settings.notification_copies):
                self._start(loop, self._deliver(url, batch))

    async def _deliver(self, url: str, batch: list[Notice]) -> None:
        """One delivery, tried again with growing gaps until it is accepted or given up."""
        settings, traffic = self._world.settings, self._world.traffic
        people = {notice.person for notice in batch}
        person = people.pop() if len(people) == 1 else None
        for notice in batch:
            if data := notice.item.get("resourceData"):
                traffic.record_event(notice.person, "POST", "(notification)", data)
        gap = settings.notification_retry_seconds
        for attempt in range(settings.notification_attempts):
            if attempt:
                await asyncio.sleep(gap)
                gap *= 2
            status = await self._attempt(url, batch)
            self._record(batch[0].kind, person, status)
            if 200 <= status < 300:
                return

    async def _attempt(self, url: str, batch: list[Notice]) -> int:
        async with self._places:
            try:
                async with asyncio.timeout(_DELIVERY_SECONDS):
                    items = [notice.item for notice in batch]
                    status, _, _ = await self._post(url, _JSON, json={"value": items})
            except TimeoutError:
                return _NO_ANSWER
            return status

    async def _lets_in(self, url: str, agent: str) -> bool:
        """Whether the host's robots.txt allows this; one that can't be had allows all."""
        if self._http is None:
            return False
        rules = RobotFileParser()
        try:
            async with self._http.get(URL(url, encoded=True).with_path("/robots.txt")) as reply:
                text = await reply.text(errors="replace") if reply.status == 200 else ""
        except (aiohttp.ClientError, OSError):
            return True
        rules.parse(text.splitlines())
        return rules.can_fetch(agent, url)

    async def _post(self, url: str, headers: dict[str, str], **body: Any) -> tuple[int, str, bytes]:
        """Status (0 if there was no answer), media type and body, the latter only as long as a token can be."""
        if self._http is None:
            return _NO_ANSWER, "", b""
        try:
            async with self._http.post(
                URL(url, encoded=True), headers=headers, allow_redirects=False, **body
            ) as reply:
                return reply.status, reply.content_type, await reply.content.read(65_536)
        except (aiohttp.ClientError, OSError):
            return _NO_ANSWER, "", b""

    def _record(self, kind: str, person: str | None, status: int) -> None:
        entry = RequestEntry(
            at=self._world.clock.now(),
            surface="notification",
            method="POST",
            path=f"({kind})",
            person=person,
            status=status,
        )
        self._world.traffic.requests.append(entry)


def _batches(notices: list[Notice], size: int) -> list[list[Notice]]:
    return [notices[start : start + size] for start in range(0, len(notices), size)]
