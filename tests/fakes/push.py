"""A fake of the provider's subscriptions: they live as long as it grants, and it sends what a test asks for."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from application.notifications.notification import Notice, Notification
from application.ports.push import PushRefused, RemoteSubscription, SubscriptionExists, SubscriptionGone
from domain.access import CalendarGone
from domain.ids import AccountId
from tests.fakes.clock import MovableClock
from tests.fakes.provider import FakeProvider, Person


@dataclass(slots=True, kw_only=True)
class PushedSubscription:
    """A subscription as the provider keeps it."""

    remote_id: str
    person: Person
    calendar: str
    secret: str
    expires_at: datetime


@dataclass(slots=True)
class FakePush:
    """Shares the people, the faults and the counts of `provider`. A person has one live subscription a calendar, which
    is renewed; with `replaces` any number, and a renewal is another one.

    `longest` is the longest life it grants; `refuses`, when it holds a code, refuses new subscriptions and renewals.
    """

    provider: FakeProvider
    clock: MovableClock
    longest: timedelta = timedelta(days=7)
    refuses: str = ""
    replaces: bool = False
    kept: dict[str, PushedSubscription] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)

    async def subscribe(
        self, account_id: AccountId, remote_calendar_id: str, *, secret: str, expires_at: datetime
    ) -> RemoteSubscription:
        assert 0 < len(secret) <= 128, "the provider takes no longer secret"
        async with self.provider.call("subscribe", calendar=remote_calendar_id):
            person = await self.provider.person_behind(account_id)
            self._require_willing()
            if not self.replaces:
                for one in self.live.values():
                    if (one.person, one.calendar) == (person, remote_calendar_id):
                        raise SubscriptionExists(remote_id=one.remote_id)
            return self._made(person, remote_calendar_id, secret=secret, expires_at=expires_at)

    async def renew(
        self,
        account_id: AccountId,
        remote_calendar_id: str,
        remote_id: str,
        *,
        secret: str,
        expires_at: datetime,
    ) -> RemoteSubscription:
        async with self.provider.call("renew"):
            person = await self.provider.person_behind(account_id)
            self._require_willing()
            if self.replaces:
                return self._made(person, remote_calendar_id, secret=secret, expires_at=expires_at)
            if remote_id not in self.live:
                raise SubscriptionGone
            self.kept[remote_id].expires_at = self._granted(expires_at)
            return RemoteSubscription(remote_id=remote_id, expires_at=self.kept[remote_id].expires_at)

    async def unsubscribe(self, account_id: AccountId, remote_id: str) -> None:
        async with self.provider.call("unsubscribe"):
            await self.provider.person_behind(account_id)
            self.kept.pop(remote_id, None)

    @property
    def live(self) -> dict[str, PushedSubscription]:
        """Those that have not ended."""
        now = self.clock.now()
        return {key: one for key, one in self.kept.items() if one.expires_at > now}

    def on(self, calendar: str) -> list[PushedSubscription]:
        """The live subscriptions on the calendar with this remote id."""
        return [one for one in self.live.values() if one.calendar == calendar]

    def delivery(self, *calendars: str, notice: Notice = Notice.CHANGED) -> list[Notification]:
        """What the provider sends about these calendars: an item for each live subscription on them."""
        return [
            Notification(remote_id=one.remote_id, secret=one.secret, notice=notice)
            for calendar in calendars
            for one in self.on(calendar)
        ]

    def _made(
        self, person: Person, calendar: str, *, secret: str, expires_at: datetime
    ) -> RemoteSubscription:
        if calendar not in person.calendars:
            raise CalendarGone
        self.made[calendar] += 1
        made = PushedSubscription(
            remote_id=self.provider.named(f"{calendar}/subscription-{self.made[calendar]}"),
            person=person,
            calendar=calendar,
            secret=secret,
            expires_at=self._granted(expires_at),
        )
        self.kept[made.remote_id] = made
        return RemoteSubscription(remote_id=made.remote_id, expires_at=made.expires_at)

    def _require_willing(self) -> None:
        if self.refuses:
            raise PushRefused(code=self.refuses)

    def _granted(self, wanted: datetime) -> datetime:
        return min(wanted, self.clock.now() + self.longest)
