"""Google's partial answers: the grammar of `fields`, and what is left of an answer under it."""

import re
from typing import Any

from sandbox.google.description import is_schema, members

Selection = dict[str, "Selection | None"]
"""Members to keep; None for the whole of one, `*` for all."""

_TOKEN = re.compile(r"[^,/()\s]+|[,/()]")


class InvalidSelection(ValueError):
    """A selector that isn't written right, or names a member that there isn't."""


def parse(text: str) -> Selection:
    """The selection of a `fields` string: members by comma, `a/b` or `a(b,c)` for parts of one, `*` for all."""
    tokens = _TOKEN.findall(text)
    selection = _list(tokens)
    if tokens:
        raise InvalidSelection(tokens[0])
    return selection


def require_members(selection: Selection, kind: str) -> None:
    """Raise InvalidSelection for a member that a type hasn't got."""
    kind = kind.removeprefix("[").removesuffix("]")
    known = members(kind) if is_schema(kind) else {}
    of_map = kind[1:-1] if kind.startswith("{") else None
    for name, inner in selection.items():
        inner_kind = of_map or known.get(name)
        if name != "*" and inner_kind is None:
            raise InvalidSelection(name)
        if inner is not None and inner_kind is not None:
            require_members(inner, inner_kind)


def select(selection: Selection | None, value: Any) -> Any:
    """What a selection leaves of a value."""
    if isinstance(value, list):
        return [select(selection, one) for one in value]
    if selection is None or not isinstance(value, dict):
        return value
    kept = {}
    for name, inner in value.items():
        if name in selection or "*" in selection:
            kept[name] = select(selection.get(name, selection.get("*")), inner)
    return kept


def names(selection: Selection | None, prefix: str = "") -> set[str]:
    """The dotted names that a selection asks for."""
    if selection is None:
        return {prefix or "*"}
    dot = f"{prefix}." if prefix else ""
    return {found for name, inner in selection.items() for found in names(inner, dot + name)}


def _list(tokens: list[str]) -> Selection:
    found: Selection = {}
    while True:
        name, inner = _one(tokens)
        known = found.get(name, {})
        found[name] = None if inner is None or known is None else {**known, **inner}
        if not tokens or tokens[0] != ",":
            return found
        tokens.pop(0)


def _one(tokens: list[str]) -> tuple[str, Selection | None]:
    name = tokens.pop(0) if tokens else ""
    if not name or name in ",/()":
        raise InvalidSelection(name)
    following = tokens[0] if tokens else ""
    if following == "/":
        tokens.pop(0)
        part, inner = _one(tokens)
        return name, {part: inner}
    if following != "(":
        return name, None
    tokens.pop(0)
    inner = _list(tokens)
    if not tokens or tokens.pop(0) != ")":
        raise InvalidSelection(name)
    return name, inner
