"""A CalDAV client for one person, without any cleverness: what it sends is what the test says."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, fromstring

import aiohttp

from sandbox import Sandbox
from sandbox.icloud import paths
from tests.sandbox.client import Http, Reply

CALDAV = "urn:ietf:params:xml:ns:caldav"
CALENDARSERVER = "http://calendarserver.org/ns/"
NAMES = {"d": "DAV:", "c": CALDAV, "cs": CALENDARSERVER, "a": "http://apple.com/ns/ical/"}
_SPACES = " ".join(f'xmlns:{prefix}="{namespace}"' for prefix, namespace in NAMES.items())
WINDOW = ("20300513T000000Z", "20300520T000000Z")
"""Monday to Sunday."""
WHOLE = "<d:getetag/><c:calendar-data/>"
TIMES = (
    '<d:getetag/><c:calendar-data><c:comp name="VCALENDAR"><c:prop name="VERSION"/><c:comp name="VEVENT">'
    '<c:prop name="UID"/><c:prop name="DTSTART"/><c:prop name="DTEND"/></c:comp>'
    '<c:comp name="VTIMEZONE"><c:allprop/><c:allcomp/></c:comp></c:comp></c:calendar-data>'
)


@dataclass(kw_only=True)
class Found:
    """One response of a 207: properties by `prefix:name`, by their status."""

    href: str
    status: int
    there: dict[str, Element]
    missing: set[str]

    def text(self, name: str) -> str:
        return self.there[name].text or ""

    def names(self, name: str, path: str = "*") -> set[str]:
        return {_short(one.tag) for one in self.there[name].findall(path, NAMES)}

    @property
    def data(self) -> str:
        return self.text("c:calendar-data")


@dataclass(kw_only=True)
class Caldav:
    """Requests with an Apple ID and a password; `url` is the host they go to."""

    sandbox: Sandbox
    http: Http
    url: str
    user: str
    password: str
    person: str

    async def __call__(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        sent = {"Authorization": aiohttp.encode_basic_auth(self.user, self.password), **(headers or {})}
        return await self.http.request(method, self.url + path, data=body, headers=sent)

    @property
    def principal(self) -> str:
        return paths.principal(self.sandbox.world.people.get(self.person))

    @property
    def home(self) -> str:
        return paths.home(self.sandbox.world.people.get(self.person))

    def path(self, calendar: str, name: str = "") -> str:
        world = self.sandbox.world
        return paths.path_of(world.people.get(self.person), world.calendars.get(self.person, calendar)) + name

    async def propfind(self, path: str, props: str, depth: str = "0") -> list[Found]:
        body = f"<d:propfind {_SPACES}><d:prop>{props}</d:prop></d:propfind>"
        return found_in(await self("PROPFIND", path, body, {"Depth": depth}))

    async def listed(self, props: str) -> dict[str, Found]:
        """What is in the home by its href."""
        return {one.href: one for one in await self.propfind(self.home, props, "1")}

    async def query(
        self, calendar: str, props: str = WHOLE, window: tuple[str, str] = WINDOW, depth: str | None = "1"
    ) -> Reply:
        return await self.report(calendar, query_body(props, window), depth)

    async def report(self, calendar: str, body: str, depth: str | None = "1") -> Reply:
        return await self("REPORT", self.path(calendar), body, {"Depth": depth} if depth else None)

    async def events(
        self, calendar: str = "home", props: str = WHOLE, window: tuple[str, str] = WINDOW
    ) -> list[Found]:
        """The events of a calendar in a window, without the calendar itself."""
        found = found_in(await self.query(calendar, props, window))
        return [one for one in found if one.href != self.path(calendar)]

    async def put(self, calendar: str, name: str, text: str, **headers: str) -> Reply:
        sent = {"Content-Type": "text/calendar; charset=utf-8"}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        return await self("PUT", self.path(calendar, name), text, sent)

    async def etag(self, calendar: str, name: str) -> str:
        [found] = await self.propfind(self.path(calendar, name), "<d:getetag/>")
        return found.text("d:getetag")


def caldav_of(sandbox: Sandbox, http: Http, person: str) -> Caldav:
    """Somebody with a password that is in force."""
    return Caldav(
        sandbox=sandbox,
        http=http,
        url=sandbox.icloud_url,
        user=sandbox.world.people.get(person).email,
        password=sandbox.world.icloud.passwords.of(person),
        person=person,
    )


def query_body(props: str, window: tuple[str, str]) -> str:
    """A calendar-query over a window."""
    return filtered(props, f'<c:time-range start="{window[0]}" end="{window[1]}"/>')


def filtered(props: str, inner: str, component: str = "VEVENT") -> str:
    """A calendar-query with anything inside its filter for events."""
    events = f'<c:comp-filter name="{component}">{inner}</c:comp-filter>'
    return (
        f"<c:calendar-query {_SPACES}><d:prop>{props}</d:prop><c:filter>"
        f'<c:comp-filter name="VCALENDAR">{events}</c:comp-filter></c:filter></c:calendar-query>'
    )


def multiget_body(*hrefs: str) -> str:
    """A calendar-multiget."""
    listed = "".join(f"<d:href>{one}</d:href>" for one in hrefs)
    return f"<c:calendar-multiget {_SPACES}><d:prop>{WHOLE}</d:prop>{listed}</c:calendar-multiget>"


def found_in(reply: Reply) -> list[Found]:
    """The responses of a 207."""
    assert reply.status == 207, (reply.status, reply.text)
    return [_found(one) for one in fromstring(reply.text).findall("d:response", NAMES)]


def condition(reply: Reply) -> str:
    """What a refusal says was not met."""
    [child] = fromstring(reply.text)
    return _short(child.tag)


def event_text(uid: str, *lines: str, start: str = "20300514T090000Z", end: str = "20300514T100000Z") -> str:
    """The file of one event, with more lines where some are given."""
    times = [f"DTSTART:{start}", f"DTEND:{end}"] if end else [f"DTSTART:{start}"]
    inner = [f"UID:{uid}", "DTSTAMP:20300101T000000Z", *times, *lines]
    return calendar_text("BEGIN:VEVENT", *inner, "END:VEVENT")


def calendar_text(*lines: str) -> str:
    """Lines as a whole calendar."""
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", *lines, "END:VCALENDAR"]
    return "".join(f"{line}\r\n" for line in whole)


def _found(response: Element) -> Found:
    there: dict[str, Element] = {}
    missing: set[str] = set()
    for propstat in response.findall("d:propstat", NAMES):
        is_there = " 200 " in (propstat.findtext("d:status", "", NAMES))
        for one in propstat.findall("d:prop/*", NAMES):
            if is_there:
                there[_short(one.tag)] = one
            else:
                assert not one.text
                assert not len(one)
                missing.add(_short(one.tag))
    status = response.findtext("d:status", "HTTP/1.1 200 OK", NAMES).split()[1]
    return Found(
        href=response.findtext("d:href", "", NAMES), status=int(status), there=there, missing=missing
    )


def _short(tag: str) -> str:
    namespace, _, local = tag.removeprefix("{").rpartition("}")
    prefix = next(prefix for prefix, known in NAMES.items() if known == namespace)
    return f"{prefix}:{local}"
