"""Claim sessions that are due, as many as there is room for: new ones first, few of one expert or mailbox at a time."""

from dataclasses import dataclass, field
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.lanes import Claim, Room
from application.ports.sessions import DueSession, Turn
from application.ports.store import Store

LEASE = timedelta(minutes=2)
"""For how long one worker may write a session before another takes over: longer than all its steps together."""
MOST_IN_VAIN = 8
"""Claims in a row that brought nothing, though there may be more beyond, before a pause."""
START = Turn()


@dataclass(slots=True, kw_only=True)
class ClaimSessions:
    """One for each lane: it remembers whose turn it is."""

    store: Store
    clock: Clock
    ids: IdSource
    _turn: Turn = field(default=START, init=False)
    _token: str = field(default="", init=False)
    _in_vain: int = field(default=0, init=False)

    async def __call__(self, room: Room) -> Claim[DueSession]:
        # Where the last one failed, what it has claimed all the same is claimed again under the same token.
        self._token = self._token or self.ids.claim()
        now = self.clock.now()
        async with self.store.transaction() as tx:
            claimed = await tx.sessions.claim_due(
                room, self._turn, token=self._token, now=now, until=now + LEASE
            )
            # Whatever becomes of new ones: where many workers are busy, their round may never end with one claim.
            look_further = claimed.turn.ripe == START.ripe and room.without(claimed.rows).again > 0
            ripened, next_due = await tx.sessions.ripen(now) if look_further else (0, None)
        whole_round = self._turn == claimed.turn == START and not claimed.missed
        self._token, self._turn = "", claimed.turn
        self._in_vain = 0 if claimed.rows else self._in_vain + 1
        more = (ripened > 0 or not whole_round) and self._in_vain < MOST_IN_VAIN
        if not more:
            self._in_vain = 0
        return Claim(rows=claimed.rows, next_due=next_due, more=more)
