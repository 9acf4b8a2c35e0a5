"""What the look at a home tells of its calendars: the same ones as the list, and whether they have changed."""

import pytest

from adapters.caldav.calendar_tags import Tags, tagged_calendars
from adapters.caldav.listed_calendars import CalendarHome, listed_calendars
from sandbox import Sandbox
from tests.adapters.caldav.icloud_answers import CS, HOME, PRINCIPAL, calendar, collection, icloud
from tests.adapters.caldav.reading import chair_at
from tests.adapters.web.scripted_server import ScriptedServer
from tests.support.caldav import ANNA, OpenDav

TOKEN = '<sync-token xmlns="DAV:">https://x/s-1</sync-token>'
CTAG = f"<getctag {CS}>c-1</getctag>"


@pytest.mark.parametrize(
    ("more", "tags"),
    [
        (CTAG + TOKEN, Tags("c-1", "https://x/s-1")),
        (CTAG, Tags("c-1", None)),
        (TOKEN, None),
        (f"<getctag {CS}/>{TOKEN}", None),
        (f'{CTAG}<sync-token xmlns="DAV:"/>', Tags("c-1", None)),
    ],
)
async def test_tags_are_taken_as_they_are(
    server: ScriptedServer, dav: OpenDav, more: str, tags: Tags | None
) -> None:
    world = icloud()
    world.calendars(calendar("home", more=more), collection("inbox", more=more))
    world.play(server)
    found = await tagged_calendars(dav.client, CalendarHome(login=ANNA, principal=PRINCIPAL, home=HOME))
    assert {name: (one.path, one.tags) for name, one in found.items()} == {"home": (f"{HOME}home/", tags)}
    assert [(one.raw_path, one.headers["Depth"]) for one in server.asked] == [(HOME, "1")]


@pytest.mark.parametrize("person", ["ida", "ines", "subscriber", "reminders", "oddhome"])
async def test_there_are_those_that_are_listed(sandbox: Sandbox, person: str) -> None:
    async with chair_at(sandbox, person) as chair:
        look = await chair.reader.homes.look(chair.account)
        grant = look.account.grant
        home = CalendarHome(login=grant.login, principal=grant.principal, home=grant.home)
        listed = await listed_calendars(chair.dav.client, home)
        assert set(look.calendars) == {one.remote.remote_id for one in listed}


async def test_no_name_of_a_calendar_is_asked_for(server: ScriptedServer, dav: OpenDav) -> None:
    icloud().play(server)
    await tagged_calendars(dav.client, CalendarHome(login=ANNA, principal=PRINCIPAL, home=HOME))
    (asked,) = server.asked
    assert b"displayname" not in await asked.read()
