"""Requests to a CalDAV server: one host, the password along with each request and to nobody else, limits per person,
retries of reads, suspicion of every answer."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Literal, TypeAlias, TypeVar

import aiohttp
from yarl import URL

from adapters.caldav.answers import require_told
from adapters.caldav.errors import DavRefusal, Fault, refusal_of
from adapters.caldav.login import Login
from adapters.caldav.multistatus import MultistatusReader, Resource
from adapters.caldav.multistatus_sink import MultistatusSink
from adapters.caldav.redirects import MOST_REDIRECTS, is_redirect, target_of
from adapters.caldav.settings import AppleSettings
from adapters.caldav.stored_event import AS_STORED, StoredEvent, stored_event
from adapters.caldav.traces import traces_in
from adapters.web.metered_http import Answer, MeteredHttp, TooSlow
from adapters.web.request_gates import RequestGates
from adapters.web.retry_after import parse_retry_after
from application.ports.clock import Clock
from application.ports.meters import ProviderMeter
from domain.access import InvalidAnswer, ProviderUnavailable

_log = logging.getLogger(__name__)

T = TypeVar("T")
Digest: TypeAlias = Callable[[Resource], T | None]
"""What is made of a resource as it arrives."""

_HEADERS: Final = {"Accept-Encoding": "gzip", "User-Agent": "CalendarSync"}
_XML: Final = 'application/xml; charset="utf-8"'
_CALENDAR: Final = "text/calendar; charset=utf-8"
_EVENT_ENDING: Final = ".ics"
_WRITTEN: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: str
    path: str = field(repr=False)
    kind: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    reads: bool = False
    """Whether it may be sent again without harm."""


class DavClient:
    """Every method raises DavRefusal for an error of the server's, ProviderUnavailable and InvalidAnswer for what is no
    answer. A `path` is percent-encoded already; `kind` is the name that a request is counted under."""

    def __init__(
        self, http: aiohttp.ClientSession, settings: AppleSettings, clock: Clock, meter: ProviderMeter
    ) -> None:
        self._http = MeteredHttp(http=http, meter=meter)
        self._meter = meter
        self._settings = settings
        self._clock = clock
        self._origin = str(settings.start.origin())
        self._gates = RequestGates(
            clock,
            at_once=settings.at_once,
            per_minute=settings.per_minute,
            first_pause=settings.first_pause,
            longest_pause=settings.longest_pause,
            doubts_wishes=True,  # Apple's are too short: who comes back then is refused again
        )

    async def propfind(
        self, login: Login, path: str, body: bytes, *, depth: Literal[0, 1], kind: str
    ) -> list[Resource]:
        """The properties of the resource there and, with depth 1, of its members. At least one resource."""
        request = _Request(
            method="PROPFIND", path=path, kind=kind, headers=_asking(depth), body=body, reads=True
        )
        resources: list[Resource] = await self._multistatus(
            login, request, lambda: lambda one: one, in_thread=False
        )
        if not resources:
            raise InvalidAnswer(what="no resources")
        return resources

    async def resource(self, login: Login, path: str, body: bytes, *, kind: str) -> Resource:
        """The properties of this one resource. That it isn't there may be said by the answer or inside it."""
        found = await self.propfind(login, path, body, depth=0, kind=kind)
        if len(found) != 1:
            raise InvalidAnswer(what="several resources")
        if found[0].status is not None and found[0].status != HTTPStatus.OK:
            raise refusal_of(found[0].status)
        return found[0]

    async def report(
        self, login: Login, path: str, body: bytes, begin: Callable[[], Digest[T]], *, kind: str
    ) -> list[T]:
        """What a digest makes of each resource of a query, without those of which it makes None.

        Each try begins with one of its own: another may have failed half-way. It is called in a thread, one resource
        after another; nothing else keeps what the resources hold. Whatever it raises ends the request.
        """
        request = _Request(method="REPORT", path=path, kind=kind, headers=_asking(1), body=body, reads=True)

        def begin_told() -> Digest[T]:
            digest = begin()

            def digest_told(resource: Resource) -> T | None:
                require_told(resource, path)
                return digest(resource)

            return digest_told

        return await self._multistatus(login, request, begin_told, in_thread=True)

    async def get(self, login: Login, path: str, *, kind: str) -> StoredEvent:
        """The whole of an event, which is for those of our own alone: no fields can be named."""
        request = _Request(method="GET", path=_event(path), kind=kind, headers=AS_STORED, reads=True)
        return stored_event(await self._send(login, request))

    async def put(
        self, login: Login, path: str, body: bytes, *, condition: Mapping[str, str], kind: str
    ) -> None:
        """Store an event, under a condition: `If-None-Match` or `If-Match`. Its new ETag isn't told: servers that have
        rewritten the text give one all the same."""
        headers = {"Content-Type": _CALENDAR, **condition}
        answer = await self._send(
            login, _Request(method="PUT", path=_event(path), kind=kind, headers=headers, body=body)
        )
        if answer.status not in _WRITTEN:
            raise InvalidAnswer(what=f"status {answer.status}")

    async def delete(self, login: Login, path: str, *, kind: str) -> int:
        """Remove an event. The status is told because a 200 may be any gateway's."""
        answer = await self._send(login, _Request(method="DELETE", path=_event(path), kind=kind, headers={}))
        if answer.status not in _WRITTEN:
            raise InvalidAnswer(what=f"status {answer.status}")
        return answer.status

    async def _multistatus(
        self, login: Login, request: _Request, begin: Callable[[], Digest[T]], *, in_thread: bool
    ) -> list[T]:
        tries: list[list[T]] = []

        def new_sink() -> MultistatusSink:
            made: list[T] = []  # by this try alone: a thread of one that was given up may still be at work
            tries.append(made)
            digest = begin()

            def hand_on(resource: Resource) -> None:
                if resource.status == HTTPStatus.INSUFFICIENT_STORAGE:
                    raise InvalidAnswer(what="a part of the answer")
                if (one := digest(resource)) is not None:
                    made.append(one)

            reader = MultistatusReader(
                hand_on,
                largest_bytes=self._settings.largest_answer,
                most_resources=self._settings.most_resources,
            )
            return MultistatusSink(reader, in_thread=in_thread)

        await self._send(login, request, new_sink)
        return tries[-1]

    async def _send(
        self, login: Login, request: _Request, new_sink: Callable[[], MultistatusSink] | None = None
    ) -> Answer:
        if not login.sendable:
            raise DavRefusal(status=HTTPStatus.UNAUTHORIZED, fault=Fault.PASSWORD)
        try:
            async with asyncio.timeout(self._settings.request_timeout.total_seconds()):
                return await self._persistently(login, request, new_sink)
        except TimeoutError as exc:
            raise ProviderUnavailable(outcome_unknown=not request.reads) from exc

    async def _persistently(
        self, login: Login, request: _Request, new_sink: Callable[[], MultistatusSink] | None
    ) -> Answer:
        """Reads are tried again when the failure may pass quickly; each try has its own time-out."""
        for pause in self._settings.retry_pauses if request.reads else ():
            try:
                return await self._attempt(login, request, new_sink and new_sink())
            except (DavRefusal, ProviderUnavailable) as failure:
                if not _may_pass_quickly(failure):
                    raise
            await asyncio.sleep(pause.total_seconds())
        return await self._attempt(login, request, new_sink and new_sink())

    async def _attempt(self, login: Login, request: _Request, sink: MultistatusSink | None) -> Answer:
        came_at = time.perf_counter()
        async with self._gates.passage(login.gate):
            self._meter.waited(time.perf_counter() - came_at)
            answer = await self._exchange(login, request, sink)
            if answer.status >= 400:
                raise self._heard(answer, login, request)
            if sink is not None:
                if not sink.wants(answer.status):
                    raise InvalidAnswer(what=f"status {answer.status}")
                sink.reader.close()
            self._gates.accepted(login.gate)
            return answer

    async def _exchange(self, login: Login, request: _Request, sink: MultistatusSink | None) -> Answer:
        """The first answer that is no redirect. One that leads out of the allowed hosts is followed by nobody."""
        url = URL(f"{self._origin}{request.path}", encoded=True)
        for _ in range(1 + MOST_REDIRECTS):
            answer = await self._ask(login, request, url, sink)
            if not is_redirect(answer.status):
                return answer
            url = target_of(answer, url, self._settings)
        raise InvalidAnswer(what="too many redirects")

    async def _ask(self, login: Login, request: _Request, url: URL, sink: MultistatusSink | None) -> Answer:
        try:
            return await self._http.request(
                request.method,
                url,
                kind=request.kind,
                headers={**_HEADERS, **request.headers, "Authorization": login.header},
                within=self._settings.read_timeout,
                largest_bytes=self._settings.largest_answer,
                reads=request.reads,
                sink=sink,
                data=request.body or None,
            )
        except TooSlow as exc:
            raise ProviderUnavailable(outcome_unknown=not request.reads) from exc

    def _heard(self, answer: Answer, login: Login, request: _Request) -> DavRefusal:
        """The refusal, after whoever has to know it was told."""
        refusal = refusal_of(answer.status, answer.body)
        _log.info(
            "the calendar server refused a request",
            extra={
                "method": request.method,
                "request": request.kind,
                "status": refusal.status,
                "code": refusal.code,
                **traces_in(answer.headers),
            },
        )
        if refusal.fault is Fault.LIMIT:
            wish = parse_retry_after(answer.headers.get("Retry-After"), now=self._clock.now())
            refusal.retry_after = self._gates.refused(login.gate, wish)
            self._meter.told_to_wait(refusal.retry_after)
        return refusal


def _asking(depth: int) -> dict[str, str]:
    """Without a depth some servers answer a query with nothing at all, which would read as a free calendar."""
    return {"Content-Type": _XML, "Depth": str(depth)}


def _event(path: str) -> str:
    """Raises ValueError for a path that might be a calendar's: nobody writes over those, or deletes them."""
    if not path.endswith(_EVENT_ENDING):
        raise ValueError("only events are read whole, written and deleted")
    return path


def _may_pass_quickly(failure: DavRefusal | ProviderUnavailable) -> bool:
    if isinstance(failure, DavRefusal):
        return failure.fault is Fault.UNAVAILABLE and failure.status >= 500
    return not failure.throttled and not isinstance(failure.__cause__, TooSlow)
