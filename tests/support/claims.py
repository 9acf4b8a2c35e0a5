"""What is due, found by claiming it in a transaction that is undone, over and over until nothing more comes."""

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from application.ports.lanes import Room
from application.ports.store import Transaction
from domain.ids import AccountId, CalendarId
from domain.reading import Pace
from tests.builders import after
from tests.support.stores import Kept

FAR_FUTURE = after(days=10_000)
T = TypeVar("T")


class _Undone(Exception):
    pass


async def due_readings(kept: Kept, now: datetime) -> tuple[CalendarId, ...]:
    async def claim(tx: Transaction, room: Room) -> Iterable[CalendarId]:
        jitter = [0.0] * room.places
        found = await tx.readings.begin_due(room, now=now, until=FAR_FUTURE, pace=Pace(), jitter=jitter)
        return [one.task.calendar_id for one in found]

    return await _all(kept, claim)


async def due_subscriptions(kept: Kept, now: datetime) -> tuple[CalendarId, ...]:
    async def claim(tx: Transaction, room: Room) -> Iterable[CalendarId]:
        return [one.row for one in await tx.subscriptions.claim_due(room, now=now, until=FAR_FUTURE)]

    return await _all(kept, claim)


async def due_lists(kept: Kept, now: datetime) -> tuple[AccountId, ...]:
    async def claim(tx: Transaction, room: Room) -> Iterable[AccountId]:
        return [one.row for one in await tx.calendars.claim_lists(room, now=now, until=FAR_FUTURE)]

    return await _all(kept, claim)


async def due_ends(kept: Kept, now: datetime) -> tuple[str, ...]:
    async def claim(tx: Transaction, room: Room) -> Iterable[str]:
        found = await tx.subscriptions.claim_ended(room, now=now, until=FAR_FUTURE)
        return [one.row.remote_id for one in found]

    return await _all(kept, claim)


async def _all(kept: Kept, claim: Callable[[Transaction, Room], Awaitable[Iterable[T]]]) -> tuple[T, ...]:
    found: list[T] = []
    with suppress(_Undone):
        async with kept.transaction() as tx:
            while rows := list(await claim(tx, Room(places=10, again=10))):
                found += rows
            raise _Undone
    return tuple(found)
