"""Subscribing at the provider to changes of a calendar."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.errors import DomainError
from domain.ids import AccountId


@dataclass(kw_only=True, eq=False)
class PushRefused(DomainError):
    """The provider offers no notifications for this calendar."""

    code: str


@dataclass(kw_only=True, eq=False)
class AddressNotReached(DomainError):
    """The provider brings nothing to our address: it wasn't answered there as it must be, or doesn't believe that the
    address is ours."""

    code: str


@dataclass(kw_only=True, eq=False)
class SubscriptionExists(DomainError):
    """The provider has one for this person and calendar already, under this id, and takes no second."""

    remote_id: str = field(repr=False)


@dataclass(kw_only=True, eq=False)
class SubscriptionGone(DomainError):
    """The provider no longer has the subscription."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSubscription:
    """`expires_at` is what the provider granted, maybe less than was asked for."""

    remote_id: str = field(repr=False)
    expires_at: datetime


class Push(Protocol):
    """Every method raises AccessLost, AccessDoubted, AccessDenied, MailboxNotServed, MailboxSuspended,
    ProviderUnavailable, ProviderMisconfigured, InvalidAnswer, AccountNotFound; the others are named where they
    arise."""

    async def subscribe(
        self, account_id: AccountId, remote_calendar_id: str, *, secret: str, expires_at: datetime
    ) -> RemoteSubscription:
        """Notifications will carry `secret` (at most 128 characters). The first may come before this returns.

        Raises CalendarGone, PushRefused, AddressNotReached, SubscriptionExists.
        """
        ...

    async def renew(
        self,
        account_id: AccountId,
        remote_calendar_id: str,
        remote_id: str,
        *,
        secret: str,
        expires_at: datetime,
    ) -> RemoteSubscription:
        """The same with a later end; or, where the provider renews none, another one to the same calendar, under
        another id, whose notifications carry `secret`.

        Then the one that was goes on, whatever has become of it, until it ends or is taken back: as long as both are
        there, both notify.

        Raises SubscriptionGone, CalendarGone, PushRefused, AddressNotReached.
        """
        ...

    async def unsubscribe(self, account_id: AccountId, remote_id: str) -> None:
        """One that is gone already counts as removed."""
        ...
