"""Answers of token endpoints, successes and refusals alike (RFC 6749, sections 5.1 and 5.2)."""

from collections.abc import Mapping
from typing import Any

from adapters.web.json_object import json_object
from adapters.web.retry_after import parse_retry_after
from domain.access import InvalidAnswer, ProviderUnavailable

LARGEST_BYTES = 1_000_000


def require_served(status: int, headers: Mapping[str, str]) -> None:
    """Raises ProviderUnavailable, with the provider's own wish, for what speaks of the server and of no token.

    The header names of the mapping are to be found in any case.
    """
    if status == 429 or status >= 500:
        raise ProviderUnavailable(
            retry_after=parse_retry_after(headers.get("Retry-After")), throttled=status == 429
        )


def token_answer(text: bytes | str) -> dict[str, Any]:
    """The members of an answer. Raises ProviderUnavailable for what is no JSON object: it is evidence of nothing."""
    try:
        return json_object(text)
    except InvalidAnswer as exc:
        raise ProviderUnavailable from exc
