"""Until nothing is left to do: what is due later is made due now, and everybody is waited for, in bounded time."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import DictRow, dict_row

SETTLED_WITHIN_SECONDS: Final = 120.0

_HURRY: Final[tuple[tuple[LiteralString, LiteralString, LiteralString], ...]] = (
    ("session", "due_at = now() - interval '1 hour'", "due_at > now() AND claimed_by IS NULL"),
    ("session", "claimed_until = now()", "claimed_until > now() AND deaths >= 5"),
    ("incident", "claimed_until = now()", "claimed_until > now() AND deaths >= 5"),
    ("incident", "mail_due_at = now()", "notices = 0 AND mail_due_at > now() AND claimed_by IS NULL"),
    ("reading_schedule", "due_at = now()", "due_at > now()"),
    ("subscription", "due_at = now()", "due_at > now() AND remote_id IS NULL"),
    ("subscription", "due_at = now()", "due_at > now() AND due_at < now() + interval '11 minutes'"),
    ("account", "list_due_at = now()", "list_due_at > now() AND status = 'ACTIVE'"),
    ("ended_subscription", "due_at = now()", "due_at > now()"),
    ("calendar", "refused_at = now() - interval '2 days'", "refused_at IS NOT NULL"),
)
"""Table, change, and which rows: as if much time had passed. Reminders of what was mailed are not hurried, and claims
are left to those whose they are, but for what rests because too many workers died with it."""

_UNCERTAIN: Final[LiteralString] = """
    SELECT incident_id FROM incident WHERE notices = 0 AND mail_due_at > now() + interval '2 hours'
"""
"""Whose mail may have gone out, so that it is sent again after a day, under the same Message-ID."""

_UNDER_WAY: Final[LiteralString] = """
    SELECT kind || ' ' || id AS work FROM wish
    UNION ALL SELECT 'read ' || calendar_id FROM reading_schedule
        WHERE readable AND (begun_at IS NOT NULL OR marks > seen_marks OR due_at <= now())
    UNION ALL SELECT 'keep ' || calendar_id FROM subscription
        WHERE readable AND due_at <= now() + interval '2 minutes'
    UNION ALL SELECT 'list ' || account_id FROM account
        WHERE status = 'ACTIVE' AND list_due_at <= now() + interval '2 minutes'
    UNION ALL SELECT 'end ' || remote_id FROM ended_subscription
    UNION ALL SELECT format('write %%s: %%s, due in %%s, claimed by %%s until %%s', session_id, status, due_at - now(),
            coalesce((SELECT 'worker seen ' || (now() - seen_at) || ' ago' FROM worker
                WHERE worker_id = split_part(claimed_by, '.', 1)), claimed_by), claimed_until - now())
        FROM session WHERE due_at <= now() OR claimed_by IS NOT NULL
    UNION ALL SELECT 'notify ' || incident_id FROM incident
        WHERE closed_at IS NULL AND (mail_due_at <= now() OR claimed_by IS NOT NULL)
    UNION ALL SELECT 'renew ' || account_id FROM account_grant WHERE claimed_until > now()
"""
"""What is to be done now, or is being done: claims that are not over included, whoever's they are."""


_LET_RUN_OUT: Final[tuple[tuple[LiteralString, LiteralString, LiteralString], ...]] = (
    ("session", "claimed_until = now()", "claimed_until > now()"),
    ("incident", "claimed_until = now()", "claimed_until > now()"),
    ("reading_schedule", "due_at = now()", "begun_at IS NOT NULL AND due_at > now()"),
    ("subscription", "due_at = now()", "due_at > now() AND due_at < now() + interval '2 minutes'"),
    ("account", "list_due_at = now()", "list_due_at > now() AND list_due_at < now() + interval '2 minutes'"),
)
"""The time for which something is left to whoever has claimed it, which is two or three minutes."""
LONGEST_WORK_SECONDS: Final = 16.0
"""In this time the dead are noticed, and whoever lives has done what they have claimed, when nothing is in the way."""


class NeverSettled(Exception):
    """Something is left, whatever time it was given. The text names it."""


@dataclass(slots=True, kw_only=True)
class Look:
    """A look at the rows, with the superuser's eyes. `uncertain` are incidents that may be mailed twice."""

    dsn: str
    uncertain: set[str] = field(default_factory=set)
    ran_out: Counter[str] = field(default_factory=Counter)
    """Claims that nobody ended: work that failed for want of the database, and what the dead had that nobody freed."""

    async def rows(self, query: LiteralString, **arguments: Any) -> list[DictRow]:
        async with await psycopg.AsyncConnection.connect(
            self.dsn, autocommit=True, row_factory=dict_row
        ) as connection:
            return await (await connection.execute(query, arguments)).fetchall()

    async def settle(self) -> float:
        """Until nothing is left to do; how many seconds that took. Raises NeverSettled."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(2):  # what was tried while something was just being mended waits once more
            await self._hurry()
            if not await self._idle(loop.time() + LONGEST_WORK_SECONDS):
                await self._let_claims_run_out()
                if not await self._idle(began + SETTLED_WITHIN_SECONDS):
                    raise NeverSettled(", ".join(sorted(await self._left())[:20]))
        return loop.time() - began

    async def _let_claims_run_out(self) -> None:
        self.ran_out.update(work.partition(" ")[0] for work in await self._left())
        await self._change(_LET_RUN_OUT)

    async def _hurry(self) -> None:
        self.uncertain |= {row["incident_id"] for row in await self.rows(_UNCERTAIN)}
        await self._change(_HURRY)

    async def _change(self, changes: Iterable[tuple[LiteralString, LiteralString, LiteralString]]) -> None:
        """Rows that somebody is at are left out: who waited for many of them would be in everybody's way."""
        async with await psycopg.AsyncConnection.connect(self.dsn, autocommit=True) as connection:
            for table, change, which in changes:
                await connection.execute(
                    f"UPDATE {table} SET {change} WHERE ctid = ANY (ARRAY("
                    f"SELECT ctid FROM {table} WHERE {which} FOR UPDATE SKIP LOCKED))"
                )

    async def _idle(self, end: float) -> bool:
        """Whether nothing is left before the time is over."""
        while await self._left():
            if asyncio.get_running_loop().time() > end:
                return False
            await asyncio.sleep(0.05)
        return True

    async def _left(self) -> list[str]:
        return [row["work"] for row in await self.rows(_UNDER_WAY)]
