"""Move an expert to another cell, or end a move that was begun."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from application.ports.id_source import IdSource
from application.ports.moving import Arrivals, CellFacts, Departed, Departures, MoveRefused, StillAtWork
from domain.ids import ExpertId

LOOK_AGAIN: Final = timedelta(milliseconds=100)
MOST_CLOCKS_DIFFER: Final = timedelta(seconds=2)
"""Readings carry the time of the database they were stored in, and their age is all that an answer promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveExpert:
    """Three steps, of which each is one transaction in one cell. After the first the expert is on the way, and every
    call about them is answered with a time to try again; the second decides; the third tells those who ask.

    Killed anywhere, it is run again, and goes on from there. `patience` is how long it waits for workers to end what
    they are at.
    """

    here: Departures
    there: Arrivals
    ids: IdSource
    patience: timedelta

    async def __call__(self, expert_id: ExpertId) -> None:
        """Raises MoveRefused, ExpertNotFound."""
        to = await self.there.facts()
        departed = await self.here.departed(expert_id)
        if departed is None:
            await self._require_fit(to)
            await self.there.rehearse(await self.here.look_at(expert_id))
            departed = await self._depart(expert_id, to)
        if departed.to_cell != to.name:
            raise MoveRefused(f"the expert went to the cell {departed.to_cell}")
        if departed.package is not None:
            await self.there.arrive(departed)
            await self.here.forward(expert_id, move_id=departed.move_id)

    async def give_up(self, expert_id: ExpertId) -> None:
        """Have somebody back who is on the way and has not arrived. Raises MoveRefused."""
        to = await self.there.facts()
        departed = await self.here.departed(expert_id)
        if departed is None or departed.package is None:
            raise MoveRefused("the expert is not on the way to another cell")
        if departed.to_cell != to.name:
            raise MoveRefused(f"the expert is on the way to the cell {departed.to_cell}")
        if not await self.there.give_up(departed.move_id):
            raise MoveRefused("the expert has arrived there already: run the command again without giving up")
        await self.here.take_back(departed)

    async def _require_fit(self, to: CellFacts) -> None:
        here = await self.here.facts()
        if here.name == to.name:
            raise MoveRefused("a cell can't be told from another one of the same name")
        if here.schema_version != to.schema_version:
            raise MoveRefused(
                f"the cell {here.name} has schema {here.schema_version}, and {to.name} has {to.schema_version}: bring "
                "both up to date first"
            )
        if abs(here.time - to.time) > MOST_CLOCKS_DIFFER:
            raise MoveRefused("the clocks of the two databases differ by more than two seconds")

    async def _depart(self, expert_id: ExpertId, to: CellFacts) -> Departed:
        move_id = self.ids.token()
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                while True:
                    try:
                        return await self.here.depart(expert_id, move_id=move_id, to=to)
                    except StillAtWork:
                        await asyncio.sleep(LOOK_AGAIN.total_seconds())
        except TimeoutError:
            raise MoveRefused(
                "workers have been at work for the expert all the time: nothing was changed, try again later"
            ) from None
