"""What an OAuth 2.0 authority is asked: for tokens, and for the keys that it signs id tokens with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from yarl import URL

from adapters.web.cache_control import lifetime_of
from adapters.web.clock_check import clock_difference
from adapters.web.metered_http import Answer, MeteredHttp, TooSlow
from adapters.web.request_names import DOCUMENT, TOKEN
from adapters.web.signing_keys import PublishedKeys
from adapters.web.token_answers import LARGEST_BYTES, require_served, token_answer
from application.ports.clock import Clock
from domain.access import InvalidAnswer, ProviderUnavailable

_HEADERS = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """Success or refusal of a token request, and how far the authority's clock is ahead of ours if that is known."""

    status: int
    members: Mapping[str, Any] = field(repr=False)
    clock_difference: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityHttp:
    """Every method raises ProviderUnavailable for an outage, throttling, and what is no JSON object."""

    http: MeteredHttp
    clock: Clock
    within: timedelta

    async def post(self, url: URL, form: Mapping[str, str]) -> TokenAnswer:
        asked_at = self.clock.now()
        answer = await self._send("POST", url, kind=TOKEN, data=form)
        difference = clock_difference(
            answer.headers.get("Date"), asked_at=asked_at, answered_at=self.clock.now()
        )
        return TokenAnswer(
            status=answer.status, members=token_answer(answer.body), clock_difference=difference
        )

    async def revoke(self, url: URL, form: Mapping[str, str]) -> Mapping[str, Any] | None:
        """None where it was done, whatever the body (RFC 7009, section 2.2); else the members of the refusal."""
        answer = await self._send("POST", url, kind=TOKEN, data=form)
        return None if answer.status == 200 else token_answer(answer.body)

    async def keys(self, url: URL) -> PublishedKeys:
        """The key set at `url`, always fresh."""
        answer = await self._send("GET", url, kind=DOCUMENT)
        if answer.status != 200:
            raise ProviderUnavailable
        return PublishedKeys(document=token_answer(answer.body), lifetime=lifetime_of(answer.headers))

    async def _send(self, method: str, url: URL, *, kind: str, **body: Any) -> Answer:
        try:
            answer = await self.http.request(
                method,
                url,
                kind=kind,
                headers=_HEADERS,
                within=self.within,
                largest_bytes=LARGEST_BYTES,
                reads=method == "GET",
                **body,
            )
        except (TooSlow, InvalidAnswer) as exc:
            raise ProviderUnavailable from exc
        require_served(answer.status, answer.headers)
        return answer
