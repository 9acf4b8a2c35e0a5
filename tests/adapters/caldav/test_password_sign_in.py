"""What only Apple's side of a typed password has to get right."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web

from adapters.caldav.grants import first_grant, opened
from domain.access import ProviderUnavailable
from domain.account import AccountKind
from tests.adapters.caldav.icloud_answers import HOME, PRINCIPAL, address_set, home_set, icloud, principal_of
from tests.adapters.caldav.test_grants import FOUND
from tests.adapters.web.scripted_server import ScriptedServer
from tests.support.caldav import ANNA, OpenDav, dav_on, response


async def test_the_grant_holds_what_later_requests_need(server: ScriptedServer, dav: OpenDav) -> None:
    icloud().play(server)
    signed_in = await dav.passwords.prove(f" {ANNA.username} ", "abcdefghijklmnop")
    grant = opened(signed_in.grant)
    assert (grant.login, grant.principal, grant.home) == (ANNA, PRINCIPAL, HOME)
    assert "anna@example.com" in grant.addresses
    assert (signed_in.display_name, signed_in.kind) == ("Anna Lang", AccountKind.PERSONAL)


async def test_whose_id_is_a_number_has_an_address_all_the_same(server: ScriptedServer, dav: OpenDav) -> None:
    icloud().play(server)
    signed_in = await dav.passwords.prove("+49 151 000000", ANNA.password)
    assert signed_in.email == "anna@example.com"


async def test_who_has_no_address_has_none(server: ScriptedServer, dav: OpenDav) -> None:
    told = home_set(HOME) + address_set("urn:uuid:1")
    icloud({PRINCIPAL: response(PRINCIPAL, told)}).play(server)
    assert (await dav.passwords.prove("+49 151 000000", ANNA.password)).email == ""


@pytest.mark.parametrize("start", [403, 404, 429, 503, "", response("/", principal_of("/anna/"))])
async def test_what_is_no_word_about_the_password_is_an_outage(
    server: ScriptedServer, dav: OpenDav, start: str | int
) -> None:
    world = icloud({"/": start})
    world.answers["/anna/"] = response("/anna/", home_set(HOME))
    world.play(server)
    with pytest.raises(ProviderUnavailable):
        await dav.passwords.prove(ANNA.username, ANNA.password)


async def test_nobody_waits_for_long_before_our_page(server: ScriptedServer) -> None:
    """However long a request may take otherwise, for the proof and for the first look at the calendars."""
    released = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await released.wait()
        return web.Response(status=500)

    server.handler = hang
    async with dav_on(server.url, server.ca_file, sign_in_timeout=timedelta(milliseconds=100)) as dav:
        with pytest.raises(ProviderUnavailable):
            await dav.passwords.prove(ANNA.username, ANNA.password)
        with pytest.raises(ProviderUnavailable):
            await dav.directory.first_look(first_grant(ANNA, FOUND))
        released.set()
