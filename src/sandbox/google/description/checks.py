"""Holds requests and answers against Google's description. Mistakes name members, never values."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sandbox.google.description import Method, Parameter, is_schema, members

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")
_DIGITS = re.compile(r"-?\d+")


def unknown_names(method: Method, query: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Options that the method doesn't have, or that came more than once; Google takes no notice of them."""
    seen = set()
    for name, _ in query:
        parameter = method.query.get(name)
        if parameter is None:
            yield f"unknown parameter {name}"
        elif name in seen and not parameter.repeated:
            yield f"parameter {name} more than once"
        seen.add(name)


def wrong_values(method: Method, query: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Known options with a value they can't have."""
    for name, value in query:
        parameter = method.query.get(name)
        if parameter is not None and not _fits(parameter, value):
            yield f"parameter {name} is no {parameter.type}"


def body_mistakes(method: Method, body: Any) -> Iterator[str]:
    """What a body must not have, or lacks."""
    if method.takes is None:
        if body is not None:
            yield "a body where none is taken"
        return
    if isinstance(body, dict):
        yield from (f"member {name} is missing" for name in method.required if name not in body)
    yield from mistakes(method.takes, _without_nulls(body) if method.verb == "PATCH" else body)


def mistakes(kind: str, value: Any, where: str = "body") -> Iterator[str]:
    """Everything in a JSON value that its type doesn't have. A type is a schema, `[type]`, `{type}` or plain."""
    if kind.startswith("["):
        yield from _of_array(kind[1:-1], value, where)
    elif kind.startswith("{") or is_schema(kind):
        yield from _of_object(kind, value, where)
    elif not _is(kind, value):
        yield f"{where} is no {kind}"


def _without_nulls(value: Any) -> Any:
    """A patch may take any member away."""
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return value


def _of_array(kind: str, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where} is no array"
        return
    for one in value:
        yield from mistakes(kind, one, where)


def _of_object(kind: str, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is no object"
        return
    known = None if kind.startswith("{") else members(kind)
    for name, inner in value.items():
        if known is None:
            # What a map's entries are called may be an address, so their names are in no record.
            yield from mistakes(kind[1:-1], inner, f"{where}.*")
        elif name not in known:
            yield f"unknown member {where}.{name}"
        else:
            yield from mistakes(known[name], inner, f"{where}.{name}")


def _is(kind: str, value: Any) -> bool:
    match kind:
        case "any":
            return True
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) and _is_text(kind, value)


def _is_text(kind: str, value: str) -> bool:
    match kind:
        case "string":
            return True
        case "date":
            return _DATE.fullmatch(value) is not None and _parses(date, value)
        case "date-time":
            return _DATE_TIME.fullmatch(value) is not None and _parses(datetime, value.upper())
        case "int64":
            return _DIGITS.fullmatch(value) is not None
    return value in kind.split("|")


def _parses(kind: type[date], value: str) -> bool:
    try:
        kind.fromisoformat(value)
    except ValueError:
        return False
    return True


def _fits(parameter: Parameter, value: str) -> bool:
    match parameter.type:
        case "boolean":
            return value in ("true", "false")
        case "integer":
            lowest, highest = parameter.lowest, parameter.highest
            return (
                _DIGITS.fullmatch(value) is not None
                and (lowest is None or int(value) >= lowest)
                and (highest is None or int(value) <= highest)
            )
    return _is_text(parameter.type, value)
