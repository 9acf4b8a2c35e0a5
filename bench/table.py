"""Prints what was measured."""

import statistics
from collections.abc import Iterable, Sequence

from bench.sampling import Compared, Measured

HEAD = ("what", "at once", "calls/s", "median ms", "server µs/call", "ratio", "lowest-highest", "by µs", "of")


def table(measured: Iterable[Measured]) -> str:
    """One line a row, in Markdown: medians over the rounds, and the ratio's lowest and highest round.

    "By µs" is the same ratio in the server's processor time.
    """
    return markdown([HEAD, *(_line(one) for one in measured)])


def _line(one: Measured) -> tuple[str, ...]:
    samples = one.samples
    served = [sample.served_us for sample in samples if sample.served_us is not None]
    cells = (
        one.row.name,
        str(one.row.in_flight),
        f"{statistics.median(sample.rate for sample in samples):,.0f}",
        f"{statistics.median(sample.median_ms for sample in samples):.2f}",
        f"{statistics.median(served):,.0f}" if served else "",
    )
    if not one.ratios:
        return (*cells, "", "", "", "")
    how = " (latency)" if one.row.compared is Compared.LATENCY else ""
    return (
        *cells,
        f"{statistics.median(one.ratios):.2f}",
        f"{min(one.ratios):.2f}-{max(one.ratios):.2f}",
        "" if one.cheapness is None else f"{one.cheapness:.2f}",
        f"{one.row.yardstick}{how}",
    )


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """A table of these lines, the first of which is its head."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    head, *body = (
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )
    return "\n".join([head, "|" + "|".join("-" * (width + 2) for width in widths) + "|", *body])
