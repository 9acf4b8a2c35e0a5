"""What is listed in a home, and what iCloud says of it."""

import pytest

from sandbox import Sandbox
from tests.sandbox.client import Http
from tests.sandbox.icloud.client import Caldav, Found, caldav_of, found_in

_ALL = (
    "<d:resourcetype/><d:displayname/><d:current-user-privilege-set/><d:owner/><d:sync-token/><cs:getctag/>"
    "<cs:source/><c:supported-calendar-component-set/><c:schedule-calendar-transp/><a:calendar-color/>"
)


def _privileges(found: Found) -> set[str]:
    return found.names("d:current-user-privilege-set", "d:privilege/*")


async def test_a_home_lists_itself_and_what_is_no_calendar(ida: Caldav) -> None:
    listed = await ida.listed("<d:resourcetype/><d:displayname/>")
    types = {href.removeprefix(ida.home): one.names("d:resourcetype") for href, one in listed.items()}
    assert types[""] == {"d:collection"}
    assert types["inbox/"] == {"d:collection", "c:schedule-inbox"}
    assert types["outbox/"] == {"d:collection", "c:schedule-outbox"}
    assert types["notification/"] == {"d:collection", "cs:notification"}
    assert types["home/"] == types["work/"] == {"d:collection", "c:calendar"}
    assert len(listed) == 8
    assert listed[ida.home].missing == {"d:displayname"}


async def test_names_may_be_empty_or_full_of_signs(ida: Caldav) -> None:
    listed = await ida.listed("<d:displayname/>")
    assert listed[ida.path("nameless")].text("d:displayname") == ""
    assert listed[ida.path("emoji")].text("d:displayname") == "Familie 👨‍👩‍👧 & <Freunde>"


async def test_an_own_calendar(ida: Caldav) -> None:
    home = (await ida.listed(_ALL))[ida.path("home")]
    assert home.missing == {"cs:source"}
    assert {"d:all", "d:write", "d:bind"} <= _privileges(home)
    assert [one.text for one in home.there["d:owner"]] == [ida.principal]
    assert home.text("a:calendar-color") == "#1BADF8FF"
    [component] = home.there["c:supported-calendar-component-set"]
    assert component.attrib == {"name": "VEVENT"}
    assert home.names("c:schedule-calendar-transp") == {"c:opaque"}


async def test_shared_calendars_name_their_owner_and_what_may_be_done(sandbox: Sandbox, http: Http) -> None:
    ines, ivan = caldav_of(sandbox, http, "ines"), caldav_of(sandbox, http, "ivan")
    listed = await ines.listed(_ALL)
    for key, writable in (("ivan-readonly", False), ("ivan-writable", True)):
        found = listed[ines.path(key)]
        assert found.names("d:resourcetype") == {"d:collection", "c:calendar", "cs:shared"}
        assert [one.text for one in found.there["d:owner"]] == [ivan.principal]
        assert ("d:write-content" in _privileges(found)) is writable
    own = await ivan.listed("<d:resourcetype/>")
    assert "cs:shared-owner" in own[ivan.path("club")].names("d:resourcetype")
    assert "cs:shared-owner" not in own[ivan.path("home")].names("d:resourcetype")


async def test_subscribed_calendars_claim_to_be_writable_and_answer_with_nothing(
    sandbox: Sandbox, http: Http
) -> None:
    sven = caldav_of(sandbox, http, "subscriber")
    football = (await sven.listed(_ALL))[sven.path("football")]
    assert football.names("d:resourcetype") == {"d:collection", "cs:subscribed"}
    assert [one.text for one in football.there["cs:source"]] == ["webcal://feeds.example.com/football.ics"]
    assert "d:write" in _privileges(football)
    assert sandbox.world.events.all("subscriber", "football")
    assert await sven.events("football", window=("20200101T000000Z", "20400101T000000Z")) == []


async def test_birthdays_may_only_be_read_and_reminders_hold_no_events(sandbox: Sandbox, http: Http) -> None:
    sven, remo = caldav_of(sandbox, http, "subscriber"), caldav_of(sandbox, http, "reminders")
    birthdays = (await sven.listed(_ALL))[sven.path("birthdays")]
    assert not {"d:all", "d:write", "d:write-content", "d:bind"} & _privileges(birthdays)
    tasks = (await remo.listed(_ALL))[remo.path("tasks")]
    assert [one.attrib for one in tasks.there["c:supported-calendar-component-set"]] == [{"name": "VTODO"}]


async def test_another_address_is_still_the_same_person(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.people.change("ida", email="ida.ibsen@icloud.example.com")
    before, ida.user = ida.principal, "ida.ibsen@icloud.example.com"
    home = (await ida.listed(_ALL))[ida.path("home")]
    assert [one.text for one in home.there["d:owner"]] == [before]


async def test_properties_can_be_left_out_and_privileges_named(ida: Caldav, sandbox: Sandbox) -> None:
    calendars = sandbox.world.calendars
    calendars.change_icloud("ida", "work", omitted=["current-user-privilege-set"], transparent=True)
    calendars.change_icloud("ida", "home", privileges=["bind", "write-content"], order=3, components=[])
    sandbox.world.icloud.settings.omitted = ["getctag"]
    listed = await ida.listed(_ALL + "<a:calendar-order/>")
    home, work = listed[ida.path("home")], listed[ida.path("work")]
    assert work.missing == {"d:current-user-privilege-set", "cs:source", "cs:getctag", "a:calendar-order"}
    assert _privileges(home) == {"d:bind", "d:write-content"}
    assert home.text("a:calendar-order") == "3"
    assert work.names("c:schedule-calendar-transp") == {"c:transparent"}


async def test_the_inbox_names_the_default_calendar(ida: Caldav) -> None:
    [inbox] = await ida.propfind(f"{ida.home}inbox/", "<c:schedule-default-calendar-URL/>")
    assert [one.text for one in inbox.there["c:schedule-default-calendar-URL"]] == [ida.path("home")]


async def test_tokens_move_with_every_change_of_the_calendar_and_no_other(
    ida: Caldav, sandbox: Sandbox
) -> None:
    async def tokens() -> dict[str, tuple[str, str]]:
        listed = await ida.listed("<d:sync-token/><cs:getctag/>")
        keys = ("home", "work")
        return {
            key: (listed[ida.path(key)].text("d:sync-token"), listed[ida.path(key)].text("cs:getctag"))
            for key in keys
        }

    world, before = sandbox.world, await tokens()
    assert await tokens() == before
    event = world.events.add("ida", "2030-05-14T09:00", calendar="home")
    seen = [before, await tokens()]
    world.events.change(event, subject="Another")
    seen.append(await tokens())
    world.events.delete("ida", event)
    seen.append(await tokens())
    assert len({one["home"] for one in seen}) == 4
    assert {one["work"] for one in seen} == {before["work"]}
    assert before["home"] != before["work"]


async def test_whole_addresses_where_the_settings_say_so(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.icloud.settings.hrefs = "urls"
    assert sandbox.icloud_partition_urls[0] + ida.path("home") in await ida.listed("<d:displayname/>")


@pytest.mark.parametrize(
    ("depth", "body", "status"),
    [
        (None, "<prop><owner/></prop>", 403),
        ("infinity", "<prop><owner/></prop>", 403),
        ("2", "<prop><owner/></prop>", 400),
        ("1", "<allprop/>", 400),
        ("1", "<propname/>", 400),
    ],
)
async def test_wants_a_depth_and_names(ida: Caldav, depth: str | None, body: str, status: int) -> None:
    headers = {"Depth": depth} if depth else None
    reply = await ida("PROPFIND", ida.home, f'<propfind xmlns="DAV:">{body}</propfind>', headers)
    assert reply.status == status


async def test_what_there_is_not(ida: Caldav) -> None:
    body = '<propfind xmlns="DAV:"><prop><owner/></prop></propfind>'
    for path in (f"{ida.home}gone/", f"{ida.home}home/none.ics", f"{ida.home}a/b/c", "/.well-known/caldav"):
        assert (await ida("PROPFIND", path, body, {"Depth": "0"})).status == 404
    assert (await ida("PROPFIND", "/", "<", {"Depth": "0"})).status == 400
    assert (await ida("MKCALENDAR", f"{ida.home}new/")).status == 405
    assert found_in(await ida("PROPFIND", ida.path("home"), body, {"Depth": "1"}))
