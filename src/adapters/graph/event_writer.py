"""Writing our own events through Graph, and finding them again by their marks."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from adapters.graph.addresses import calendar_path, event_path
from adapters.graph.client import GraphClient
from adapters.graph.errors import Fault, GraphRefusal, translated
from adapters.graph.event_body import event_from_session, new_event
from adapters.graph.event_presence import SHOWING_PRESENCE, has_times, is_event_with
from adapters.graph.event_search import TAG, EventSearch
from adapters.graph.listed_calendars import gone_if_unlisted, id_of, listed_calendars
from adapters.graph.settings import SHARED_SCOPES
from adapters.graph.token_cache import is_personal
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from adapters.web.private_events import as_shared, depends_on_calendar
from domain.access import (
    AccessDenied,
    AccessLost,
    CalendarGone,
    EventMissing,
    InvalidAnswer,
    MailboxSuspended,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.connection import MailboxNotServed
from domain.errors import DomainError
from domain.event_digest import EVERY_PART, EventPart
from domain.ids import AccountId
from domain.interval import Interval
from domain.permissions import lacking
from domain.session import EventCopy, EventPlace
from domain.session_details import SessionDetails

_DENIED = "ErrorAccessDenied"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEventWriter:
    client: GraphClient
    tokens: AccessTokens

    async def create(self, copy: EventCopy, interval: Interval, details: SessionDetails) -> EventPlace:
        access = self._access(copy.account_id)
        try:
            async with (
                _refusals_of(access, gone=CalendarGone),
                gone_if_unlisted(self.client, access, copy.remote_calendar_id, writing=True),
            ):
                shown, _ = await self._as_shown(access, copy.remote_calendar_id, details, EVERY_PART)
                created = await self._post(access, copy, new_event(copy.mark, interval, shown))
                if created is not None:
                    return EventPlace(remote_calendar_id=copy.remote_calendar_id, remote_id=created)
        except InvalidAnswer as exc:
            # Something was answered, so something may have been done.
            raise ProviderUnavailable(outcome_unknown=True) from exc
        return await self._existing(copy)

    async def update(
        self, copy: EventCopy, interval: Interval, details: SessionDetails, *, parts: Collection[EventPart]
    ) -> None:
        access, place = self._access(copy.account_id), _place_of(copy)
        async with _refusals_of(access, gone=EventMissing):
            shown, parts = await self._as_shown(access, place.remote_calendar_id, details, parts)
            changes = event_from_session(interval, shown, parts)
            try:
                await self._change(access, copy, changes)
            except GraphRefusal as refusal:
                if refusal.fault is not Fault.CONFLICT:
                    raise
                # Exchange itself touches an event for some seconds after its creation.
                await self._change(access, copy, changes)

    async def _change(self, access: Access, copy: EventCopy, changes: dict[str, Any]) -> None:
        """Presence is not believed on one word either: the answer must be this very event at the times asked for.

        Where Graph honours the wish for an answer without one, another look brings what shows it, and nothing of what
        the owner wrote comes in. An answer that shows something else may mean that nothing was done. It is all that is
        asked for where Graph has nothing that could be changed.
        """
        path = event_path(_place_of(copy))
        answer = await self.client.change(access, path, changes) if changes else None
        if answer is None:
            answer = await self.client.get(access, path, {"$select": SHOWING_PRESENCE})
        if not is_event_with(answer, copy, changes):
            raise ProviderUnavailable(outcome_unknown=True)

    async def delete(self, copy: EventCopy) -> None:
        access, path = self._access(copy.account_id), event_path(_place_of(copy))
        async with _refusals_of(access, gone=EventMissing):
            try:
                await self.client.delete(access, path)
            except GraphRefusal as refusal:
                if refusal.fault is not Fault.CONFLICT:
                    raise
                await self.client.delete(access, path)

    async def find(self, copy: EventCopy) -> EventPlace | None:
        with translated(gone=CalendarGone):
            search = EventSearch(client=self.client)
            return await search.find(self._access(copy.account_id), copy)

    async def _as_shown(
        self, access: Access, remote_calendar_id: str, details: SessionDetails, parts: Collection[EventPart]
    ) -> tuple[SessionDetails, Collection[EventPart]]:
        if not depends_on_calendar(details, parts):
            return details, parts
        listed = await listed_calendars(self.client, access)
        here = next((one for one in listed if one.remote_id == remote_calendar_id), None)
        if here is not None and here.own:
            return details, parts
        return as_shared(details, parts, shows_private=here is not None and here.shows_private)

    async def _existing(self, copy: EventCopy) -> EventPlace:
        """The event that this mark was used for. Whatever keeps us from finding it, it may be there."""
        try:
            existing = await self.find(copy)
        except (
            AccessDenied,
            AccessLost,
            CalendarGone,
            InvalidAnswer,
            MailboxNotServed,
            MailboxSuspended,
            ProviderMisconfigured,
        ) as exc:
            raise ProviderUnavailable(outcome_unknown=True) from exc
        if existing is None:
            raise ProviderUnavailable(outcome_unknown=True)
        return existing

    async def _post(self, access: Access, copy: EventCopy, event: dict[str, Any]) -> str | None:
        """The id of the created event, or None when Graph says that this mark has been used already."""
        path = f"{calendar_path(copy.remote_calendar_id)}/events"
        tag = {"singleValueExtendedProperties": [{"id": TAG, "value": copy.mark}]}
        try:
            created = await self.client.post(access, path, event | tag)
        except GraphRefusal as refusal:
            if refusal.fault is Fault.CONFLICT:
                return None
            if refusal.code != _DENIED:
                raise
            # In a calendar shared with the person the tag may be what is denied; the mark remains.
            created = await self.client.post(access, path, event)
        if created.get("transactionId") != copy.mark or not has_times(created, event):
            raise InvalidAnswer(what="another event than the one created")
        return id_of(created)

    def _access(self, account_id: AccountId) -> AccountAccess:
        return AccountAccess(tokens=self.tokens, account_id=account_id)


@asynccontextmanager
async def _refusals_of(access: Access, *, gone: type[DomainError]) -> AsyncIterator[None]:
    """What refused writes mean. Graph never says which permission is missing, so it is said here which one may be."""
    with translated(gone=gone, writing=True):
        try:
            yield
        except GraphRefusal as refusal:
            if refusal.code != _DENIED:
                raise
            token = await access.token()
            missing = () if is_personal(token) else lacking(token.scopes, SHARED_SCOPES)
            raise AccessDenied(missing_permissions=missing) from refusal


def _place_of(copy: EventCopy) -> EventPlace:
    assert copy.place is not None, "there is no event of this session yet"
    return copy.place
