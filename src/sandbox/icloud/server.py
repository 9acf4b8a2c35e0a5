"""ICloud's CalDAV over HTTPS: hosts, password, faults, throttling, dispatch."""

import asyncio
import base64
import binascii
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

from aiohttp import web

from sandbox.answers import Answer, Hangs, deliver
from sandbox.icloud import files, paths
from sandbox.icloud.call import Call
from sandbox.icloud.errors import DavError, not_found
from sandbox.icloud.paths import TEMPLATES, Target
from sandbox.icloud.propfind import multistatus, propfind
from sandbox.icloud.reports import report
from sandbox.icloud.xml import DAV, Element, Name, dav, href
from sandbox.world.model import Person
from sandbox.world.traffic import RequestEntry
from sandbox.world.world import World

Host = Literal["front", "p37", "p143", "foreign"]
HOSTS: Final[tuple[Host, ...]] = ("front", "p37", "p143", "foreign")
_CHALLENGES: Final = ('X-MobileMe-AuthToken realm="MMCalDav"', 'Basic realm="MMCalDav"')
_METHODS: Final = "OPTIONS, GET, PUT, DELETE, PROPFIND, REPORT"
_HANDLERS: Final[Mapping[str, Callable[[Call], Answer]]] = {
    "PROPFIND": propfind,
    "REPORT": report,
    "GET": files.get,
    "PUT": files.put,
    "DELETE": files.delete,
}
_LARGEST_BODY: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """One request, read to its end, before anything has been decided about it.

    `named` has the Apple ID that was given, `person` has given the right password as well.
    """

    request: web.Request
    host: Host
    payload: bytes
    named: Person | None
    person: Person | None

    @property
    def target(self) -> Target:
        return paths.find(self.person, self.request.rel_url.raw_path)


class ICloudServer:
    """Answers on each of iCloud's hosts. `bases` are their addresses, once they are served."""

    def __init__(self, world: World, hangs: Hangs) -> None:
        self._world = world
        self._hangs = hangs
        self.bases: dict[Host, str] = {}

    def app(self, host: Host) -> web.Application:
        """What is served as one of the hosts."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]] = partial(self._handle, host)
        app.router.add_route("*", "/{path:.*}", handler)
        return app

    def partition_of(self, person: Person) -> str:
        """The address of the partition that a person's calendars are on."""
        return self.bases["p37" if person.icloud_account.partition == 37 else "p143"]

    async def _handle(self, host: Host, request: web.Request) -> web.StreamResponse:
        self._world.icloud.hosts.record(host, with_password="Authorization" in request.headers)
        if host == "foreign":
            return web.Response(status=204)
        user, password = _credentials(request.headers.get("Authorization", ""))
        passwords = self._world.icloud.passwords
        exchange = _Exchange(
            request=request,
            host=host,
            payload=await request.read(),
            named=passwords.named(user),
            person=passwords.find(user, password),
        )
        key = exchange.named.key if exchange.named else ""
        running = self._world.traffic.enter(key)
        try:
            return await self._answer(exchange, running)
        finally:
            self._world.traffic.leave(key)

    async def _answer(self, exchange: _Exchange, running: int) -> web.StreamResponse:
        world, request, settings = self._world, exchange.request, self._world.icloud.settings
        named = exchange.named
        calm = named is None or (world.icloud.admit(named) and running <= settings.concurrency_limit)
        if settings.delay_seconds:
            await asyncio.sleep(settings.delay_seconds)
        path = request.rel_url.raw_path
        fault = world.faults.take("icloud", request.method, path, named.key if named else None)
        headers = {
            "X-Apple-Request-UUID": str(uuid.uuid4()),
            "X-Responding-Instance": f"caldavd:{exchange.host}",
            "DAV": "1, access-control, calendar-access",
        }
        reply = await deliver(
            request, lambda: self._work(exchange, calm=calm), fault, self._hangs, headers=headers
        )
        if reply.status == 401 and not reply.prepared:
            for challenge in _CHALLENGES:
                reply.headers.add("WWW-Authenticate", challenge)
        entry = RequestEntry(
            at=world.clock.now(),
            surface="icloud",
            method=request.method,
            path=TEMPLATES[exchange.target.kind],
            person=named.key if named else None,
            status=reply.status,
        )
        world.traffic.requests.append(entry)
        return reply

    def _work(self, exchange: _Exchange, *, calm: bool) -> Answer:
        try:
            if not calm:
                return self._throttled()
            return self._served(exchange)
        except DavError as error:
            return Answer(status=error.status, body=error.body(), content_type="application/xml")

    def _throttled(self) -> Answer:
        settings = self._world.icloud.settings
        after = settings.throttle_retry_after
        return Answer(status=settings.throttle_status, headers={"Retry-After": after} if after else {})

    def _served(self, exchange: _Exchange) -> Answer:
        method, person, target = exchange.request.method, exchange.person, exchange.target
        if method == "OPTIONS":
            return Answer(headers={"Allow": _METHODS})
        if person is None:
            return self._unknown(method, target)
        if person.icloud_account.state == "locked":
            raise DavError(403)
        if (elsewhere := self._elsewhere(exchange, person)) is not None:
            return elsewhere
        if person.icloud_account.state == "without_calendars" and target.kind not in ("root", "principal"):
            raise not_found()
        handler = _HANDLERS.get(method)
        if handler is None:
            return Answer(status=405, headers={"Allow": _METHODS})
        return handler(
            Call(
                world=self._world,
                person=person,
                method=method,
                target=target,
                headers=exchange.request.headers,
                payload=exchange.payload,
                partition=self.partition_of(person),
            )
        )

    def _unknown(self, method: str, target: Target) -> Answer:
        """No password, a wrong or revoked one, or the Apple ID's own."""
        if (
            method == "PROPFIND"
            and target.kind == "root"
            and self._world.icloud.settings.refused_as != "status"
        ):
            principal = dav("current-user-principal", dav("unauthenticated"))
            status = Element(Name(DAV, "status"), "HTTP/1.1 200 OK")
            return multistatus([dav("response", href("/"), dav("propstat", dav("prop", principal), status))])
        return Answer(status=401)

    def _elsewhere(self, exchange: _Exchange, person: Person) -> Answer | None:
        """Paths of another account, and hosts that don't serve this one."""
        account, target = person.icloud_account, exchange.target
        wrong = DavError(self._world.icloud.settings.wrong_account_status)
        if target.number and target.number != account.number:
            raise wrong
        if exchange.host != "front":
            if exchange.host != f"p{account.partition}":
                raise wrong
            return None
        if account.front == "serves" or target.kind in ("root", "principal"):
            return None
        if account.front == "refuses":
            raise wrong
        location = self.partition_of(person) + exchange.request.rel_url.raw_path
        return Answer(status=301, headers={"Location": location})


def _credentials(header: str) -> tuple[str, str]:
    """The Apple ID and the password of Basic authentication; empty where there are none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.casefold() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password
