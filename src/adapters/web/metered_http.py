"""Single requests: bounded in time and size, counted, and each way of getting no answer told from the others."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from adapters.web.request_names import CUT_OFF, TIMED_OUT, UNREACHABLE, outcome_of
from application.ports.meters import ProviderMeter
from domain.access import InvalidAnswer, ProviderUnavailable

TOO_LARGE = "too large"
"""What an InvalidAnswer says of an answer that was not read to its end."""


class TooSlow(Exception):
    """The provider, or what stands before it, took too long to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Any answer, whatever its status."""

    status: int
    headers: CIMultiDictProxy[str] = field(repr=False)
    body: bytes = field(repr=False)


class Sink(Protocol):
    """Reads an answer as it arrives, so that it is never held as a whole."""

    def wants(self, status: int) -> bool:
        """Whether it reads the answer with this status. Of one that it reads the body is empty for everybody else."""
        ...

    async def take(self, chunk: bytes) -> None:
        """The next bytes, 65,536 at most."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredHttp:
    http: aiohttp.ClientSession
    meter: ProviderMeter

    async def request(
        self,
        method: str,
        url: URL,
        *,
        kind: str,
        headers: Mapping[str, str],
        within: timedelta,
        largest_bytes: int,
        reads: bool,
        sink: Sink | None = None,
        **body: Any,
    ) -> Answer:
        """The answer as it came; redirects are answers, too.

        `kind` is the name to count it under, `body` is aiohttp's `json` or `data`. Raises TooSlow, InvalidAnswer
        (TOO_LARGE), ProviderUnavailable, whose outcome is known if nothing was sent or the request only `reads`, and
        whatever the `sink` raises.
        """
        begun, outcome = time.perf_counter(), CUT_OFF
        try:
            async with (
                asyncio.timeout(within.total_seconds()),
                self.http.request(method, url, headers=headers, allow_redirects=False, **body) as response,
            ):
                content = await _read(response, largest_bytes, sink)
                outcome = outcome_of(response.status)
                return Answer(status=response.status, headers=response.headers, body=content)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
            outcome = UNREACHABLE
            raise ProviderUnavailable from exc
        except TimeoutError as exc:
            outcome = TIMED_OUT
            raise TooSlow from exc
        except aiohttp.ClientError as exc:
            raise ProviderUnavailable(outcome_unknown=not reads) from exc
        finally:
            self.meter.requested(kind, outcome, time.perf_counter() - begun)


async def _read(response: aiohttp.ClientResponse, largest_bytes: int, sink: Sink | None) -> bytes:
    wanted = sink if sink is not None and sink.wants(response.status) else None
    body, length = bytearray(), 0
    async for chunk in response.content.iter_chunked(1 << 16):
        length += len(chunk)
        if length > largest_bytes:
            raise InvalidAnswer(what=TOO_LARGE)
        if wanted is None:
            body += chunk
        else:
            await wanted.take(chunk)
    return bytes(body)
