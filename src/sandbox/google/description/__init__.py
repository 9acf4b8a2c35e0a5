"""Google's own description of its Calendar API, as far as the sandbox serves it: methods, parameters, scopes, members.

The facts are in two text files. To renew them, compare them with the discovery document `calendar:v3`, which the
package google-api-python-client ships; its enumerations stand in the texts of that document only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final
from urllib.parse import unquote

from sandbox.google.scopes import PREFIX

_NAMED = re.compile(
    r"(?P<name>\w+)(?P<repeated>\*?)(?::(?P<type>[^(]+)(?:\((?P<low>\d*)\.\.(?P<high>\d*)\))?)?"
)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One option of a query."""

    type: str
    repeated: bool
    lowest: int | None
    highest: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method: its verb and path, who may call it, what it takes and answers (names of schemas)."""

    id: str
    verb: str
    template: str
    query: Mapping[str, Parameter]
    scopes: frozenset[str]
    takes: str | None
    required: tuple[str, ...]
    answers: str | None

    def match(self, verb: str, raw_path: str) -> dict[str, str] | None:
        """The ids in a path (still encoded), None if it is that of another method."""
        pattern = _PLACEHOLDER.sub(r"(?P<\1>[^/]+)", self.template)
        found = re.fullmatch(pattern, raw_path) if verb == self.verb else None
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


def find_method(verb: str, raw_path: str) -> tuple[Method, dict[str, str]] | None:
    """The method of a request, and the ids in its path."""
    for method in METHODS:
        if (ids := method.match(verb, raw_path)) is not None:
            return method, ids
    return None


@cache
def members(schema: str) -> Mapping[str, str]:
    """The members of a schema and their types."""
    return {
        name: kind or "string" for name, _, kind in (one.partition(":") for one in _SCHEMAS[schema].split())
    }


def is_schema(kind: str) -> bool:
    """Whether a type is one with members."""
    return kind in _SCHEMAS


def _lines(name: str) -> list[str]:
    text = files("sandbox.google.description").joinpath(name).read_text()
    return [line for line in text.splitlines() if not line.startswith("#")]


def _parameters(text: str) -> dict[str, Parameter]:
    found = (match for one in text.split() if (match := _NAMED.fullmatch(one)))
    return {
        match["name"]: Parameter(
            type=match["type"] or "string",
            repeated=bool(match["repeated"]),
            lowest=int(match["low"]) if match["low"] else None,
            highest=int(match["high"]) if match["high"] else None,
        )
        for match in found
    }


def _method(paragraph: str, always: Mapping[str, Parameter]) -> Method:
    head, *rest = paragraph.splitlines()
    method_id, verb, path = head.split()
    parts = {kind: text for kind, _, text in (line.partition(" ") for line in rest)}
    takes, *required = parts.get("takes", "").split() or [""]
    return Method(
        id=method_id,
        verb=verb,
        template=f"/{path}",
        query={**always, **_parameters(parts.get("query", ""))},
        scopes=frozenset(PREFIX + scope for scope in parts["scopes"].split()),
        takes=takes or None,
        required=tuple(required),
        answers=parts.get("answers"),
    )


def _methods() -> list[Method]:
    first, *rest = "\n".join(_lines("methods.txt")).strip().split("\n\n")
    always = _parameters(first.removeprefix("always "))
    return [_method(paragraph, always) for paragraph in rest]


_SCHEMAS: Final[Mapping[str, str]] = {
    name: text for name, _, text in (line.partition(" = ") for line in _lines("schemas.txt") if line)
}
METHODS: Final = _methods()
