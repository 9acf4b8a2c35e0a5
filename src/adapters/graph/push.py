"""Subscriptions to Graph's change notifications.

Graph documents `/me/events` only, which fires for the default calendar. `me/calendars/{id}/events` is not documented
but accepted and works (microsoft-graph-docs issues 13548 and 21978): good enough for what only makes polling faster.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from adapters.graph.addresses import events_resource, subscription_path
from adapters.graph.client import GraphClient
from adapters.graph.errors import Fault, GraphRefusal, translated
from adapters.graph.listed_calendars import gone_if_unlisted
from adapters.graph.settings import NotificationUrls
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from adapters.web.outside_text import id_from
from application.ports.clock import Clock
from application.ports.push import (
    AddressNotReached,
    PushRefused,
    RemoteSubscription,
    SubscriptionExists,
    SubscriptionGone,
)
from domain.access import CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.ids import AccountId

LONGEST_LIFETIME = timedelta(minutes=10_000)
"""A little less than the 10,070 minutes above which Graph is reported to refuse, for clocks that disagree."""

_NOT_REACHED = frozenset({"ValidationError", "InvalidRequest"})
"""How a failed call of our address is reported: after a wrong answer, and after none in time. The second code can mean
other things, too, but repeating soon what will be refused again costs little."""
_CHANGES = "created,updated,deleted"
_CHANGES_ASKED = frozenset(_CHANGES.split(","))


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphPush:
    """Graph calls both `urls`, and wants an answer within ten seconds, while `subscribe` is under way."""

    client: GraphClient
    tokens: AccessTokens
    clock: Clock
    urls: NotificationUrls

    async def subscribe(
        self, account_id: AccountId, remote_calendar_id: str, *, secret: str, expires_at: datetime
    ) -> RemoteSubscription:
        access, resource = self._access(account_id), events_resource(remote_calendar_id)
        body = {
            "changeType": _CHANGES,
            "notificationUrl": self.urls.changes,
            "lifecycleNotificationUrl": self.urls.lifecycle,
            "resource": resource,
            "expirationDateTime": self._expiry(expires_at),
            "clientState": secret,
        }
        with translated(gone=CalendarGone), _refused():
            async with gone_if_unlisted(self.client, access, remote_calendar_id):
                try:
                    return _from_graph(await self.client.post(access, "/subscriptions", body))
                except GraphRefusal as refusal:
                    if refusal.fault is not Fault.CONFLICT or not (
                        found := await self._find(access, resource)
                    ):
                        raise
                    raise SubscriptionExists(remote_id=found) from refusal

    async def renew(
        self,
        account_id: AccountId,
        remote_calendar_id: str,
        remote_id: str,
        *,
        secret: str,
        expires_at: datetime,
    ) -> RemoteSubscription:
        """Always the same one, under its own secret."""
        access, body = self._access(account_id), {"expirationDateTime": self._expiry(expires_at)}
        with translated(gone=SubscriptionGone), _refused():
            async with self._gone_if_unlisted(access, remote_id):
                return _from_graph(await self.client.patch(access, subscription_path(remote_id), body))

    async def unsubscribe(self, account_id: AccountId, remote_id: str) -> None:
        access = self._access(account_id)
        with translated(gone=SubscriptionGone), suppress(SubscriptionGone):
            try:
                async with self._gone_if_unlisted(access, remote_id):
                    await self.client.delete(access, subscription_path(remote_id))
            except GraphRefusal as refusal:
                # With the mailbox its subscriptions are gone too.
                if refusal.fault is not Fault.MAILBOX:
                    raise

    @asynccontextmanager
    async def _gone_if_unlisted(self, access: Access, remote_id: str) -> AsyncIterator[None]:
        """When Graph does not find this subscription: SubscriptionGone if the list has it no more, else an outage."""
        try:
            yield
        except GraphRefusal as refusal:
            if not refusal.not_found:
                raise
            async for page in self.client.pages(access, "/subscriptions", {}):
                if any(one.get("id") == remote_id for one in page):
                    raise ProviderUnavailable from refusal
            raise SubscriptionGone from refusal

    async def _find(self, access: Access, resource: str) -> str | None:
        """Our subscription to the same changes of the same resource: Graph refuses a second one."""
        found = [
            _id_of(subscription)
            async for page in self.client.pages(access, "/subscriptions", {})
            for subscription in page
            if _is_same(subscription, resource)
        ]
        return found[0] if found else None

    def _expiry(self, wanted: datetime) -> str:
        asked = min(wanted, self.clock.now() + LONGEST_LIFETIME).astimezone(UTC)
        return asked.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"

    def _access(self, account_id: AccountId) -> AccountAccess:
        return AccountAccess(tokens=self.tokens, account_id=account_id)


@contextmanager
def _refused() -> Iterator[None]:
    """What Graph won't do, and wouldn't in a moment: exceed a limit, watch a folder; or couldn't: reach our address.

    Faults between Graph and Outlook come as `ExtensionError` with any status, 404 included.
    """
    try:
        yield
    except GraphRefusal as refusal:
        if refusal.status == HTTPStatus.BAD_REQUEST and refusal.code in _NOT_REACHED:
            raise AddressNotReached(code=refusal.code) from refusal
        unexplained = refusal.not_found and refusal.code == "ExtensionError"
        if refusal.fault in {Fault.REJECTED, Fault.DENIED} or unexplained:
            raise PushRefused(code=refusal.code) from refusal
        raise


def _is_same(subscription: dict[str, Any], resource: str) -> bool:
    """Ids in a resource are compared byte for byte, whichever way the path is spelled."""
    theirs, kinds = subscription.get("resource"), subscription.get("changeType")
    if not isinstance(theirs, str) or not isinstance(kinds, str):
        return False
    return (
        unquote(theirs).lstrip("/") == unquote(resource)
        and frozenset(kind.strip() for kind in kinds.split(",")) == _CHANGES_ASKED
    )


def _from_graph(answer: dict[str, Any]) -> RemoteSubscription:
    try:
        ends = datetime.fromisoformat(_text(answer, "expirationDateTime"))
        expires_at = ends.astimezone(UTC) if ends.tzinfo else ends.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidAnswer(what="a subscription without an end") from None
    return RemoteSubscription(remote_id=_id_of(answer), expires_at=expires_at)


def _id_of(subscription: dict[str, Any]) -> str:
    if (remote_id := id_from(subscription.get("id"))) is None:
        raise InvalidAnswer(what="a subscription without id")
    return remote_id


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidAnswer(what=f"a subscription without {name}")
    return value
