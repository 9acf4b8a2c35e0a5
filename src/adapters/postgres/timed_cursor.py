"""Cursors that tell how long each statement took, under a name and without what was put into it."""

import re
import time
from collections.abc import Callable
from typing import Any, Final

from psycopg import AsyncCursor
from psycopg.rows import DictRow

Told = Callable[[str, float], None]
"""The name of a statement, and the seconds it took."""
_VERB: Final = re.compile(r"\s*(\w+)")
_TABLE: Final = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:ONLY\s+)?([a-z_]+)\b")
OTHER: Final = "statement"


def timed_cursor(told: Told) -> type[AsyncCursor[DictRow]]:
    """For connections whose statements are to be timed."""

    class TimedCursor(AsyncCursor[DictRow]):
        async def execute(self, query: Any, params: Any = None, **how: Any) -> "TimedCursor":
            begun = time.perf_counter()
            try:
                return await super().execute(query, params, **how)
            finally:
                told(statement_name(query), time.perf_counter() - begun)

    return TimedCursor


def statement_name(query: object) -> str:
    """Such as `SELECT account`: the verb and the first table. Our statements are constants, so there are few."""
    text = query.decode(errors="replace") if isinstance(query, bytes) else query
    if not isinstance(text, str) or (verb := _VERB.match(text)) is None:
        return OTHER
    table = _TABLE.search(text)
    return f"{verb[1].upper()} {table[1]}" if table else verb[1].upper()
