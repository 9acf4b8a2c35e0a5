"""Writing our own events through Graph, and finding them again by their marks."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters.graph.addresses import calendar_path, event_path, view_parameters
from adapters.graph.client import Access, GraphClient, items_in
from adapters.graph.errors import Fault, GraphRefusal, translated
from adapters.graph.event_body import event_from_session, reminder_from_session
from adapters.graph.tokens import AccessTokens, AccountAccess
from domain.access import (
    AccessDenied,
    AccessLost,
    CalendarGone,
    EventGone,
    InvalidAnswer,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from domain.ids import AccountId, EventMark
from domain.interval import Interval
from domain.session import EventCopy, SessionDetails

_PROPERTY = f"String {{{uuid.UUID('b6ce3c0f-54b1-4f0e-8c3e-6b0f3ad0c8a7')}}} Name CalendarSyncSession"
"""Our extended property. Its GUID must never change: events in the calendars carry it."""

_ID_AND_MARK = "id,transactionId"
_NEARBY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphEventWriter:
    client: GraphClient
    tokens: AccessTokens

    async def create(self, copy: EventCopy, interval: Interval, details: SessionDetails) -> str:
        access = self._access(copy.account_id)
        event = event_from_session(interval, details) | reminder_from_session(details)
        event |= {"showAs": "busy", "transactionId": copy.mark}
        try:
            with translated(gone=CalendarGone, writing=True):
                created = await self._post(access, copy, event)
                if created is not None:
                    return created
        except InvalidAnswer as exc:
            # Something was answered, so something may have been done.
            raise ProviderUnavailable(outcome_unknown=True) from exc
        return await self._existing(copy, interval)

    async def update(
        self,
        account_id: AccountId,
        remote_id: str,
        interval: Interval,
        details: SessionDetails,
        *,
        set_reminder: bool,
    ) -> None:
        access, path = self._access(account_id), event_path(remote_id)
        changes = event_from_session(interval, details)
        if set_reminder:
            changes |= reminder_from_session(details)
        with translated(gone=EventGone, writing=True):
            try:
                await self.client.patch(access, path, changes)
            except GraphRefusal as refusal:
                if refusal.fault is not Fault.CONFLICT:
                    raise
                # Exchange itself touches an event for some seconds after its creation.
                await self.client.patch(access, path, changes)

    async def delete(self, account_id: AccountId, remote_id: str) -> None:
        access, path = self._access(account_id), event_path(remote_id)
        with translated(gone=EventGone, writing=True):
            try:
                await self.client.delete(access, path)
            except GraphRefusal as refusal:
                if refusal.fault is Fault.GONE:
                    return
                if refusal.fault is not Fault.CONFLICT:
                    raise
                await self.client.delete(access, path)

    async def find(
        self, account_id: AccountId, remote_calendar_id: str, mark: EventMark, near: Interval
    ) -> str | None:
        access = self._access(account_id)
        with translated(gone=CalendarGone):
            tagged = await self._tagged(access, remote_calendar_id, mark)
            return tagged or await self._marked_nearby(access, remote_calendar_id, mark, near)

    async def _existing(self, copy: EventCopy, interval: Interval) -> str:
        """The event that this mark was used for. Whatever keeps us from finding it, it may be there."""
        try:
            existing = await self.find(copy.account_id, copy.remote_calendar_id, copy.mark, interval)
        except (AccessDenied, AccessLost, CalendarGone, InvalidAnswer, ProviderMisconfigured) as exc:
            raise ProviderUnavailable(outcome_unknown=True) from exc
        if existing is None:
            raise ProviderUnavailable(outcome_unknown=True)
        return existing

    async def _post(self, access: Access, copy: EventCopy, event: dict[str, Any]) -> str | None:
        """The id of the created event, or None when Graph says that this mark has been used already."""
        path = f"{calendar_path(copy.remote_calendar_id)}/events"
        tag = {"singleValueExtendedProperties": [{"id": _PROPERTY, "value": copy.mark}]}
        try:
            created = await self.client.post(access, path, event | tag)
        except GraphRefusal as refusal:
            if refusal.fault is Fault.CONFLICT:
                return None
            if refusal.code != "ErrorAccessDenied":
                raise
            # In a calendar shared with the person the tag may be what is denied; the mark remains.
            created = await self.client.post(access, path, event)
        return _id_of(created)

    async def _tagged(self, access: Access, remote_calendar_id: str, mark: EventMark) -> str | None:
        """By our extended property; None also where the calendar does not support the question.

        Graph ignores what it does not support without a word, so the mark is looked at again in the answer.
        """
        matches = f"ep/id eq '{_quoted(_PROPERTY)}' and ep/value eq '{_quoted(mark)}'"
        parameters = {
            "$filter": f"singleValueExtendedProperties/Any(ep: {matches})",
            "$select": _ID_AND_MARK,
        }
        try:
            answer = await self.client.get(access, f"{calendar_path(remote_calendar_id)}/events", parameters)
        except GraphRefusal as refusal:
            if refusal.fault not in {Fault.REJECTED, Fault.DENIED}:
                raise
            return None
        return _marked(items_in(answer), mark)

    async def _marked_nearby(
        self, access: Access, remote_calendar_id: str, mark: EventMark, near: Interval
    ) -> str | None:
        """By transaction id, which a calendar view returns though it can't be asked for it."""
        parameters = view_parameters(near, margin=_NEARBY) | {"$select": _ID_AND_MARK, "$top": "1000"}
        async for page in self.client.pages(
            access, f"{calendar_path(remote_calendar_id)}/calendarView", parameters
        ):
            if remote_id := _marked(page, mark):
                return remote_id
        return None

    def _access(self, account_id: AccountId) -> AccountAccess:
        return AccountAccess(tokens=self.tokens, account_id=account_id)


def _marked(events: list[dict[str, Any]], mark: EventMark) -> str | None:
    return next((_id_of(event) for event in events if event.get("transactionId") == mark), None)


def _id_of(event: dict[str, Any]) -> str:
    remote_id = event.get("id")
    if not isinstance(remote_id, str) or not remote_id:
        raise InvalidAnswer(what="an event without an id")
    return remote_id


def _quoted(text: str) -> str:
    """Inside an OData string."""
    return text.replace("'", "''")
