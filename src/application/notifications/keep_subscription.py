"""Have the provider notify us of changes to a conflict calendar, and renew or replace that well before it ends."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from application.ports.provider import CalendarProviders, provider_of
from application.ports.push import (
    AddressNotReached,
    Push,
    PushRefused,
    RemoteSubscription,
    SubscriptionExists,
    SubscriptionGone,
)
from application.ports.store import Store, StoreUnavailable, Transaction
from application.provider_faults import PROVIDER_FAULTS, LostAccessReport, unread_because
from domain.account import AccountNotFound
from domain.errors import DomainError
from domain.ids import CalendarId
from domain.reading import ReadingTask
from domain.subscription import RETRY_REFUSED, WANTED_LIFETIME, Subscription, renewal_due

LEASE = timedelta(minutes=2)
"""How long others leave alone a subscription that is being made or renewed."""
RETRY = timedelta(minutes=10)
"""After an outage: polling continues meanwhile, so there is no hurry."""


class _MayBeStored(StoreUnavailable):
    """The answer to the commit may be all that was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSubscription:
    """`jitter` gives numbers from 0 to 1 that spread the renewals."""

    store: Store
    clock: Clock
    ids: IdSource
    providers: CalendarProviders
    alarms: Alarms
    report_lost: LostAccessReport
    jitter: Callable[[], float]

    async def __call__(self, calendar_id: CalendarId) -> None:
        """Subscribes, or renews, when that is due. What fails is tried again later; polling never depends on it."""
        now = self.clock.now()
        async with self.store.transaction() as tx:
            claimed = await tx.subscriptions.claim(calendar_id, now=now, until=now + LEASE)
        if claimed:
            await self.go_on(calendar_id)

    async def go_on(self, calendar_id: CalendarId) -> None:
        """The same for one that was claimed."""
        async with self.store.transaction() as tx:
            task = await tx.readings.task(calendar_id)
            known = await tx.subscriptions.get(calendar_id)
        if task is None:
            await self._postpone(calendar_id, RETRY)
            return
        try:
            push = provider_of(self.providers, task.provider).push
            if push is None:
                await self._postpone(calendar_id, RETRY_REFUSED)
            else:
                await self._keep(push, task, known)
        except (PushRefused, SubscriptionExists):
            await self._postpone(calendar_id, RETRY_REFUSED)
        except AddressNotReached:
            await self._postpone(calendar_id, RETRY)
        except PROVIDER_FAULTS as fault:
            await unread_because(
                fault, provider=task.provider, alarms=self.alarms, report_lost=self.report_lost
            )
            await self._postpone(calendar_id, RETRY)

    async def _keep(self, push: Push, task: ReadingTask, known: Subscription | None) -> None:
        now = self.clock.now()
        until = now + WANTED_LIFETIME
        if known is None or known.expires_at <= now:
            await self._make(push, task, known, until)
        elif not await self._renew(push, task, known, until):
            await self._make(push, task, None, until)

    async def _renew(self, push: Push, task: ReadingTask, known: Subscription, until: datetime) -> bool:
        """False when the provider no longer has it; it is forgotten then, so that nobody relies on it meanwhile."""
        secret = self.ids.token()
        try:
            granted = await push.renew(
                task.account_id, task.remote_calendar_id, known.remote_id, secret=secret, expires_at=until
            )
        except SubscriptionGone:
            await self._forget(task, known.remote_id)
            await self._have_it_read(task)
            return False
        if granted.remote_id == known.remote_id:
            kept = await self._save(task, granted, instead_of=known, secret=None)
        else:
            kept = await self._save_made(push, task, granted, instead_of=known, secret=secret)
        if not kept:
            await push.unsubscribe(task.account_id, granted.remote_id)
        return True

    async def _make(self, push: Push, task: ReadingTask, known: Subscription | None, until: datetime) -> None:
        secret, replaced = self.ids.token(), None
        try:
            made = await self._subscribe(push, task, secret, until)
        except SubscriptionExists as existing:
            await self._require_left_over(existing, known)
            replaced = existing.remote_id
            await push.unsubscribe(task.account_id, replaced)
            made = await self._subscribe(push, task, secret, until)
        if not await self._save_made(push, task, made, instead_of=known, secret=secret):
            if replaced is not None:
                # Who made it may have stored it since it was looked for.
                await self._forget(task, replaced)
            await push.unsubscribe(task.account_id, made.remote_id)

    async def _subscribe(
        self, push: Push, task: ReadingTask, secret: str, until: datetime
    ) -> RemoteSubscription:
        return await push.subscribe(task.account_id, task.remote_calendar_id, secret=secret, expires_at=until)

    async def _require_left_over(self, existing: SubscriptionExists, known: Subscription | None) -> None:
        """Raises it again when it is stored: another expert has the same account, or another process was quicker.

        Nobody knows the secret of one that is not stored: the answer never came, or it could not be stored.
        """
        if known is not None and existing.remote_id == known.remote_id:
            return
        async with self.store.transaction() as tx:
            if await tx.subscriptions.calendar_of(existing.remote_id) is not None:
                raise existing

    async def _save_made(
        self,
        push: Push,
        task: ReadingTask,
        made: RemoteSubscription,
        *,
        instead_of: Subscription | None,
        secret: str,
    ) -> bool:
        """One that can't be stored is taken back at once: nobody would know its secret.

        One that may be stored all the same is forgotten first, or it would be relied on. Where it can't be, it stays:
        the provider names it when the next one is made, or ends it when its time has come.
        """
        try:
            return await self._save(task, made, instead_of=instead_of, secret=secret)
        except StoreUnavailable as failure:
            with suppress(DomainError, StoreUnavailable):
                if isinstance(failure, _MayBeStored):
                    await self._forget(task, made.remote_id)
                await push.unsubscribe(task.account_id, made.remote_id)
            raise

    async def _save(
        self,
        task: ReadingTask,
        granted: RemoteSubscription,
        *,
        instead_of: Subscription | None,
        secret: str | None,
    ) -> bool:
        """Renewals are planned from what was granted, which may be less than was asked for."""
        subscription = Subscription(
            calendar_id=task.calendar_id,
            account_id=task.account_id,
            remote_id=granted.remote_id,
            expires_at=granted.expires_at,
        )
        renew_at = renewal_due(self.clock.now(), granted.expires_at, jitter=self.jitter())
        kept = False
        try:
            async with self.store.transaction() as tx:
                if instead_of is not None and not await self._end_replaced(tx, instead_of, subscription):
                    return False
                kept = await tx.subscriptions.save(
                    subscription,
                    instead_of=None if instead_of is None else instead_of.remote_id,
                    secret=secret,
                    renew_at=renew_at,
                )
                if kept and secret is not None:
                    # Nobody was notified of what changed before the subscription began, or before it was known here.
                    await tx.readings.mark(task.calendar_id, self.clock.now())
        except StoreUnavailable as failure:
            raise _MayBeStored if kept else failure from failure
        return kept

    async def _end_replaced(self, tx: Transaction, old: Subscription, new: Subscription) -> bool:
        """Have the old one taken back if it goes on beside the new one; False when its account is gone.

        Also if the new one will not be kept: then the old one is not stored any more, either.
        """
        if old.remote_id == new.remote_id or old.expires_at <= self.clock.now():
            return True
        try:
            # First of all, as who disconnects it does: what ends refers to the account.
            await tx.accounts.lock(old.account_id)
        except AccountNotFound:
            return False
        await tx.jobs.end_subscription(old.account_id, old.remote_id)
        return True

    async def _forget(self, task: ReadingTask, remote_id: str) -> None:
        async with self.store.transaction() as tx:
            await tx.subscriptions.forget(task.calendar_id, remote_id=remote_id, now=self.clock.now())

    async def _have_it_read(self, task: ReadingTask) -> None:
        """Nobody was notified of what changed since the subscription ended, and it was relied on."""
        async with self.store.transaction() as tx:
            await tx.readings.mark(task.calendar_id, self.clock.now())

    async def _postpone(self, calendar_id: CalendarId, pause: timedelta) -> None:
        async with self.store.transaction() as tx:
            await tx.subscriptions.postpone(calendar_id, until=self.clock.now() + pause)
