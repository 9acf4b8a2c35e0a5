"""Answers of the Calendar API that are what they have to be, and their pages."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.web.json_object import json_object
from domain.access import InvalidAnswer

_LONGEST_TOKEN: Final = 4096
"""Of a page, in characters: it becomes a part of an address."""


def answer_in(body: bytes) -> dict[str, Any]:
    """Raises InvalidAnswer for what is no object, and for an error inside a success."""
    answer = json_object(body)
    if "error" in answer:
        raise InvalidAnswer(what="an error inside a success")
    return answer


def items_in(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of one page of a list. Whether Google leaves `items` out where there are none isn't known: without them
    the page has to say its `kind`. Raises InvalidAnswer where it is no list."""
    items = page.get("items", [] if isinstance(page.get("kind"), str) else None)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise InvalidAnswer(what="no list")
    return items


def role_in(answer: Mapping[str, Any]) -> str:
    """What the person may do with a calendar, of which this is an entry or a page; empty where it isn't said."""
    role = answer.get("accessRole")
    return role if isinstance(role, str) else ""


def next_token_in(page: Mapping[str, Any]) -> str:
    """What the next page is asked for with, empty at the end. Raises InvalidAnswer."""
    token = page.get("nextPageToken", "")
    if not isinstance(token, str) or not token.isprintable() or len(token) > _LONGEST_TOKEN:
        raise InvalidAnswer(what="next page")
    return token
