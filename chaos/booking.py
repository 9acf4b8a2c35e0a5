"""What callers do about times: book, change, cancel, hold, race for one time, and look."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from calendarsync.v1.availability_service_pb2 import ReleaseHoldRequest
from calendarsync.v1.session_pb2 import Session
from chaos.asking import Asking, NoAnswer, Refused
from chaos.cast import CANARY, Expert
from chaos.model import Booking, Known, Wish
from tests.support.calls import Calls, ends, span

FIRST_DAY: Final = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=30)
"""Beyond the sandbox's own events, within what is read ahead."""
DAYS: Final = 14
UNCHECKED_HOURS: Final = range(11)
CHECKED_HOURS: Final = range(12, 22)
MOST_OF_AN_EXPERT: Final = 25
LATE_SECONDS: Final = 8.0
"""How long a booking rests after something about it had to be repeated: the first try may still be under way."""
RACERS: Final = 3


@dataclass(slots=True, kw_only=True)
class BookingDeeds:
    known: Known
    ask: Asking
    random: Random
    wrong: list[str]
    """Answers that can't be."""
    _taken: set[str] = field(default_factory=set)
    _rests_until: dict[str, float] = field(default_factory=dict)

    async def book(self, expert: Expert) -> None:
        if len(self.known.of(expert.expert_id)) < MOST_OF_AN_EXPERT:
            booking = self.known.new_booking(expert.expert_id, checked=False)
            async with self._mine(booking):
                await self._wish(booking, self._somewhere(UNCHECKED_HOURS))

    async def change(self, expert: Expert) -> None:
        """To another time, or only another title. A checked one moves only where it is free."""
        async with self._any_of(expert) as booking:
            if booking is None or booking.confirmed is None:
                return
            hours = CHECKED_HOURS if booking.checked else UNCHECKED_HOURS
            moved = booking.confirmed.cancelled or self.random.random() < 0.6
            await self._wish(booking, self._somewhere(hours) if moved else booking.confirmed.start)

    async def cancel(self, expert: Expert) -> None:
        async with self._any_of(expert) as booking:
            if booking is None or booking.confirmed is None:
                return
            wish = Wish(booking.confirmed.start, booking.confirmed.title, cancelled=True)

            async def call(calls: Calls) -> Session:
                return await calls.cancel_session(booking.session_id, expert_id=booking.expert_id)

            await self._said("cancel", booking, wish, call)

    async def race(self, expert: Expert) -> None:
        """Several bookings of one time that must be free: one of them gets it at most."""
        if len(self.known.of(expert.expert_id)) + RACERS > MOST_OF_AN_EXPERT:
            return
        start = self._somewhere(CHECKED_HOURS)
        racers = [self.known.new_booking(expert.expert_id, checked=True) for _ in range(RACERS)]

        async def run(booking: Booking) -> None:
            async with self._mine(booking):
                try:
                    await self._wish(booking, start)
                except Refused:
                    del self.known.bookings[booking.session_id]

        ended = await asyncio.gather(*map(run, racers), return_exceptions=True)
        for one in ended:
            if one is not None and not isinstance(one, NoAnswer):
                raise one

    async def hold(self, expert: Expert) -> None:
        """Held, and then booked, released, or left to run out."""
        if len(self.known.of(expert.expert_id)) >= MOST_OF_AN_EXPERT:
            return
        start, hold_id = self._somewhere(CHECKED_HOURS), f"hold-{self.known.number():05}"
        hour = (start - FIRST_DAY) / timedelta(hours=1)
        await self.ask(
            "hold",
            lambda calls: calls.hold(hold_id, start=hour, day=FIRST_DAY, expert_id=expert.expert_id),
        )
        if (what := self.random.random()) < 0.7:
            booking = self.known.new_booking(expert.expert_id, checked=True)
            async with self._mine(booking):
                try:
                    await self._wish(booking, start, hold_id=hold_id)
                except Refused:
                    del self.known.bookings[booking.session_id]
                    raise
        elif what < 0.9:
            request = ReleaseHoldRequest(expert_id=expert.expert_id, hold_id=hold_id)
            await self.ask("release", lambda calls: calls.availability.ReleaseHold(request))

    async def look(self, expert: Expert) -> None:
        """Whether a session that nobody is changing is in the busy time, as it must be from its acceptance on."""
        async with self._any_of(expert) as booking:
            if booking is None or not (booking.live and booking.confirmed is not None):
                return
            start, end = booking.confirmed.start, booking.confirmed.start + timedelta(hours=1)
            now = timedelta() if self.random.random() < 0.3 else None
            answer = await self.ask(
                "busy",
                lambda calls: calls.busy(
                    span(start - timedelta(hours=2), end + timedelta(hours=2)),
                    expert_id=expert.expert_id,
                    max_age=now,
                ),
            )
            if not any(left <= start and end <= right for left, right in map(ends, answer.busy_times)):
                self.wrong.append(f"{booking.session_id} is accepted, and its time was called free")

    async def amend(self, booking: Booking) -> None:
        """Change all that a change can, when nobody else is at work: so its event is in line again."""
        if not booking.live or booking.confirmed is None:
            return
        booking.touched = False
        hours, start = CHECKED_HOURS if booking.checked else UNCHECKED_HOURS, booking.confirmed.start
        while start == booking.confirmed.start:  # what is not changed stays where the owner put it
            start = self._somewhere(hours)
        try:
            await self._wish(booking, start)
        except Refused:
            booking.touched = True

    def _somewhere(self, hours: range) -> datetime:
        return FIRST_DAY + timedelta(days=self.random.randrange(DAYS), hours=self.random.choice(hours))

    async def _wish(self, booking: Booking, start: datetime, *, hold_id: str = "") -> None:
        wish = Wish(start, f"{CANARY} {booking.session_id} {self.known.number()}")

        async def call(calls: Calls) -> Session:
            return await calls.put_session(
                booking.session_id,
                start=(start - FIRST_DAY) / timedelta(hours=1),
                day=FIRST_DAY,
                expert_id=booking.expert_id,
                only_if_free=booking.checked and not hold_id,
                hold_id=hold_id,
                title=wish.title,
                text=f"{CANARY} text",
            )

        await self._said("put", booking, wish, call)

    async def _said(
        self, what: str, booking: Booking, wish: Wish, call: Callable[[Calls], Awaitable[Session]]
    ) -> None:
        """Ask for this wish. It is open until it is answered; a refusal leaves what was before."""
        booking.open.append(wish)
        repeats = self.ask.repeats.total()
        try:
            await self.ask(what, call)
        except Refused:
            booking.open.remove(wish)
            raise
        finally:
            if self.ask.repeats.total() != repeats:
                self._rests_until[booking.session_id] = asyncio.get_running_loop().time() + LATE_SECONDS
        booking.confirmed = wish
        booking.open.clear()

    @asynccontextmanager
    async def _any_of(self, expert: Expert) -> AsyncIterator[Booking | None]:
        """One of the expert's bookings that nobody is dealing with and of which everything is known."""
        now = asyncio.get_running_loop().time()
        free = [
            one
            for one in self.known.of(expert.expert_id)
            if one.settled
            and one.session_id not in self._taken
            and self._rests_until.get(one.session_id, 0) <= now
        ]
        if not free:
            yield None
            return
        booking = self.random.choice(free)
        async with self._mine(booking):
            yield booking

    @asynccontextmanager
    async def _mine(self, booking: Booking) -> AsyncIterator[None]:
        self._taken.add(booking.session_id)
        try:
            yield
        finally:
            self._taken.discard(booking.session_id)
