"""What a cell is called in the database. A cell is a schema with everything in it.

What PostgreSQL keeps for a whole database, such as the channels of notifications and advisory locks, is told apart by
the cell's name. In the default cell it is called what it was called before there were cells.
"""

import hashlib
import re
from typing import Final

DEFAULT_CELL: Final = "public"
SHARED_SCHEMA: Final = "calendarsync_shared"
"""Where the extension goes that all cells of a database need, if it isn't there yet. No cell: dropping a cell must not
take it from the others."""
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""With it the longest channel is 60 bytes; PostgreSQL takes 63."""
OTHERS: Final = {SHARED_SCHEMA, "information_schema"}
DEFAULT_LOCK: Final = 4_025_187_311
"""Any number that no other user of the database's advisory locks takes."""


class CellInvalid(ValueError):
    """The text says what a cell's name must be."""


def checked_cell(name: str) -> str:
    """Raises CellInvalid."""
    if NAME.fullmatch(name) is None or name.startswith("pg_") or name in OTHERS:
        raise CellInvalid(
            "must be a lower-case letter and up to 39 letters, digits or underscores, and no schema of PostgreSQL's own"
        )
    return name


def search_path(cell: str) -> str:
    """Nobody else's schema is in it, so that nothing can stand in for what is ours, or for what is PostgreSQL's.

    Operator classes are found by their types, wherever the extension that has them is.
    """
    return f"{checked_cell(cell)}, pg_temp"


def channel(name: str, cell: str) -> str:
    """The same as the database's function `notify_channel`, in the cell."""
    return name if cell == DEFAULT_CELL else f"{name}.{cell}"


def lock_key(cell: str) -> int:
    """For the advisory lock of whoever brings the cell's schema up to date."""
    if cell == DEFAULT_CELL:
        return DEFAULT_LOCK
    digest = hashlib.sha256(f"calendarsync {cell}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
