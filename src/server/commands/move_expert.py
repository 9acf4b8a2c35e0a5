"""`calendarsync move-expert`: moves experts from the cell of the settings to another one."""

import argparse
import asyncio
from collections.abc import Sequence
from typing import Final

from adapters.postgres.cells import CellInvalid, checked_cell
from application.ports.moving import MoveRefused
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from server.commands.command import Command, environment_settings, tell
from server.runtime.moving import moving
from server.runtime.settings import Settings
from server.runtime.stop_signals import StopSignals

REFUSED: Final = 1


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "expert_ids", nargs="+", metavar="EXPERT_ID", help="whom to move, one after the other"
    )
    parser.add_argument("--to-cell", required=True, metavar="CELL", help="the cell to move to")
    parser.add_argument(
        "--give-up",
        action="store_true",
        help="have back who is on the way and can't arrive there",
    )


def _run(arguments: argparse.Namespace, _signals: StopSignals) -> int:
    settings = environment_settings()
    try:
        to_cell = checked_cell(arguments.to_cell)
    except CellInvalid as invalid:
        tell(f"Not done: the name of a cell {invalid}.")
        return REFUSED
    all_moved = asyncio.run(_move_all(settings, arguments.expert_ids, to_cell, give_up=arguments.give_up))
    return 0 if all_moved else REFUSED


async def _move_all(settings: Settings, expert_ids: Sequence[str], to_cell: str, *, give_up: bool) -> bool:
    """One that is refused holds up no other."""
    all_moved = True
    async with moving(settings, to_cell=to_cell) as move:
        for expert_id in map(ExpertId, expert_ids):
            try:
                await (move.give_up(expert_id) if give_up else move(expert_id))
                tell(f"{expert_id} lives in the cell {settings.cell if give_up else to_cell}.")
            except ExpertNotFound:
                all_moved = False
                tell(f"{expert_id} is not moved: the cell {settings.cell} has no expert of this id.")
            except MoveRefused as refused:
                all_moved = False
                tell(f"{expert_id} is not moved: {refused}.")
    return all_moved


MOVE_EXPERT = Command(
    name="move-expert",
    help="move experts to another cell; run it again if it was interrupted",
    run=_run,
    add_arguments=_arguments,
)
