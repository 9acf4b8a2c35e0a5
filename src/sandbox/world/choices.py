"""Refuses a misspelt choice where it is made, instead of treating it as the default."""

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin, get_type_hints


def require_choices(owner: type, values: Mapping[str, Any]) -> None:
    """Raise ValueError for a value that the Literal type of a field of `owner` doesn't allow."""
    hints = get_type_hints(owner)
    for name, value in values.items():
        if get_origin(hints.get(name)) is Literal and value not in get_args(hints[name]):
            raise ValueError(f"{name} is one of {', '.join(map(str, get_args(hints[name])))}")
