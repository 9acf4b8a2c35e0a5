"""The log's lines about forged deliveries: few, however many come, and none uncounted."""

from dataclasses import dataclass

from server.http.notifications.forged_deliveries import APART, ForgedDeliveries
from tests.server.served import Logs


@dataclass(slots=True)
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def _counted(logs: Logs) -> list[tuple[int, int]]:
    return [(line["deliveries"], line["items"]) for line in logs.of("notifications")]


def test_the_first_has_its_line_at_once_and_the_next_line_counts_the_others(logs: Logs) -> None:
    clock = Clock()
    forged = ForgedDeliveries(now=clock)
    for _ in range(5):
        forged.add(items=2)
    assert _counted(logs) == [(1, 2)]

    clock.seconds += APART.total_seconds()
    forged.add(items=1)

    assert _counted(logs) == [(1, 2), (5, 9)]


def test_the_rest_is_told_once_at_the_end(logs: Logs) -> None:
    forged = ForgedDeliveries(now=Clock())
    for _ in range(3):
        forged.add(items=1)
    forged.tell_the_rest()
    forged.tell_the_rest()
    assert _counted(logs) == [(1, 1), (2, 2)]
