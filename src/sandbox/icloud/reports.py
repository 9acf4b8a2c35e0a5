"""REPORT: calendar-query over a time range, and calendar-multiget."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element as Node

from sandbox.answers import Answer
from sandbox.icloud import paths, properties
from sandbox.icloud.call import Call, names_in
from sandbox.icloud.errors import bad_request, not_found, refused, refused_calendar
from sandbox.icloud.matching import TimeRange, matches
from sandbox.icloud.printer import Printer
from sandbox.icloud.propfind import missing, multistatus, response
from sandbox.icloud.selection import Selection, apply, printed, selection_in
from sandbox.icloud.xml import CALDAV, DAV, Element, Name
from sandbox.world.model import Calendar, Event

_DATA: Final = Name(CALDAV, "calendar-data")
_ETAG: Final = Name(DAV, "getetag")
_FREE_BUSY: Final = Name(CALDAV, "free-busy-query")


def report(call: Call) -> Answer:
    """The answer; raises DavError."""
    asked, calendar = call.xml(), call.target.calendar
    name = Name.of(asked.tag)
    if name == _FREE_BUSY:
        raise bad_request()
    if name not in _REPORTS:
        raise refused("supported-report")
    if calendar is None or call.target.kind != "calendar":
        raise not_found()
    return multistatus(list(_REPORTS[name](call, calendar, asked)))


def _query(call: Call, calendar: Calendar, asked: Node) -> Iterator[Element]:
    wanted = _time_range(call, asked)
    names = _names(call, asked)
    # What lies in a calendar is a level below it: with Depth 0, which is what no header means, there is nothing.
    if call.depth in (None, "0"):
        return
    if call.settings.lists_collection:
        path = paths.path_of(call.person, calendar)
        yield response(call, path, properties.of_calendar(call, calendar), names)
    if calendar.icloud.kind == "subscribed":
        return
    selection = _selection(call, asked)
    for event in calendar.folder.events.values():
        if wanted is None or matches(event, wanted, finds_rdates=call.settings.finds_rdates):
            yield _response(call, calendar, event, names, selection)


def _multiget(call: Call, calendar: Calendar, asked: Node) -> Iterator[Element]:
    names, selection = _names(call, asked), _selection(call, asked)
    for node in asked.findall(f"{{{DAV}}}href"):
        path = urlsplit(node.text or "").path
        event = paths.event_named(calendar, unquote(path.rpartition("/")[2]))
        if event is None or unquote(path) != unquote(paths.path_of(call.person, calendar, event)):
            yield missing(path)
        else:
            yield _response(call, calendar, event, names, selection)


def _response(
    call: Call, calendar: Calendar, event: Event, names: list[Name], selection: Selection | None
) -> Element:
    known, owner = properties.of_event(event), properties.owner_of(call.world, call.person, calendar)
    leaves: dict[str, object] = {name.local: True for name in names if name in known}
    if _DATA in names:
        text = apply(selection, Printer(owner=owner).text(event, paths.uid_of(event)))
        known[_DATA] = Element(_DATA, text)
        leaves |= printed(text)
    call.world.traffic.record_event(call.person.key, call.method, call.template, leaves)
    return response(call, paths.path_of(call.person, calendar, event), known, names)


def _names(call: Call, asked: Node) -> list[Name]:
    """The properties that are asked for, which the ledger learns."""
    prop = asked.find(f"{{{DAV}}}prop")
    names = list(names_in(prop)) or [_ETAG]
    found = {f"prop={name.local}" for name in names}
    if _DATA in names:
        selection = selection_in(asked.find(f".//{{{CALDAV}}}calendar-data"))
        found |= {f"calendar-data={one}" for one in (["*"] if selection is None else selection.names())}
    call.world.traffic.record_asked(call.method, call.template, found)
    return names


def _selection(call: Call, asked: Node) -> Selection | None:
    if call.settings.named_properties == "ignored":
        return None
    return selection_in(asked.find(f".//{{{CALDAV}}}calendar-data"))


def _time_range(call: Call, asked: Node) -> TimeRange | None:
    """The one filter iCloud takes: events, in a range that is closed on both sides, or in none. Raises DavError."""
    outer = asked.find(f"{{{CALDAV}}}filter/{{{CALDAV}}}comp-filter")
    inner = outer.findall("*") if outer is not None else []
    if outer is None or outer.get("name") != "VCALENDAR" or [_filter(one) for one in inner] != ["VEVENT"]:
        raise bad_request()
    parts = inner[0].findall("*")
    if not parts:
        return None
    if [part.tag for part in parts] != [f"{{{CALDAV}}}time-range"]:
        raise bad_request()
    begin, end = (_bound(parts[0].get(name)) for name in ("start", "end"))
    oldest = call.settings.oldest_query
    if oldest is not None and begin.date() < oldest:
        raise refused_calendar("min-date-time")
    if begin >= end:
        raise bad_request()
    return TimeRange(begin=begin, end=end)


def _filter(node: Node) -> str | None:
    return node.get("name") if node.tag == f"{{{CALDAV}}}comp-filter" else None


def _bound(text: str | None) -> datetime:
    try:
        return datetime.strptime(text or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise bad_request() from None


_REPORTS: Final[Mapping[Name, Callable[[Call, Calendar, Node], Iterator[Element]]]] = {
    Name(CALDAV, "calendar-query"): _query,
    Name(CALDAV, "calendar-multiget"): _multiget,
}
