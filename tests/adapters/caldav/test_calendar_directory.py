"""The directory of an Apple account: what a refusal proves, and what is done when the home has moved."""

import asyncio

import pytest

from adapters.caldav.discovery import Discovered
from adapters.caldav.grants import first_grant
from domain.access import AccessDenied, AccessDoubted, InvalidAnswer, ProviderUnavailable
from domain.account import AccountNotFound, Identity, Provider
from domain.grant import Grant
from domain.ids import AccountId
from tests.adapters.caldav.icloud_answers import (
    HOME,
    PARTITION,
    PRINCIPAL,
    calendar,
    home_set,
    icloud,
    principal_of,
)
from tests.adapters.web.scripted_server import ScriptedServer
from tests.support.caldav import ANNA, OpenDav, response

MOVED = "/1234567890/elsewhere/"


def grant(home: str = HOME) -> Grant:
    identity = Identity(provider=Provider.APPLE, tenant_id="localhost", object_id="1234567890")
    found = Discovered(identity=identity, principal=PRINCIPAL, home=home, display_name="Anna", addresses=())
    return first_grant(ANNA, found)


async def test_both_ways_to_list_agree(server: ScriptedServer, dav: OpenDav) -> None:
    icloud().play(server)
    listed = await dav.directory.first_look(grant())
    assert [one.remote_id for one in listed] == ["home", "work"]
    assert await dav.directory.list_calendars(dav.connect(grant())) == listed


async def test_one_request_is_enough_while_nothing_moves(server: ScriptedServer, dav: OpenDav) -> None:
    icloud().play(server)
    await dav.directory.list_calendars(dav.connect(grant()))
    assert [one.raw_path for one in server.asked] == [HOME]


@pytest.mark.parametrize("stale", [403, 404])
async def test_a_home_that_moved_is_found_again(server: ScriptedServer, dav: OpenDav, stale: int) -> None:
    world = icloud({PRINCIPAL: response(PRINCIPAL, home_set(PARTITION + MOVED)), HOME: stale})
    world.calendars(calendar("home", home=MOVED), home=MOVED)
    world.play(server)
    listed = await dav.directory.list_calendars(dav.connect(grant()))
    assert [one.remote_id for one in listed] == ["home"]
    assert world.asked == [HOME, "/", PRINCIPAL, MOVED]


@pytest.mark.parametrize(("status", "error"), [(403, AccessDenied), (404, ProviderUnavailable)])
async def test_a_home_that_is_where_it_was_is_not_gone(
    server: ScriptedServer, dav: OpenDav, status: int, error: type[Exception]
) -> None:
    world = icloud({HOME: status})
    world.play(server)
    with pytest.raises(error):
        await dav.directory.list_calendars(dav.connect(grant()))
    assert world.asked == [HOME, "/", PRINCIPAL]


async def test_a_login_that_leads_to_somebody_else_is_not_followed(
    server: ScriptedServer, dav: OpenDav
) -> None:
    other = "/77/principal/"
    world = icloud({HOME: 404, "/": response("/", principal_of(other))})
    world.answers[other] = response(other, home_set("/77/calendars/"))
    world.calendars(calendar("home", home="/77/calendars/"), home="/77/calendars/")
    world.play(server)
    with pytest.raises(InvalidAnswer):
        await dav.directory.list_calendars(dav.connect(grant()))
    assert "/77/calendars/" not in world.asked


async def test_a_refused_password_is_a_doubt_about_its_grant(server: ScriptedServer, dav: OpenDav) -> None:
    icloud({HOME: 401, "/": 401}).play(server)
    account = dav.connect(grant(), version=3)
    for ask in (dav.directory.list_calendars, dav.directory.check_access):
        with pytest.raises(AccessDoubted) as caught:
            await ask(account)
        assert (caught.value.account_id, caught.value.grant_version) == (account, 3)


async def test_who_is_answered_as_a_stranger_is_doubted(server: ScriptedServer, dav: OpenDav) -> None:
    stranger = '<current-user-principal xmlns="DAV:"><unauthenticated/></current-user-principal>'
    icloud({"/": response("/", stranger)}).play(server)
    with pytest.raises(AccessDoubted):
        await dav.directory.check_access(dav.connect(grant()))


async def test_a_password_refused_on_the_way_to_a_moved_home_is_doubted(
    server: ScriptedServer, dav: OpenDav
) -> None:
    icloud({HOME: 403, "/": 401}).play(server)
    with pytest.raises(AccessDoubted):
        await dav.directory.list_calendars(dav.connect(grant()))


async def test_a_first_look_with_a_refused_password_is_denied(server: ScriptedServer, dav: OpenDav) -> None:
    icloud({HOME: 401}).play(server)
    with pytest.raises(AccessDenied):
        await dav.directory.first_look(grant())


async def test_access_is_checked_where_everything_starts(server: ScriptedServer, dav: OpenDav) -> None:
    world = icloud({HOME: 403})
    world.play(server)
    await dav.directory.check_access(dav.connect(grant()))
    assert world.asked == ["/"]


@pytest.mark.parametrize("start", [403, 404, 500, 503, "", response("/", "<x/>")])
async def test_trouble_with_a_check_proves_nothing(
    server: ScriptedServer, dav: OpenDav, start: str | int
) -> None:
    icloud({"/": start}).play(server)
    with pytest.raises(ProviderUnavailable):
        await dav.directory.check_access(dav.connect(grant()))


async def test_two_looks_at_once_see_their_own_accounts(server: ScriptedServer, dav: OpenDav) -> None:
    world = icloud()
    world.calendars(calendar("other", home="/2/calendars/"), home="/2/calendars/")
    world.play(server)
    looks = (dav.directory.first_look(grant()), dav.directory.first_look(grant("/2/calendars/")))
    first, second = await asyncio.gather(*looks)
    assert [[one.remote_id for one in listed] for listed in (first, second)] == [["home", "work"], ["other"]]


async def test_an_account_that_was_disconnected_is_not_found(dav: OpenDav) -> None:
    with pytest.raises(AccountNotFound):
        await dav.directory.list_calendars(AccountId("nobody"))
    with pytest.raises(AccountNotFound):
        await dav.directory.check_access(AccountId("nobody"))
