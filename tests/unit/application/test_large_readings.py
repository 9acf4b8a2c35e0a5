"""A look with a great many entries is worked out where it keeps nobody waiting, and comes to the same."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from application.readings.own_entries import MANY, seen_among
from domain.blocking import CalendarEntry, Instants, ShowAs
from domain.look import Look
from domain.own_events import OwnEvents, Seen
from tests.builders import NOW
from tests.unit.domain.looks import look as a_look


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched(OwnEvents):
    """Notes by whom it is asked."""

    threads: list[threading.Thread] = field(default_factory=list)

    def seen(self, entries: Sequence[CalendarEntry], look: Look) -> Seen:
        self.threads.append(threading.current_thread())
        return OwnEvents.seen(self, entries, look)


def _entries(number: int) -> list[CalendarEntry]:
    return [
        CalendarEntry(
            when=Instants(NOW + timedelta(minutes=one), NOW + timedelta(minutes=one, seconds=30)),
            show_as=ShowAs.BUSY,
        )
        for one in range(number)
    ]


@pytest.mark.parametrize(("number", "beside"), [(MANY, False), (MANY + 1, True)])
async def test_only_many_entries_are_worked_out_beside_the_loop(number: int, *, beside: bool) -> None:
    own = Watched(before={}, after={}, marks={})
    entries, look = _entries(number), a_look()

    seen = await seen_among(own, entries, look)

    assert seen == OwnEvents(before={}, after={}, marks={}).seen(entries, look)
    assert len(seen.busy) > 0
    (thread,) = own.threads
    assert (thread is not threading.current_thread()) == beside
