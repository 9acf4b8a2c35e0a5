"""Tell the notifications that are ours from all others: many deliveries by one look at the database."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Final, TypeAlias

from application.notifications.notification import Notice, Notification
from application.ports.store import Store
from application.ports.subscriptions import Claim
from domain.subscription import Subscription

Ours: TypeAlias = Mapping[Subscription, AbstractSet[Notice]]
"""What was notified of the subscriptions that we have, by senders who know their secrets."""
MOST_CLAIMS: Final = 1000
"""In one statement; a single delivery has no more."""
SHORTEST_PAUSE: Final = timedelta(milliseconds=10)
LONGEST_PAUSE: Final = timedelta(milliseconds=50)
PAUSE_FOR_EACH: Final = 6.0
"""The pause after a look is so many times as long as the look, within those two: of one connection, a flood gets a
seventh. Whoever comes after a quiet moment waits for nothing."""


class SiftNotifications:
    """One look at a time: deliveries that come meanwhile share the next one.

    Nothing is kept of what was found. That an id is unknown is true for a moment only: the provider notifies of a
    subscription that it has just made, and that is stored in the next moment.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[asyncio.Future[Ours], Collection[Notification]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def __call__(self, delivery: Collection[Notification]) -> Ours:
        """Empty when it is forged altogether. Raises StoreUnavailable."""
        if not delivery:
            return {}
        found: asyncio.Future[Ours] = asyncio.get_running_loop().create_future()
        self._waiting[found] = delivery
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_for_all(), name="looks for subscriptions")
        try:
            return await found
        finally:
            self._waiting.pop(found, None)

    async def close(self) -> None:
        """Whoever still waits is left without an answer."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look_for_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            together, began = self._next(), loop.time()
            try:
                proven = await self._proven(
                    {claim for delivery in together.values() for claim in _claims(delivery)}
                )
            except Exception as fault:  # noqa: BLE001 - it is for those who wait
                _tell(together, fault)
            else:
                for found, delivery in together.items():
                    if not found.done():
                        found.set_result(_ours(delivery, proven))
            pause = PAUSE_FOR_EACH * timedelta(seconds=loop.time() - began)
            await asyncio.sleep(min(max(pause, SHORTEST_PAUSE), LONGEST_PAUSE).total_seconds())

    def _next(self) -> dict[asyncio.Future[Ours], Collection[Notification]]:
        """The first that wait, as many as fit into one statement."""
        together: dict[asyncio.Future[Ours], Collection[Notification]] = {}
        claims = 0
        for found, delivery in list(self._waiting.items()):
            claims += len(delivery)
            if together and claims > MOST_CLAIMS:
                break
            together[found] = self._waiting.pop(found)
        return together

    async def _proven(self, claims: Collection[Claim]) -> Mapping[Claim, Subscription]:
        async with self._store.transaction() as tx:
            return await tx.subscriptions.proven(claims)


def _claims(delivery: Collection[Notification]) -> set[Claim]:
    return {one.claim for one in delivery}


def _ours(delivery: Collection[Notification], proven: Mapping[Claim, Subscription]) -> Ours:
    ours: defaultdict[Subscription, set[Notice]] = defaultdict(set)
    for one in delivery:
        if one.claim in proven:
            ours[proven[one.claim]].add(one.notice)
    return ours


def _tell(waiting: Collection[asyncio.Future[Ours]], fault: Exception) -> None:
    for found in waiting:
        if not found.done():
            found.set_exception(fault)
