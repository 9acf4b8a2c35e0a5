"""Channels to Google's notifications.

Sources: developers.google.com, "Push notifications" of the Calendar API; the description of Calendar API v3, revision
20261030; the reasons of refusals are those that public threads show. docs/decisions/0052 says how channels are kept.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adapters.google.address_trials import AddressTrials
from adapters.google.channels import ChannelIds
from adapters.google.client import GoogleClient
from adapters.google.errors import Fault, GoogleRefusal, domain_error, translated
from adapters.google.listed_calendars import listed_calendars
from adapters.google.paths import events_path
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from application.ports.clock import Clock
from application.ports.push import AddressNotReached, PushRefused, RemoteSubscription
from domain.access import CalendarGone, InvalidAnswer
from domain.errors import DomainError
from domain.ids import AccountId

LONGEST_LIFE: Final = timedelta(days=7)
"""More is not granted."""
UNTOLD_LIFE: Final = timedelta(days=1)
"""How long a channel is believed in whose end Google doesn't tell."""
SHORTEST_LIFE: Final = timedelta(minutes=30)
"""Below this, opening channels costs more requests than polling."""
TOO_SHORT: Final = "tooShort"
"""Our own word beside Google's reasons."""
_MOST_IDS: Final = 3
_SPENT_ID: Final = "channelidnotunique"
_UNWATCHABLE: Final = frozenset({Fault.UNWATCHABLE, Fault.DENIED, Fault.SCOPE, Fault.REJECTED})
"""What would be refused again soon: it is polled, and asked about rarely."""
_STOPPED: Final = frozenset({Fault.TOKEN, Fault.GONE, Fault.DELETED, Fault.NO_CALENDAR})


def new_channel_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True, kw_only=True)
class GooglePush:
    """Google calls `address` without having asked whether it is ours, and for the first time before it answers."""

    client: GoogleClient
    tokens: AccessTokens
    clock: Clock
    address: str
    trials: AddressTrials
    new_id: Callable[[], str] = new_channel_id

    async def subscribe(
        self, account_id: AccountId, remote_calendar_id: str, *, secret: str, expires_at: datetime
    ) -> RemoteSubscription:
        self.trials.require_chance()
        access, now = AccountAccess(tokens=self.tokens, account_id=account_id), self.clock.now()
        asked = min(expires_at, now + LONGEST_LIFE)
        try:
            channel_id, answer = await self._watch(
                access, remote_calendar_id, secret=secret, life=asked - now
            )
        except GoogleRefusal as refusal:
            await self._explain(refusal, access, remote_calendar_id)
            raise domain_error(refusal, gone=CalendarGone) from refusal
        self.trials.succeeded()
        granted = RemoteSubscription(
            remote_id=str(_ids_of(channel_id, answer)),
            expires_at=min(_end_in(answer) or now + UNTOLD_LIFE, asked),
        )
        if granted.expires_at < now + SHORTEST_LIFE:
            with suppress(DomainError):  # else it ends soon by itself
                await self.unsubscribe(account_id, granted.remote_id)
            raise PushRefused(code=TOO_SHORT)
        return granted

    async def renew(
        self,
        account_id: AccountId,
        remote_calendar_id: str,
        remote_id: str,
        *,
        secret: str,
        expires_at: datetime,
    ) -> RemoteSubscription:
        """Always another one: Google renews none."""
        return await self.subscribe(account_id, remote_calendar_id, secret=secret, expires_at=expires_at)

    async def unsubscribe(self, account_id: AccountId, remote_id: str) -> None:
        if (ids := ChannelIds.parse(remote_id)) is None:
            return
        access = AccountAccess(tokens=self.tokens, account_id=account_id)
        body = {"id": ids.channel_id, "resourceId": ids.resource_id}
        with translated(gone=CalendarGone):
            try:
                await self.client.post(access, "/channels/stop", body)
            except GoogleRefusal as refusal:
                if not refusal.not_found and refusal.fault not in _STOPPED:
                    raise

    async def _watch(
        self, access: Access, remote_calendar_id: str, *, secret: str, life: timedelta
    ) -> tuple[str, dict[str, Any]]:
        """The channel's id, another one where one is spent, and the answer."""
        path = f"{events_path(remote_calendar_id)}/watch"
        for tries_left in reversed(range(_MOST_IDS)):
            channel_id = self.new_id()
            body = {
                "id": channel_id,
                "type": "web_hook",
                "address": self.address,
                "token": secret,
                "params": {"ttl": str(max(int(life.total_seconds()), 1))},
            }
            try:
                return channel_id, await self.client.post(access, path, body)
            except GoogleRefusal as refusal:
                if _SPENT_ID not in refusal.reasons or not tries_left:
                    raise
        raise AssertionError("unreachable")

    async def _explain(self, refusal: GoogleRefusal, access: Access, remote_calendar_id: str) -> None:
        """Raises what the refusal means here and nowhere else, or what a second look says of the calendar."""
        if refusal.fault is Fault.ADDRESS:
            self.trials.failed(refusal.code)
            raise AddressNotReached(code=refusal.code) from refusal
        if refusal.fault in _UNWATCHABLE:
            raise PushRefused(code=refusal.code) from refusal
        if refusal.fault in {Fault.GONE, Fault.DELETED}:
            with translated(gone=CalendarGone):
                listed = await listed_calendars(self.client, access)
            if any(one.remote_id == remote_calendar_id for one in listed):
                raise PushRefused(code=refusal.code) from refusal


def _ids_of(channel_id: str, answer: dict[str, Any]) -> ChannelIds:
    """Raises InvalidAnswer where it is about another channel."""
    ids = ChannelIds.from_outside(answer.get("id", channel_id), answer.get("resourceId"))
    if ids is None or ids.channel_id != channel_id:
        raise InvalidAnswer(what="another channel, or one without its ids")
    return ids


def _end_in(answer: dict[str, Any]) -> datetime | None:
    """Milliseconds since 1970: text says the description of the API, a number show Google's examples. None where it is
    neither: an answer that opened a channel is no reason to open another one."""
    told = answer.get("expiration")
    if not isinstance(told, (str, int, float)) or isinstance(told, bool):
        return None
    try:
        return datetime.fromtimestamp(float(told) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
