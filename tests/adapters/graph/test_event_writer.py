"""Creating events, on the sandbox."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.access import (
    AccessDenied,
    AccessLost,
    CalendarGone,
    ProviderUnavailable,
    WriteRefused,
)
from domain.account import AccountNotFound
from domain.blocking import Instants
from domain.event_digest import EVERY_PART
from domain.ids import AccountId, CalendarId
from domain.interval import Interval
from domain.session import EventCopy
from domain.session_details import SessionDetails
from tests.adapters.graph.writing import DETAILS, MARK, SLOT, copy_for, create, find, written
from tests.builders import a_readable_calendar
from tests.support.microsoft import Connected, connected_to


async def test_an_event_says_what_the_session_says(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    (event,) = written(connected)
    assert (event.subject, event.location) == (DETAILS.title, "Room 4")
    assert event.body_type == "html"
    assert event.body == (
        "<p>First line<br>\nSecond &quot;line&quot;</p>\n"
        '<p><a href="https://meet.example/abc?a=1&amp;b=2">https://meet.example/abc?a=1&amp;b=2</a></p>'
    )
    assert (event.start, event.end, event.zone) == (
        SLOT.start.replace(tzinfo=None),
        SLOT.end.replace(tzinfo=None),
        "UTC",
    )
    assert (event.show_as, event.all_day, event.transaction_id) == ("busy", False, MARK)
    assert (event.reminder_on, event.reminder_minutes) == (True, 20)
    assert copy.remote_id == connected.sandbox.world.events.id_of("anna", event, immutable=True)


async def test_no_mail_is_ever_sent_by_outlook(connected: Connected) -> None:
    copy = await copy_for(connected)
    copy = copy.at(await create(connected, copy))
    await connected.microsoft.writer.update(copy, SLOT, DETAILS, parts=EVERY_PART)
    await connected.microsoft.writer.delete(copy)
    assert connected.sandbox.world.traffic.invitations == []


async def test_a_session_without_details_is_an_event_without_them(connected: Connected) -> None:
    await create(connected, await copy_for(connected), SessionDetails(title=""))
    (event,) = written(connected)
    assert (event.subject, event.body, event.location, event.reminder_on) == ("", "", "", False)


async def test_a_long_session_over_a_change_of_clocks_keeps_its_instants(connected: Connected) -> None:
    copy = await copy_for(connected)
    over = Interval(datetime(2031, 3, 29, 20, tzinfo=UTC), datetime(2031, 3, 31, 5, 30, tzinfo=UTC))
    await connected.microsoft.writer.create(copy, over, replace(DETAILS, text="x" * 20_000))
    calendar = a_readable_calendar(copy.remote_calendar_id)
    (entry,) = await connected.microsoft.reader.read_entries(copy.account_id, calendar, over)
    assert (entry.when, entry.mark) == (Instants(over.start, over.end), MARK)
    (event,) = written(connected)
    assert event.end - event.start == over.length


async def test_a_throttled_creation_was_not_done(connected: Connected) -> None:
    copy = await copy_for(connected)
    connected.sandbox.world.faults.answer(
        429, code="ApplicationThrottled", retry_after="2.128", method="POST"
    )
    with pytest.raises(ProviderUnavailable) as caught:
        await create(connected, copy)
    assert (caught.value.outcome_unknown, caught.value.throttled) == (False, True)
    assert caught.value.retry_after == timedelta(seconds=2.128)
    assert written(connected) == []


async def test_a_write_is_not_repeated_inside_the_call(connected: Connected) -> None:
    copy = await copy_for(connected)
    fault = connected.sandbox.world.faults.answer(503, code="UnknownError", method="POST", times=None)
    with pytest.raises(ProviderUnavailable):
        await create(connected, copy)
    assert fault.hits == 1


async def test_a_server_that_was_never_reached_did_nothing(connected: Connected) -> None:
    grant = (await connected.sign_in("anna")).grant
    async with connected_to(connected.sandbox, graph_url="https://localhost:1/v1.0") as unreachable:
        unreachable.keep(AccountId("a"), grant)
        copy = EventCopy(
            account_id=AccountId("a"),
            calendar_id=CalendarId("c"),
            remote_calendar_id="x",
            mark=MARK,
            times=(SLOT,),
        )
        with pytest.raises(ProviderUnavailable) as caught:
            await create(unreachable, copy)
        assert not caught.value.outcome_unknown


async def test_a_token_refused_while_writing_is_replaced_and_the_event_written_once(
    connected: Connected,
) -> None:
    copy = await copy_for(connected)
    connected.forget_access_tokens("anna")
    await create(connected, copy)
    assert len(written(connected)) == 1


async def test_a_shared_calendar_can_be_written(connected: Connected) -> None:
    copy = await copy_for(connected, "dora", "ben-writable")
    copy = copy.at(await create(connected, copy))
    assert await find(connected, copy) == copy.place
    assert len(written(connected, "ben", "projects")) == 1


async def test_a_calendar_that_denies_tags_gets_the_event_without_one(connected: Connected) -> None:
    copy = await copy_for(connected, "dora", "ben-writable")
    connected.sandbox.world.faults.answer(403, code="ErrorAccessDenied", method="POST")
    copy = copy.at(await create(connected, copy))
    (event,) = written(connected, "ben", "projects")
    assert event.extended == {}
    assert await find(connected, copy) == copy.place


async def test_a_read_only_calendar_denies_the_event(connected: Connected) -> None:
    copy = await copy_for(connected, "dora", "ben-readonly")
    with pytest.raises(AccessDenied):
        await create(connected, copy)


async def test_a_calendar_that_is_gone_takes_no_event(connected: Connected) -> None:
    copy = await copy_for(connected, calendar="team")
    connected.sandbox.world.calendars.remove("anna", "team")
    with pytest.raises(CalendarGone):
        await create(connected, copy)
    with pytest.raises(CalendarGone):
        await find(connected, copy)


async def test_a_refused_event_is_told_with_the_providers_code(connected: Connected) -> None:
    copy = await copy_for(connected)
    connected.sandbox.world.faults.answer(400, code="ErrorPropertyValidationFailure", method="POST")
    with pytest.raises(WriteRefused) as caught:
        await create(connected, copy)
    assert caught.value.code == "ErrorPropertyValidationFailure"


async def test_a_withdrawn_grant_is_lost_access_for_every_write(connected: Connected) -> None:
    copy = replace(await copy_for(connected), remote_id="x")
    connected.sandbox.world.grants.revoke("anna", access_tokens=True)
    writer = connected.microsoft.writer
    for call in (
        writer.create(copy, SLOT, DETAILS),
        writer.update(copy, SLOT, DETAILS, parts=EVERY_PART),
        writer.delete(copy),
        writer.find(copy),
    ):
        with pytest.raises(AccessLost):
            await call


async def test_an_unknown_account_is_not_found_by_any_write(connected: Connected) -> None:
    copy = replace(await copy_for(connected), account_id=AccountId("nobody"), remote_id="x")
    writer = connected.microsoft.writer
    for call in (
        writer.create(copy, SLOT, DETAILS),
        writer.update(copy, SLOT, DETAILS, parts=EVERY_PART),
        writer.delete(copy),
        writer.find(copy),
    ):
        with pytest.raises(AccountNotFound):
            await call


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://meet.example/a", '<p><a href="https://meet.example/a">https://meet.example/a</a></p>'),
        (
            'https://x.example/"><script>',
            '<p><a href="https://x.example/&quot;&gt;&lt;script&gt;">https://x.example/&quot;&gt;&lt;script&gt;</a></p>',
        ),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
        ("+49 30 1234 & PIN", "<p>+49 30 1234 &amp; PIN</p>"),
    ],
)
async def test_only_web_addresses_become_links(connected: Connected, url: str, body: str) -> None:
    await create(connected, await copy_for(connected), SessionDetails(title="t", join_url=url))
    assert [event.body for event in written(connected)] == [body]


async def test_markup_in_a_title_arrives_as_text(connected: Connected) -> None:
    await create(connected, await copy_for(connected), SessionDetails(title="<script>alert(1)</script> 🎉"))
    assert [event.subject for event in written(connected)] == ["<script>alert(1)</script> 🎉"]


@pytest.mark.parametrize("person", ["dora", "carla"])
async def test_a_refusal_names_the_permission_that_may_be_missing(connected: Connected, person: str) -> None:
    """Personal accounts can't be asked for it."""
    world = connected.sandbox.world
    world.settings.shared_writes_need_scope = True
    world.calendars.share("ben", "projects", person, key="bens", can_edit=True)
    copy = await copy_for(connected, person, "bens")
    with pytest.raises(AccessDenied) as caught:
        await create(connected, copy)
    assert caught.value.missing_permissions == (("Calendars.ReadWrite.Shared",) if person == "dora" else ())


async def test_with_the_permission_other_peoples_calendars_are_written(connected: Connected) -> None:
    connected.sandbox.world.settings.shared_writes_need_scope = True
    copy = await copy_for(connected, "dora", "ben-writable")
    started = await connected.begin(also=("Calendars.ReadWrite.Shared",))
    signed_in = await connected.microsoft.sign_in.redeem(started.flow, connected.answer(started, "dora"))
    connected.keep(copy.account_id, signed_in.grant)
    copy = copy.at(await create(connected, copy))
    connected.forget_access_tokens("dora")  # the one that is fetched now brings it as well
    await connected.microsoft.writer.update(copy, SLOT, DETAILS, parts=EVERY_PART)
    await connected.microsoft.writer.delete(copy)
    assert written(connected, "dora", "ben-writable") == []


async def test_what_is_refused_with_the_permission_is_refused_for_another_reason(
    connected: Connected,
) -> None:
    copy = await copy_for(connected, "dora", "ben-readonly")
    started = await connected.begin(also=("Calendars.ReadWrite.Shared",))
    signed_in = await connected.microsoft.sign_in.redeem(started.flow, connected.answer(started, "dora"))
    connected.keep(copy.account_id, signed_in.grant)
    with pytest.raises(AccessDenied) as caught:
        await create(connected, copy)
    assert caught.value.missing_permissions == ()
