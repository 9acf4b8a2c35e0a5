"""Who is let in, and how it ends."""

import re

import pytest

from sandbox import Sandbox
from tests.sandbox.client import Http
from tests.sandbox.icloud.client import Caldav, caldav_of, found_in

_PRINCIPAL = "<d:current-user-principal/>"


async def _status(caldav: Caldav, path: str = "/") -> int:
    body = '<d:propfind xmlns:d="DAV:"><d:prop><d:current-user-principal/></d:prop></d:propfind>'
    return (await caldav("PROPFIND", path, body, {"Depth": "0"})).status


async def test_the_root_leads_to_a_principal_with_the_accounts_number(ida: Caldav, sandbox: Sandbox) -> None:
    [root] = await ida.propfind("/", _PRINCIPAL)
    number = sandbox.world.people.get("ida").icloud_account.number
    [principal] = root.there["d:current-user-principal"]
    assert principal.text == f"/{number}/principal/" == ida.principal
    assert re.fullmatch(r"\d{10}", number)


async def test_passwords_look_like_apples(ida: Caldav) -> None:
    assert re.fullmatch(r"[a-z]{4}(-[a-z]{4}){3}", ida.password)


@pytest.mark.parametrize("password", ["", "abcd-efgh-ijkl-mnop", "Correct-Horse-7"])
async def test_refuses_any_other_password_alike(ida: Caldav, sandbox: Sandbox, password: str) -> None:
    assert sandbox.world.people.get("ida").icloud_account.apple_id_password == "Correct-Horse-7"
    ida.password = password
    reply = await ida("PROPFIND", "/", "", {"Depth": "0"})
    assert (reply.status, reply.text) == (401, "")


async def test_names_apples_own_scheme_first(sandbox: Sandbox, http: Http) -> None:
    async with http.session.request("PROPFIND", sandbox.icloud_url + "/") as reply:
        assert reply.status == 401
        schemes = [line.split()[0] for line in reply.headers.getall("WWW-Authenticate")]
        assert schemes == ["X-MobileMe-AuthToken", "Basic"]


async def test_may_say_unauthenticated_instead_of_401(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.icloud.settings.refused_as = "unauthenticated"
    ida.password = "abcd-efgh-ijkl-mnop"
    [root] = await ida.propfind("/", _PRINCIPAL)
    assert root.names("d:current-user-principal") == {"d:unauthenticated"}
    assert await _status(ida, ida.principal) == 401


async def test_dashes_are_part_of_a_password_unless_they_are_forgiven(ida: Caldav, sandbox: Sandbox) -> None:
    ida.password = ida.password.replace("-", "")
    assert await _status(ida) == 401
    sandbox.world.icloud.settings.accepts_without_dashes = True
    assert await _status(ida) == 207


async def test_the_apple_id_is_compared_without_case(ida: Caldav) -> None:
    ida.user = ida.user.upper()
    assert await _status(ida) == 207


async def test_a_revoked_password_is_refused_on_every_host_at_once(ida: Caldav, sandbox: Sandbox) -> None:
    passwords = sandbox.world.icloud.passwords
    second = passwords.make("ida", "mail")
    passwords.revoke("ida", ida.password)
    for host in (sandbox.icloud_url, sandbox.icloud_partition_urls[0]):
        ida.url = host
        assert await _status(ida) == 401
    ida.password = second
    assert await _status(ida) == 207


async def test_a_new_apple_id_password_revokes_all_of_them(ida: Caldav, sandbox: Sandbox) -> None:
    passwords = sandbox.world.icloud.passwords
    second = passwords.make("ida")
    passwords.change_apple_id_password("ida", "Another-1")
    for password in (ida.password, second, "Another-1"):
        ida.password = password
        assert await _status(ida) == 401
    ida.password = passwords.make("ida")
    assert await _status(ida) == 207


async def test_there_are_25_at_most_and_none_without_a_second_factor(sandbox: Sandbox) -> None:
    passwords = sandbox.world.icloud.passwords
    made = {passwords.of("ida"), *(passwords.make("ida") for _ in range(24))}
    assert len(made) == 25
    with pytest.raises(ValueError, match="25"):
        passwords.make("ida")
    with pytest.raises(ValueError, match="two-factor"):
        passwords.make("onefactor")


async def test_a_locked_account_is_answered_403_everywhere(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.people.change_icloud("ida", state="locked")
    assert {await _status(ida), await _status(ida, ida.home)} == {403}


async def test_an_account_can_be_without_calendars(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.people.change_icloud("ida", state="without_calendars")
    [principal] = await ida.propfind(ida.principal, "<d:displayname/><c:calendar-home-set/>")
    assert (set(principal.there), principal.missing) == ({"d:displayname"}, {"c:calendar-home-set"})
    assert {await _status(ida, ida.home), await _status(ida, ida.path("work"))} == {404}


@pytest.mark.parametrize("status", [403, 503])
async def test_refuses_paths_of_another_account(ida: Caldav, sandbox: Sandbox, status: int) -> None:
    sandbox.world.icloud.settings.wrong_account_status = status
    number = sandbox.world.people.get("ivan").icloud_account.number
    assert await _status(ida, f"/{number}/principal/") == status
    assert await _status(ida, f"/{number}/calendars/") == status


async def test_the_home_is_named_on_the_partition_with_its_port(ida: Caldav, sandbox: Sandbox) -> None:
    [principal] = await ida.propfind(ida.principal, "<c:calendar-home-set/>")
    [home] = principal.there["c:calendar-home-set"]
    assert home.text == sandbox.icloud_partition_urls[0] + ida.home
    assert re.match(r"https://localhost:\d+/", home.text)


async def test_only_the_front_and_the_own_partition_serve_an_account(ida: Caldav, sandbox: Sandbox) -> None:
    own, other = sandbox.icloud_partition_urls
    answers = []
    for host in (sandbox.icloud_url, own, other):
        ida.url = host
        answers.append(await _status(ida, ida.home))
    assert answers == [207, 207, 403]


async def test_a_front_may_send_people_to_their_partition(sandbox: Sandbox, http: Http) -> None:
    parvati = caldav_of(sandbox, http, "partitioned")
    assert await _status(parvati, parvati.principal) == 207
    reply = await parvati("PROPFIND", parvati.home, "", {"Depth": "1"})
    partition = sandbox.icloud_partition_urls[1]
    assert (reply.status, reply.headers["Location"]) == (301, partition + parvati.home)
    parvati.url = partition
    assert len(await parvati.events("home", window=("20200101T000000Z", "20400101T000000Z"))) == 1
    sandbox.world.people.change_icloud("partitioned", front="refuses")
    parvati.url = sandbox.icloud_url
    assert await _status(parvati, parvati.home) == 403


async def test_homes_may_be_named_in_other_ways(sandbox: Sandbox, http: Http) -> None:
    odd = caldav_of(sandbox, http, "oddhome")
    [principal] = await odd.propfind(odd.principal, "<c:calendar-home-set/>")
    [home] = principal.there["c:calendar-home-set"]
    number = sandbox.world.people.get("oddhome").icloud_account.number
    assert home.text == f"/{number}/my%20calendars~2"
    for spelling in (home.text, home.text.replace("~", "%7E")):
        reply = await odd.propfind(spelling, "<d:resourcetype/>", "1")
        assert f"/{number}/my%20calendars~2/home/" in {one.href for one in reply}


async def test_counts_the_passwords_that_each_host_was_sent(
    ida: Caldav, sandbox: Sandbox, http: Http
) -> None:
    hosts = sandbox.world.icloud.hosts
    await http.request("GET", sandbox.foreign_url + "/")
    assert hosts.passwords_sent_to("foreign") == 0
    found_in(
        await ida("PROPFIND", "/", '<propfind xmlns="DAV:"><prop><owner/></prop></propfind>', {"Depth": "0"})
    )
    ida.url = sandbox.foreign_url
    assert (await ida("PROPFIND", "/")).status == 204
    assert {(one.host, one.requests, one.passwords) for one in hosts.all()} == {
        ("foreign", 2, 1),
        ("front", 1, 1),
    }
