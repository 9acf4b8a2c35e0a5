"""Reports: which events they find, and which of their lines."""

from typing import Any

import pytest

from sandbox import Recurrence, Sandbox
from sandbox.icloud.storing import store_text
from tests.sandbox.client import Http
from tests.sandbox.icloud.client import (
    TIMES,
    WHOLE,
    WINDOW,
    Caldav,
    caldav_of,
    calendar_text,
    condition,
    event_text,
    filtered,
    found_in,
    multiget_body,
    query_body,
)


async def test_an_event_has_its_zone_two_stamps_and_an_alarm(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.events.add("ida", "2030-05-14T09:00", subject="Salary, bonus; more", body="a\nb" * 50)
    [found] = await ida.events()
    lines = found.data.splitlines()
    assert "DTSTART;TZID=Europe/Berlin:20300514T090000" in lines
    assert "TZID:Europe/Berlin" in lines
    assert "SUMMARY:Salary\\, bonus\\; more" in lines
    assert [line[:8] for line in lines].count("DTSTAMP:") == 2
    assert "BEGIN:VALARM" in lines
    assert max(len(line) for line in lines) <= 75
    assert found.href.removeprefix(ida.path("home")).removesuffix(".ics") == found.href.split("/")[-1][:36]
    assert f"UID:{found.href.split('/')[-1][:36]}" in lines
    assert (
        found.href
        == found.href.replace(".ics", "").upper().replace("/CALENDARS/HOME/", "/calendars/home/") + ".ics"
    )


@pytest.mark.parametrize(
    ("details", "lines"),
    [
        ({"show_as": "free"}, ["TRANSP:TRANSPARENT"]),
        ({"show_as": "tentative"}, ["TRANSP:OPAQUE", "STATUS:TENTATIVE"]),
        ({"show_as": "oof"}, ["X-MICROSOFT-CDO-BUSYSTATUS:OOF"]),
        ({"cancelled": True}, ["TRANSP:OPAQUE", "STATUS:CANCELLED"]),
        ({"original_zone": "Custom"}, ["TZID:Custom", "DTSTART;TZID=Custom:20300514T090000"]),
        (
            {"recurrence": Recurrence(kind="weekly", days=("tuesday",), occurrences=3)},
            ["RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=3"],
        ),
    ],
)
async def test_what_an_event_says_of_its_time(
    ida: Caldav, sandbox: Sandbox, details: dict[str, Any], lines: list[str]
) -> None:
    sandbox.world.events.add("ida", "2030-05-14T09:00", **details)
    [found] = await ida.events()
    assert set(lines) <= set(found.data.splitlines())


@pytest.mark.parametrize(
    ("response", "partstat"),
    [("notResponded", "NEEDS-ACTION"), ("declined", "DECLINED"), ("accepted", "ACCEPTED")],
)
async def test_invitations_are_opaque_whatever_the_answer(
    ida: Caldav, sandbox: Sandbox, response: str, partstat: str
) -> None:
    sandbox.world.events.add(
        "ida", "2030-05-14T09:00", response=response, organizer_email="boss@corp.example.com"
    )
    [found] = await ida.events()
    text = found.data.replace("\n ", "")
    assert "TRANSP:OPAQUE" in text
    assert f"PARTSTAT={partstat}:mailto:ida@icloud.example.com" in text


async def test_in_a_shared_calendar_its_owner_is_the_one_invited(sandbox: Sandbox, http: Http) -> None:
    sandbox.world.events.add("ivan", "2030-05-14T09:00", calendar="work", response="declined")
    [found] = await caldav_of(sandbox, http, "ines").events("ivan-readonly")
    text = found.data.replace("\n ", "")
    assert "PARTSTAT=DECLINED:mailto:ivan@icloud.example.com" in text
    assert "ines@" not in text


async def test_every_zone_that_is_named_has_its_rules(ida: Caldav, sandbox: Sandbox) -> None:
    events = sandbox.world.events
    daily = Recurrence(kind="daily")
    series = events.add("ida", "2030-05-13T09:00", zone="Europe/Berlin", recurrence=daily)
    day = series.start.date().replace(day=15)
    events.change_occurrence(series, day, start="2030-05-15T11:00", zone="Asia/Tokyo")
    [found] = await ida.events()
    lines = found.data.splitlines()
    assert "DTSTART;TZID=Asia/Tokyo:20300515T110000" in lines
    assert [line for line in lines if line.startswith("TZID:")] == ["TZID:Europe/Berlin", "TZID:Asia/Tokyo"]
    assert "RECURRENCE-ID:20300515T070000Z" in lines


async def test_a_moved_occurrence_is_named_in_utc_and_a_deleted_one_excluded(
    ida: Caldav, sandbox: Sandbox
) -> None:
    events = sandbox.world.events
    daily = Recurrence(kind="daily", until=None)
    series = events.add("ida", "2030-05-13T09:00", zone="Europe/Berlin", recurrence=daily)
    day = series.start.date()
    events.delete_occurrence(series, day.replace(day=15))
    events.change_occurrence(series, day.replace(day=16), start="2030-05-16T11:00", zone="Europe/Berlin")
    [found] = await ida.events()
    lines = found.data.splitlines()
    assert "EXDATE;TZID=Europe/Berlin:20300515T090000" in lines
    assert "RECURRENCE-ID:20300516T070000Z" in lines
    assert lines.count("BEGIN:VEVENT") == 2


async def test_a_series_of_some_weeks_says_where_a_week_begins(ida: Caldav, sandbox: Sandbox) -> None:
    some = Recurrence(kind="weekly", interval=3, days=("sunday", "friday"))
    sandbox.world.events.add("ida", "2030-05-17T09:00", recurrence=some)
    [found] = await ida.events()
    assert "RRULE:FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,FR;WKST=SU" in found.data.splitlines()


async def test_a_series_ends_with_an_instant(ida: Caldav, sandbox: Sandbox) -> None:
    start = "2030-05-13T09:00"
    last = Recurrence(kind="daily", until=sandbox.world.clock.now().date().replace(2030, 5, 17))
    sandbox.world.events.add("ida", start, zone="Europe/Berlin", recurrence=last)
    [found] = await ida.events()
    assert "RRULE:FREQ=DAILY;UNTIL=20300517T070000Z" in found.data.splitlines()
    assert await ida.events(window=("20300518T000000Z", "20300520T000000Z")) == []


@pytest.mark.parametrize(
    ("window", "found"),
    [
        (("20300514T060000Z", "20300514T070000Z"), False),
        (("20300514T060000Z", "20300514T070001Z"), True),
        (("20300514T075959Z", "20300514T090000Z"), True),
        (("20300514T080000Z", "20300514T090000Z"), False),
    ],
)
async def test_a_window_is_open_at_its_end(
    ida: Caldav, sandbox: Sandbox, window: tuple[str, str], found: bool
) -> None:
    sandbox.world.events.add("ida", "2030-05-14T09:00", zone="Europe/Berlin")
    assert bool(await ida.events(window=window)) is found


async def test_days_are_days_of_utc(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.events.add("ida", "2030-05-14", zone="America/Los_Angeles")
    assert await ida.events(window=("20300514T000000Z", "20300514T010000Z"))
    assert await ida.events(window=("20300515T010000Z", "20300515T060000Z")) == []


async def test_series_begun_long_ago_are_found(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.events.add("ida", "2006-05-08T09:00", recurrence=Recurrence(kind="weekly"))
    assert len(await ida.events()) == 1


async def test_named_properties_come_alone_or_not_at_all(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.events.add("ida", "2030-05-14T09:00", subject="Divorce lawyer")
    [honoured] = await ida.events(props=TIMES)
    assert {"BEGIN:VTIMEZONE", "VERSION:2.0"} < set(honoured.data.splitlines())
    assert not {"SUMMARY", "BEGIN:VALARM", "PRODID", "DTSTAMP"} & {
        part for line in honoured.data.splitlines() for part in (line, line.partition(":")[0])
    }
    traffic = sandbox.world.traffic
    names = {one.removeprefix("calendar-data.VEVENT.") for one in traffic.properties() if "VEVENT." in one}
    assert names == {"UID", "DTSTART", "DTEND"}
    sandbox.world.icloud.settings.named_properties = "ignored"
    [ignored] = await ida.events(props=TIMES)
    assert "SUMMARY:Divorce lawyer" in ignored.data.splitlines()
    assert "calendar-data.VEVENT.SUMMARY" in traffic.properties()


async def test_the_ledger_tells_a_question_for_everything(ida: Caldav, sandbox: Sandbox) -> None:
    await ida.events(props=TIMES)
    asked = {one.asked for one in sandbox.world.traffic.questions()}
    assert {"prop=getetag", "calendar-data=VEVENT.DTSTART", "calendar-data=VTIMEZONE.*"} <= asked
    assert "calendar-data=*" not in asked
    await ida.events()
    assert "calendar-data=*" in {one.asked for one in sandbox.world.traffic.questions()}


@pytest.mark.parametrize("depth", [None, "0"])
async def test_without_a_depth_a_query_finds_nothing(
    ida: Caldav, sandbox: Sandbox, depth: str | None
) -> None:
    sandbox.world.events.add("ida", "2030-05-14T09:00")
    assert found_in(await ida.query("home", depth=depth)) == []


async def test_the_calendar_itself_may_be_among_the_answers(ida: Caldav, sandbox: Sandbox) -> None:
    [itself] = found_in(await ida.query("home"))
    assert (itself.href, itself.missing) == (ida.path("home"), {"d:getetag", "c:calendar-data"})
    sandbox.world.icloud.settings.lists_collection = False
    assert found_in(await ida.query("home")) == []


@pytest.mark.parametrize(
    "body",
    [
        filtered(WHOLE, "", "VTODO"),
        filtered(WHOLE, '<c:time-range start="20300513T000000Z"/>'),
        filtered(WHOLE, '<c:time-range end="20300513T000000Z"/>'),
        filtered(WHOLE, '<c:time-range start="20300513T000000" end="20300514T000000"/>'),
        filtered(WHOLE, '<c:time-range start="20300514T000000Z" end="20300513T000000Z"/>'),
        filtered(WHOLE, '<c:prop-filter name="UID"><c:text-match>x</c:text-match></c:prop-filter>'),
        '<calendar-query xmlns="urn:ietf:params:xml:ns:caldav"/>',
        '<free-busy-query xmlns="urn:ietf:params:xml:ns:caldav"/>',
        "<html>",
    ],
)
async def test_refuses_other_questions(ida: Caldav, body: str) -> None:
    assert (await ida.report("home", body)).status == 400


async def test_without_a_range_everything_is_found(ida: Caldav, sandbox: Sandbox) -> None:
    for start in ("2006-05-14T09:00", "2038-05-14T09:00"):
        sandbox.world.events.add("ida", start, calendar="nameless")
    reply = await ida.report("nameless", filtered(WHOLE, ""))
    assert len([one for one in found_in(reply) if one.there]) == 2


async def test_does_not_expand(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.events.add("ida", "2030-05-13T09:00", recurrence=Recurrence(kind="daily"))
    expand = f'<c:calendar-data><c:expand start="{WINDOW[0]}" end="{WINDOW[1]}"/></c:calendar-data>'
    [found] = await ida.events(props=expand)
    assert "RRULE:FREQ=DAILY" in found.data.splitlines()


async def test_may_refuse_to_look_far_back(ida: Caldav, sandbox: Sandbox) -> None:
    settings = sandbox.world.icloud.settings
    settings.oldest_query = sandbox.world.clock.now().date()
    reply = await ida.report("home", query_body(WHOLE, ("20200101T000000Z", "20300101T000000Z")))
    assert (reply.status, condition(reply)) == (403, "c:min-date-time")


async def test_a_text_of_any_kind_comes_back_as_it_is(ida: Caldav, sandbox: Sandbox) -> None:
    text = event_text(
        "odd-1", "RRULE:FREQ=WEEKLY;UNTIL=20300701", "X-ODD:1", start="20300101T090000", end="20300101T100000"
    )
    store_text(sandbox.world, "ida", "home", text)
    [found] = await ida.events()
    assert found.data == text.replace("\r\n", "\n")
    assert found.href == ida.path("home", "odd-1.ics")
    assert await ida.events(window=("20300801T000000Z", "20300901T000000Z")) == []


@pytest.mark.parametrize(
    "text", ["", "BEGIN:VCALENDAR\r\nBEGIN:VEV", calendar_text("BEGIN:VEVENT", "UID:1", "END:VEVENT")]
)
async def test_a_text_that_cannot_be_placed_is_always_found(ida: Caldav, sandbox: Sandbox, text: str) -> None:
    store_text(sandbox.world, "ida", "home", text or "rubbish", name="odd.ics")
    assert len(await ida.events(props=TIMES)) == 1


@pytest.mark.parametrize("finds", [True, False])
async def test_dates_of_a_list_are_found_by_a_switch(ida: Caldav, sandbox: Sandbox, finds: bool) -> None:
    sandbox.world.icloud.settings.finds_rdates = finds
    line = "RDATE;TZID=Europe/Berlin:20300201T090000,20300515T090000"
    text = event_text("listed", line, start="20300101T090000Z", end="20300101T100000Z")
    store_text(sandbox.world, "ida", "home", text)
    assert bool(await ida.events()) is finds


async def test_multiget(ida: Caldav, sandbox: Sandbox) -> None:
    store_text(sandbox.world, "ida", "home", event_text("one"))
    gone, there = ida.path("home", "gone.ics"), ida.path("home", "one.ics")
    found = {one.href: one for one in found_in(await ida.report("home", multiget_body(there, gone)))}
    assert "UID:one" in found[there].data
    assert (found[gone].status, found[gone].there) == (404, {})


async def test_other_reports_are_refused(ida: Caldav) -> None:
    reply = await ida.report("home", '<sync-collection xmlns="DAV:"/>')
    assert (reply.status, condition(reply)) == (403, "d:supported-report")
