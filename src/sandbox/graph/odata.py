"""The query options Graph obeys: $select, $top with pages, and the one $filter the sandbox knows."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sandbox.graph.call import Call
from sandbox.graph.errors import GraphError, invalid_parameter

T = TypeVar("T")

_ALWAYS = ("@odata.etag", "id")
_BY_EXTENDED_PROPERTY = re.compile(
    r"singleValueExtendedProperties/Any\(\s*(\w+)\s*:\s*\1/id\s+eq\s+'((?:[^']|'')*)'"
    r"\s+and\s+\1/value\s+eq\s+'((?:[^']|'')*)'\s*\)\s*\Z",
    re.IGNORECASE,
)
_EXPANDED_PROPERTY = re.compile(
    r"singleValueExtendedProperties\(\s*\$filter\s*=\s*id\s+eq\s+'((?:[^']|'')*)'\s*\)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One page of a list, and the link to the next."""

    items: Sequence[T]
    next_link: str | None


def require_known(call: Call, known: frozenset[str]) -> None:
    """Refuse a `$select` that names a property no such item has; an empty list would hide the mistake."""
    if unknown := _selected(call) - {name.casefold() for name in known}:
        text = f"Could not find a property named '{min(unknown)}'."
        raise GraphError(400, "RequestBroker--ParseUri", text)


def select(call: Call, full: dict[str, Any]) -> dict[str, Any]:
    """What `$select` leaves of an item; its id and etag always come."""
    if not (names := _selected(call)):
        return full
    return {name: value for name, value in full.items() if name in _ALWAYS or name.casefold() in names}


def page(call: Call, items: Sequence[T], *, default: int = 10, greatest: int = 1000) -> Page[T]:
    """The part of a list that the request is for, `$top` items long."""
    size = _top(call, default, greatest)
    offset, number = _position(call)
    following = offset + size
    if following >= len(items):
        return Page(items=items[offset:], next_link=None)
    token = _pack({"o": following, "p": number + 1, "q": _fingerprint(call)})
    options = [*_other_options(call), f"$skiptoken={token}"]
    base = call.world.settings.link_base or call.graph_url
    return Page(items=items[offset:following], next_link=f"{base}{call.path}?{'&'.join(options)}")


def page_size(call: Call, *, default: int = 10, greatest: int = 1000) -> int:
    """How many items a page of a list is to hold."""
    return _top(call, default, greatest)


def page_number(query: dict[str, str]) -> int:
    """Which page of a list a request is for, 1 being the first."""
    return _number(_unpack(query["$skiptoken"]), "p", 1) if "$skiptoken" in query else 1


def extended_property_filter(call: Call) -> tuple[str, str] | None:
    """Property id and value of a `$filter` by a single-value extended property."""
    wanted = call.query.get("$filter")
    if not wanted:
        return None
    match = _BY_EXTENDED_PROPERTY.match(wanted)
    if match is None:
        raise GraphError(
            400, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes."
        )
    return match[2].replace("''", "'"), match[3].replace("''", "'")


def expanded_property(call: Call) -> str | None:
    """The id of the extended property that `$expand` asks for."""
    match = _EXPANDED_PROPERTY.search(call.query.get("$expand", ""))
    return match and match[1].replace("''", "'")


def _selected(call: Call) -> set[str]:
    return {name.strip().casefold() for name in call.query.get("$select", "").split(",") if name.strip()}


def _top(call: Call, default: int, greatest: int) -> int:
    text = call.query.get("$top", str(default))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= greatest:
        raise invalid_parameter(f"The value of $top must be between 1 and {greatest}.")
    return int(text)


def _position(call: Call) -> tuple[int, int]:
    if "$skiptoken" not in call.query:
        return 0, 1
    token = _unpack(call.query["$skiptoken"])
    if token.get("q") != _fingerprint(call):
        raise invalid_parameter("The skip token is not valid for this request.")
    return _number(token, "o", 0), _number(token, "p", 1)


def _number(token: dict[str, Any], name: str, default: int) -> int:
    value = token.get(name)
    return value if isinstance(value, int) and value >= 0 else default


def _fingerprint(call: Call) -> str:
    text = "&".join([call.person.key, call.path, *sorted(_other_options(call))])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _other_options(call: Call) -> list[str]:
    options = call.raw_query.split("&") if call.raw_query else []
    return [option for option in options if not re.match(r"(\$|%24)skiptoken=", option, re.IGNORECASE)]


def _pack(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _unpack(token: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
