"""Finding out which entries of a calendar are events of our sessions."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from application.ports.calendar_reader import ReadableCalendar
from application.ports.store import Transaction
from domain.blocking import CalendarEntry
from domain.ids import CalendarId, ExpertId
from domain.interval import Interval
from domain.look import Look
from domain.own_event import OwnEvent
from domain.own_events import OwnEvents, Seen

MANY: Final = 2_000
"""Entries of a look that keep nobody waiting: what they come to is worked out in ten milliseconds or less."""


def calendar_to_read(
    calendar_id: CalendarId, remote_id: str, own: Iterable[OwnEvent], *, writable: bool
) -> ReadableCalendar:
    """`own` is what there is to know of the expert's sessions.

    What can be written no more still holds the events that were; and what one account can only read, another of the
    expert's may write to, where the provider has one id for a calendar whoever sees it.
    """
    copies = (one.copy for one in own if one.copy is not None)
    return ReadableCalendar(
        remote_id=remote_id,
        may_hold_ours=writable
        or any(copy.calendar_id == calendar_id or copy.remote_calendar_id == remote_id for copy in copies),
    )


async def own_among(
    tx: Transaction,
    expert_id: ExpertId,
    window: Interval,
    entries: Iterable[CalendarEntry],
    *,
    before: Collection[OwnEvent],
) -> OwnEvents:
    """What there is to know of an expert's sessions after a look; `before` is what there was when it began."""
    marks = {entry.mark for entry in entries if entry.mark is not None}
    whose = await tx.sessions.whose_marks(expert_id, marks) if marks else {}
    concerned = {one.session_id for one in before} | set(whose.values())
    after = await tx.sessions.own_events(expert_id, window, sessions=concerned)
    return OwnEvents.of(before, after, whose)


async def seen_among(own: OwnEvents, entries: Sequence[CalendarEntry], look: Look) -> Seen:
    """What the entries come to; in a thread if there are many.

    A hundred thousand take half a second, in which a process that also answers calls must go on doing so.
    """
    if len(entries) <= MANY:
        return own.seen(entries, look)
    return await asyncio.to_thread(own.seen, entries, look)
