"""The file of one event of ours on the server, and all that is asked of it. Nobody else's is in its reach."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, Generic, TypeVar
from xml.sax.saxutils import escape

from adapters.caldav.client import DavClient
from adapters.caldav.elements import CALDAV, DAV
from adapters.caldav.errors import DavRefusal, Fault, refusal_of
from adapters.caldav.event_names import path_of_event
from adapters.caldav.event_presence import is_event_at
from adapters.caldav.listed_calendars import CalendarHome
from adapters.caldav.multistatus import Resource
from adapters.caldav.paths import decoded, path_below, path_in
from adapters.caldav.questions import propfind_for
from adapters.caldav.stored_event import StoredEvent, version_from
from domain.access import InvalidAnswer
from domain.ids import EventMark
from domain.interval import Interval

T = TypeVar("T")

FIND: Final = "find_event"
READ: Final = "read_event"
CREATE: Final = "create_event"
CHANGE: Final = "change_event"
DELETE: Final = "delete_event"
"""The kinds of these requests."""

_ETAG: Final = f"{DAV}getetag"
_DATA: Final = f"{CALDAV}calendar-data"


def _named(*properties: str) -> str:
    """Of an event these properties and no others."""
    names = "".join(f'<c:prop name="{one}"/>' for one in properties)
    calendar = f'<c:prop name="VERSION"/><c:comp name="VEVENT">{names}</c:comp>'
    return f'<c:calendar-data><c:comp name="VCALENDAR">{calendar}</c:comp></c:calendar-data>'


_WHOLE: Final = "<c:calendar-data/>"
_UID: Final = _named("UID")
_TIMES: Final = _named("UID", "DTSTART", "DTEND")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Generic[T]):
    """What was made of a file's text, and the version that it was made of."""

    etag: str = field(repr=False)
    made: T = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFile:
    """`file` is its name. Every method raises DavRefusal, and whatever else the client does."""

    client: DavClient
    home: CalendarHome
    remote_calendar_id: str = field(repr=False)
    file: str = field(repr=False)

    @property
    def path(self) -> str:
        return path_of_event(self.home.home, self.remote_calendar_id, self.file)

    async def exists(self) -> bool:
        """Raises InvalidAnswer for an answer that may be about something else."""
        try:
            found = await self.client.resource(self.home.login, self.path, propfind_for(_ETAG), kind=FIND)
        except DavRefusal as refusal:
            if refusal.fault is Fault.GONE:
                return False
            raise
        if not self._is_this(found) or _ETAG not in found.found:
            raise InvalidAnswer(what="another event than the one asked for")
        return True

    async def create(self, text: bytes) -> None:
        """Only where there is nothing of this name yet."""
        condition = {"If-None-Match": "*"}
        await self.client.put(self.home.login, self.path, text, condition=condition, kind=CREATE)

    async def replace(self, text: bytes, *, etag: str) -> None:
        """Only if it still is of this version."""
        condition = {"If-Match": etag}
        await self.client.put(self.home.login, self.path, text, condition=condition, kind=CHANGE)

    async def delete(self) -> None:
        """204 is the protocol's word, but a 200 may be any gateway's: raises InvalidAnswer where the event still is."""
        status = await self.client.delete(self.home.login, self.path, kind=DELETE)
        if status != HTTPStatus.NO_CONTENT and await self.exists():
            raise InvalidAnswer(what=f"status {status}")

    async def read(self, make: Callable[[str], T]) -> Version[T]:
        """What `make` makes of its text, in a thread; nothing else keeps the text. Bytes that are no UTF-8 come as half
        a surrogate pair each."""
        stored = await self._stored()
        text = stored.text.decode(errors="surrogateescape")
        return Version(etag=stored.etag, made=await asyncio.to_thread(make, text))

    async def _stored(self) -> StoredEvent:
        """Some servers serve no event by a GET; those that do serve it as it is stored."""
        try:
            return await self.client.get(self.home.login, self.path, kind=READ)
        except DavRefusal as refusal:
            if refusal.fault not in {Fault.DENIED, Fault.REJECTED}:
                raise
        told = await self._told(_WHOLE)
        if told is None:
            raise refusal_of(HTTPStatus.NOT_FOUND)
        if (text := told.text(_DATA)) is None:
            raise InvalidAnswer(what="an event without its text")
        return StoredEvent(etag=version_from(told.text(_ETAG)), text=text.encode())

    async def shows(self, mark: EventMark, interval: Interval | None) -> bool:
        """Whether the event of this mark is there, at these times if any are given. Nothing else of it is asked for."""

        def is_shown(text: str) -> bool:
            return is_event_at(text, mark, interval)

        seen = await self._told(_TIMES if interval else _UID)
        if seen is None:
            return False
        if (text := seen.text(_DATA)) is not None:
            return is_shown(text)
        # Some servers send nothing of an event that lacks one of the properties asked for.
        return (await self.read(is_shown)).made

    async def is_told_of(self) -> bool:
        """Whether the calendar knows it: another address than the event's own."""
        seen = await self._told("")
        return seen is not None and _ETAG in seen.found

    async def _told(self, data: str) -> Resource | None:
        """What its calendar tells of it: of its text what `data` names. None where it isn't there, which servers say in
        so many words, or by leaving it out (RFC 4791, section 7.9)."""
        calendar = path_below(self.home.home, self.remote_calendar_id)
        body = _multiget(self.path, data)
        told = await self.client.report(self.home.login, calendar, body, lambda: self._this, kind=FIND)
        return told[0] if told else None

    def _this(self, resource: Resource) -> Resource | None:
        return resource if self._is_this(resource) and resource.status != HTTPStatus.NOT_FOUND else None

    def _is_this(self, resource: Resource) -> bool:
        return decoded(path_in(resource.href)) == decoded(self.path)


def _multiget(path: str, data: str) -> bytes:
    """The question for one event: its version, and of its text what `data` names."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
        f"<d:prop><d:getetag/>{data}</d:prop><d:href>{escape(path)}</d:href></c:calendar-multiget>"
    ).encode()
