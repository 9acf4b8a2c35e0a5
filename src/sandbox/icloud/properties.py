"""The properties of everything that iCloud serves, by name."""

import hashlib
from collections.abc import Iterable
from typing import Final

from sandbox.icloud import paths
from sandbox.icloud.call import Call
from sandbox.icloud.paths import Kind
from sandbox.icloud.xml import APPLE, CALDAV, CALENDARSERVER, DAV, Element, Name, dav, href
from sandbox.world.model import Calendar, Event, Person
from sandbox.world.world import World

Properties = dict[Name, Element]
_OWN: Final = (
    "all",
    "read",
    "write",
    "write-properties",
    "write-content",
    "bind",
    "unbind",
    "read-free-busy",
)
_SHARED: Final = ("read", "write", "write-properties", "write-content", "bind", "unbind")
_READ_ONLY: Final = ("read", "read-free-busy", "write-properties")
_SERVICES: Final[dict[Kind, Name]] = {
    "inbox": Name(CALDAV, "schedule-inbox"),
    "outbox": Name(CALDAV, "schedule-outbox"),
    "notification": Name(CALENDARSERVER, "notification"),
}


def of_root(call: Call) -> Properties:
    """The door."""
    return _by_name([_types(), _principal(call)])


def of_principal(call: Call) -> Properties:
    """The person."""
    person = call.person
    addresses = [f"mailto:{address}" for address in person.icloud_account.addresses]
    addresses += [paths.principal(person), f"urn:uuid:{hashlib.md5(person.key.encode()).hexdigest()}"]  # noqa: S324
    found = [
        _types(Name(DAV, "principal")),
        _text(DAV, "displayname", person.name),
        _principal(call),
        _hrefs(CALDAV, "calendar-user-address-set", *addresses),
    ]
    if person.icloud_account.state != "without_calendars":
        found += [
            _hrefs(CALDAV, "calendar-home-set", _home_set(call)),
            _hrefs(CALDAV, "schedule-inbox-URL", call.href(paths.home(person) + "inbox/")),
            _hrefs(CALDAV, "schedule-outbox-URL", call.href(paths.home(person) + "outbox/")),
        ]
    return _by_name(found)


def of_home(call: Call) -> Properties:
    """What the calendars are below."""
    return _by_name([_types(), _principal(call), _owner(call.person), _privileges(_OWN)])


def of_service(call: Call, kind: Kind) -> Properties:
    """Inbox, outbox and notifications, which are listed beside the calendars and are none."""
    found = [_types(_SERVICES[kind]), _principal(call), _owner(call.person), _privileges(_OWN)]
    default = next((one for one in call.person.calendars if one.is_default), None)
    if kind == "inbox" and default is not None:
        path = call.href(paths.path_of(call.person, default))
        found.append(_hrefs(CALDAV, "schedule-default-calendar-URL", path))
    return _by_name(found)


def of_calendar(call: Call, calendar: Calendar) -> Properties:
    """A calendar, a list of reminders, or a subscribed feed."""
    listing, owner = calendar.icloud, owner_of(call.world, call.person, calendar)
    transparency = "transparent" if listing.transparent else "opaque"
    components = tuple(Element(Name(CALDAV, "comp"), (), (("name", one),)) for one in listing.components)
    found = [
        _types(*_types_of(call, calendar, owner)),
        _principal(call),
        _text(DAV, "displayname", calendar.name),
        _owner(owner),
        _privileges(_allowed(call, calendar, owner)),
        _text(DAV, "sync-token", f"https://localhost/ns/sync/{_version(calendar)}"),
        _text(CALENDARSERVER, "getctag", f"FT=-@RU={_version(calendar)}"),
        Element(Name(CALDAV, "supported-calendar-component-set"), components),
        Element(Name(CALDAV, "schedule-calendar-transp"), (Element(Name(CALDAV, transparency)),)),
        _text(APPLE, "calendar-color", f"{(calendar.hex_color or '#1badf8').upper()}FF"),
    ]
    if listing.source:
        found.append(_hrefs(CALENDARSERVER, "source", listing.source))
    if listing.order is not None:
        found.append(_text(APPLE, "calendar-order", str(listing.order)))
    return {name: one for name, one in _by_name(found).items() if name.local not in listing.omitted}


def of_event(event: Event) -> Properties:
    """An event's file without what is in it."""
    return _by_name(
        [
            dav("resourcetype"),
            _text(DAV, "getetag", etag(event)),
            _text(DAV, "getcontenttype", "text/calendar; charset=utf-8"),
        ]
    )


def etag(event: Event) -> str:
    """The version of an event's file."""
    seed = f"{event.uid}/{event.created.isoformat()}/{event.changes}/{event.moves}"
    return f'"{hashlib.sha256(seed.encode()).hexdigest()[:12]}"'


def split(call: Call, known: Properties, asked: Iterable[Name]) -> tuple[list[Element], list[Element]]:
    """What was asked for and is there, and empty elements for what isn't."""
    there, missing = [], []
    for name in asked:
        if name in known and name.local not in call.settings.omitted:
            there.append(known[name])
        else:
            missing.append(Element(name))
    return there, missing


def owner_of(world: World, person: Person, calendar: Calendar) -> Person:
    """Who has as their own what this person sees: somebody's address may change."""
    for one in world.people.all():
        if any(own.folder is calendar.folder and own.can_share for own in one.calendars):
            return one
    return person


def may_write(calendar: Calendar) -> bool:
    """Whether events can be put into it, whatever its privileges claim."""
    return calendar.can_edit and calendar.icloud.kind == "calendar"


def _types_of(call: Call, calendar: Calendar, owner: Person) -> list[Name]:
    if calendar.icloud.kind == "subscribed":
        return [Name(CALENDARSERVER, "subscribed")]
    found = [Name(CALDAV, "calendar")]
    if owner is not call.person:
        found.append(Name(CALENDARSERVER, "shared"))
    elif _is_shared(call, calendar):
        found.append(Name(CALENDARSERVER, "shared-owner"))
    return found


def _is_shared(call: Call, calendar: Calendar) -> bool:
    return any(
        other.folder is calendar.folder and other is not calendar
        for person in call.world.people.all()
        for other in person.calendars
    )


def _allowed(call: Call, calendar: Calendar, owner: Person) -> Iterable[str]:
    if calendar.icloud.privileges is not None:
        return calendar.icloud.privileges
    if calendar.icloud.kind == "subscribed":
        return _OWN
    if not calendar.can_edit:
        return _READ_ONLY
    return _OWN if owner is call.person else _SHARED


def _version(calendar: Calendar) -> str:
    # The key is in it, too: two calendars are never of one version.
    seed = f"{calendar.id}/{calendar.changes}/{calendar.folder.changes}"
    return hashlib.sha256(seed.encode()).hexdigest()[:32]


def _home_set(call: Call) -> str:
    path = paths.home(call.person)
    match call.person.icloud_account.home_form:
        case "path":
            return path
        case "without_slash":
            return path.rstrip("/")
    return call.partition + path


def _types(*names: Name) -> Element:
    return dav("resourcetype", Element(Name(DAV, "collection")), *(Element(name) for name in names))


def _principal(call: Call) -> Element:
    return dav("current-user-principal", href(paths.principal(call.person)))


def _owner(person: Person) -> Element:
    return dav("owner", href(paths.principal(person)))


def _privileges(names: Iterable[str]) -> Element:
    def privilege(name: str) -> Element:
        namespace = CALDAV if name == "read-free-busy" else DAV
        return dav("privilege", Element(Name(namespace, name)))

    return dav("current-user-privilege-set", *(privilege(name) for name in names))


def _text(namespace: str, local: str, text: str) -> Element:
    return Element(Name(namespace, local), text)


def _hrefs(namespace: str, local: str, *found: str) -> Element:
    return Element(Name(namespace, local), tuple(href(one) for one in found))


def _by_name(found: list[Element]) -> Properties:
    return {one.name: one for one in found}
