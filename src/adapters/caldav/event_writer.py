"""Writing our own events through CalDAV, and finding them again by their names."""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from adapters.caldav.client import DavClient
from adapters.caldav.discovery import Discovery
from adapters.caldav.errors import UID_IN_USE, DavRefusal, Fault, translated
from adapters.caldav.event_edit import changed
from adapters.caldav.event_file import EventFile
from adapters.caldav.event_names import file_of, mark_in
from adapters.caldav.event_search import EventSearch
from adapters.caldav.event_text import EventText
from adapters.caldav.event_turns import EventTurns
from adapters.caldav.grants import AppleGrant, AppleGrants
from adapters.caldav.homes import at_home
from adapters.caldav.listed_calendars import CalendarHome
from application.ports.clock import Clock
from domain.access import CalendarGone, EventDeleted, EventMissing, InvalidAnswer, ProviderUnavailable
from domain.errors import DomainError
from domain.event_digest import EVERY_PART, EventPart
from domain.interval import Interval
from domain.session import EventCopy, EventPlace
from domain.session_details import SessionDetails

_log = logging.getLogger(__name__)

_MOST_TRIES: Final = 3
"""Of a change that meets another one each time."""
_NOT_AS_IT_IS: Final = frozenset({Fault.REJECTED, Fault.GONE})
"""What may be said of the text of an event that is there: of one without an end iCloud says that it isn't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleEventWriter:
    client: DavClient
    discovery: Discovery
    grants: AppleGrants
    clock: Clock
    _turns: EventTurns = field(default_factory=EventTurns)

    async def create(self, copy: EventCopy, interval: Interval, details: SessionDetails) -> EventPlace:
        held = await self.grants.load(copy.account_id)
        says = self._says(copy, interval, details)
        try:
            with translated(gone=ProviderUnavailable, password=held.refused, writing=True):
                async with self._turns.at(copy.account_id, copy.mark):
                    return await self._created(held.grant, copy, says)
        except InvalidAnswer as exc:
            # Something was answered, so something may have been done.
            raise ProviderUnavailable(outcome_unknown=True) from exc

    async def update(
        self, copy: EventCopy, interval: Interval, details: SessionDetails, *, parts: Collection[EventPart]
    ) -> None:
        held = await self.grants.load(copy.account_id)
        says = self._says(copy, interval, details)
        with translated(gone=EventMissing, password=held.refused, writing=True):
            async with self._turns.at(copy.account_id, copy.mark):
                await self._bring(held.grant, _place_of(copy), says, parts)

    async def delete(self, copy: EventCopy) -> None:
        held, place = await self.grants.load(copy.account_id), _place_of(copy)
        with translated(gone=EventMissing, password=held.refused, writing=True):
            async with self._turns.at(copy.account_id, copy.mark):
                await at_home(self.discovery, held.grant, lambda home: self._file(home, place).delete())

    async def find(self, copy: EventCopy) -> EventPlace | None:
        held = await self.grants.load(copy.account_id)
        with translated(gone=ProviderUnavailable, password=held.refused):
            return await self._search(held.grant).find(copy)

    async def _created(self, grant: AppleGrant, copy: EventCopy, says: EventText) -> EventPlace:
        """Where the event is, whether it was made now or is there already: then it is brought to the state wanted."""

        async def create(home: CalendarHome) -> EventFile:
            file = self._file(home, _own_place(copy))
            await file.create(says.new())
            return file

        try:
            file = await at_home(self.discovery, grant, create)
        except DavRefusal as refusal:
            place = await self._in_the_way(grant, copy, refusal)
            if place is None:
                raise
            with _maybe_done():
                await self._bring(grant, place, says, EVERY_PART)
            return place
        await _require_shown(file, says, EVERY_PART)
        return _own_place(copy)

    async def _in_the_way(self, grant: AppleGrant, copy: EventCopy, refusal: DavRefusal) -> EventPlace | None:
        """Where the event of this mark is that is why another one was refused; None where that isn't why.

        Raises CalendarGone where the calendar is why, and EventDeleted where the mark is taken and its event nowhere.
        """
        search, is_taken = self._search(grant), not UID_IN_USE.isdisjoint(refusal.conditions)
        if refusal.fault is Fault.CHANGED or is_taken:
            with _maybe_done():
                place = await search.find(copy)
                if place is None and not is_taken:
                    raise EventMissing  # one of the two answers is wrong
            if place is None:
                raise EventDeleted from refusal
            return place
        if refusal.fault is Fault.CONFLICT:
            return await search.find(copy)
        if refusal.fault in {Fault.GONE, Fault.DENIED} and not await search.lists(copy.remote_calendar_id):
            raise CalendarGone from refusal
        return None

    async def _bring(
        self, grant: AppleGrant, place: EventPlace, says: EventText, parts: Collection[EventPart]
    ) -> None:
        """Change these parts of what is there now, and nothing where nothing is."""

        async def change(home: CalendarHome) -> EventFile:
            file = self._file(home, place)
            await _change(file, says, parts)
            return file

        file = await at_home(self.discovery, grant, change)
        await _require_shown(file, says, parts)

    def _says(self, copy: EventCopy, interval: Interval, details: SessionDetails) -> EventText:
        return EventText(mark=copy.mark, interval=interval, details=details, now=self.clock.now())

    def _file(self, home: CalendarHome, place: EventPlace) -> EventFile:
        """Raises EventMissing for what can be no event of ours."""
        if mark_in(place.remote_id) is None:
            raise EventMissing
        return EventFile(
            client=self.client, home=home, remote_calendar_id=place.remote_calendar_id, file=place.remote_id
        )

    def _search(self, grant: AppleGrant) -> EventSearch:
        return EventSearch(client=self.client, discovery=self.discovery, grant=grant)


async def _change(file: EventFile, says: EventText, parts: Collection[EventPart]) -> None:
    """The text that its owner may have written into is changed where it is read, and sent back: nobody keeps it.

    An event whose text can't be changed so, or isn't taken back, is written anew: its time counts more than what was
    added to it.
    """

    is_refused = False

    def make(text: str) -> bytes:
        in_parts = None if is_refused else changed(text, says, parts)
        if in_parts is None:
            _log.warning("an event is written anew: it can't be changed in parts")
        return in_parts or says.new()

    for left in reversed(range(_MOST_TRIES)):
        version = await file.read(make)
        try:
            await file.replace(version.made, etag=version.etag)
        except DavRefusal as refusal:
            if refusal.fault in _NOT_AS_IT_IS and not is_refused:
                is_refused = True
            elif refusal.fault is not Fault.CHANGED:
                raise
            if not left:
                raise
            continue
        return


async def _require_shown(file: EventFile, says: EventText, parts: Collection[EventPart]) -> None:
    """Presence is not believed on one word: what was written must be this very event, at the times that were set."""
    interval = says.interval if EventPart.TIME in parts else None
    with _maybe_done():
        if not await file.shows(says.mark, interval):
            raise InvalidAnswer(what="another event than the one written")


@contextmanager
def _maybe_done() -> Iterator[None]:
    """Whatever goes wrong from here on, the event may be there, and may say what it should."""
    try:
        with translated(gone=EventMissing, password=ProviderUnavailable(), writing=True):
            yield
    except ProviderUnavailable as exc:
        wait, throttled = exc.retry_after, exc.throttled
        raise ProviderUnavailable(retry_after=wait, throttled=throttled, outcome_unknown=True) from exc
    except DomainError as exc:
        raise ProviderUnavailable(outcome_unknown=True) from exc


def _own_place(copy: EventCopy) -> EventPlace:
    """Where the event of a mark is made."""
    return EventPlace(remote_calendar_id=copy.remote_calendar_id, remote_id=file_of(copy.mark))


def _place_of(copy: EventCopy) -> EventPlace:
    assert copy.place is not None, "there is no event of this session yet"
    return copy.place
