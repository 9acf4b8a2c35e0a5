"""The adapter on a server that nobody here wrote: discovery, the directory, and each method of the client."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from adapters.caldav.calendar_tags import tagged_calendars
from adapters.caldav.elements import CALDAV, DAV
from adapters.caldav.errors import DavRefusal, Fault, domain_error
from adapters.caldav.grants import first_grant
from adapters.caldav.listed_calendars import CalendarHome
from adapters.caldav.login import Login
from adapters.caldav.multistatus import Resource
from adapters.caldav.questions import propfind_for
from domain.access import AccessDenied, CalendarGone, EventMissing, WriteRefused
from domain.account import Identity, Provider
from domain.calendar import RemoteCalendar
from domain.grant import Grant
from domain.password_sign_in import WrongPassword
from tests.support.caldav import OpenDav, dav_on
from tests.support.radicale import PRINCIPAL, Radicale, RadicalePerson, radicale

__all__ = ["radicale"]

EVENT = "\r\n".join(
    (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//CalendarSync//EN",
        "BEGIN:VEVENT",
        "UID:{uid}",
        "DTSTAMP:20300101T000000Z",
        "DTSTART:20300513T{hour}0000Z",
        "DTEND:20300513T{hour}3000Z",
        "SUMMARY:Lunch & <talk>",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
)
DATA = f"{CALDAV}calendar-data"
QUERY = b"""<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
<d:prop><d:getetag/><c:calendar-data/></d:prop>
<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">
<c:time-range start="20300513T000000Z" end="20300514T000000Z"/>
</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"""
NEW = {"If-None-Match": "*"}


def event(uid: str, hour: int = 10) -> str:
    return EVENT.format(uid=uid, hour=hour)


@pytest_asyncio.fixture
async def dav(radicale: Radicale) -> AsyncIterator[OpenDav]:
    async with dav_on(radicale.url, principal=PRINCIPAL) as opened:
        yield opened


@pytest.fixture
def anna(radicale: Radicale) -> RadicalePerson:
    return radicale.person("anna")


async def grant_of(dav: OpenDav, person: RadicalePerson) -> Grant:
    return first_grant(person.login, await dav.discovery.walk(person.login))


async def test_discovery_finds_the_person_and_their_home(dav: OpenDav, anna: RadicalePerson) -> None:
    found = await dav.discovery.walk(anna.login)
    assert found.identity == Identity(
        provider=Provider.APPLE, tenant_id="127.0.0.1", object_id=anna.login.username
    )
    assert found.home == anna.home


@pytest.mark.parametrize("password", ["wrong", ""])
async def test_a_wrong_password_is_refused(dav: OpenDav, anna: RadicalePerson, password: str) -> None:
    with pytest.raises(DavRefusal) as caught:
        await dav.discovery.walk(Login(username=anna.login.username, password=password))
    assert caught.value.fault is Fault.PASSWORD


async def test_calendars_are_listed_by_value(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.make_calendar("home", title="Private & \N{SPARKLES}")
    anna.make_calendar("a b", title="B")
    anna.make_calendar("todo", components=("VTODO",))
    anna.make_read_only_calendar("read-only-birthdays")
    listed = await dav.directory.first_look(await grant_of(dav, anna))
    expected = RemoteCalendar(
        remote_id="home",
        name="Private & \N{SPARKLES}",
        owner_name="",
        owner_email=anna.login.username,
        color="",
        primary=True,
        writable=True,
        shared=False,
    )
    assert listed[0] == expected
    assert [(one.remote_id, one.primary, one.writable) for one in listed[1:]] == [
        ("a b", False, True),
        ("read-only-birthdays", False, False),
    ]


async def test_a_home_without_calendars_is_told_as_it_is(dav: OpenDav, anna: RadicalePerson) -> None:
    assert await dav.directory.list_calendars(dav.connect(await grant_of(dav, anna))) == ()


async def test_tags_change_with_the_events(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.make_calendar("home")
    home = CalendarHome(login=anna.login, principal=anna.home, home=anna.home)
    before, again = [await tagged_calendars(dav.client, home) for _ in range(2)]
    assert before == again
    anna.put("home", "A.ics", event("A"))
    after = (await tagged_calendars(dav.client, home))["home"].tags
    assert after is not None
    assert after.sync_token is not None
    assert after != before["home"].tags


async def test_events_of_a_window_come_as_text(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.make_calendar("home")
    anna.put("home", "A.ics", event("A", 10))
    anna.put("home", "B.ics", event("B", 14).replace("20300513", "20300613"))
    found = await dav.client.report(
        anna.login, anna.path("home"), QUERY, lambda: lambda one: one.text(DATA), kind="read_view"
    )
    assert len(found) == 1
    assert "DTSTART:20300513T100000Z" in found[0]
    assert "SUMMARY:Lunch & <talk>" in found[0]


async def test_an_event_lives(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.make_calendar("home")
    path = f"{anna.path('home')}A.ics"

    async def put(condition: dict[str, str], hour: int) -> None:
        body = event("A", hour).encode()
        await dav.client.put(anna.login, path, body, condition=condition, kind="create_event")

    async def etag() -> str | None:
        question = propfind_for(f"{DAV}getetag")
        found: Resource = await dav.client.resource(anna.login, path, question, kind="find_event")
        return found.text(f"{DAV}getetag")

    await put(NEW, 10)
    first = await etag()
    assert first is not None
    with pytest.raises(DavRefusal) as caught:
        await put(NEW, 10)
    assert caught.value.fault is Fault.CHANGED
    await put({"If-Match": first}, 11)
    with pytest.raises(DavRefusal) as caught:
        await put({"If-Match": first}, 12)
    assert caught.value.fault is Fault.CHANGED
    await dav.client.delete(anna.login, path, kind="delete_event")
    for ask in (etag(), dav.client.delete(anna.login, path, kind="delete_event")):
        with pytest.raises(DavRefusal) as caught:
            await ask
        assert caught.value.fault is Fault.GONE
    with pytest.raises(DavRefusal) as caught:
        await put({"If-Match": "*"}, 10)
    assert caught.value.fault is Fault.CHANGED


async def test_a_calendar_that_can_not_be_written_says_so(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.make_read_only_calendar("read-only-birthdays")
    path = f"{anna.path('read-only-birthdays')}A.ics"
    with pytest.raises(DavRefusal) as caught:
        await dav.client.put(anna.login, path, event("A").encode(), condition=NEW, kind="create_event")
    meant = domain_error(caught.value, gone=EventMissing, password=WrongPassword(), writing=True)
    assert isinstance(meant, AccessDenied)


async def test_rubbish_is_refused_for_good(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.make_calendar("home")
    path = f"{anna.path('home')}A.ics"
    with pytest.raises(DavRefusal) as caught:
        await dav.client.put(anna.login, path, b"BEGIN:VCALENDAR", condition=NEW, kind="create_event")
    assert isinstance(
        domain_error(caught.value, gone=EventMissing, password=WrongPassword(), writing=True), WriteRefused
    )


async def test_a_calendar_that_is_gone_is_not_found(dav: OpenDav, anna: RadicalePerson) -> None:
    anna.make_calendar("home")
    anna.delete("home")
    with pytest.raises(DavRefusal) as caught:
        await dav.client.report(
            anna.login, anna.path("home"), QUERY, lambda: lambda one: one, kind="read_view"
        )
    assert isinstance(domain_error(caught.value, gone=CalendarGone, password=WrongPassword()), CalendarGone)


async def test_the_calendars_of_others_are_refused(
    dav: OpenDav, radicale: Radicale, anna: RadicalePerson
) -> None:
    jonas = radicale.person("jonas")
    jonas.make_calendar("home")
    with pytest.raises(DavRefusal) as caught:
        await dav.client.report(
            anna.login, jonas.path("home"), QUERY, lambda: lambda one: one, kind="read_view"
        )
    assert caught.value.fault is Fault.DENIED


async def test_two_people_see_their_own(dav: OpenDav, radicale: Radicale, anna: RadicalePerson) -> None:
    jonas = radicale.person("jonas")
    anna.make_calendar("annas")
    jonas.make_calendar("jonas")
    for person, name in ((anna, "annas"), (jonas, "jonas")):
        (only,) = await dav.directory.first_look(await grant_of(dav, person))
        assert (only.remote_id, only.owner_email) == (name, person.login.username)


async def test_another_server_has_passwords_of_another_shape(radicale: Radicale) -> None:
    anna = radicale.person("anna", password="Gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n & blue")
    async with dav_on(radicale.url, principal=PRINCIPAL, app_specific_passwords=False) as dav:
        signed_in = await dav.passwords.prove(anna.login.username, anna.login.password)
        assert (signed_in.identity.object_id, signed_in.email) == (anna.login.username, anna.login.username)
        with pytest.raises(WrongPassword):
            await dav.passwords.prove(anna.login.username, "Green & blue")
