"""What the callers of a run know: what was confirmed to them, and what they asked for without hearing the end of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.world.grants import Grants

LENGTH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a session is to be. Titles are never given twice, so each names one wish."""

    start: datetime
    title: str
    cancelled: bool = False


@dataclass(slots=True, eq=False)
class Booking:
    """One session. `confirmed` is the last wish that was answered, None as long as none was; `open` are those since
    then of which nobody knows whether they were accepted.

    `checked`: its time was to be free. `touched`: its owner did something to its event since it was last changed.
    """

    expert_id: str
    session_id: str
    checked: bool
    confirmed: Wish | None = None
    open: list[Wish] = field(default_factory=list)
    touched: bool = False
    copies: int = 0

    @property
    def settled(self) -> bool:
        return self.confirmed is not None and not self.open

    @property
    def live(self) -> bool:
        return self.confirmed is not None and not self.confirmed.cancelled

    def may_be(self) -> Iterator[Wish | None]:
        yield self.confirmed
        yield from self.open


@dataclass(slots=True, kw_only=True)
class Known:
    """Everything that callers know. `erased` are the sessions that went with their experts: their events may stay."""

    bookings: dict[str, Booking] = field(default_factory=dict)
    experts: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    revoked: set[tuple[str, str]] = field(default_factory=set)
    """(expert id, person) whose access its owner has withdrawn since it was last known to be granted."""
    tokens: set[str] = field(default_factory=set)
    """Every token and code that the provider has given out, as far as they were remembered in time."""
    _numbers: int = 0

    def remember_tokens(self, grants: Grants) -> None:
        self.tokens.update(grants.refresh_tokens, grants.access_tokens, grants.codes)

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def new_booking(self, expert_id: str, *, checked: bool) -> Booking:
        booking = Booking(expert_id, f"session-{self.number():05}", checked)
        self.bookings[booking.session_id] = booking
        return booking

    def of(self, expert_id: str) -> list[Booking]:
        return [one for one in self.bookings.values() if one.expert_id == expert_id]

    def forget(self, expert_id: str) -> None:
        """The expert is erased."""
        for booking in self.of(expert_id):
            del self.bookings[booking.session_id]
            self.erased.add(booking.session_id)
        self.experts.discard(expert_id)
