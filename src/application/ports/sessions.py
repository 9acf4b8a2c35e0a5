"""The booked sessions, and the claims of those who write them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.ports.lanes import Claimed, Room
from domain.account import Provider
from domain.ids import AccountId, EventMark, ExpertId, SessionId
from domain.interval import Interval
from domain.own_event import OwnEvent
from domain.session import Session, WriteStatus
from domain.taken import BookedTime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions: those that overlap `window` (None: all), live ones only or cancelled ones too, whose event is in
    one of `statuses` (empty: in any), last updated from `updated_from` up to, not including, `updated_before`.
    """

    window: Interval | None = None
    include_cancelled: bool = False
    statuses: frozenset[WriteStatus] = frozenset()
    updated_from: datetime | None = None
    updated_before: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class SessionPosition:
    """A place in the order of sessions of one expert: by start, then by id."""

    start: datetime
    session_id: SessionId


@dataclass(frozen=True, slots=True, order=True)
class UpdatePosition:
    """A place in the order of everybody's sessions: by their last update, then by ids."""

    updated_at: datetime
    expert_id: ExpertId
    session_id: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSession:
    """A session to be written by whoever has claimed it with this token."""

    expert_id: ExpertId
    session_id: SessionId
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Where claims go on in their round over the experts, of new and of waiting sessions; empty: from the start."""

    new: str = ""
    ripe: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedSessions:
    """`turn` is where the next claim is to go on. `missed`: another worker was quicker with some."""

    rows: tuple[Claimed[DueSession], ...]
    turn: Turn
    missed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSnapshot:
    """What there is to know of an expert's own events. `version` changes with whatever does; it says nothing else."""

    events: tuple[OwnEvent, ...]
    version: str


class Sessions(Protocol):
    async def get(self, expert_id: ExpertId, session_id: SessionId) -> Session:
        """Raises SessionNotFound."""
        ...

    async def lock(self, expert_id: ExpertId, session_id: SessionId) -> Session:
        """As `get`, and holds every other `lock` of this session back until the transaction ends."""
        ...

    async def add(self, session: Session) -> bool:
        """Store a new session; False, and nothing stored, when its id is taken. Raises ExpertNotFound."""
        ...

    async def save(self, session: Session) -> None:
        """Replace the stored session and remember the mark of its copy for as long as it is kept.

        Claims, and when it was created, are left as they are. Raises SessionNotFound.
        """
        ...

    async def page(
        self, expert_id: ExpertId, which: SessionFilter, *, after: SessionPosition | None, limit: int
    ) -> tuple[Session, ...]:
        """Up to `limit` sessions beyond `after`, in order."""
        ...

    async def page_of_all(
        self, which: SessionFilter, *, after: UpdatePosition | None, limit: int
    ) -> tuple[Session, ...]:
        """The same over all experts, in the order of their last updates. Of `which` the window doesn't count."""
        ...

    async def booked(self, expert_id: ExpertId, window: Interval) -> tuple[BookedTime, ...]:
        """The live sessions that overlap `window`."""
        ...

    async def whose_marks(
        self, expert_id: ExpertId, among: Collection[EventMark]
    ) -> Mapping[EventMark, SessionId]:
        """Those of these marks that this expert's sessions gave, ever, with the sessions."""
        ...

    async def own_events(
        self, expert_id: ExpertId, window: Interval, *, sessions: Collection[SessionId] = ()
    ) -> tuple[OwnEvent, ...]:
        """By id: the live sessions in `window` that have an event, all that have one and are not written in full, and
        those named, in whatever state.
        """
        ...

    async def own_snapshots(
        self, expert_ids: Collection[ExpertId], window: Interval
    ) -> Mapping[ExpertId, OwnSnapshot]:
        """As `own_events`, of several experts at once, with the version that they are."""
        ...

    async def claim(
        self, expert_id: ExpertId, session_id: SessionId, *, token: str, now: datetime, until: datetime
    ) -> Session | None:
        """Become the one writer of a session that is due, until `until` or until released.

        None when it is unknown, not due at `now`, or claimed by another whose time has not run out.
        """
        ...

    async def claimed(self, expert_id: ExpertId, session_id: SessionId, *, token: str) -> Session | None:
        """The session, locked, if the claim under `token` still stands; else None: another has taken over."""
        ...

    async def release(self, expert_id: ExpertId, session_id: SessionId) -> None:
        """Release the claim, whoever holds it."""
        ...

    async def claim_due(
        self, room: Room, turn: Turn, *, token: str, now: datetime, until: datetime
    ) -> ClaimedSessions:
        """Claim sessions that are due and that nobody else has claimed, as `claim` does.

        New ones come before waiting ones, and among each the longest due first, then the first to start; but only those
        of so many experts are looked at that follow `turn`. Waiting ones count as due once they are ripe. Of no expert
        and of no mailbox there are more than MOST_OF_A_KEY, with those that the room says are held: a session burdens
        the mailbox that its event is in, or else that of the write calendar.
        """
        ...

    async def ripen(self, now: datetime) -> tuple[int, datetime | None]:
        """Let waiting sessions whose time has come be claimed, a hundred or so at a time.

        How many there were, and when the next one's time comes.
        """
        ...

    async def move_copies(
        self, expert_id: ExpertId, former: Collection[AccountId], to: AccountId, *, now: datetime
    ) -> tuple[Session, ...]:
        """What of the expert's sessions is in one of the `former` accounts is in the account `to` from now on: in the
        calendar of the same remote id, where it has one.

        Returns those that have an event to be removed there, locked, in the order of their starts: cancelled ones with
        a copy, and ones that left an event behind. All waiting sessions are locked, too, in the same order.
        """
        ...

    async def waiting(self, expert_id: ExpertId) -> tuple[Session, ...]:
        """The sessions that wait for something, locked, in the order of their starts."""
        ...

    async def delayed_in(
        self, account_id: AccountId, *, later_than: datetime, limit: int
    ) -> tuple[Session, ...]:
        """Sessions that wait for the provider, with an event in this account begun or written, locked.

        Those due after `later_than`, the first due first. Whoever is being dealt with by others is left out.
        """
        ...

    async def delayed_by_account(
        self, provider: Provider, *, later_than: datetime, limit: int
    ) -> tuple[Session, ...]:
        """Of each account at this provider the first due of the sessions that wait so, where even that is due after
        `later_than`."""
        ...

    async def forget(self, before: datetime, limit: int) -> tuple[ExpertId, ...]:
        """Forget sessions that were over before then and that nothing is left to do for (`is_done_with`), with their
        marks and reserved times: up to `limit` of them, the longest over first. Whose they were, once for each.

        Those that somebody is dealing with are left out, and those whose event a reading found where it should not be.
        """
        ...
