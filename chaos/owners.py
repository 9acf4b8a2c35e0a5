"""The owners of the calendars, who do in them as they like, and now and then withdraw the access."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from chaos.booking import CHECKED_HOURS, DAYS, FIRST_DAY, UNCHECKED_HOURS
from chaos.cast import CANARY, Expert
from chaos.model import Booking, Known
from sandbox.world.model import Event
from sandbox.world.world import World


@dataclass(slots=True, kw_only=True)
class Owners:
    world: World
    cast: tuple[Expert, ...]
    known: Known
    random: Random
    done: dict[str, int] = field(default_factory=dict)

    async def work(self, stop: asyncio.Event) -> None:
        deeds: dict[Callable[[Expert, str], None], int] = {
            self.add: 10,
            self.remove: 6,
            self.move_ours: 8,
            self.delete_ours: 5,
            self.copy_ours: 3,
            self.annotate_ours: 5,
            self.use_up_tokens: 6,
            self.withdraw: 2,
        }
        while not stop.is_set():
            expert = self.random.choice(self.cast)
            (deed,) = self.random.choices(list(deeds), weights=list(deeds.values()))
            self.done[deed.__name__] = self.done.get(deed.__name__, 0) + 1
            deed(expert, self.random.choice(expert.people))
            await asyncio.sleep(self.random.uniform(0.05, 0.3))

    def add(self, expert: Expert, person: str) -> None:
        hours = self.random.choice([*UNCHECKED_HOURS, *CHECKED_HOURS])
        start = FIRST_DAY + timedelta(days=self.random.randrange(DAYS), hours=hours)
        self.world.events.add(person, start, start + timedelta(hours=1), subject=f"{CANARY} private")

    def remove(self, expert: Expert, person: str) -> None:
        if own := [one for one in self.world.events.in_mailbox(person) if one.transaction_id is None]:
            self.world.events.delete(person, self.random.choice(own))

    def move_ours(self, expert: Expert, person: str) -> None:
        for event in self._ours(expert, person):
            start = event.start + timedelta(minutes=self.random.choice((-30, 15, 45)))
            self.world.events.change(event, start=start, end=start + timedelta(hours=1))

    def delete_ours(self, expert: Expert, person: str) -> None:
        for event in self._ours(expert, person):
            self.world.events.delete(person, event)

    def copy_ours(self, expert: Expert, person: str) -> None:
        for event in self._ours(expert, person):
            if booking := self._booking_of(event):
                booking.copies += 1
            self.world.events.copy(event, event.start + timedelta(days=20))

    def annotate_ours(self, expert: Expert, person: str) -> None:
        for event in self._ours(expert, person):
            self.world.events.change(event, categories=["seen"])

    def use_up_tokens(self, expert: Expert, person: str) -> None:
        """The next request needs another token."""
        self.known.remember_tokens(self.world.grants)
        self.world.grants.expire_access_tokens(person)

    def withdraw(self, expert: Expert, person: str) -> None:
        self.known.revoked.add((expert.expert_id, person))
        if self.random.random() < 0.5:
            self.world.grants.remove_consent(person)
        self.known.remember_tokens(self.world.grants)
        self.world.grants.revoke(person, access_tokens=True)

    def _ours(self, expert: Expert, person: str) -> list[Event]:
        """One of our events in this mailbox, if there is any; its session counts as touched from now on."""
        ours = [one for one in self.world.events.in_mailbox(person) if one.transaction_id is not None]
        if not ours:
            return []
        event = self.random.choice(ours)
        if booking := self._booking_of(event):
            booking.touched = True
        return [event]

    def _booking_of(self, event: Event) -> Booking | None:
        return next(
            (self.known.bookings[word] for word in event.subject.split() if word in self.known.bookings), None
        )
