"""What is known of experts' time, kept from one question to the next.

docs/decisions/0030-a-cache-that-cannot-lie.md says why no answer is wrong because of it.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from adapters.postgres.cells import DEFAULT_CELL
from adapters.postgres.known_rows import FoundTime
from adapters.postgres.known_times import KNOWN, PostgresKnownTimes
from adapters.postgres.known_versions import VERSIONS, KnownVersion, PostgresKnownVersions
from adapters.postgres.pinned import PinnedConnection, open_pinned
from application.ports.known_times import KnownCalendar, KnownTime, Workings
from domain.ids import ExpertId
from domain.interval import Interval
from domain.reading import Pace

MOST_BYTES: Final = 256_000_000
USUAL_WINDOW: Final = Pace().window
BYTES_AN_EXPERT: Final = 3_000
BYTES_A_CALENDAR: Final = 1_000
BYTES_A_SPAN: Final = 150
BYTES_A_SESSION: Final = 500
"""About what each takes, with what is worked out from it."""


class KeptTimes:
    """Made by `open_known_times`. Keeps up to `most_bytes`, by estimate, of what was asked for last.

    Of each expert all of `window`, which is what readings are kept for: questions about other times are passed on.
    Versions and contents come by connections of their own, as many contents take long to load; both lead to one server,
    or nothing is kept.
    """

    def __init__(
        self,
        versions: PinnedConnection,
        contents: PinnedConnection,
        *,
        window: Callable[[datetime], Interval],
        most_bytes: int,
    ) -> None:
        self._connections = versions, contents
        self._versions = PostgresKnownVersions(versions)
        self._contents = PostgresKnownTimes(contents)
        self._window = window
        self._most_bytes = most_bytes
        self._bytes = self._times_forgotten = 0
        self._shown = self._loaded = 0
        self._kept: OrderedDict[ExpertId, _Kept] = OrderedDict()
        for connection in self._connections:
            # A server that took over may give its transactions numbers that another one gave before.
            connection.when_made_anew(self._forget_everybody)

    async def of(
        self, expert_ids: Collection[ExpertId], window: Interval, *, now: datetime
    ) -> Mapping[ExpertId, KnownTime]:
        asked = tuple(dict.fromkeys(expert_ids))
        known = await self._still_true(asked, window, now)
        self._shown += len(known)
        missing = [expert_id for expert_id in asked if expert_id not in known]
        self._loaded += len(missing)
        if not missing:
            return known
        whole = self._window(now)
        if not whole.holds(window):
            return {**known, **await self._contents.of(missing, window, now=now)}
        return known | await self._load(missing, whole, now)

    def statistics(self) -> Mapping[str, float]:
        """How many experts are kept, what that takes by estimate, and of how many who were asked about what was kept
        was true, or had to be loaded."""
        return {
            "experts": len(self._kept),
            "bytes": self._bytes,
            "kept": self._shown,
            "loaded": self._loaded,
        }

    @property
    def reconnects(self) -> Mapping[str, int]:
        """How often its connections were made anew."""
        versions, contents = self._connections
        return {"versions": versions.reconnects, "known_times": contents.reconnects}

    async def _still_true(
        self, asked: Sequence[ExpertId], window: Interval, now: datetime
    ) -> dict[ExpertId, KnownTime]:
        kept = [
            expert_id
            for expert_id in asked
            if (one := self._kept.get(expert_id)) is not None and one.window.holds(window)
        ]
        if not kept:
            return {}
        versions = await self._versions.of(kept)
        known = {}
        for expert_id in kept:
            one, version = self._kept.get(expert_id), versions.get(expert_id)
            # It may be another one by now, or gone.
            if one is None or version is None or not one.window.holds(window):
                continue
            if (shown := one.shown(version, now)) is not None:
                self._kept.move_to_end(expert_id)
                known[expert_id] = shown
        return known

    async def _load(
        self, missing: Sequence[ExpertId], whole: Interval, now: datetime
    ) -> dict[ExpertId, KnownTime]:
        forgotten = self._times_forgotten
        known = {}
        for found in (await self._contents.found(missing, whole)).values():
            keep = found.version is not None and self._times_forgotten == forgotten and self._on_one_server()
            one = found.known_at(now, workings=Workings() if keep else None)
            known[found.expert_id] = one
            if keep:
                self._keep(_Kept(found=found, window=whole, known=one))
        return known

    def _on_one_server(self) -> bool:
        versions, contents = self._connections
        return versions.server == contents.server

    def _keep(self, one: "_Kept") -> None:
        self._drop(one.found.expert_id)
        self._kept[one.found.expert_id] = one
        self._bytes += one.bytes
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, expert_id: ExpertId) -> None:
        if (one := self._kept.pop(expert_id, None)) is not None:
            self._bytes -= one.bytes
            one.let_go()

    def forget(self, expert_id: ExpertId | None) -> None:
        """Whoever was erased, or everybody, when that may have gone unheard.

        What is on its way may have been found before, and is not kept.
        """
        self._times_forgotten += 1
        for one in [expert_id] if expert_id is not None else list(self._kept):
            self._drop(one)

    def _forget_everybody(self) -> None:
        self.forget(None)


@dataclass(slots=True, kw_only=True, eq=False)
class _Kept:
    """What was found in `window`, and what was last shown of it."""

    found: FoundTime
    window: Interval
    known: KnownTime
    bytes: int = field(init=False)
    _read_at: tuple[datetime | None, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._read_at = _read_at(self.found.calendars)
        self.bytes = _size(self.found)

    def let_go(self) -> None:
        """What was worked out refers to what it was worked out from, and would otherwise stay until a collection."""
        if self.known.workings is not None:
            self.known.workings.whole = None

    def shown(self, version: KnownVersion, now: datetime) -> KnownTime | None:
        """The very same as long as nothing differs; None when it must be loaded again."""
        if version.version != self.found.version:
            return None
        if version.read_at != self._read_at:
            # A first reading is another version. Should one be gone without that, what was found doesn't say so.
            if [one is None for one in version.read_at] != [one is None for one in self._read_at]:
                return None
            self._read_at = version.read_at
            self.known = replace(
                self.known, calendars=tuple(map(_read, self.found.calendars, version.read_at))
            )
        held = self.found.held_at(now) if self.found.held else ()
        if held != self.known.held:
            self.known = replace(self.known, held=held)
        return self.known


def _read_at(calendars: Iterable[KnownCalendar]) -> tuple[datetime | None, ...]:
    return tuple([None if one.reading is None else one.reading.read_at for one in calendars])


def _read(calendar: KnownCalendar, read_at: datetime | None) -> KnownCalendar:
    if calendar.reading is None or read_at is None:
        return calendar
    return replace(calendar, reading=replace(calendar.reading, read_at=read_at))


def _size(found: FoundTime) -> int:
    spans = sum(len(one.reading.busy) for one in found.calendars if one.reading is not None)
    return (
        BYTES_AN_EXPERT
        + BYTES_A_CALENDAR * len(found.calendars)
        + BYTES_A_SPAN * spans
        + BYTES_A_SESSION * (len(found.booked) + len(found.held))
    )


@asynccontextmanager
async def open_known_times(
    dsn: str,
    *,
    window: Callable[[datetime], Interval] = USUAL_WINDOW,
    most_bytes: int = MOST_BYTES,
    cell: str = DEFAULT_CELL,
) -> AsyncIterator[KeptTimes]:
    """With connections of its own: no work of another kind may keep a question waiting. Raises StoreUnavailable."""
    async with (
        open_pinned(dsn, [VERSIONS], cell=cell) as versions,
        open_pinned(dsn, [KNOWN], cell=cell) as contents,
    ):
        yield KeptTimes(versions, contents, window=window, most_bytes=most_bytes)
