"""Forget what is over: sign-ins, holds, changes, audit entries, old sessions and incidents, where experts went."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from application.ports.clock import Clock
from application.ports.store import Store
from domain.change import hold_ended

AT_ONCE = 200
MOST_STEPS: Final = 50
"""Of so many old sessions or incidents each, in one go: the rest is for the next, so that a backlog keeps nothing else
waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetEnded:
    """`sessions_kept` is how long sessions and incidents are kept after they are over."""

    store: Store
    clock: Clock
    changes_kept: timedelta
    audit_kept: timedelta
    sessions_kept: timedelta
    moved_kept: timedelta

    async def __call__(self) -> None:
        """Forgets what has ended. What can't be forgotten now keeps nothing else, and is raised in the end.

        In small transactions: the feed of changes waits for the oldest that is open.
        """
        now, faults = self.clock.now(), list[Exception]()
        for step in (
            self._forget_sign_ins,
            self._end_all_holds,
            self._forget_changes,
            self._forget_acts,
            self._forget_sessions,
            self._forget_incidents,
            self._forget_moves,
        ):
            try:
                await step(now)
            except Exception as error:  # noqa: BLE001 - raised below
                faults.append(error)
        if faults:
            raise faults[0]

    async def _forget_sign_ins(self, now: datetime) -> None:
        async with self.store.transaction() as tx:
            await tx.attempts.remove_expired(now)
            await tx.pending.remove_expired(now)

    async def _end_all_holds(self, now: datetime) -> None:
        while await self._end_holds(now) == AT_ONCE:
            pass

    async def _forget_changes(self, now: datetime) -> None:
        async with self.store.transaction() as tx:
            await tx.changes.remove_before(now - self.changes_kept)

    async def _forget_acts(self, now: datetime) -> None:
        async with self.store.transaction() as tx:
            await tx.audit.forget_before(now - self.audit_kept)

    async def _forget_moves(self, now: datetime) -> None:
        async with self.store.transaction() as tx:
            await tx.moved.forget_before(now - self.moved_kept, AT_ONCE)

    async def _end_holds(self, now: datetime) -> int:
        """No commit says that a hold's time is over: this is the first chance to report it."""
        async with self.store.transaction() as tx:
            ended = await tx.reserved.remove_expired(now, AT_ONCE)
            for hold in ended:
                await tx.changes.add(hold_ended(hold, at=now))
        return len(ended)

    async def _forget_sessions(self, now: datetime) -> None:
        """That is in no feed: the contract names the time from which on it may be."""
        before = now - self.sessions_kept
        for _ in range(MOST_STEPS):
            async with self.store.transaction() as tx:
                whose = await tx.sessions.forget(before, AT_ONCE)
                if whose:
                    await tx.accounts.forget_former(whose, before)
            if not whose:
                break

    async def _forget_incidents(self, now: datetime) -> None:
        for _ in range(MOST_STEPS):
            async with self.store.transaction() as tx:
                forgotten = await tx.incidents.forget_closed(now - self.sessions_kept, AT_ONCE)
            if not forgotten:
                break
