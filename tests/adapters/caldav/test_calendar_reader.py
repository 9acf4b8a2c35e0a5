"""Reading Apple's calendars, on the sandbox."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from adapters.caldav.grants import first_grant, opened
from domain.access import AccessDenied, AccessDoubted, CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.account import AccountNotFound
from domain.blocking import CalendarEntry, Days, FloatingTimes, Instants, ShowAs
from domain.connection import MailboxNotServed
from sandbox import Recurrence, Sandbox
from tests.adapters.caldav.reading import ASKS, LOOKS, WEEK, Chair, at, busy, chair_at, hour
from tests.builders import MARK

FILE = f"{MARK}.ics"
ZONE = "\r\n".join(
    (
        "BEGIN:VTIMEZONE",
        "TZID:Customized",
        "BEGIN:STANDARD",
        "DTSTART:16010101T000000",
        "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0300",
        "END:STANDARD",
        "END:VTIMEZONE",
    )
)


def text(*lines: str, uid: str = "one", zone: str = "") -> str:
    event = ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20310101T000000Z", *lines, "END:VEVENT")
    return "\r\n".join(
        ("BEGIN:VCALENDAR", "VERSION:2.0", *([zone] if zone else ()), *event, "END:VCALENDAR", "")
    )


TIMES = ("DTSTART:20310506T090000Z", "DTEND:20310506T100000Z")


async def test_a_reading_takes_a_look_at_the_home_and_a_query(chair: Chair) -> None:
    chair.add(at(6, 9), at(6, 10))
    assert busy(await chair.read()) == (hour(6, 9),)
    assert chair.asked() == [LOOKS, ASKS]


@pytest.mark.parametrize("lists_collection", [True, False])
@pytest.mark.parametrize("hrefs", ["paths", "urls"])
async def test_the_calendar_among_its_events_is_none(
    chair: Chair, *, lists_collection: bool, hrefs: Any
) -> None:
    settings = chair.world.icloud.settings
    settings.lists_collection, settings.hrefs = lists_collection, hrefs
    assert await chair.read() == ()
    chair.add(at(6, 9))
    assert len(await chair.read()) == 1


async def test_statuses_come_as_they_are(chair: Chair) -> None:
    chair.add(at(6, 9), at(6, 10), show_as="free")
    chair.add(at(6, 11), at(6, 12), show_as="tentative")
    chair.add(at(6, 13), at(6, 14), response="declined", organizer_email="nora@rival.example.com")
    chair.add(at(6, 15), at(6, 16), response="notResponded", organizer_email="nora@rival.example.com")
    chair.add(at(6, 17), at(6, 18), cancelled=True)
    found = {entry.when.start.hour: entry for entry in await chair.read()}  # type: ignore[union-attr]
    assert {hour: one.show_as for hour, one in found.items()} == {
        9: ShowAs.FREE,
        11: ShowAs.TENTATIVE,
        13: ShowAs.BUSY,
        15: ShowAs.TENTATIVE,
        17: ShowAs.BUSY,
    }
    assert (found[13].declined, found[17].cancelled) == (True, True)


async def test_days_and_floating_times_at_the_edges_are_found(chair: Chair) -> None:
    """Servers place them in UTC, and the expert may live fourteen hours away."""
    chair.add(date(2031, 5, 4), date(2031, 5, 5))
    chair.add(date(2031, 5, 12), date(2031, 5, 13))
    chair.put(text("DTSTART:20310512T120000", "DTEND:20310512T130000"))
    found = await chair.read()
    assert {entry.when for entry in found} == {
        Days(date(2031, 5, 4), date(2031, 5, 5)),
        Days(date(2031, 5, 12), date(2031, 5, 13)),
        FloatingTimes(datetime(2031, 5, 12, 12), datetime(2031, 5, 12, 13)),  # noqa: DTZ001
    }


async def test_a_series_of_years_ago_comes_by_occurrence(chair: Chair) -> None:
    first = datetime(2025, 1, 6, 9, tzinfo=WEEK.start.tzinfo)
    chair.add(first, first + timedelta(hours=1), recurrence=Recurrence(kind="weekly", days=("monday",)))
    assert busy(await chair.read()) == (hour(5, 9),)


async def test_a_zone_that_an_event_brings_along_counts(chair: Chair) -> None:
    chair.put(
        text("DTSTART;TZID=Customized:20310506T120000", "DTEND;TZID=Customized:20310506T130000", zone=ZONE)
    )
    assert busy(await chair.read()) == (hour(6, 9),)


async def test_our_own_events_are_told_by_file_name_and_uid(chair: Chair) -> None:
    chair.put(text(*TIMES, uid=MARK), name=FILE)
    (entry,) = await chair.read()
    assert (entry.mark, entry.remote_id) == (MARK, FILE)


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        ("another", FILE),
        (MARK, "copy.ics"),
        (MARK, f"{MARK}-copy.ics"),
        (MARK.upper(), f"{MARK.upper()}.ics"),
        ("3f0a6a0e-41c1-5c2c-9d0b-5a3f0c1d2e3f", FILE),
    ],
)
async def test_one_of_the_two_alone_makes_an_event_nobodys(chair: Chair, uid: str, name: str) -> None:
    chair.put(text(*TIMES, uid=uid), name=name)
    assert await chair.read() == (
        CalendarEntry(when=Instants(at(6, 9), at(6, 10)), show_as=ShowAs.BUSY, mark=None),
    )
    assert [entry.remote_id for entry in await chair.read()] == [None]


async def test_an_odd_entry_blocks_and_is_counted(chair: Chair) -> None:
    chair.put(text(*TIMES, "RRULE:FREQ=NEVER"))
    chair.put(text("STATUS:CONFIRMED", uid="two"), name="odd.ics")
    chair.add(at(7, 9))
    assert busy(await chair.read()) == (WEEK,)
    assert chair.dav.meter.odd == [2]


async def test_nothing_odd_is_not_worth_a_word(chair: Chair) -> None:
    chair.add(at(7, 9))
    await chair.read()
    assert chair.dav.meter.odd == []


async def test_an_answer_to_an_invitation_counts_under_every_address(sandbox: Sandbox) -> None:
    sandbox.world.people.change_icloud("ida", addresses=["ida@icloud.example.com", "Ida@work.example.com"])
    async with chair_at(sandbox) as chair:
        chair.put(text(*TIMES, "ATTENDEE;PARTSTAT=DECLINED:mailto:ida@WORK.example.com"), name="a.ics")
        chair.put(text(*TIMES, "ATTENDEE;PARTSTAT=DECLINED:mailto:nora@example.com", uid="two"), name="b.ics")
        assert sorted(entry.declined for entry in await chair.read()) == [False, True]


async def test_an_address_that_says_nothing_is_nobodys(sandbox: Sandbox) -> None:
    """Attendees without an `EMAIL` would all have it, and what they declined would be free."""
    sandbox.world.people.change_icloud("ida", addresses=["mailto:", "ida@icloud.example.com"])
    async with chair_at(sandbox) as chair:
        chair.put(text(*TIMES, "ATTENDEE;PARTSTAT=DECLINED:mailto:nora@example.com"))
        assert busy(await chair.read()) == (hour(6, 9),)


@pytest.mark.parametrize("person", ["oddhome", "partitioned", "ines"])
async def test_calendars_are_read_wherever_they_are(sandbox: Sandbox, person: str) -> None:
    async with chair_at(sandbox, person) as chair:
        chair.add(at(6, 9), at(6, 10))
        assert busy(await chair.read()) == (hour(6, 9),)
        assert chair.world.icloud.hosts.passwords_sent_to("foreign") == 0


async def test_a_calendar_of_somebody_else_is_read(sandbox: Sandbox) -> None:
    async with chair_at(sandbox, "ines") as chair:
        chair.world.events.add("ivan", at(6, 9), at(6, 10), calendar="work", zone="UTC")
        assert busy(await chair.read("ivan-readonly")) == (hour(6, 9),)


# What an answer must be.


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "truncate"}, InvalidAnswer),
        ({"status": 207, "body": ""}, InvalidAnswer),
        ({"status": 200, "body": "<html>Our services</html>", "content_type": "text/html"}, InvalidAnswer),
        ({"status": 207, "body": {"value": []}}, InvalidAnswer),
        ({"status": 204}, InvalidAnswer),
        ({"kind": "cut_inside"}, ProviderUnavailable),
        ({"kind": "cut"}, ProviderUnavailable),
        ({"status": 401}, AccessDoubted),
        ({"status": 403}, AccessDenied),
        ({"status": 404}, ProviderUnavailable),
        ({"status": 400}, InvalidAnswer),
        ({"status": 500}, ProviderUnavailable),
        ({"status": 429}, ProviderUnavailable),
        ({"status": 503}, ProviderUnavailable),
    ],
)
@pytest.mark.parametrize("method", ["PROPFIND", "REPORT"])
async def test_a_bad_answer_leaves_the_calendar_unread(
    chair: Chair, method: str, fault: dict[str, Any], error: type[Exception]
) -> None:
    chair.add(at(6, 9))
    chair.world.faults.add(surface="icloud", method=method, path="^/[0-9]+/calendars/", times=None, **fault)
    with pytest.raises(error):
        await chair.read()
    chair.world.faults.clear()
    chair.dav.clock.advance(timedelta(minutes=5))  # for as long as the account was to be left alone
    assert len(await chair.read()) == 1


@pytest.mark.parametrize("method", ["PROPFIND", "REPORT"])
async def test_a_doctype_is_no_answer(chair: Chair, method: str) -> None:
    chair.world.faults.doctype(method=method, times=None)
    with pytest.raises(InvalidAnswer):
        await chair.read()


async def test_a_redirect_to_a_foreign_host_is_followed_by_nobody(chair: Chair) -> None:
    chair.world.faults.redirect(f"{chair.sandbox.foreign_url}/1/calendars/home/", method="REPORT")
    with pytest.raises(InvalidAnswer):
        await chair.read()
    assert chair.world.icloud.hosts.passwords_sent_to("foreign") == 0


async def test_throttling_says_how_long_to_wait(chair: Chair) -> None:
    chair.world.faults.dav_error(503, method="REPORT", retry_after="40")
    with pytest.raises(ProviderUnavailable) as caught:
        await chair.read()
    assert (caught.value.throttled, caught.value.retry_after) == (True, timedelta(seconds=40))


# Whether a calendar is gone.


@pytest.mark.parametrize("status", [403, 404])
async def test_what_the_list_still_has_is_not_gone(chair: Chair, status: int) -> None:
    chair.world.faults.dav_error(status, method="REPORT")
    with pytest.raises(AccessDenied if status == 403 else ProviderUnavailable):
        await chair.read()
    assert chair.asked() == [LOOKS, ASKS, LOOKS]


async def test_a_calendar_that_goes_between_look_and_query_is_gone(chair: Chair) -> None:
    work = chair.calendar_id("work")
    chair.world.faults.add(surface="icloud", method="REPORT", kind="hang", seconds=60)
    reading = asyncio.create_task(chair.read_id(work))
    await chair.sandbox.hangs.reached()
    chair.world.calendars.remove("ida", "work")
    chair.sandbox.hangs.release()
    with pytest.raises(CalendarGone):
        await reading


async def test_what_the_list_has_no_more_is_gone_without_a_query(chair: Chair) -> None:
    work = chair.calendar_id("work")
    chair.world.calendars.remove("ida", "work")
    with pytest.raises(CalendarGone):
        await chair.read_id(work)
    assert chair.asked() == [LOOKS]


async def test_a_calendar_that_became_a_subscription_is_not_read_as_free(chair: Chair) -> None:
    chair.add(at(6, 9), calendar="work")
    chair.world.calendars.change_icloud("ida", "work", kind="subscribed", source="webcal://example.com/a.ics")
    with pytest.raises(CalendarGone):
        await chair.read("work")


@pytest.mark.parametrize("remote_id", ["made-up", "../../me", "a?b#c", " ", "inbox", ""])
async def test_what_is_no_calendar_is_gone(chair: Chair, remote_id: str) -> None:
    with pytest.raises(CalendarGone):
        await chair.read_id(remote_id)


async def test_a_home_that_moved_is_found_and_remembered(chair: Chair) -> None:
    chair.add(at(6, 9), at(6, 10))
    chair.world.people.change_icloud("ida", home="elsewhere")
    assert busy(await chair.read()) == (hour(6, 9),)
    discovery = [("PROPFIND", "/"), ("PROPFIND", "/{number}/principal/")]
    nothing = ("PROPFIND", "(not served)")
    assert chair.asked() == [nothing, *discovery, LOOKS, ASKS]
    chair.world.traffic.requests.clear()
    await chair.read("work")
    assert chair.asked() == [LOOKS, ASKS]

    chair.world.people.change_icloud("ida", home="calendars")
    assert busy(await chair.read()) == (hour(6, 9),)


async def test_another_grant_says_anew_where_the_home_is(chair: Chair) -> None:
    chair.world.people.change_icloud("ida", home="elsewhere")
    await chair.read()
    login = opened(chair.dav.store.tables.grants[chair.account].grant).login
    chair.dav.connect(first_grant(login, await chair.dav.discovery.walk(login)), version=2)
    chair.world.traffic.requests.clear()
    await chair.read()
    assert chair.asked()[0] == LOOKS


async def test_somebody_without_calendars_is_not_served(chair: Chair) -> None:
    chair.world.icloud.settings.omitted = ["calendar-home-set"]
    chair.world.people.change_icloud("ida", home="elsewhere")
    with pytest.raises(MailboxNotServed):
        await chair.read()


async def test_an_account_that_was_disconnected_is_not_found(chair: Chair) -> None:
    del chair.dav.store.tables.grants[chair.account]
    with pytest.raises(AccountNotFound):
        await chair.read()
