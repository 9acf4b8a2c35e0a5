"""Requests to Graph: headers, limits per mailbox, retries of reads, renewed tokens, suspicion of every answer."""

import logging
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from adapters.graph.claims import claims_in
from adapters.graph.errors import Fault, GraphRefusal, classify, codes_in
from adapters.graph.next_link import next_url
from adapters.graph.request_kinds import kind_of
from adapters.graph.settings import MicrosoftSettings
from adapters.web.access_tokens import Access, AccessToken
from adapters.web.json_object import json_object
from adapters.web.metered_http import Answer, MeteredHttp, TooSlow
from adapters.web.outside_text import id_from
from adapters.web.page_turns import PageTurns
from adapters.web.persistence import Persistence, is_short, outage_passes
from adapters.web.refused_tokens import RefusedTokens
from adapters.web.request_gates import RequestGates
from adapters.web.retry_after import parse_retry_after
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.meters import ProviderMeter
from domain.access import InvalidAnswer
from domain.account import Provider

_log = logging.getLogger(__name__)

AT_ONCE = 4
"""Outlook's limit of concurrent requests per app and mailbox (Microsoft Graph service-specific throttling limits)."""

_PREFER = 'IdType="ImmutableId", outlook.timezone="UTC"'
_MINIMAL = f"{_PREFER}, return=minimal"


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: URL
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    prefer: str = _PREFER
    repeats_slow: bool = True
    """Whether a read that took too long is tried again as it is."""

    @property
    def reads(self) -> bool:
        return self.method == "GET"


class GraphClient:
    """Every method raises GraphRefusal for an error of Graph's, ProviderUnavailable and InvalidAnswer for what is no
    answer, and whatever the `Access` raises."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        settings: MicrosoftSettings,
        clock: Clock,
        alarms: Alarms,
        meter: ProviderMeter,
    ) -> None:
        self._http = MeteredHttp(http=http, meter=meter)
        self._meter = meter
        self._base = settings.graph_url.rstrip("/")
        self._base_path = URL(self._base).raw_path.rstrip("/")
        self._clock = clock
        self._timeout = settings.request_timeout
        self._read_timeout = settings.read_timeout
        self._persistence = Persistence(within=settings.request_timeout, pauses=settings.retry_pauses)
        self._largest_answer = settings.largest_answer
        self._gates = RequestGates(clock, at_once=AT_ONCE)
        self._refused_tokens = RefusedTokens(Provider.MICROSOFT, clock, alarms)

    async def get(self, access: Access, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """The JSON object at `path`, whose ids are percent-encoded already."""
        return _json(await self._send(access, _Request("GET", self._url(path, params))))

    async def post(self, access: Access, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return _json(await self._send(access, _Request("POST", self._url(path, {}), body)))

    async def patch(self, access: Access, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return _json(await self._send(access, _Request("PATCH", self._url(path, {}), body)))

    async def change(self, access: Access, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """As `patch`, but what is there now is not asked for: None where it did not come."""
        request = _Request("PATCH", self._url(path, {}), body, prefer=_MINIMAL)
        answer = await self._send(access, request)
        return _json(answer) if answer else None

    async def delete(self, access: Access, path: str) -> None:
        await self._send(access, _Request("DELETE", self._url(path, {})))

    async def pages(
        self, access: Access, path: str, params: Mapping[str, str], *, repeats_slow: bool = True
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """The items of a list, page by page to the end. Links are followed as they come, on this origin only.

        Without `repeats_slow` a page that takes too long fails at once, so that the caller can ask for a smaller one.
        """
        url: URL | None = self._url(path, params)
        turns = PageTurns()
        while url is not None:
            turns.turn_to(url)
            page = _json(await self._send(access, _Request("GET", url, repeats_slow=repeats_slow)))
            yield items_in(page)
            url = self._next_url(page)

    def _url(self, path: str, params: Mapping[str, str]) -> URL:
        query = f"?{urlencode(params, safe='$', quote_via=quote)}" if params else ""
        return URL(f"{self._base}{path}{query}", encoded=True)

    def _next_url(self, page: Mapping[str, Any]) -> URL | None:
        link = page.get("@odata.nextLink")
        return None if link is None else next_url(link, base=self._base)

    async def _send(self, access: Access, request: _Request) -> bytes:
        """With one renewed token after a refused one."""
        token = await access.token()
        try:
            return await self._in_time(token, request)
        except GraphRefusal as refusal:
            if refusal.fault is not Fault.TOKEN and refusal.claims is None:
                raise
            claims = refusal.claims
        fresh = await access.renewed(token, claims)
        try:
            return await self._in_time(fresh, request)
        except GraphRefusal as refusal:
            if refusal.fault is Fault.TOKEN:
                self._refused_tokens.refused(fresh.mailbox)
            raise

    async def _in_time(self, token: AccessToken, request: _Request) -> bytes:
        def passes(failure: Exception) -> bool:
            return _passes(failure) and (request.repeats_slow or not is_slow(failure))

        return await self._persistence.send(
            lambda: self._attempt(token, request), reads=request.reads, passes=passes
        )

    async def _attempt(self, token: AccessToken, request: _Request) -> bytes:
        request_id = str(uuid.uuid4())
        came_at = time.perf_counter()
        async with self._gates.passage(token.mailbox):
            self._meter.waited(time.perf_counter() - came_at)
            answer = await self._exchange(token, request, request_id)
            if 200 <= answer.status < 300:
                self._gates.accepted(token.mailbox)
                self._refused_tokens.accepted(token.mailbox)
                if request.method == "DELETE" and (answer.body or answer.status != HTTPStatus.NO_CONTENT):
                    raise InvalidAnswer(what="no answer to a deletion")
                return answer.body
            refusal = self._refusal(answer)
            _log.info(
                "graph refused a request",
                extra={
                    "method": request.method,
                    "status": answer.status,
                    "code": refusal.code,
                    "client_request_id": request_id,
                    "graph_request_id": id_from(answer.headers.get("request-id")) or "",
                },
            )
            if refusal.fault is Fault.THROTTLED or refusal.retry_after:
                refusal.retry_after = self._gates.refused(token.mailbox, refusal.retry_after)
                self._meter.told_to_wait(refusal.retry_after)
            raise refusal

    async def _exchange(self, token: AccessToken, request: _Request, request_id: str) -> Answer:
        try:
            return await self._http.request(
                request.method,
                request.url,
                kind=kind_of(request.method, request.url.raw_path.removeprefix(self._base_path)),
                headers=_headers(token, request_id, request.prefer),
                within=self._read_timeout if request.reads else self._timeout,
                largest_bytes=self._largest_answer,
                reads=request.reads,
                json=request.body,
            )
        except TooSlow as exc:
            raise GraphRefusal(status=HTTPStatus.GATEWAY_TIMEOUT, fault=Fault.UNAVAILABLE) from exc

    def _refusal(self, answer: Answer) -> GraphRefusal:
        if answer.status < 400:
            raise InvalidAnswer(what=f"status {answer.status}")
        fault, code = classify(answer.status, codes_in(answer.body))
        wish = parse_retry_after(answer.headers.get("Retry-After"), now=self._clock.now())
        return GraphRefusal(
            status=answer.status,
            fault=fault,
            code=code,
            retry_after=wish if fault in {Fault.THROTTLED, Fault.UNAVAILABLE} else None,
            claims=claims_in(answer.headers.getall("WWW-Authenticate", [])),
        )


def _headers(token: AccessToken, request_id: str, prefer: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token.value}",
        "Accept": "application/json",
        "Prefer": prefer,
        "client-request-id": request_id,
    }


def is_slow(failure: Exception) -> bool:
    """Whether Graph, or what stands before it, took too long to answer."""
    return isinstance(failure, GraphRefusal) and failure.status == HTTPStatus.GATEWAY_TIMEOUT


def _passes(failure: Exception) -> bool:
    """Whether it may be over in a moment."""
    if isinstance(failure, GraphRefusal):
        return failure.fault in {Fault.UNAVAILABLE, Fault.THROTTLED} and is_short(failure.retry_after)
    return outage_passes(failure)


def _json(body: bytes) -> dict[str, Any]:
    answer = json_object(body)
    if "error" in answer:
        raise InvalidAnswer(what="an error inside a success")
    return answer


def items_in(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of one page of a list. Raises InvalidAnswer where there is no list."""
    items = page.get("value")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidAnswer(what="no list")
    return items
