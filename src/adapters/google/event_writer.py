"""Writing our own events through the Calendar API, and finding them again by their marks."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from adapters.google.capabilities import lacking_for_shared
from adapters.google.client import GoogleClient
from adapters.google.errors import Fault, GoogleRefusal, translated
from adapters.google.event_body import changes_of_event, new_event
from adapters.google.event_ids import event_id_of
from adapters.google.event_presence import (
    SHOWING_PRESENCE,
    SHOWING_VERSION,
    is_deleted,
    is_event_with,
    version_of,
)
from adapters.google.event_search import EventSearch, Trace
from adapters.google.listed_calendars import gone_if_unlisted, listed_calendars
from adapters.google.paths import event_path, events_path
from adapters.google.write_turns import WriteTurns
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from adapters.web.private_events import as_shared, depends_on_calendar
from domain.access import (
    AccessDenied,
    AccessLost,
    CalendarGone,
    EventMissing,
    InvalidAnswer,
    ProviderMisconfigured,
    ProviderUnavailable,
    WriteRefused,
)
from domain.connection import MailboxNotServed
from domain.errors import DomainError
from domain.event_digest import EVERY_PART, EventPart
from domain.ids import AccountId
from domain.interval import Interval
from domain.session import EventCopy, EventPlace
from domain.session_details import SessionDetails

_MOST_TRIES: Final = 3
"""Of a change that meets another one each time."""
_NOBODY_IS_MAILED: Final = ("sendUpdates", "none")
"""Guests, if there are any, were invited by the event's owner by hand: that is theirs to tell."""
_ANSWER_TO_WRITING: Final = [_NOBODY_IS_MAILED, ("fields", SHOWING_PRESENCE)]
_OF_THIS_EVENT_ALONE: Final = "forbiddenfornonorganizer"
"""The event has another organizer by now; the calendar takes others all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleEventWriter:
    client: GoogleClient
    tokens: AccessTokens
    turns: WriteTurns = field(default_factory=WriteTurns)

    async def create(self, copy: EventCopy, interval: Interval, details: SessionDetails) -> EventPlace:
        access = self._access(copy.account_id)
        async with self.turns.at(copy.remote_calendar_id):
            try:
                async with (
                    _refusals_of(access, gone=CalendarGone),
                    gone_if_unlisted(self.client, access, copy.remote_calendar_id, writing=True),
                ):
                    shown, _ = await self._as_shown(access, copy.remote_calendar_id, details, EVERY_PART)
                    created = await self._insert(access, copy, new_event(copy.mark, interval, shown))
            except InvalidAnswer as exc:
                # Something was answered, so something may have been done.
                raise ProviderUnavailable(outcome_unknown=True) from exc
            return created or await self._existing(access, copy, interval, details)

    async def update(
        self, copy: EventCopy, interval: Interval, details: SessionDetails, *, parts: Collection[EventPart]
    ) -> None:
        access, place = self._access(copy.account_id), _place_of(copy)
        async with self.turns.at(place.remote_calendar_id), _refusals_of(access, gone=EventMissing):
            await self._bring(access, place, interval, details, parts)

    async def delete(self, copy: EventCopy) -> None:
        access, place = self._access(copy.account_id), _place_of(copy)
        path = event_path(place.remote_calendar_id, place.remote_id)
        async with self.turns.at(place.remote_calendar_id), _refusals_of(access, gone=EventMissing):
            await self.client.delete(access, path, [_NOBODY_IS_MAILED])

    async def find(self, copy: EventCopy) -> EventPlace | None:
        with translated(gone=CalendarGone):
            return await self._search(self._access(copy.account_id)).find(copy)

    async def _insert(self, access: Access, copy: EventCopy, event: dict[str, Any]) -> EventPlace | None:
        """Where the created event is, or None when this mark has been used already."""
        try:
            created = await self.client.post(
                access, events_path(copy.remote_calendar_id), event, _ANSWER_TO_WRITING
            )
        except GoogleRefusal as refusal:
            # By whatever name: what stands in the way of something new can only be what has its id.
            if refusal.fault is Fault.DUPLICATE or refusal.status == HTTPStatus.CONFLICT:
                return None
            # Some have seen the id of a deleted event refused as if the calendar were closed to us.
            if refusal.fault is Fault.DENIED and await self._has_grave(access, copy):
                return None
            raise
        event_id = event_id_of(copy.mark)
        if not is_event_with(created, event_id, event):
            raise InvalidAnswer(what="another event than the one created")
        return EventPlace(remote_calendar_id=copy.remote_calendar_id, remote_id=event_id)

    async def _has_grave(self, access: Access, copy: EventCopy) -> bool:
        return await self._search(access).look(copy.remote_calendar_id, copy) is Trace.GRAVE

    async def _existing(
        self, access: Access, copy: EventCopy, interval: Interval, details: SessionDetails
    ) -> EventPlace:
        """The event that this mark was used for, brought to the state wanted.

        Raises EventDeleted where it is surely gone. Whatever else keeps us from it, it may be there.
        """
        try:
            place = await self.find(copy)
            if place is None:
                raise ProviderUnavailable(outcome_unknown=True)  # one of the two answers is wrong
            async with _refusals_of(access, gone=EventMissing):
                await self._bring(access, place, interval, details, EVERY_PART)
        except (
            AccessDenied,
            AccessLost,
            CalendarGone,
            EventMissing,
            InvalidAnswer,
            MailboxNotServed,
            ProviderMisconfigured,
            WriteRefused,
        ) as exc:
            raise ProviderUnavailable(outcome_unknown=True) from exc
        return place

    async def _bring(
        self,
        access: Access,
        place: EventPlace,
        interval: Interval,
        details: SessionDetails,
        parts: Collection[EventPart],
    ) -> None:
        """Change what is there now and nothing else: what a change of a deleted event does is not documented.

        Presence is not believed on one word: the answer must be this very event at the times asked for.
        """
        path = event_path(place.remote_calendar_id, place.remote_id)
        shown, parts = await self._as_shown(access, place.remote_calendar_id, details, parts)
        changes = changes_of_event(interval, shown, parts)
        for left in reversed(range(_MOST_TRIES)):
            etag = await self._version(access, path, place)
            if not changes:
                return
            try:
                answer = await self.client.patch(access, path, changes, _ANSWER_TO_WRITING, etag=etag)
            except GoogleRefusal as refusal:
                if refusal.fault is not Fault.CHANGED or not left:
                    raise
                continue
            if not is_event_with(answer, place.remote_id, changes):
                raise ProviderUnavailable(outcome_unknown=True)
            return

    async def _as_shown(
        self, access: Access, remote_calendar_id: str, details: SessionDetails, parts: Collection[EventPart]
    ) -> tuple[SessionDetails, Collection[EventPart]]:
        if not depends_on_calendar(details, parts) or await _writes_own_only(access):
            return details, parts
        listed = await listed_calendars(self.client, access)
        here = next((one for one in listed if one.remote_id == remote_calendar_id), None)
        if here is not None and here.own:
            return details, parts
        return as_shared(details, parts, shows_private=here is not None and here.shows_private)

    async def _version(self, access: Access, path: str, place: EventPlace) -> str:
        """Raises EventMissing where it is gone, or has left for another calendar."""
        with translated(gone=EventMissing):
            event = await self.client.get(access, path, [("fields", SHOWING_VERSION)])
        if is_deleted(event, place.remote_id):
            raise EventMissing
        return version_of(event)

    def _access(self, account_id: AccountId) -> AccountAccess:
        return AccountAccess(tokens=self.tokens, account_id=account_id)

    def _search(self, access: Access) -> EventSearch:
        return EventSearch(client=self.client, access=access)


async def _writes_own_only(access: Access) -> bool:
    return bool(lacking_for_shared((await access.token()).scopes))


@asynccontextmanager
async def _refusals_of(access: Access, *, gone: type[DomainError]) -> AsyncIterator[None]:
    """What refused writes mean. Google doesn't say which permission is missing, so it is said here which one may be."""
    with translated(gone=gone, writing=True):
        try:
            yield
        except GoogleRefusal as refusal:
            if _OF_THIS_EVENT_ALONE in refusal.reasons:
                raise WriteRefused(code=refusal.code) from refusal
            if refusal.fault not in {Fault.DENIED, Fault.SCOPE}:
                raise
            token = await access.token()
            raise AccessDenied(missing_permissions=lacking_for_shared(token.scopes)) from refusal


def _place_of(copy: EventCopy) -> EventPlace:
    assert copy.place is not None, "there is no event of this session yet"
    return copy.place
