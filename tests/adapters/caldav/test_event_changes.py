"""Changes of events that their owner has worked with: what stays, and who wins when both are at it."""

import asyncio
from dataclasses import replace

import pytest

from domain.access import EventMissing, ProviderUnavailable, WriteRefused
from domain.event_digest import EventPart
from sandbox.icloud.calendar_text import parse, write
from sandbox.icloud.storing import store_text
from tests.adapters.caldav.writing import DETAILS, LATER, Desk, booked

MOVED = replace(DETAILS, title="Moved", text="New plan", place="Garden", reminder_minutes=5)
GUESTS = [
    "ORGANIZER:mailto:ida@icloud.example.com",
    'ATTENDEE;CN="Eva: Z";PARTSTAT=ACCEPTED:mailto:eva@example.com',
    "ATTACH;FMTTYPE=application/pdf:https://files.example/plan.pdf",
    "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
]


def reworked(desk: Desk, *lines: str, without: tuple[str, ...] = ()) -> None:
    """Its owner puts these lines in, and takes those out."""
    text = parse(desk.text)
    (event,) = text.named("VEVENT")
    event.lines = [one for one in event.lines if one.name not in without]
    at = "BEGIN:VEVENT\r\n"
    added = at + "".join(f"{line}\r\n" for line in lines)
    store_text(desk.world, desk.person, "home", write(text).replace(at, added), name=f"{desk.copy.mark}.ics")


def lines_of(desk: Desk) -> list[str]:
    return desk.text.replace("\r\n ", "").split("\r\n")


async def test_guests_and_whatever_nobody_here_knows_stay(desk: Desk) -> None:
    written = await booked(desk)
    reworked(desk, *GUESTS, "SUMMARY:Mine", without=("SUMMARY",))
    await written.update(LATER, MOVED, parts={EventPart.TIME})
    lines = lines_of(desk)
    assert [line for line in lines if line in GUESTS] == GUESTS
    assert {"SUMMARY:Mine", "DTSTART:20310507T090000Z", "DTEND:20310507T100000Z"} <= set(lines)
    assert desk.interval == LATER


async def test_what_is_kept_stays_byte_by_byte_through_many_changes(desk: Desk) -> None:
    written = await booked(desk)
    long = "X-NOTE;X-LONG=yes:" + "ä, \\; " * 60
    reworked(desk, long, *GUESTS)
    for part in EventPart:
        await written.update(LATER, MOVED, parts={part})
    assert lines_of(desk).count(long) == 1
    (event,) = parse(desk.text).named("VEVENT")
    assert (event.text("SUMMARY"), event.text("LOCATION")) == ("Moved", "Garden")
    assert event.text("DESCRIPTION") == f"{MOVED.text}\n\n{MOVED.join_url}"
    assert [one.text("TRIGGER") for one in event.named("VALARM")] == ["-PT5M"]


async def test_a_series_that_its_owner_made_of_it_stays_one(desk: Desk) -> None:
    written = await booked(desk)
    reworked(desk, "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20310513T090000Z")
    await written.update(LATER, MOVED, parts={EventPart.TIME})
    assert {"RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20310513T090000Z"} <= set(lines_of(desk))
    assert desk.interval == LATER


async def test_an_all_day_event_has_times_again_once_its_session_is_moved(desk: Desk) -> None:
    written = await booked(desk)
    day = ("DTSTART;VALUE=DATE:20310506", "DTEND;VALUE=DATE:20310507")
    reworked(desk, *day, without=("DTSTART", "DTEND"))
    await written.update(LATER, MOVED, parts={EventPart.TITLE})
    assert (desk.event.all_day, desk.event.subject) == (True, "Moved")
    await written.update(LATER, MOVED, parts={EventPart.TIME})
    assert desk.interval == LATER
    assert not desk.event.all_day


async def test_who_changes_it_between_our_look_and_our_change_loses_nothing(desk: Desk) -> None:
    """The change is made again, of what is there then."""
    written = await booked(desk)
    desk.world.faults.add(surface="icloud", kind="hang", method="PUT", seconds=30)
    change = asyncio.create_task(written.update(LATER, MOVED, parts={EventPart.TIME}))
    await desk.sandbox.hangs.reached()
    desk.world.events.change(desk.event, subject="Mine")
    desk.sandbox.hangs.release()
    await change
    assert (desk.event.subject, desk.interval) == ("Mine", LATER)


async def test_an_event_that_changes_again_and_again_is_left_for_later(desk: Desk) -> None:
    written = await booked(desk)
    fault = desk.world.faults.dav_error(412, method="PUT", times=None)
    with pytest.raises(ProviderUnavailable) as caught:
        await written.update()
    assert not caught.value.outcome_unknown
    assert fault.hits == 3
    desk.world.faults.clear()
    await written.update()
    assert desk.interval == LATER


async def test_an_event_deleted_between_our_look_and_our_change_is_not_made_again(desk: Desk) -> None:
    written = await booked(desk)
    desk.world.faults.add(surface="icloud", kind="hang", method="PUT", seconds=30)
    change = asyncio.create_task(written.update())
    await desk.sandbox.hangs.reached()
    desk.world.events.delete(desk.person, desk.event)
    desk.sandbox.hangs.release()
    with pytest.raises(EventMissing):
        await change
    assert desk.written() == []


@pytest.mark.parametrize("condition", ["valid-calendar-data", "max-resource-size"])
async def test_a_change_that_is_refused_for_what_its_owner_added_is_made_without_it(
    desk: Desk, condition: str
) -> None:
    written = await booked(desk)
    reworked(desk, *GUESTS)
    desk.world.faults.dav_error(403, condition, method="PUT")
    await written.update(LATER, MOVED, parts={EventPart.TIME})
    assert desk.interval == LATER
    assert desk.event.subject == "Moved"
    assert desk.event.icloud_text == ""


async def test_an_event_that_lost_its_end_gets_one(desk: Desk) -> None:
    """To iCloud an event without an end isn't there."""
    written = await booked(desk)
    reworked(desk, without=("DTEND",))
    await written.update(LATER, MOVED, parts={EventPart.TITLE})
    assert (desk.interval, desk.event.subject) == (LATER, "Moved")


async def test_what_is_refused_without_it_too_is_refused_for_good(desk: Desk) -> None:
    written = await booked(desk)
    refused = desk.world.faults.dav_error(403, "max-date-time", method="PUT", times=None)
    with pytest.raises(WriteRefused) as caught:
        await written.update()
    assert (caught.value.code, refused.hits) == ("max-date-time", 2)


async def test_an_event_whose_text_is_beyond_repair_is_written_anew(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    written = await booked(desk)
    store_text(
        desk.world, desk.person, "home", "BEGIN:VCALENDAR\r\nSUMMARY:x\r\n", name=f"{desk.copy.mark}.ics"
    )
    await written.update(LATER, MOVED, parts={EventPart.TIME})
    assert (desk.interval, desk.event.subject) == (LATER, "Moved")
    assert "an event is written anew" in caplog.text


async def test_nothing_that_its_owner_wrote_is_in_an_error_or_a_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    written = await booked(desk)
    reworked(desk, "SUMMARY:canary-7f3a", without=("SUMMARY",))
    desk.world.faults.dav_error(403, "valid-calendar-data", method="PUT", times=None)
    with caplog.at_level(0), pytest.raises(Exception) as caught:  # noqa: PT011
        await written.update(LATER, MOVED, parts={EventPart.TIME})
    assert "an event is written anew" in caplog.text
    assert "canary-7f3a" not in caplog.text + repr(caught.value) + repr(caught.value.__cause__)
