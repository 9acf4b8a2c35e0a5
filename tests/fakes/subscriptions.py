"""A fake of the stored subscriptions."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from application.ports.lanes import Claimed, Room
from application.ports.subscriptions import Claim
from domain.ids import AccountId, CalendarId
from domain.subscription import EndedSubscription, Subscription
from tests.fakes.rooms import room_for
from tests.fakes.tables import AT_ONCE, SubscriptionRow, Tables


@dataclass(frozen=True, slots=True)
class FakeSubscriptions:
    tables: Tables

    async def get(self, calendar_id: CalendarId) -> Subscription | None:
        row = self.tables.subscriptions.get(calendar_id)
        return None if row is None else row.subscription

    async def of_account(self, account_id: AccountId) -> tuple[Subscription, ...]:
        mine = [
            row.subscription
            for row in self.tables.subscriptions.values()
            if row.subscription is not None and row.subscription.account_id == account_id
        ]
        return tuple(sorted(mine, key=lambda one: one.calendar_id))

    async def calendar_of(self, remote_id: str) -> CalendarId | None:
        row = self._row_of(remote_id)
        return None if row is None or row.subscription is None else row.subscription.calendar_id

    async def save(
        self, subscription: Subscription, *, instead_of: str | None, secret: str | None, renew_at: datetime
    ) -> bool:
        row = self.tables.subscriptions.get(subscription.calendar_id)
        if row is None or row.remote_id != instead_of:
            return False
        self.tables.subscriptions[subscription.calendar_id] = SubscriptionRow(
            subscription=subscription, secret=row.secret if secret is None else secret, due_at=renew_at
        )
        return True

    async def claim(self, calendar_id: CalendarId, *, now: datetime, until: datetime) -> bool:
        row = self.tables.subscriptions.get(calendar_id)
        if row is None or row.due_at > now:
            return False
        self.tables.subscriptions[calendar_id] = replace(row, due_at=until)
        return True

    async def postpone(self, calendar_id: CalendarId, *, until: datetime) -> None:
        if row := self.tables.subscriptions.get(calendar_id):
            self.tables.subscriptions[calendar_id] = replace(row, due_at=until)

    async def forget(self, calendar_id: CalendarId, *, remote_id: str | None, now: datetime) -> None:
        row = self.tables.subscriptions.get(calendar_id)
        if row is not None and row.remote_id == remote_id:
            self.tables.subscriptions[calendar_id] = SubscriptionRow(due_at=now)

    async def proven(self, claims: Collection[Claim]) -> dict[Claim, Subscription]:
        return {
            (remote_id, secret): row.subscription
            for remote_id, secret in claims
            if (row := self._row_of(remote_id)) and row.subscription is not None and row.secret == secret
        }

    async def claim_due(
        self, room: Room, *, now: datetime, until: datetime
    ) -> tuple[Claimed[CalendarId], ...]:
        found = sorted(
            (row.due_at, key)
            for key, row in self.tables.subscriptions.items()
            if row.due_at <= now and self.tables.conflict_calendar(key)
        )
        claimed = [
            Claimed(row=key, keys=(self.tables.calendars[key].account_id,), again=True) for _, key in found
        ]
        claimed = room_for(room, claimed)
        for one in claimed:
            await self.postpone(one.row, until=until)
        return tuple(claimed)

    async def end(self, account_id: AccountId, remote_id: str) -> None:
        provider = self.tables.accounts[account_id].identity.provider
        ended = EndedSubscription(provider=provider, account_id=account_id, remote_id=remote_id)
        self.tables.ended_subscriptions.setdefault(remote_id, (AT_ONCE, ended))

    async def claim_ended(
        self, room: Room, *, now: datetime, until: datetime
    ) -> tuple[Claimed[EndedSubscription], ...]:
        found = sorted(
            (due_at, key) for key, (due_at, _) in self.tables.ended_subscriptions.items() if due_at <= now
        )
        ended = [self.tables.ended_subscriptions[key][1] for _, key in found]
        claimed = room_for(room, [Claimed(row=one, keys=(one.account_id,)) for one in ended])
        for one in claimed:
            self.tables.ended_subscriptions[one.row.remote_id] = until, one.row
        return tuple(claimed)

    async def forget_ended(self, remote_id: str) -> None:
        self.tables.ended_subscriptions.pop(remote_id, None)

    def _row_of(self, remote_id: str) -> SubscriptionRow | None:
        found = (row for row in self.tables.subscriptions.values() if row.remote_id == remote_id)
        return next(found, None)
