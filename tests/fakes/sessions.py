"""A fake of the sessions' repository."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from application.ports.lanes import MOST_OF_A_KEY, Claimed, Room
from application.ports.sessions import (
    ClaimedSessions,
    DueSession,
    OwnSnapshot,
    SessionFilter,
    SessionPosition,
    Turn,
    UpdatePosition,
)
from domain.account import Provider
from domain.calendar_settings import CalendarSettings, write_calendar
from domain.expert import ExpertNotFound
from domain.ids import AccountId, CalendarId, EventMark, ExpertId, SessionId
from domain.interval import Interval
from domain.own_event import OwnEvent, own_event
from domain.session import EventCopy, Hindrance, Session, SessionNotFound, WriteStatus
from domain.taken import BookedTime
from tests.fakes.tables import Claim, SessionKey, Tables


@dataclass(frozen=True, slots=True)
class FakeSessions:
    tables: Tables

    async def get(self, expert_id: ExpertId, session_id: SessionId) -> Session:
        try:
            return self.tables.sessions[expert_id, session_id]
        except KeyError:
            raise SessionNotFound from None

    async def lock(self, expert_id: ExpertId, session_id: SessionId) -> Session:
        return await self.get(expert_id, session_id)

    async def add(self, session: Session) -> bool:
        if session.expert_id not in self.tables.experts:
            raise ExpertNotFound
        if _key(session) in self.tables.sessions:
            return False
        self._store(session)
        return True

    async def save(self, session: Session) -> None:
        known = await self.get(session.expert_id, session.session_id)
        self._store(replace(session, created_at=known.created_at))

    def _store(self, session: Session) -> None:
        self.tables.sessions[_key(session)] = session
        if session.copy is not None:
            self.tables.marks.setdefault((session.expert_id, session.copy.mark), session.session_id)

    async def page(
        self, expert_id: ExpertId, which: SessionFilter, *, after: SessionPosition | None, limit: int
    ) -> tuple[Session, ...]:
        found = [
            one
            for one in self._of(expert_id)
            if _passes(one, which)
            and (which.window is None or one.interval.overlaps(which.window))
            and (after is None or _position(one) > after)
        ]
        return tuple(found[:limit])

    async def page_of_all(
        self, which: SessionFilter, *, after: UpdatePosition | None, limit: int
    ) -> tuple[Session, ...]:
        found = sorted(
            (one for one in self.tables.sessions.values() if _passes(one, which)), key=_update_position
        )
        return tuple(one for one in found if after is None or _update_position(one) > after)[:limit]

    async def booked(self, expert_id: ExpertId, window: Interval) -> tuple[BookedTime, ...]:
        return tuple(
            BookedTime(session_id=one.session_id, interval=one.interval)
            for one in self._of(expert_id)
            if not one.cancelled and one.interval.overlaps(window)
        )

    async def whose_marks(
        self, expert_id: ExpertId, among: Collection[EventMark]
    ) -> Mapping[EventMark, SessionId]:
        marks = self.tables.marks
        return {mark: marks[expert_id, mark] for mark in among if (expert_id, mark) in marks}

    async def own_events(
        self, expert_id: ExpertId, window: Interval, *, sessions: Collection[SessionId] = ()
    ) -> tuple[OwnEvent, ...]:
        found = [
            own_event(one)
            for one in self._of(expert_id)
            if one.session_id in sessions
            or (
                one.copy is not None
                and (
                    (not one.cancelled and one.interval.overlaps(window))
                    or one.written_revision < one.revision
                )
            )
        ]
        return tuple(sorted(found, key=lambda one: one.session_id))

    async def own_snapshots(
        self, expert_ids: Collection[ExpertId], window: Interval
    ) -> Mapping[ExpertId, OwnSnapshot]:
        found = {expert_id: await self.own_events(expert_id, window) for expert_id in expert_ids}
        return {
            expert_id: OwnSnapshot(events=events, version=repr(events)) for expert_id, events in found.items()
        }

    async def claim(
        self, expert_id: ExpertId, session_id: SessionId, *, token: str, now: datetime, until: datetime
    ) -> Session | None:
        key = (expert_id, session_id)
        session = self.tables.sessions.get(key)
        if session is None or not self._free(key, now, token) or not _due(session, now):
            return None
        self.tables.session_claims[key] = Claim(token, until)
        return session

    async def claimed(self, expert_id: ExpertId, session_id: SessionId, *, token: str) -> Session | None:
        claim = self.tables.session_claims.get((expert_id, session_id))
        return self.tables.sessions[expert_id, session_id] if claim and claim.token == token else None

    async def release(self, expert_id: ExpertId, session_id: SessionId) -> None:
        self.tables.session_claims.pop((expert_id, session_id), None)
        del self.tables.deaths[(expert_id, session_id)]

    async def claim_due(
        self, room: Room, turn: Turn, *, token: str, now: datetime, until: datetime
    ) -> ClaimedSessions:
        """All experts are looked at in one turn."""
        rows: tuple[Claimed[DueSession], ...] = ()
        for again, _, _, key in sorted(self._claimable(now, token)):
            one = Claimed(row=DueSession(expert_id=key[0], session_id=key[1], token=token), again=again)
            one = replace(one, keys=self._keys(self.tables.sessions[key]))
            left = room.without(rows)
            if (
                left.places > 0
                and (left.again > 0 or not again)
                and all(left.held.get(name, 0) < MOST_OF_A_KEY for name in one.keys)
            ):
                self.tables.session_claims[key] = Claim(token, until)
                rows += (one,)
        return ClaimedSessions(rows=rows, turn=Turn())

    def _claimable(self, now: datetime, token: str) -> Iterator[tuple[bool, datetime, datetime, SessionKey]]:
        for key, one in self.tables.sessions.items():
            waits = one.status is WriteStatus.WAITING
            ripe = not waits or self.tables.ripe_sessions.get(key) == one.due_at
            if one.due_at is not None and one.due_at <= now and ripe and self._free(key, now, token):
                yield waits, one.due_at, one.interval.start, key

    def _keys(self, session: Session) -> tuple[str, ...]:
        """The expert, and the mailbox that it is written to."""
        accounts = {
            key: one for key, one in self.tables.accounts.items() if one.expert_id == session.expert_id
        }
        account = accounts.get(session.copy.account_id) if session.copy else None
        if account is None:
            settings = self.tables.settings.get(
                session.expert_id, CalendarSettings(expert_id=session.expert_id)
            )
            mine = [one for one in self.tables.calendars.values() if one.account_id in accounts]
            target = write_calendar(settings, accounts.values(), mine).calendar
            account = accounts[target.account_id] if target else None
        return (session.expert_id, *([repr(account.identity)] if account else ()))

    async def ripen(self, now: datetime) -> tuple[int, datetime | None]:
        waiting = {
            key: _due_at(one)
            for key, one in self.tables.sessions.items()
            if one.status is WriteStatus.WAITING and self.tables.ripe_sessions.get(key) != one.due_at
        }
        ripe = {key: due_at for key, due_at in waiting.items() if due_at <= now}
        self.tables.ripe_sessions |= ripe
        return len(ripe), min((one for one in waiting.values() if one > now), default=None)

    async def move_copies(
        self, expert_id: ExpertId, former: Collection[AccountId], to: AccountId, *, now: datetime
    ) -> tuple[Session, ...]:
        calendars = {
            one.remote.remote_id: one.calendar_id
            for one in self.tables.calendars.values()
            if one.account_id == to
        }

        def moved(copy: EventCopy) -> EventCopy:
            return replace(copy, account_id=to) if copy.account_id in former else copy

        for one in self._of(expert_id):
            copy = one.copy and moved(one.copy)
            if copy and copy != one.copy:
                copy = replace(copy, calendar_id=calendars.get(copy.remote_calendar_id, copy.calendar_id))
                one = one.updated(now)  # noqa: PLW2901 - as it is from now on
            self._store(replace(one, copy=copy, left=tuple(moved(left) for left in one.left)))
        return tuple(
            one
            for one in self._of(expert_id)
            if former
            and (
                (one.cancelled and one.copy and one.copy.account_id == to)
                or any(left.account_id == to for left in one.left)
            )
        )

    async def waiting(self, expert_id: ExpertId) -> tuple[Session, ...]:
        return tuple(one for one in self._of(expert_id) if one.status is WriteStatus.WAITING)

    async def forget(self, before: datetime, limit: int) -> tuple[ExpertId, ...]:
        old = [
            one
            for one in sorted(
                self.tables.sessions.values(), key=lambda one: (one.over_at, one.expert_id, one.session_id)
            )
            if one.over_at < before and one.is_done_with and not self._deviates(one)
        ][:limit]
        for one in old:
            self.tables.drop_session(_key(one))
        return tuple(sorted({one.expert_id for one in old}))

    def _deviates(self, session: Session) -> bool:
        """Whether a reading of the expert's found its event where it should not be."""
        return any(
            deviation.session_id == session.session_id
            for calendar_id, row in self.tables.readings.items()
            if row.reading is not None and self._whose(calendar_id) == session.expert_id
            for deviation in row.reading.deviations
        )

    def _whose(self, calendar_id: CalendarId) -> ExpertId:
        return self.tables.accounts[self.tables.calendars[calendar_id].account_id].expert_id

    def _of(self, expert_id: ExpertId) -> Iterator[Session]:
        mine = (one for one in self.tables.sessions.values() if one.expert_id == expert_id)
        return iter(sorted(mine, key=_position))

    def _free(self, key: SessionKey, now: datetime, token: str | None = None) -> bool:
        claim = self.tables.session_claims.get(key)
        return claim is None or claim.until <= now or claim.token == token

    async def delayed_in(
        self, account_id: AccountId, *, later_than: datetime, limit: int
    ) -> tuple[Session, ...]:
        return tuple(
            one for one in self._delayed() if _account_of(one) == account_id and _due_at(one) > later_than
        )[:limit]

    async def delayed_by_account(
        self, provider: Provider, *, later_than: datetime, limit: int
    ) -> tuple[Session, ...]:
        first: dict[AccountId | None, Session] = {}
        for session in self._delayed():
            account_id = _account_of(session)
            account = None if account_id is None else self.tables.accounts.get(account_id)
            if account is not None and account.identity.provider is provider:
                first.setdefault(account_id, session)
        return tuple(one for one in first.values() if _due_at(one) > later_than)[:limit]

    def _delayed(self) -> list[Session]:
        found = (
            one
            for one in self.tables.sessions.values()
            if (one.status, one.hindrance) == (WriteStatus.WAITING, Hindrance.PROVIDER_UNAVAILABLE)
            and one.copy is not None
        )
        return sorted(found, key=lambda one: (_due_at(one), one.expert_id, one.session_id))


def _account_of(session: Session) -> AccountId | None:
    return None if session.copy is None else session.copy.account_id


def _due_at(session: Session) -> datetime:
    assert session.due_at is not None, "who waits is due sometime"
    return session.due_at


def _key(session: Session) -> SessionKey:
    return session.expert_id, session.session_id


def _position(session: Session) -> SessionPosition:
    return SessionPosition(session.interval.start, session.session_id)


def _update_position(session: Session) -> UpdatePosition:
    return UpdatePosition(session.updated_at, session.expert_id, session.session_id)


def _passes(session: Session, which: SessionFilter) -> bool:
    """But for the window."""
    return (
        (which.include_cancelled or not session.cancelled)
        and (not which.statuses or session.status in which.statuses)
        and (which.updated_from is None or session.updated_at >= which.updated_from)
        and (which.updated_before is None or session.updated_at < which.updated_before)
    )


def _due(session: Session, now: datetime) -> bool:
    return session.due_at is not None and session.due_at <= now
