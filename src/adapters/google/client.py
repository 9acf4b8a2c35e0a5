"""Requests to the Calendar API: headers, limits per person and project, retries of reads, renewed tokens, suspicion of
every answer."""

import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from adapters.google.answers import answer_in, items_in, next_token_in
from adapters.google.daily_requests import DailyRequests
from adapters.google.errors import Fault, GoogleRefusal, refusal_of
from adapters.google.request_kinds import kind_of
from adapters.google.settings import GoogleSettings
from adapters.google.unread_refusals import UnreadRefusals
from adapters.google.usage_gates import UsageGates
from adapters.web.access_tokens import Access, AccessToken
from adapters.web.metered_http import Answer, MeteredHttp, TooSlow
from adapters.web.page_turns import PageTurns
from adapters.web.persistence import Persistence, is_short, outage_passes
from adapters.web.refused_tokens import RefusedTokens
from adapters.web.retry_after import parse_retry_after
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.meters import ProviderMeter
from domain.access import InvalidAnswer
from domain.account import Provider

_log = logging.getLogger(__name__)

Params = Sequence[tuple[str, str]]

_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": "CalendarSync (gzip)",  # Google compresses only for agents that say so here, too
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: str
    url: URL = field(repr=False)
    kind: str
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    etag: str | None = None
    reads: bool = False
    """Whether it may be sent again without harm."""
    repeats_slow: bool = True
    """Whether a read that took too long is tried again as it is."""


class GoogleClient:
    """Every method raises GoogleRefusal for an error of Google's, ProviderUnavailable and InvalidAnswer for what is no
    answer, and whatever the `Access` raises. Ids in a `path` are percent-encoded already."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        settings: GoogleSettings,
        clock: Clock,
        alarms: Alarms,
        meter: ProviderMeter,
    ) -> None:
        self._http = MeteredHttp(http=http, meter=meter)
        self._meter = meter
        self._base = settings.calendar_url.rstrip("/")
        self._clock = clock
        self._timeout = settings.request_timeout
        self._read_timeout = settings.read_timeout
        self._persistence = Persistence(within=settings.request_timeout, pauses=settings.retry_pauses)
        self._largest_answer = settings.largest_answer
        self._gates = UsageGates(settings, clock)
        self._day = DailyRequests(clock, alarms, most=settings.daily_requests, warn_at=settings.warn_at)
        self._refused_tokens = RefusedTokens(Provider.GOOGLE, clock, alarms)
        self._unread = UnreadRefusals(alarms)

    async def get(self, access: Access, path: str, params: Params = ()) -> dict[str, Any]:
        return answer_in(await self._send(access, self._request("GET", path, params, reads=True)))

    async def post(
        self, access: Access, path: str, body: Mapping[str, Any], params: Params = (), *, reads: bool = False
    ) -> dict[str, Any]:
        """`reads` says that it only asks, and is tried again as a `get` is. Empty where nothing is answered (204)."""
        answer = await self._send(access, self._request("POST", path, params, body=body, reads=reads))
        return answer_in(answer) if answer else {}

    async def patch(
        self,
        access: Access,
        path: str,
        body: Mapping[str, Any],
        params: Params = (),
        *,
        etag: str | None = None,
    ) -> dict[str, Any]:
        """Under `etag` only if nothing has changed since: else a refusal, CHANGED."""
        return answer_in(await self._send(access, self._request("PATCH", path, params, body=body, etag=etag)))

    async def delete(self, access: Access, path: str, params: Params = ()) -> None:
        await self._send(access, self._request("DELETE", path, params))

    async def pages(
        self, access: Access, path: str, params: Params, *, repeats_slow: bool = True
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """The items of a list, page by page to the end; an empty page may have others behind it.

        `fields` has to ask for `kind` and `nextPageToken` beside the items: without the first an answer that holds no
        items can't be told from one that isn't Google's. Without `repeats_slow` a page that takes too long fails at
        once, so that the caller can ask for a smaller one.
        """
        async for answer in self.answers(access, path, params, repeats_slow=repeats_slow):
            yield items_in(answer)

    async def answers(
        self, access: Access, path: str, params: Params, *, repeats_slow: bool = True
    ) -> AsyncIterator[dict[str, Any]]:
        """The same, for those who need more of each page than its items."""
        turns, token = PageTurns(), ""
        while True:
            turns.turn_to(token)
            asked = (*params, ("pageToken", token)) if token else params
            request = self._request("GET", path, asked, reads=True, repeats_slow=repeats_slow)
            page = answer_in(await self._send(access, request))
            yield page
            token = next_token_in(page)
            if not token:
                return

    def heed_reason(self, refusal: GoogleRefusal) -> None:
        """The operator hears of one that nobody has read yet; also of those that stand inside a success."""
        if refusal.fault is Fault.UNKNOWN:
            self._unread.met(refusal)

    def _request(self, method: str, path: str, params: Params, **how: Any) -> _Request:
        query = f"?{urlencode(list(params), quote_via=quote)}" if params else ""
        url = URL(f"{self._base}{path}{query}", encoded=True)
        return _Request(method=method, url=url, kind=kind_of(method, path), **how)

    async def _send(self, access: Access, request: _Request) -> bytes:
        """With one renewed token after a refused one."""
        token = await access.token()
        try:
            return await self._in_time(token, request)
        except GoogleRefusal as refusal:
            if refusal.fault is not Fault.TOKEN:
                raise
        fresh = await access.renewed(token)
        try:
            return await self._in_time(fresh, request)
        except GoogleRefusal as refusal:
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
        came_at = time.perf_counter()
        async with self._gates.passage(token.mailbox):
            self._meter.waited(time.perf_counter() - came_at)
            self._day.spend()
            answer = await self._exchange(token, request)
            if 200 <= answer.status < 300:
                self._gates.accepted(token.mailbox)
                self._refused_tokens.accepted(token.mailbox)
                if request.method == "DELETE" and (answer.body or answer.status != HTTPStatus.NO_CONTENT):
                    raise InvalidAnswer(what="no answer to a deletion")
                return answer.body
            raise self._heard(self._refusal(answer), token, request)

    async def _exchange(self, token: AccessToken, request: _Request) -> Answer:
        headers = {**_HEADERS, "Authorization": f"Bearer {token.value}"}
        if request.etag is not None:
            headers["If-Match"] = request.etag
        try:
            return await self._http.request(
                request.method,
                request.url,
                kind=request.kind,
                headers=headers,
                within=self._read_timeout if request.reads else self._timeout,
                largest_bytes=self._largest_answer,
                reads=request.reads,
                json=request.body,
            )
        except TooSlow as exc:
            raise GoogleRefusal(status=HTTPStatus.GATEWAY_TIMEOUT, fault=Fault.UNAVAILABLE) from exc

    def _refusal(self, answer: Answer) -> GoogleRefusal:
        if answer.status < 400:
            raise InvalidAnswer(what=f"status {answer.status}")
        refusal = refusal_of(answer.status, answer.body)
        if refusal.limited or refusal.fault is Fault.UNAVAILABLE:
            refusal.retry_after = parse_retry_after(answer.headers.get("Retry-After"), now=self._clock.now())
        return refusal

    def _heard(self, refusal: GoogleRefusal, token: AccessToken, request: _Request) -> GoogleRefusal:
        """The refusal, after whoever has to know it was told."""
        _log.info(
            "google refused a request",
            extra={
                "method": request.method,
                "request": request.kind,
                "status": refusal.status,
                "code": refusal.code,
            },
        )
        self.heed_reason(refusal)
        if refusal.limited or refusal.retry_after:
            refusal.retry_after = self._gates.refused(token.mailbox, refusal.fault, refusal.retry_after)
            self._meter.told_to_wait(refusal.retry_after)
        return refusal


def is_slow(failure: Exception) -> bool:
    """Whether Google, or what stands before it, took too long to answer."""
    return isinstance(failure, GoogleRefusal) and failure.status == HTTPStatus.GATEWAY_TIMEOUT


def _passes(failure: Exception) -> bool:
    """Whether it may be over in a moment."""
    if isinstance(failure, GoogleRefusal):
        return (failure.limited or failure.fault is Fault.UNAVAILABLE) and is_short(failure.retry_after)
    return outage_passes(failure)
