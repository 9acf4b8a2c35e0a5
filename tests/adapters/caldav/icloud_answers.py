"""What iCloud says of Anna: her principal, and the home with its calendars, as far as it is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from aiohttp import web

from adapters.caldav.login import Login
from tests.adapters.web.scripted_server import ScriptedServer
from tests.support.caldav import answer, response

C = 'xmlns="urn:ietf:params:xml:ns:caldav"'
CS = 'xmlns="http://calendarserver.org/ns/"'
ICAL = 'xmlns="http://apple.com/ns/ical/"'

PRINCIPAL = "/1234567890/principal/"
HOME = "/1234567890/calendars/"
PARTITION = "https://p37-caldav.icloud.com:443"

READING = "<privilege><read/></privilege>"
WRITING = f"{READING}<privilege><write/></privilege>"


def href(value: str) -> str:
    return f'<href xmlns="DAV:">{escape(value)}</href>'


def principal_of(path: str = PRINCIPAL) -> str:
    return f'<current-user-principal xmlns="DAV:">{href(path)}</current-user-principal>'


def home_set(*addresses: str) -> str:
    return f"<calendar-home-set {C}>{''.join(map(href, addresses))}</calendar-home-set>"


def address_set(*addresses: str) -> str:
    return f"<calendar-user-address-set {C}>{''.join(map(href, addresses))}</calendar-user-address-set>"


def calendar(
    name: str,
    *,
    home: str = HOME,
    title: str | None = "A calendar",
    types: str = f"<calendar {C}/>",
    privileges: str | None = WRITING,
    owner: str | None = PRINCIPAL,
    components: str | None = '<comp name="VEVENT"/>',
    more: str = "",
) -> str:
    """One in the list. None stands for a property that isn't there."""
    found = f'<resourcetype xmlns="DAV:"><collection/>{types}</resourcetype>{more}'
    if title is not None:
        found += f'<displayname xmlns="DAV:">{escape(title)}</displayname>'
    if privileges is not None:
        found += f'<current-user-privilege-set xmlns="DAV:">{privileges}</current-user-privilege-set>'
    if owner is not None:
        found += f'<owner xmlns="DAV:">{href(owner)}</owner>'
    if components is not None:
        found += f"<supported-calendar-component-set {C}>{components}</supported-calendar-component-set>"
    return response(f"{home}{name}/", found, missing='<calendar-color xmlns="http://apple.com/ns/ical/"/>')


def collection(name: str, types: str = "", more: str = "") -> str:
    """What is in a home without being a calendar."""
    path = f"{HOME}{name}/" if name else HOME
    return response(path, f'<resourcetype xmlns="DAV:"><collection/>{types}</resourcetype>{more}')


@dataclass(kw_only=True)
class Icloud:
    """Answers by path; a status instead of one is that of a refusal, and 404 what isn't named.

    `logins` are those that are let in; None is everybody.
    """

    answers: dict[str, str | int] = field(default_factory=dict)
    logins: set[Login] | None = None
    asked: list[str] = field(default_factory=list)

    def play(self, server: ScriptedServer) -> None:
        server.handler = self._answer

    def calendars(self, *listed: str, home: str = HOME) -> None:
        self.answers[home] = "".join((response(home, '<resourcetype xmlns="DAV:"/>'), *listed))

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.raw_path)
        told = self.answers.get(request.raw_path, 404) if self._lets_in(request) else 401
        return web.Response(status=told) if isinstance(told, int) else answer(told)

    def _lets_in(self, request: web.Request) -> bool:
        known = None if self.logins is None else {one.header for one in self.logins}
        return known is None or request.headers.get("Authorization") in known


def icloud(more: Mapping[str, str | int] | None = None) -> Icloud:
    who = f'<displayname xmlns="DAV:">Anna Lang</displayname>{home_set(PARTITION + HOME)}'
    addresses = address_set("mailto:Anna@Example.com", "/1234567890/principal/", "urn:uuid:AB-1")
    world = Icloud(
        answers={"/": response("/", principal_of()), PRINCIPAL: response(PRINCIPAL, who + addresses)}
    )
    world.calendars(calendar("home", title="Home"), calendar("work", title="Work"))
    world.answers |= more or {}
    return world
