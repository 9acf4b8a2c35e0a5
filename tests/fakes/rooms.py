"""Keeping to what a lane has room for, as every fake that claims does."""

from collections import Counter
from collections.abc import Iterable

from application.ports.lanes import MOST_OF_A_KEY, Claimed, Room, Row


def room_for(room: Room, found: Iterable[Claimed[Row]]) -> list[Claimed[Row]]:
    """The first of these that there are places for."""
    held, taken = Counter(room.held), list[Claimed[Row]]()
    for one in found:
        if len(taken) < room.places and all(held[key] < MOST_OF_A_KEY for key in one.keys):
            held.update(one.keys)
            taken.append(one)
    return taken
