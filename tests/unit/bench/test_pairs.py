"""Two builds measured by turns."""

from collections.abc import Awaitable, Callable

from bench.pairs import Pair, pairs_table, take_pairs
from bench.sampling import Sample


def _measure(name: str, order: list[str], *, served_us: float) -> Callable[[float], Awaitable[Sample]]:
    async def measure(seconds: float) -> Sample:
        order.append(name)
        return Sample(calls=100, seconds=seconds, median_ms=1.0, served_us=served_us)

    return measure


async def test_neither_build_always_comes_first() -> None:
    order: list[str] = []
    pair = Pair(
        name="a call",
        in_flight=1,
        before=_measure("before", order, served_us=300.0),
        now=_measure("now", order, served_us=100.0),
    )

    await take_pairs([pair], rounds=3, seconds=0.5)

    warm_up, rounds = order[:2], [order[start : start + 2] for start in (2, 4, 6)]
    assert warm_up == ["before", "now"]
    assert rounds == [["now", "before"], ["before", "now"], ["now", "before"]]


async def test_a_ratio_says_how_much_is_left_of_the_cost_and_how_often_it_goes_into_the_rate() -> None:
    pair = Pair(
        name="a call",
        in_flight=16,
        before=_measure("before", [], served_us=300.0),
        now=_measure("now", [], served_us=75.0),
    )

    table = pairs_table(await take_pairs([pair], rounds=1, seconds=0.5))

    cells = [cell.strip() for cell in table.splitlines()[-1].strip("|").split("|")]
    assert cells == ["a call", "16", "300", "75", "0.25", "0.25-0.25", "200", "200", "1.00"]
