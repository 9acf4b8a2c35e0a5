"""Finding our events: wherever their owner moved them, and saying that they are gone only after a whole look."""

from typing import Any

import pytest

from adapters.caldav.event_names import file_of, mark_in
from domain.access import AccessDenied, CalendarGone, EventMissing, InvalidAnswer, ProviderUnavailable
from domain.ids import EventMark
from sandbox.icloud.storing import store_text
from sandbox.world.faults import Fault
from tests.adapters.caldav.writing import FILE, LATER, MARK, Desk, booked

PAGE: dict[str, Any] = {"status": 200, "body": "<html>Our services</html>", "content_type": "text/html"}
CALENDAR = "/{number}/{home}/{calendar}/"
EVENT = f"{CALENDAR}{{event}}"


def silent(desk: Desk, calendar: str, status: int = 500, **details: Any) -> Fault:
    """No answer about events in it; that it is there is told all the same."""
    path = f"/{desk.calendar_id(calendar)}/."
    return desk.world.faults.add(
        **{"surface": "icloud", "path": path, "status": status, "times": None, **details}
    )


@pytest.mark.parametrize("missing", ["status", "inner"])
async def test_however_a_server_says_so_what_is_missing_is_missing(desk: Desk, missing: Any) -> None:
    desk.world.icloud.settings.missing_event = missing
    assert await desk.find() is None
    written = await booked(desk)
    assert await written.find() == written.copy.place
    desk.world.events.delete(desk.person, desk.event)
    assert await written.find() is None


@pytest.mark.parametrize("calendar", ["work", "nameless", "emoji"])
async def test_an_event_is_followed_into_another_calendar(desk: Desk, calendar: str) -> None:
    written = await booked(desk)
    desk.world.events.move(desk.person, desk.event, calendar)
    place = await written.find()
    assert place == desk.place_in(calendar)
    moved = written.at(place)
    await moved.update()
    assert desk.interval == LATER
    await moved.delete()
    assert desk.written() == []


async def test_every_calendar_is_asked_once_before_it_is_gone(desk: Desk) -> None:
    assert await desk.find() is None
    calendars = len(desk.world.calendars.of(desk.person))
    once = [("PROPFIND", EVENT)] * calendars
    assert desk.asked() == [("PROPFIND", EVENT), ("PROPFIND", "/{number}/{home}/"), *once]


async def test_what_was_there_once_is_asked_for_by_another_address(desk: Desk) -> None:
    written = await booked(desk)
    silent(desk, "home", 404, method="PROPFIND")
    assert await written.find() == written.copy.place
    desk.world.events.delete(desk.person, desk.event)
    assert await written.find() is None
    assert desk.asked()[-1] == ("REPORT", CALENDAR)


@pytest.mark.parametrize("how", [{"status": 500}, {"status": 404, "method": "REPORT"}, PAGE])
async def test_a_look_that_is_not_whole_finds_nothing_out(desk: Desk, how: dict[str, Any]) -> None:
    written = await booked(desk)
    desk.world.events.delete(desk.person, desk.event)
    if how.get("method") == "REPORT":
        desk.world.faults.add(surface="icloud", times=None, **how)
    else:
        silent(desk, "work", **how)
    with pytest.raises((ProviderUnavailable, InvalidAnswer)):
        await written.find()


async def test_a_silent_calendar_does_not_matter_once_it_is_found(desk: Desk) -> None:
    written = await booked(desk)
    desk.world.events.move(desk.person, desk.event, "work")
    silent(desk, "emoji")
    assert await written.find() == desk.place_in("work")


async def test_a_calendar_that_is_closed_to_us_can_have_no_event_of_ours(desk: Desk) -> None:
    silent(desk, "emoji", 403)
    assert await desk.find() is None


async def test_whether_it_is_in_its_own_calendar_must_be_known(desk: Desk) -> None:
    silent(desk, "home", 403)
    with pytest.raises(AccessDenied):
        await desk.find()


async def test_a_calendar_is_gone_when_it_is_listed_no_more(desk: Desk) -> None:
    written = await booked(desk)
    desk.world.calendars.remove(desk.person, "home")
    with pytest.raises(CalendarGone):
        await written.find()


async def test_an_event_of_another_mark_is_not_ours(desk: Desk) -> None:
    other = EventMark("11111111-2222-5333-8444-555555555555")
    text = "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "BEGIN:VEVENT",
            f"UID:{MARK}",
            "DTSTART:20310506T090000Z",
            "DTEND:20310506T100000Z",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )
    store_text(desk.world, desk.person, "work", text, name=file_of(other))
    assert await desk.find() is None


@pytest.mark.parametrize("name", ["create", "update", "delete", "find"])
async def test_a_home_that_moved_is_found_again(desk: Desk, name: str) -> None:
    written = await booked(desk)
    desk.world.people.change_icloud(desk.person, home="elsewhere")
    match name:
        case "create":
            assert await written.create() == written.copy.place
        case "update":
            await written.update()
            assert desk.interval == LATER
        case "delete":
            await written.delete()
            assert desk.written() == []
        case _:
            assert await written.find() == written.copy.place


async def test_a_login_that_leads_to_somebody_else_is_not_followed(desk: Desk) -> None:
    written = await booked(desk)
    desk.world.people.get(desk.person).icloud_account.number = "4711"
    for step in (written.update, written.delete, written.find):
        with pytest.raises(InvalidAnswer):
            await step()
    with pytest.raises(ProviderUnavailable):
        await written.create()


async def test_an_event_of_the_same_name_in_another_account_is_another_one(desk: Desk) -> None:
    written = await booked(desk)
    proved = await desk.dav.passwords.prove(
        desk.world.people.get("ines").email, desk.world.icloud.passwords.of("ines")
    )
    desk.dav.connect(proved.grant)
    for step in (written.update, written.delete):
        with pytest.raises(EventMissing):
            await step()
    assert await written.find() is None
    assert len(desk.written()) == 1


def test_a_name_is_a_mark_and_back() -> None:
    assert mark_in(FILE) == MARK
    for name in (f"{MARK}", f"{MARK.upper()}.ics", f"x{FILE}", f"{FILE}/", "home", ""):
        assert mark_in(name) is None
