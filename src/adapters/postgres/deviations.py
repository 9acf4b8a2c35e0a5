"""What a reading found otherwise than we left it, as the value of one column; null in all rows but a few."""

from collections.abc import Iterable
from typing import Any

from psycopg.types.json import Jsonb

from domain.deviation import Deviation, DeviationKind
from domain.ids import SessionId
from domain.interval import Interval
from domain.spans import instant, micros


def deviations_to_value(deviations: Iterable[Deviation]) -> Jsonb | None:
    written = [
        {
            "session_id": one.session_id,
            "revision": one.revision,
            "kind": one.kind.value,
            "at": _edges(one.at),
            "blocks": _edges(one.blocks),
            "tell": one.tell,
        }
        for one in deviations
    ]
    return Jsonb(written) if written else None


def deviations_from_value(value: list[dict[str, Any]] | None) -> tuple[Deviation, ...]:
    return tuple(
        Deviation(
            session_id=SessionId(one["session_id"]),
            revision=one["revision"],
            kind=DeviationKind(one["kind"]),
            at=_interval(one["at"]),
            blocks=_interval(one["blocks"]),
            tell=one["tell"],
        )
        for one in value or ()
    )


def _edges(interval: Interval | None) -> list[int] | None:
    return None if interval is None else [micros(interval.start), micros(interval.end)]


def _interval(edges: list[int] | None) -> Interval | None:
    return None if edges is None else Interval(instant(edges[0]), instant(edges[1]))
