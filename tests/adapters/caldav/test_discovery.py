"""Discovery: who a login belongs to, and where their calendars are."""

import pytest

from adapters.caldav.discovery import Discovered
from adapters.caldav.errors import DavRefusal, Fault
from domain.access import InvalidAnswer
from domain.account import Identity, Provider
from domain.connection import MailboxNotServed
from tests.adapters.caldav.icloud_answers import (
    HOME,
    PARTITION,
    PRINCIPAL,
    address_set,
    home_set,
    href,
    icloud,
    principal_of,
)
from tests.adapters.web.scripted_server import ScriptedServer
from tests.support.caldav import ANNA, OpenDav, dav_on, response

ANNAS = Identity(provider=Provider.APPLE, tenant_id="localhost", object_id="1234567890")


async def walk(server: ScriptedServer, dav: OpenDav, **answers: str | int) -> Discovered:
    """With other answers about where everything starts, or about the principal."""
    paths = {"start": "/", "principal": PRINCIPAL}
    icloud({paths[name]: told for name, told in answers.items()}).play(server)
    return await dav.discovery.walk(ANNA)


async def test_two_requests_tell_who_and_where(server: ScriptedServer, dav: OpenDav) -> None:
    assert await walk(server, dav) == Discovered(
        identity=ANNAS,
        principal=PRINCIPAL,
        home=HOME,
        display_name="Anna Lang",
        addresses=("anna@example.com", "/1234567890/principal/", "urn:uuid:ab-1"),
    )
    assert [(one.raw_path, one.headers["Depth"]) for one in server.asked] == [("/", "0"), (PRINCIPAL, "0")]


async def test_what_was_found_is_not_printed(server: ScriptedServer, dav: OpenDav) -> None:
    printed = repr(await walk(server, dav))
    assert not any(secret in printed for secret in ("Anna", "anna", "calendars"))


@pytest.mark.parametrize(
    "path", ["/1234567890/principal", f"{PARTITION}{PRINCIPAL}", "/1234567890/%70rincipal/"]
)
async def test_a_principal_is_told_by_its_path_alone(server: ScriptedServer, dav: OpenDav, path: str) -> None:
    icloud({"/": response("/", principal_of(path))}).play(server)
    principal = await dav.discovery.principal(ANNA)
    assert dav.discovery.identity(principal) == ANNAS
    assert {one.host for one in server.asked} == {server.url.removeprefix("https://")}


async def test_a_stranger_is_one_whose_password_was_refused(server: ScriptedServer, dav: OpenDav) -> None:
    told = '<current-user-principal xmlns="DAV:"><unauthenticated/></current-user-principal>'
    with pytest.raises(DavRefusal) as caught:
        await walk(server, dav, start=response("/", told))
    assert caught.value.fault is Fault.PASSWORD


ODD_STARTS = {
    "no principal": response("/", missing='<current-user-principal xmlns="DAV:"/>'),
    "an empty principal": response("/", '<current-user-principal xmlns="DAV:"/>'),
    "two principals": response("/", principal_of().replace("</href>", f"</href>{href('/2/principal/')}")),
    "two resources": response("/", principal_of()) + response("/x", principal_of()),
    "an address that is no path": response("/", principal_of("mailto:anna@example.com")),
    "a path that leads up": response("/", principal_of("/1/../principal/")),
    "a path that leads up in disguise": response("/", principal_of("/1/%2e%2e/principal/")),
    "a path with a query": response("/", principal_of("/1/principal/?x=y")),
    "a path with a line end": response("/", principal_of("/1/\nprincipal/")),
    "a path without end": response("/", principal_of("/" + "1" * 3_000)),
}


@pytest.mark.parametrize("start", ODD_STARTS.values(), ids=ODD_STARTS)
async def test_nobody_is_told_from_an_odd_start(server: ScriptedServer, dav: OpenDav, start: str) -> None:
    with pytest.raises(InvalidAnswer):
        await walk(server, dav, start=start)


@pytest.mark.parametrize(
    "path", ["/anna/principal/", "/principals/1234567890/", "/1x/principal/", "/\u0661/principal/"]
)
async def test_a_principal_of_another_form_is_nobody(server: ScriptedServer, dav: OpenDav, path: str) -> None:
    icloud({"/": response("/", principal_of(path))}).play(server)
    with pytest.raises(InvalidAnswer):
        dav.discovery.identity(await dav.discovery.principal(ANNA))


async def test_another_server_has_principals_of_another_form(server: ScriptedServer) -> None:
    world = icloud({"/": response("/", principal_of("/dav/anna%40example.com/"))})
    world.answers["/dav/anna%40example.com/"] = response("/dav/anna%40example.com/", home_set("/dav/anna/c"))
    world.play(server)
    async with dav_on(server.url, server.ca_file, principal="/dav/([^/]+)") as dav:
        found = await dav.discovery.walk(ANNA)
    assert (found.identity.object_id, found.home) == ("anna@example.com", "/dav/anna/c/")


@pytest.mark.parametrize("told", [home_set(), address_set("mailto:anna@example.com")])
async def test_who_has_no_home_is_not_served(server: ScriptedServer, dav: OpenDav, told: str) -> None:
    with pytest.raises(MailboxNotServed):
        await walk(server, dav, principal=response(PRINCIPAL, told))


@pytest.mark.parametrize("status", [401, 403, 404, 503])
async def test_a_refusal_is_told_as_it_is(server: ScriptedServer, dav: OpenDav, status: int) -> None:
    with pytest.raises(DavRefusal) as caught:
        await walk(server, dav, principal=status)
    assert caught.value.status == status


async def test_addresses_and_names_may_be_missing_or_odd(server: ScriptedServer, dav: OpenDav) -> None:
    told = home_set(HOME) + address_set("mailto:", "a" * 400, "mailto:a@example.com", "MAILTO:A@example.com")
    found = await walk(server, dav, principal=response(PRINCIPAL, told))
    assert (found.display_name, found.addresses) == ("", ("a@example.com",))
