"""What a lane has room for, as the parameters of the statement that claims rows for it."""

from psycopg.rows import DictRow

from application.ports.lanes import MOST_OF_A_KEY, Room


def room_to_row(room: Room) -> DictRow:
    """`full` are the keys that hold all the places they may, to be passed over; `keys` and `held` are of all."""
    return {
        "places": room.places,
        "again": room.again,
        "full": [key for key, held in room.held.items() if held >= MOST_OF_A_KEY],
        "keys": list(room.held),
        "held": list(room.held.values()),
        "of_a_key": MOST_OF_A_KEY,
    }
