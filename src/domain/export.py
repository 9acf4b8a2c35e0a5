"""What is handed out when everything held about an expert is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.errors import DomainError

Shown = str | int | float | bool | Sequence["Shown"] | Mapping[str, "Shown"]
"""Plain values, as in JSON; times are in ISO 8601, in UTC."""


@dataclass(frozen=True, slots=True)
class ExportPosition:
    """A place in an export: the kind of record, and which of these."""

    kind: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRecord:
    """One thing that is held, such as a session. `size` is about how many bytes it takes when it is written down."""

    kind: str
    content: Mapping[str, Shown] = field(repr=False)
    position: ExportPosition
    size: int


@dataclass(kw_only=True, eq=False)
class ExportPositionUnknown(DomainError):
    """No export has such a place."""
