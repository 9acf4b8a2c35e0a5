"""The same call of two builds, by turns: what it costs now beside what it cost before."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bench.sampling import Sample
from bench.table import markdown

Measure = Callable[[float], Awaitable[Sample]]
HEAD = (
    *("what", "at once"),
    *("µs/call before", "now", "now of before", "lowest-highest"),
    *("calls/s before", "now", "now of before"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    name: str
    in_flight: int
    before: Measure
    now: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPair:
    """One sample of each build a round."""

    pair: Pair
    before: Sequence[Sample]
    now: Sequence[Sample]


async def take_pairs(pairs: Sequence[Pair], *, rounds: int, seconds: float) -> list[MeasuredPair]:
    """Every pair once a round, each other round the other way about; a short round before the first counts nothing."""
    for pair in pairs:
        await pair.before(seconds / 3)
        await pair.now(seconds / 3)
    before: dict[str, list[Sample]] = {pair.name: [] for pair in pairs}
    now: dict[str, list[Sample]] = {pair.name: [] for pair in pairs}
    for number in range(rounds):
        for pair in pairs:
            turns = [(before, pair.before), (now, pair.now)]
            for taken, measure in turns if number % 2 else reversed(turns):
                taken[pair.name].append(await measure(seconds))
    return [MeasuredPair(pair=pair, before=before[pair.name], now=now[pair.name]) for pair in pairs]


def pairs_table(measured: Sequence[MeasuredPair]) -> str:
    """One line a pair: medians over the rounds, ratios taken within each round."""
    return markdown([HEAD, *(_line(one) for one in measured)])


def _line(one: MeasuredPair) -> tuple[str, ...]:
    costs = _ratios([_cost(sample) for sample in one.now], [_cost(sample) for sample in one.before])
    rates = _ratios([sample.rate for sample in one.now], [sample.rate for sample in one.before])
    return (
        one.pair.name,
        str(one.pair.in_flight),
        f"{statistics.median(map(_cost, one.before)):,.0f}",
        f"{statistics.median(map(_cost, one.now)):,.0f}",
        f"{statistics.median(costs):.2f}",
        f"{min(costs):.2f}-{max(costs):.2f}",
        f"{statistics.median(sample.rate for sample in one.before):,.0f}",
        f"{statistics.median(sample.rate for sample in one.now):,.0f}",
        f"{statistics.median(rates):.2f}",
    )


def _cost(sample: Sample) -> float:
    assert sample.served_us is not None, "both sides are servers"
    return sample.served_us


def _ratios(now: Sequence[float], before: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(now, before, strict=True)]
