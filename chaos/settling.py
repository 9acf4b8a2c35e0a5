"""Until nothing is left to do: what is due later is made due now, and everybody is waited for, in bounded time."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import DictRow, dict_row

SETTLED_WITHIN_SECONDS: Final = 120.0

_HURRY: Final[tuple[LiteralString, ...]] = (
    "UPDATE session SET due_at = now() - interval '1 hour' WHERE due_at > now() AND claimed_by IS NULL",
    "UPDATE session SET claimed_until = now() - interval '1 hour' WHERE claimed_until > now() AND deaths >= 5",
    "UPDATE incident SET claimed_until = now() - interval '1 hour' WHERE claimed_until > now() AND deaths >= 5",
    "UPDATE incident SET mail_due_at = now() - interval '1 hour'"
    " WHERE notices = 0 AND mail_due_at > now() AND claimed_by IS NULL",
    "UPDATE reading_schedule SET due_at = now() WHERE due_at > now()",
    "UPDATE subscription SET due_at = now()"
    " WHERE due_at > now() AND (remote_id IS NULL OR due_at < now() + interval '11 minutes')",
    "UPDATE account SET list_due_at = now() WHERE list_due_at > now() AND status = 'ACTIVE'",
    "UPDATE ended_subscription SET due_at = now() WHERE due_at > now()",
    "UPDATE calendar SET refused_at = now() - interval '2 days' WHERE refused_at IS NOT NULL",
)
"""As if much time had passed. Reminders of what was mailed are not hurried, and claims are left to those whose they
are, but for what rests because too many workers died with it."""

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


_LET_RUN_OUT: Final[tuple[LiteralString, ...]] = (
    "UPDATE session SET claimed_until = now() WHERE claimed_until > now()",
    "UPDATE incident SET claimed_until = now() WHERE claimed_until > now()",
    "UPDATE reading_schedule SET due_at = now() WHERE begun_at IS NOT NULL AND due_at > now()",
    "UPDATE subscription SET due_at = now() WHERE due_at > now() AND due_at < now() + interval '2 minutes'",
    "UPDATE account SET list_due_at = now() WHERE list_due_at > now() AND list_due_at < now() + interval '2 minutes'",
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
        async with await psycopg.AsyncConnection.connect(self.dsn, autocommit=True) as connection:
            for statement in _LET_RUN_OUT:
                await connection.execute(statement)

    async def _hurry(self) -> None:
        self.uncertain |= {row["incident_id"] for row in await self.rows(_UNCERTAIN)}
        async with await psycopg.AsyncConnection.connect(self.dsn, autocommit=True) as connection:
            for statement in _HURRY:
                await connection.execute(statement)

    async def _idle(self, end: float) -> bool:
        """Whether nothing is left before the time is over."""
        while await self._left():
            if asyncio.get_running_loop().time() > end:
                return False
            await asyncio.sleep(0.05)
        return True

    async def _left(self) -> list[str]:
        return [row["work"] for row in await self.rows(_UNDER_WAY)]
