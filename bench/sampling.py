"""Taking samples: calls repeated for a moment, with so many under way at once, and rows of samples round by round."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum

Call = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a moment of calling brought.

    `served_us` is the server's processor time a call in microseconds, None where the server has no part.
    """

    calls: int
    seconds: float
    median_ms: float
    served_us: float | None = None

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds


class Compared(Enum):
    """How a row is held against its yardstick; either way, 1 is as good and less is worse."""

    RATE = "rate"
    LATENCY = "latency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `yardstick` is the name of a row before it."""

    name: str
    measure: Callable[[float], Awaitable[Sample]]
    in_flight: int
    yardstick: str | None = None
    compared: Compared = Compared.RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A row's samples, one a round, and what they are against its yardstick's."""

    row: Row
    samples: Sequence[Sample]
    ratios: Sequence[float]
    cheapness: float | None
    """The yardstick's processor time over the row's own, median: moved less than times are by what else runs."""


async def drive(call: Call, *, in_flight: int, seconds: float, most: int = 100_000) -> Sample:
    """Calls one after the other on each of `in_flight` lanes, for `seconds` or `most` calls. Raises as a call does."""
    took: list[float] = []
    started = time.perf_counter()
    end = started + seconds

    async def lane() -> None:
        begun = time.perf_counter()
        while begun < end and len(took) < most:
            await call()
            now = time.perf_counter()
            took.append(now - begun)
            begun = now

    async with asyncio.TaskGroup() as lanes:
        for _ in range(in_flight):
            lanes.create_task(lane())
    elapsed = time.perf_counter() - started
    return Sample(calls=len(took), seconds=elapsed, median_ms=statistics.median(took) * 1000)


async def take_rounds(rows: Sequence[Row], *, rounds: int, seconds: float) -> list[Measured]:
    """Every row once a round, `seconds` each: what else the machine does then falls on all rows alike.

    A round before the first, a third as long, warms up and counts nothing.
    """
    for row in rows:
        await row.measure(seconds / 3)
    taken: dict[str, list[Sample]] = {row.name: [] for row in rows}
    for _ in range(rounds):
        for row in rows:
            taken[row.name].append(await row.measure(seconds))
    return [_measured(row, taken) for row in rows]


def _measured(row: Row, taken: dict[str, list[Sample]]) -> Measured:
    own = taken[row.name]
    if row.yardstick is None:
        return Measured(row=row, samples=own, ratios=[], cheapness=None)
    pairs = list(zip(own, taken[row.yardstick], strict=True))
    if row.compared is Compared.LATENCY:
        ratios = [yardstick.median_ms / sample.median_ms for sample, yardstick in pairs]
    else:
        ratios = [sample.rate / yardstick.rate for sample, yardstick in pairs]
    costs = [
        yardstick.served_us / sample.served_us
        for sample, yardstick in pairs
        if sample.served_us and yardstick.served_us
    ]
    return Measured(
        row=row, samples=own, ratios=ratios, cheapness=statistics.median(costs) if costs else None
    )
