"""PROPFIND: named properties of one thing, or of what is directly below it as well."""

from collections.abc import Iterator

from sandbox.answers import Answer
from sandbox.icloud import paths, properties
from sandbox.icloud.call import Call, names_in
from sandbox.icloud.errors import DavError, bad_request, not_found, refused
from sandbox.icloud.paths import Kind
from sandbox.icloud.properties import Properties
from sandbox.icloud.xml import DAV, Element, Name, dav, document, href

_SERVICES: tuple[Kind, ...] = ("inbox", "outbox", "notification")


def propfind(call: Call) -> Answer:
    """The answer; raises DavError."""
    asked = _asked(call)
    if call.depth not in ("0", "1"):
        raise refused("propfind-finite-depth")
    try:
        found = list(_found(call))
    except DavError as error:
        if error.status == 404 and call.target.kind == "event" and call.settings.missing_event == "inner":
            return multistatus([missing(call.href(_own_path(call)))])
        raise
    return multistatus([response(call, path, known, asked) for path, known in found])


def response(call: Call, path: str, known: Properties, asked: list[Name]) -> Element:
    """One thing with its properties: those that are there, then those that aren't."""
    there, absent = properties.split(call, known, asked)
    parts = [_propstat(there, "200 OK")] if there else []
    parts += [_propstat(absent, "404 Not Found")] if absent else []
    return dav("response", href(call.href(path)), *parts)


def missing(path: str) -> Element:
    """One thing that isn't there."""
    return dav("response", href(path), Element(Name(DAV, "status"), "HTTP/1.1 404 Not Found"))


def multistatus(responses: list[Element]) -> Answer:
    """A whole 207."""
    return Answer(status=207, body=document(dav("multistatus", *responses)), content_type="application/xml")


def _propstat(found: list[Element], status: str) -> Element:
    return dav("propstat", dav("prop", *found), Element(Name(DAV, "status"), f"HTTP/1.1 {status}"))


def _asked(call: Call) -> list[Name]:
    """The named properties. `allprop`, `propname` and an empty body fail at iCloud."""
    prop = call.xml().find(f"{{{DAV}}}prop") if call.payload else None
    names = list(names_in(prop))
    if not names:
        raise bad_request()
    return names


def _own_path(call: Call) -> str:
    calendar = call.target.calendar
    if calendar is None:
        return paths.home(call.person)
    return paths.path_of(call.person, calendar) + call.target.name


def _found(call: Call) -> Iterator[tuple[str, Properties]]:
    person, target, below = call.person, call.target, call.depth == "1"
    match target.kind:
        case "root":
            yield "/", properties.of_root(call)
        case "principal":
            yield paths.principal(person), properties.of_principal(call)
        case "home":
            yield paths.home(person), properties.of_home(call)
            if below:
                yield from _listed(call)
        case "inbox" | "outbox" | "notification" as service:
            yield f"{paths.home(person)}{service}/", properties.of_service(call, service)
        case "calendar" | "event":
            yield from _of_calendar(call, below=below)
        case _:
            raise not_found()


def _listed(call: Call) -> Iterator[tuple[str, Properties]]:
    for service in _SERVICES:
        yield f"{paths.home(call.person)}{service}/", properties.of_service(call, service)
    for calendar in call.person.calendars:
        yield paths.path_of(call.person, calendar), properties.of_calendar(call, calendar)


def _of_calendar(call: Call, *, below: bool) -> Iterator[tuple[str, Properties]]:
    person, calendar, event = call.person, call.target.calendar, call.target.event
    if calendar is None:
        raise not_found()
    if call.target.kind == "event":
        if event is None:
            raise not_found()
        yield paths.path_of(person, calendar, event), properties.of_event(event)
        return
    yield paths.path_of(person, calendar), properties.of_calendar(call, calendar)
    if below and calendar.icloud.kind == "calendar":
        for one in calendar.folder.events.values():
            yield paths.path_of(person, calendar, one), properties.of_event(one)
