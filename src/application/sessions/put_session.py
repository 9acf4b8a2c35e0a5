"""Accept a session, or a change of one: the row, its place in the feed and a worker's wake-up, all or none of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from application.availability.look_up_availability import LookUpAvailability
from application.availability.require_same_rule import require_same_rule
from application.ports.clock import Clock
from application.ports.new_sessions import NewSessions
from application.ports.store import Store, Transaction
from domain.availability import Availability
from domain.buffers import NO_BUFFERS, Buffers
from domain.change import Change, ChangeType, change_of_booking, hold_ended
from domain.hold import Hold, TimeTaken, require_free, require_looked_at, require_not_taken
from domain.ids import ExpertId, HoldId, SessionId
from domain.interval import Interval
from domain.session import Session, SessionNotFound, SessionTooOld, new_session
from domain.session_details import SessionDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSession:
    """What a caller asks for.

    `not_given` names the details that a session which is there keeps. `only_if_free`: refuse it unless its time and
    the `buffers` around it are free; with `despite_unread`, only where one of them is known to be taken. `hold_id`: the
    hold that becomes this session.
    """

    expert_id: ExpertId
    session_id: SessionId
    interval: Interval
    details: SessionDetails
    not_given: frozenset[str] = frozenset()
    etag: str = ""
    only_if_free: bool = False
    despite_unread: bool = False
    hold_id: HoldId | None = None
    buffers: Buffers = NO_BUFFERS

    @property
    def needed(self) -> Interval:
        """What must be free."""
        return self.buffers.around(self.interval) if self.only_if_free else self.interval

    @property
    def is_checked(self) -> bool:
        """Whether its time was found free, and is its own from then on."""
        return self.only_if_free or self.hold_id is not None

    @property
    def is_plain(self) -> bool:
        """Whether nothing has to be looked at before it is accepted, if it is new."""
        return not self.etag and not self.is_checked

    def new(self, now: datetime) -> Session:
        return new_session(
            expert_id=self.expert_id,
            session_id=self.session_id,
            interval=self.interval,
            details=self.details,
            now=now,
        )

    def details_for(self, known: Session) -> SessionDetails:
        """As this session is to have them, which is there."""
        return replace(self.details, **{name: getattr(known.details, name) for name in self.not_given})

    def is_met_by(self, known: Session) -> bool:
        """Whether the session is as wanted already, so that nothing is left to check or to change."""
        wanted = (self.interval, self.details_for(known))
        return not known.cancelled and (known.interval, known.details) == wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedSession:
    """`evidence` is what is known of its time; None where nothing was looked at."""

    session: Session
    evidence: Availability | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSession:
    store: Store
    new_sessions: NewSessions
    clock: Clock
    look_up: LookUpAvailability
    sessions_kept: timedelta

    async def __call__(self, wanted: WantedSession, *, budget: timedelta) -> AcceptedSession:
        """The session as accepted; the same wish again changes nothing and checks nothing.

        Calendars are looked at within `budget`, and only for a session wanted if free; without any nothing that has to
        be looked at is accepted. Raises ExpertNotFound,
        SessionNotFound where an etag is given and there is none, SessionTooOld, EtagMismatch, HoldNotFound, TimeTaken,
        AvailabilityUnknown, CalendarsUnreadable.
        """
        now = self.clock.now()
        may_be_new = wanted.interval.end >= now - self.sessions_kept
        if may_be_new and wanted.is_plain and (new := await self._accept_as_new(wanted, now)) is not None:
            return AcceptedSession(session=new)
        checked = None
        if wanted.only_if_free:
            if (met := await self._met(wanted, may_be_new=may_be_new)) is not None:
                return AcceptedSession(session=met)
            checked = await self._free(wanted, budget)
        async with self.store.transaction() as tx:
            accepted = await self._accept(tx, wanted, checked, may_be_new=may_be_new)
        return AcceptedSession(session=accepted, evidence=checked)

    async def _accept_as_new(self, wanted: WantedSession, now: datetime) -> Session | None:
        """The session, accepted without a unit of work of its own; None where it takes one to say what it is."""
        new = wanted.new(now)
        told = change_of_booking(ChangeType.SESSION_ACCEPTED, new, at=now)
        return new if await self.new_sessions.accept(new, told) else None

    async def _met(self, wanted: WantedSession, *, may_be_new: bool) -> Session | None:
        """The session, if it is as wanted already, its time its own. That is the answer: by the next look it might be
        otherwise."""
        async with self.store.transaction() as tx:
            try:
                known = await tx.sessions.get(wanted.expert_id, wanted.session_id)
            except SessionNotFound:
                if may_be_new and not wanted.etag:
                    return None
                raise await self._missing(tx, wanted.expert_id, wanted.etag) from None
            reserved = await tx.reserved.of_session(wanted.expert_id, wanted.session_id)
        known.require_etag(wanted.etag)
        return known if wanted.is_met_by(known) and reserved == wanted.interval else None

    async def _free(self, wanted: WantedSession, budget: timedelta) -> Availability:
        """The evidence. Raises TimeTaken, AvailabilityUnknown, CalendarsUnreadable."""
        known = await self.look_up(
            wanted.expert_id,
            wanted.needed,
            budget=budget,
            max_age=timedelta(),
            excluded={wanted.session_id},
            excluded_holds={wanted.hold_id} if wanted.hold_id else (),
        )
        checked = known.check(wanted.needed)
        if wanted.despite_unread:
            require_not_taken(checked)
            if budget <= timedelta():
                require_looked_at(known.unread)
        else:
            require_free(checked, known.unread)
        return known

    async def _accept(
        self, tx: Transaction, wanted: WantedSession, checked: Availability | None, *, may_be_new: bool
    ) -> Session:
        now = self.clock.now()
        if wanted.is_checked:
            expert = await tx.experts.lock(wanted.expert_id)  # checked bookings of one expert take turns
            if checked is not None:
                await require_same_rule(tx, expert, checked)
        new = wanted.new(now)
        known = await self._known(tx, new, wanted.etag, may_be_new=may_be_new)
        accepted = (
            new
            if known is None
            else known.put(interval=wanted.interval, details=wanted.details_for(known), now=now)
        )
        if not await self._has_its_time(tx, wanted, accepted is known):
            for hold in await self._take_the_time(tx, wanted, known, now):
                await tx.changes.add(hold_ended(hold, at=now))
        if accepted is not known:
            if known is not None:
                await tx.sessions.save(accepted)
            await tx.changes.add(change_of_booking(ChangeType.SESSION_ACCEPTED, accepted, at=now))
            await tx.jobs.write_session(wanted.expert_id, wanted.session_id)
        return accepted

    async def _known(self, tx: Transaction, new: Session, etag: str, *, may_be_new: bool) -> Session | None:
        """The session as it was, locked; None when it is new, and then it is added already."""
        # Most are new: adding is tried at once, and refuses an unknown expert by itself.
        if may_be_new and not etag and await tx.sessions.add(new):
            return None
        try:
            known = await tx.sessions.lock(new.expert_id, new.session_id)
        except SessionNotFound:
            raise await self._missing(tx, new.expert_id, etag) from None
        known.require_etag(etag)
        return known

    async def _missing(
        self, tx: Transaction, expert_id: ExpertId, etag: str
    ) -> SessionNotFound | SessionTooOld:
        """Why there is no session and none is made: one with an etag was there before, one without may have been.
        Raises ExpertNotFound."""
        await tx.experts.get(expert_id)
        return SessionNotFound() if etag else SessionTooOld()

    async def _has_its_time(self, tx: Transaction, wanted: WantedSession, unchanged: bool) -> bool:
        """Whether the same wish was met before; a session accepted unchecked has no time of its own yet."""
        if not unchanged or not wanted.is_checked:
            return unchanged
        return await tx.reserved.of_session(wanted.expert_id, wanted.session_id) == wanted.interval

    async def _take_the_time(
        self, tx: Transaction, wanted: WantedSession, known: Session | None, now: datetime
    ) -> Sequence[Hold]:
        """Reserve what was checked; the holds that ended by it.

        A checked session that is moved unchecked has its time for itself no longer.
        """
        ended: list[Hold] = []
        if wanted.hold_id is not None:
            hold = await tx.reserved.release(wanted.expert_id, wanted.hold_id)
            hold.require_covers(wanted.interval, now)
            ended.append(hold)
        if wanted.only_if_free:
            booked = await tx.sessions.booked(wanted.expert_id, wanted.needed)
            if others := tuple(one.session_id for one in booked if one.session_id != wanted.session_id):
                raise TimeTaken(sessions=others)
        if wanted.is_checked:
            await self._see_what_came_since(tx, wanted, now)
            ended += await tx.reserved.reserve(
                wanted.expert_id, wanted.session_id, wanted.interval, needed=wanted.needed, now=now
            )
        elif known is not None and known.interval != wanted.interval:
            await tx.reserved.give_back(wanted.expert_id, wanted.session_id)
        return ended

    async def _see_what_came_since(self, tx: Transaction, wanted: WantedSession, now: datetime) -> None:
        """A reading stored since the time was checked, or held, knew of no session there, and reported nothing."""
        overlapping = await tx.readings.overlapping(wanted.expert_id, wanted.needed, but=wanted.session_id)
        if wanted.only_if_free and overlapping:
            raise TimeTaken(calendars=tuple(calendar_id for _, calendar_id in overlapping))
        for account_id, calendar_id in overlapping:
            await tx.changes.add(
                Change(
                    type=ChangeType.SESSION_COLLIDES,
                    expert_id=wanted.expert_id,
                    at=now,
                    account_id=account_id,
                    calendar_id=calendar_id,
                    session_id=wanted.session_id,
                )
            )
