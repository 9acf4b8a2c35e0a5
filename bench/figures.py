"""What is measured once a run and not in rounds."""

from dataclasses import dataclass

from bench.push import CHANGES, Push
from bench.table import markdown
from bench.watchers import APART, SHARING, Watchers


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    watchers: Watchers
    push: Push
    graph_requests_a_check: float


def figures_table(figures: Figures) -> str:
    push, watchers = figures.push, figures.watchers
    return markdown(
        [
            ("what", "measured"),
            (f"event entered → answer changed, by push, median of {CHANGES}", f"{push.whole:.0f} ms"),
            ("the same without the sandbox's answer", f"{push.whole - push.sandbox:.0f} ms"),
            ("the longest of them, sandbox included", f"{push.longest:.0f} ms"),
            (
                f"an idle watcher, {SHARING:,} on one connection",
                f"{watchers.shared_connection / 1000:.0f} kB",
            ),
            (
                f"an idle watcher, {APART} with their own connections",
                f"{watchers.own_connection / 1000:.0f} kB",
            ),
            ("Graph requests a CheckTimes, readings fresh", f"{figures.graph_requests_a_check:g}"),
        ]
    )
