"""The HTTP client MSAL speaks through: bounded in time, silent about what passes, and without a memory for failures."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import requests
from requests.structures import CaseInsensitiveDict

from adapters.graph.settings import MicrosoftSettings
from adapters.web.clock_check import clock_difference
from adapters.web.request_names import DOCUMENT, TIMED_OUT, TOKEN, UNREACHABLE, outcome_of
from adapters.web.token_answers import LARGEST_BYTES, require_served, token_answer
from application.ports.meters import ProviderMeter, Unmeasured
from domain.access import ProviderUnavailable

_DISCOVERY_LIFETIME = 24 * 3600.0


class NoMemory(dict[str, Any]):
    """An HTTP cache for MSAL that forgets at once.

    MSAL answers a repeated token request from this cache for up to an hour after a failure, so that a service would go
    on failing after Microsoft has recovered. How often to ask is decided by our callers.
    """

    def __setitem__(self, key: str, value: Any) -> None:
        """Forget it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """An answer as MSAL reads it: a JSON object as text, below 500.

    Not the library's own response, which would hold its connection open for as long as the answer is kept.
    """

    status_code: int
    text: str = field(repr=False)
    headers: Mapping[str, str]

    def json(self) -> dict[str, Any]:
        return cast(dict[str, Any], json.loads(self.text))

    def raise_for_status(self) -> None:
        """Nothing: failures of the server have left as ProviderUnavailable, and MSAL reads the others itself."""


class TokenHttp:
    """What MSAL calls `http_client`; thread-safe.

    Outages, throttling and answers other than JSON leave as ProviderUnavailable, past MSAL, which would otherwise
    lose their Retry-After or write their bodies to the log. The discovery document is kept for a day.
    """

    def __init__(
        self,
        http: requests.Session,
        settings: MicrosoftSettings,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        meter: ProviderMeter | None = None,
    ) -> None:
        self._http = http
        self._meter = meter or Unmeasured()
        self._timeout = (
            settings.connect_timeout.total_seconds(),
            settings.request_timeout.total_seconds(),
        )
        self._now = now
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, HttpAnswer]] = {}
        self.clock_difference: timedelta | None = None
        """How far the token endpoint's clock is ahead of ours, by its newest answer; None while that is not known."""

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> HttpAnswer:
        return self._send("POST", url, params=params, data=data, headers=headers)

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> HttpAnswer:
        """GET, answered from memory when the same document was fetched within a day."""
        key = f"{url}?{params}"
        with self._lock:
            kept = self._kept.get(key)
        if kept and self._monotonic() - kept[0] < _DISCOVERY_LIFETIME:
            return kept[1]
        answer = self._send("GET", url, params=params, headers=headers)
        if answer.status_code == 200:
            with self._lock:
                self._kept[key] = (self._monotonic(), answer)
        return answer

    def fetch_json(self, url: str) -> dict[str, Any]:
        """A JSON object, always fresh. Raises ProviderUnavailable for everything else."""
        answer = self._send("GET", url, headers={"Accept": "application/json"})
        if answer.status_code != 200:
            raise ProviderUnavailable
        return answer.json()

    def close(self) -> None:
        self._http.close()

    def _send(self, method: str, url: str, **what: Any) -> HttpAnswer:
        asked_at = self._now()
        answer = self._exchange(method, url, **what)
        if method == "POST":  # documents may come out of a cache on the way, with the date they had there
            self.clock_difference = clock_difference(
                answer.headers.get("Date"), asked_at=asked_at, answered_at=self._now()
            )
        require_served(answer.status_code, answer.headers)
        if len(answer.text) > LARGEST_BYTES:
            raise ProviderUnavailable
        token_answer(answer.text)
        return answer

    def _exchange(self, method: str, url: str, **what: Any) -> HttpAnswer:
        begun, outcome = time.perf_counter(), UNREACHABLE
        try:
            response = self._http.request(method, url, timeout=self._timeout, allow_redirects=False, **what)
            outcome = outcome_of(response.status_code)
        except requests.RequestException as exc:
            outcome = TIMED_OUT if isinstance(exc, requests.Timeout) else UNREACHABLE
            raise ProviderUnavailable from exc
        finally:
            kind = TOKEN if method == "POST" else DOCUMENT
            self._meter.requested(kind, outcome, time.perf_counter() - begun)
        response.encoding = "utf-8"
        return HttpAnswer(
            status_code=response.status_code,
            text=response.text,
            headers=CaseInsensitiveDict(response.headers),
        )
