"""What is a calendar, what can be written, whose it is, and which one is the primary."""

import pytest

from adapters.caldav.listed_calendars import CalendarHome, ListedCalendar, all_calendars, listed_calendars
from domain.access import InvalidAnswer
from domain.calendar import RemoteCalendar, Uncheckable
from tests.adapters.caldav.icloud_answers import (
    CS,
    HOME,
    ICAL,
    PARTITION,
    PRINCIPAL,
    READING,
    WRITING,
    C,
    calendar,
    collection,
    href,
    icloud,
)
from tests.adapters.web.scripted_server import ScriptedServer
from tests.support.caldav import ANNA, OpenDav, response
from tests.support.dirty_text import DIRTY, is_clean

OWN = CalendarHome(login=ANNA, principal=PRINCIPAL, home=HOME)


@pytest.fixture
def world(server: ScriptedServer, dav: OpenDav) -> "World":
    return World(server, dav)


class World:
    def __init__(self, server: ScriptedServer, dav: OpenDav) -> None:
        self._server = server
        self._dav = dav

    async def listed(self, *calendars: str) -> tuple[ListedCalendar, ...]:
        served = icloud()
        served.calendars(*calendars)
        served.play(self._server)
        return await listed_calendars(self._dav.client, OWN)

    async def remote(self, *calendars: str) -> tuple[RemoteCalendar, ...]:
        return tuple(one.remote for one in await self.listed(*calendars))

    async def one(self, **how: str | None) -> RemoteCalendar:
        (only,) = await self.remote(calendar("work", **how))  # type: ignore[arg-type]
        return only

    async def primary(self, *calendars: str) -> list[str]:
        return [one.remote_id for one in await self.remote(*calendars) if one.primary]


async def test_a_calendar_comes_back_by_value(server: ScriptedServer, world: World) -> None:
    more = f"<calendar-color {ICAL}>#1BADF8FF</calendar-color>"
    (listed,) = await world.listed(calendar("home", title="Private \N{SPARKLES} & more", more=more))
    assert listed.remote == RemoteCalendar(
        remote_id="home",
        name="Private \N{SPARKLES} & more",
        owner_name="",
        owner_email="anna@example.com",
        color="#1badf8",
        primary=True,
        writable=True,
        shared=False,
    )
    assert [(one.raw_path, one.headers["Depth"]) for one in server.asked] == [(HOME, "1")]


async def test_what_is_no_calendar_of_events_is_left_out(world: World) -> None:
    listed = await world.remote(
        collection("inbox", f"<schedule-inbox {C}/>"),
        collection("outbox", f"<schedule-outbox {C}/>"),
        collection("notification", f"<notification {CS}/>"),
        collection("folder"),
        calendar("reminders", components='<comp name="VTODO"/>'),
        calendar("gone").replace("200 OK", "404 Not Found"),
        calendar("work"),
        calendar("all", components=None),
        calendar("mixed", components='<comp name="VTODO"/><comp name="vevent"/>'),
    )
    assert {one.remote_id for one in listed} == {"work", "all", "mixed"}


@pytest.mark.parametrize("types", [f"<calendar {C}/><subscribed {CS}/>", f"<subscribed {CS}/>"])
async def test_a_feed_is_told_of_and_never_read_written_or_primary(
    server: ScriptedServer, dav: OpenDav, types: str
) -> None:
    served = icloud()
    served.calendars(calendar("home", types=types), calendar("work"))
    served.play(server)
    every = {one.remote.remote_id: one.remote for one in await all_calendars(dav.client, OWN)}
    assert {name: one.uncheckable for name, one in every.items()} == {
        "home": Uncheckable.SUBSCRIBED,
        "work": None,
    }
    assert (every["home"].writable, every["work"].primary) == (False, True)
    assert [one.remote for one in await listed_calendars(dav.client, OWN)] == [every["work"]]


async def test_a_type_of_another_namespace_makes_no_calendar(world: World) -> None:
    assert await world.remote(calendar("x", types='<calendar xmlns="urn:other"/>')) == ()


async def test_a_home_without_calendars_is_told_as_it_is(world: World) -> None:
    assert await world.remote() == ()


async def test_a_list_of_nothing_at_all_is_no_list(server: ScriptedServer, dav: OpenDav) -> None:
    icloud({HOME: ""}).play(server)
    with pytest.raises(InvalidAnswer):
        await listed_calendars(dav.client, OWN)


SHARED_READING = "<privilege><read/></privilege><privilege><write-properties/></privilege>"


@pytest.mark.parametrize(
    ("privileges", "writable"),
    [
        (WRITING, True),
        ("<privilege><all/></privilege>", True),
        ("<privilege><bind/></privilege><privilege><write-content/></privilege>", True),
        ("<privilege><bind/><write-content/></privilege>", True),
        ("<privilege><bind/></privilege>", False),
        ("<privilege><write-content/></privilege>", False),
        (SHARED_READING, False),
        (READING, False),
        (f"<privilege><write {C}/></privilege>", False),
        ("", False),
        (None, False),
    ],
)
async def test_privileges_say_what_can_be_written(
    world: World, privileges: str | None, *, writable: bool
) -> None:
    assert (await world.one(privileges=privileges)).writable is writable


@pytest.mark.parametrize(
    ("owner", "types", "shared"),
    [
        (PRINCIPAL, "", False),
        (f"{PARTITION}/1234567890/%70rincipal", "", False),
        ("/77/principal/", "", True),
        (None, "", False),
        (None, f"<shared {CS}/>", True),
        (PRINCIPAL, f"<shared {CS}/>", True),
        (PRINCIPAL, f"<shared-owner {CS}/>", False),
    ],
)
async def test_what_is_somebody_elses_is_shared(
    world: World, owner: str | None, types: str, *, shared: bool
) -> None:
    one = await world.one(owner=owner, types=f"<calendar {C}/>{types}")
    assert one.shared is shared
    assert one.owner_email == ("" if shared else "anna@example.com")


@pytest.mark.parametrize(
    ("color", "listed"),
    [("#1BADF8FF", "#1badf8"), ("#1BADF8", "#1badf8"), ("red", ""), ("#12", ""), ("", "")],
)
async def test_a_color_is_told_without_its_opacity(world: World, color: str, listed: str) -> None:
    assert (await world.one(more=f"<calendar-color {ICAL}>{color}</calendar-color>")).color == listed


@pytest.mark.parametrize("title", ["", "  ", None])
async def test_a_calendar_without_a_name_has_that_of_its_path(world: World, title: str | None) -> None:
    assert (await world.one(title=title)).name == "work"


@pytest.mark.parametrize("kind", ["a line end", "five thousand characters"])
async def test_names_are_cleaned(world: World, kind: str) -> None:
    name = (await world.one(title=str(DIRTY[kind]))).name
    assert is_clean(name)
    assert 0 < len(name) <= 256


async def test_ids_survive_another_home_and_another_spelling(server: ScriptedServer, dav: OpenDav) -> None:
    ids = set()
    for home, name in (("/1/calendars/", "a%40b%7E1"), (f"{PARTITION}/x/1/calendars/", "a@b~1")):
        path = home.removeprefix(PARTITION)
        served = icloud({path: response(home, "") + calendar(name, home=home)})
        served.play(server)
        where = CalendarHome(login=ANNA, principal=PRINCIPAL, home=path)
        ids |= {one.remote.remote_id for one in await listed_calendars(dav.client, where)}
    assert ids == {"a@b~1"}


@pytest.mark.parametrize("name", ["a%2Fb", "a%00b", "a%0Ab", "x" * 600, "deeper/still"])
async def test_a_calendar_whose_id_can_be_none_is_left_out(world: World, name: str) -> None:
    assert [one.remote_id for one in await world.remote(calendar(name), calendar("work"))] == ["work"]


async def test_a_calendar_elsewhere_is_left_out(world: World) -> None:
    listed = await world.remote(calendar("theirs", home="/77/calendars/"), calendar("work"))
    assert [one.remote_id for one in listed] == ["work"]


@pytest.mark.parametrize("name", ["%2e%2e", "..", "."])
async def test_a_calendar_that_leads_up_is_not_believed(world: World, name: str) -> None:
    with pytest.raises(InvalidAnswer):
        await world.remote(calendar(name))


def inbox(default: str) -> str:
    told = f"<schedule-default-calendar-URL {C}>{href(default)}</schedule-default-calendar-URL>"
    return collection("inbox", f"<schedule-inbox {C}/>", told)


def ordered(name: str, order: str, **how: str) -> str:
    return calendar(name, more=f"<calendar-order {ICAL}>{order}</calendar-order>", **how)


THEIRS = "/77/principal/"


@pytest.mark.parametrize(
    ("calendars", "primary"),
    [
        ((inbox(f"{PARTITION}{HOME}work/"), calendar("home"), calendar("work")), ["work"]),
        ((inbox(f"{HOME}gone/"), calendar("home"), calendar("a")), ["home"]),
        ((inbox(f"{HOME}a"), calendar("home"), calendar("a", owner=THEIRS)), ["home"]),
        ((calendar("a"), calendar("home")), ["home"]),
        ((ordered("a", "2"), ordered("b", "1"), calendar("c")), ["b"]),
        ((ordered("a", "1", privileges=READING), ordered("b", "2")), ["b"]),
        ((calendar("b"), calendar("a"), ordered("c", "first")), ["a"]),
        ((calendar("home", owner=THEIRS), calendar("b")), ["b"]),
        ((calendar("a", owner=THEIRS), calendar("b", privileges=READING)), []),
        ((), []),
    ],
)
async def test_one_calendar_is_the_primary(
    world: World, calendars: tuple[str, ...], primary: list[str]
) -> None:
    assert await world.primary(*calendars) == primary


async def test_the_primary_stands_first(world: World) -> None:
    listed = await world.remote(calendar("a"), calendar("home"), calendar("z"))
    assert [one.remote_id for one in listed] == ["home", "a", "z"]


async def test_names_and_ids_are_not_printed(world: World) -> None:
    listed = await world.listed(calendar("private", title="Private matters"))
    assert not any(secret in repr(listed).casefold() for secret in ("private", "anna"))
