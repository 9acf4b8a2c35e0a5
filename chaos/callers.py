"""Callers at work: one thing after the other, of all kinds, about all experts."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from chaos.asking import NoAnswer, Refused
from chaos.booking import BookingDeeds
from chaos.cast import Expert
from chaos.connecting import ConnectingDeeds
from chaos.model import Known
from chaos.turns import Turns

Deed: TypeAlias = Callable[[Expert], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class Callers:
    """`done` counts what was tried, `refused` why the service said no, and `unanswered` what nobody answered."""

    cast: tuple[Expert, ...]
    known: Known
    booking: BookingDeeds
    connecting: ConnectingDeeds
    random: Random
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    _turns: dict[str, Turns] = field(default_factory=dict)

    async def work(self, stop: asyncio.Event) -> None:
        """Until told to stop, and what is under way has ended."""
        deeds = self._deeds()
        while not stop.is_set():
            (deed,) = self.random.choices(list(deeds), weights=list(deeds.values()))
            await self.do(deed, self.random.choice(self.cast))
            await asyncio.sleep(self.random.uniform(0, 0.05))

    async def do(self, deed: Deed, expert: Expert) -> None:
        """Whatever comes of it. An expert who was erased is added first."""
        self.done[deed.__name__] += 1
        turns = self._turns.setdefault(expert.expert_id, Turns())
        async with turns.turn(alone=deed == self.connecting.erase):
            try:
                if expert.expert_id not in self.known.experts:
                    await self.connecting.put_expert(expert)
                await deed(expert)
            except Refused as refused:
                self.refused[f"{deed.__name__}: {refused}"] += 1
            except NoAnswer as unanswered:
                self.unanswered[str(unanswered)] += 1

    def _deeds(self) -> dict[Deed, int]:
        return {
            self.booking.book: 30,
            self.booking.change: 25,
            self.booking.cancel: 10,
            self.booking.race: 6,
            self.booking.hold: 8,
            self.booking.look: 10,
            self.connecting.connect: 8,
            self.connecting.reconnect: 10,
            self.connecting.reconnect_by_mail: 4,
            self.connecting.disconnect: 1,
            self.connecting.choose: 4,
            self.connecting.refresh: 2,
            self.connecting.ask_around: 3,
            self.connecting.change_expert: 2,
            self.connecting.erase: 1,
        }
