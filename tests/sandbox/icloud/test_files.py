"""Storing, replacing, fetching and deleting events."""

import pytest

from sandbox import Sandbox
from tests.sandbox.client import Http
from tests.sandbox.icloud.client import Caldav, caldav_of, calendar_text, condition, event_text

_OURS = ("SUMMARY:Session\\, with notes", "DESCRIPTION:One\\nTwo", "TRANSP:OPAQUE", "STATUS:CONFIRMED")
_ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Reminder", "TRIGGER:-PT20M", "END:VALARM")


async def test_an_event_that_is_put_is_one_of_the_world(ida: Caldav, sandbox: Sandbox) -> None:
    reply = await ida.put("work", "s-1.ics", event_text("s-1", *_OURS, *_ALARM), If_None_Match="*")
    assert (reply.status, reply.text) == (201, "")
    assert "Etag" not in reply.headers
    [event] = [one for one in sandbox.world.events.all("ida", "work") if one.uid == "s-1"]
    assert (event.subject, event.body, event.icloud_name) == ("Session, with notes", "One\nTwo", "s-1.ics")
    assert (event.start.isoformat(), event.zone, event.show_as) == ("2030-05-14T09:00:00", "UTC", "busy")
    assert (event.reminder_on, event.reminder_minutes) == (True, 20)
    [found] = await ida.events("work", window=("20300514T090000Z", "20300514T093000Z"))
    assert found.href == ida.path("work", "s-1.ics")


async def test_what_is_stored_is_written_anew_unless_it_is_kept(ida: Caldav, sandbox: Sandbox) -> None:
    await ida.put("work", "a.ics", event_text("a", *_OURS))
    rewritten = (await ida("GET", ida.path("work", "a.ics"))).text
    assert rewritten.count("DTSTAMP") == 2
    assert "PRODID:-//Test//EN" not in rewritten
    sandbox.world.icloud.settings.rewrites = False
    await ida.put("work", "b.ics", event_text("b", *_OURS))
    assert (await ida("GET", ida.path("work", "b.ics"))).text == event_text("b", *_OURS)


async def test_lines_that_say_more_are_kept_as_they_are(ida: Caldav, sandbox: Sandbox) -> None:
    series = event_text("series", "RRULE:FREQ=DAILY;COUNT=3", "ATTENDEE:mailto:client@example.com")
    assert (await ida.put("work", "series.ics", series)).status == 201
    assert (await ida("GET", ida.path("work", "series.ics"))).text == series
    assert [one.attendees for one in sandbox.world.traffic.invitations] == [1]


async def test_a_change_by_the_owner_shows_in_the_file(ida: Caldav, sandbox: Sandbox) -> None:
    await ida.put("work", "a.ics", event_text("a", "RRULE:FREQ=DAILY;COUNT=3"))
    event = sandbox.world.events.find("ida", "a")
    assert event is not None
    before = await ida.etag("work", "a.ics")
    sandbox.world.events.change(event.stored, start="2030-05-15T08:00", subject="Moved")
    text = (await ida("GET", ida.path("work", "a.ics"))).text
    assert "DTSTART:20300515T080000Z" in text
    assert "DTEND:20300515T090000Z" in text
    assert "RRULE" not in text
    assert await ida.etag("work", "a.ics") != before


async def test_a_replacement_leaves_nothing_of_what_was(ida: Caldav, sandbox: Sandbox) -> None:
    await ida.put("work", "a.ics", event_text("a", *_OURS, *_ALARM))
    reply = await ida.put("work", "a.ics", event_text("a", start="20300601", end="20300602"))
    assert reply.status == 204
    found = sandbox.world.events.find("ida", "a")
    assert found is not None
    assert (found.stored.all_day, found.stored.subject, found.stored.reminder_on) == (True, "", False)


async def test_conditions(ida: Caldav) -> None:
    text, first = event_text("a"), {"If-None-Match": "*"}
    assert (await ida.put("work", "a.ics", text, If_Match="*")).status == 412
    assert (await ida.put("work", "a.ics", text, **first)).status == 201
    assert (await ida.put("work", "a.ics", text, **first)).status == 412
    etag = await ida.etag("work", "a.ics")
    assert (await ida.put("work", "a.ics", text, If_Match=etag)).status == 204
    assert (await ida.put("work", "a.ics", text, If_Match=etag)).status == 412
    assert (await ida.put("work", "a.ics", text, If_Match="*")).status == 204
    path = ida.path("work", "a.ics")
    assert (await ida("DELETE", path, headers={"If-Match": etag})).status == 412
    assert (await ida("DELETE", path, headers={"If-Match": await ida.etag("work", "a.ics")})).status == 204
    assert (await ida("DELETE", path)).status == 404
    assert (await ida.put("work", "a.ics", text, **first)).status == 201
    assert await ida.etag("work", "a.ics") != etag


async def test_the_etag_of_a_put_is_not_to_be_trusted(ida: Caldav, sandbox: Sandbox) -> None:
    answers = {}
    for kind in ("left_out", "sent", "stale"):
        setattr(sandbox.world.icloud.settings, "put_etag", kind)  # noqa: B010 - one of several literals
        reply = await ida.put("work", "a.ics", event_text("a"))
        answers[kind] = reply.headers.get("Etag") == await ida.etag("work", "a.ics"), "Etag" in reply.headers
    assert answers == {"left_out": (False, False), "sent": (True, True), "stale": (False, True)}


async def test_without_an_end_it_says_that_it_is_not_there(ida: Caldav) -> None:
    assert (await ida.put("work", "a.ics", event_text("a", end=""))).status == 404
    assert (await ida.put("work", "a.ics", event_text("a", end="20300514T090000Z"))).status == 201


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<html>", "c:valid-calendar-data"),
        (event_text("a").replace("DTSTAMP:20300101T000000Z\r\n", ""), "c:valid-calendar-data"),
        (event_text("a", start="nonsense"), "c:valid-calendar-data"),
        (event_text("").replace("UID:\r\n", ""), "c:valid-calendar-object-resource"),
        (event_text("a").replace("VERSION:2.0", "METHOD:REQUEST"), "c:valid-calendar-object-resource"),
        (calendar_text("BEGIN:VTODO", "UID:a", "END:VTODO"), "c:supported-calendar-component"),
    ],
)
async def test_refuses_broken_texts(ida: Caldav, text: str, wanted: str) -> None:
    reply = await ida.put("work", "a.ics", text)
    assert (reply.status, condition(reply)) == (403, wanted)


async def test_a_uid_is_in_one_file_of_the_account(ida: Caldav) -> None:
    await ida.put("work", "a.ics", event_text("a"))
    for calendar, name, uid, wanted in (
        ("work", "b.ics", "a", "c:no-uid-conflict"),
        ("work", "a.ics", "b", "c:no-uid-conflict"),
        ("home", "a.ics", "a", "c:unique-scheduling-object-resource"),
    ):
        reply = await ida.put(calendar, name, event_text(uid))
        assert (reply.status, condition(reply)) == (403, wanted)


async def test_only_writable_calendars_of_events_are_written_to(sandbox: Sandbox, http: Http) -> None:
    for person, calendar, wanted in (
        ("ines", "ivan-readonly", "d:need-privileges"),
        ("subscriber", "football", "d:need-privileges"),
        ("reminders", "tasks", "c:supported-calendar-component"),
    ):
        reply = await caldav_of(sandbox, http, person).put(calendar, "a.ics", event_text("a"))
        assert (reply.status, condition(reply)) == (403, wanted)
    ines, ivan = caldav_of(sandbox, http, "ines"), caldav_of(sandbox, http, "ivan")
    assert (await ines.put("ivan-writable", "a.ics", event_text("a"))).status == 201
    assert (await ivan("GET", ivan.path("club", "a.ics"))).status == 200
    strike = (await ines.events("ivan-readonly", window=("20200101T000000Z", "20400101T000000Z")))[0].href
    assert (await ines("DELETE", strike)).status == 403


async def test_missing_events_are_told_in_two_ways(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.icloud.settings.missing_event = "inner"
    [found] = await ida.propfind(ida.path("work", "none.ics"), "<d:getetag/>")
    assert (found.href, found.status) == (ida.path("work", "none.ics"), 404)
    assert (await ida("GET", ida.path("work", "none.ics"))).status == 404


async def test_a_missing_calendar_takes_nothing(ida: Caldav) -> None:
    path = f"{ida.home}gone/a.ics"
    assert [(await ida(method, path, event_text("a"))).status for method in ("PUT", "DELETE")] == [409, 404]
    assert (await ida("DELETE", ida.path("work"))).status == 403


async def test_an_account_can_be_full(ida: Caldav, sandbox: Sandbox) -> None:
    sandbox.world.icloud.settings.event_limit = 1
    assert (await ida.put("work", "a.ics", event_text("a"))).status == 507


async def test_an_event_keeps_its_name_in_another_calendar(ida: Caldav, sandbox: Sandbox) -> None:
    await ida.put("work", "a.ics", event_text("a"))
    found = sandbox.world.events.find("ida", "a")
    assert found is not None
    sandbox.world.events.move("ida", found.stored, "home")
    assert (await ida("GET", ida.path("work", "a.ics"))).status == 404
    assert (await ida("GET", ida.path("home", "a.ics"))).status == 200
