"""A session and its one event, from booking to cancelling, whatever its owner does to the event by hand."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from calendarsync.v1.session_pb2 import (
    EVENT_COLOR_GREEN,
    EVENT_REPLACEMENT_EVENT_DELETED,
    EVENT_REPLACEMENT_UNSPECIFIED,
    VISIBILITY_PRIVATE,
    WRITE_HINDRANCE_REFUSED_BY_PROVIDER,
    WRITE_STATUS_FAILED,
    WRITE_STATUS_PENDING,
    WRITE_STATUS_WRITTEN,
    Session,
    WriteStatus,
)
from tests.support.calls import DAY, SOON, TITLE, at, busy_hours
from tests.support.cast import Cast
from tests.support.service import Service, start_of, until


async def test_writes_a_booked_session_once(service: Service, cast: Cast) -> None:
    account_id = await service.connect(cast.main)
    accepted = await service.put_session(
        title="Coaching <b>& more</b>",
        text="Booked by Jonas.\nBring the worksheet.",
        place="Room 4",
        join_url="https://meet.example.com/abc",
        reminder_minutes=10,
    )
    assert accepted.revision == 1
    session = await service.written()
    assert session.event.account_id == account_id
    assert session.event.calendar_id == await service.calendar_id(cast.main, cast.primary)
    (event,) = service.events(cast.main)
    assert (start_of(event), event.end - event.start) == (at(10), timedelta(hours=1))
    assert (event.subject, event.location) == ("Coaching <b>& more</b>", "Room 4")
    assert cast.reminder_minutes(event) == 10
    assert "Bring the worksheet." in event.body
    assert "https://meet.example.com/abc" in event.body
    assert (event.show_as, event.attendees) == ("busy", [])
    assert not service.sandbox.world.traffic.invitations


async def test_a_session_is_private_and_has_a_category_and_a_colour_where_the_provider_has_them(
    service: Service, cast: Cast
) -> None:
    looks: dict[str, Any] = {
        "visibility": VISIBILITY_PRIVATE,
        "category": "Coaching",
        "color": EVENT_COLOR_GREEN,
    }
    await service.connect(cast.main)
    await service.put_session(**looks)
    session = await service.written()
    assert (session.details.visibility, session.details.category) == (VISIBILITY_PRIVATE, "Coaching")
    (event,) = service.events(cast.main)
    assert cast.looks_of(event) == cast.looks(private=True, category="Coaching", color="10", css="green")
    assert busy_hours(await service.busy(max_age=timedelta())) == [(10, 11)]

    # Its owner shows it to everybody, and paints it: that stays until callers say something else of it.
    cast.look(service.sandbox, event, private=False, category="Mine", color="11", css="red")
    by_owner = cast.looks(private=False, category="Mine", color="11", css="red")
    await service.put_session(start=12, **looks)
    await service.written(revision=2)
    (event,) = service.events(cast.main)
    assert (start_of(event), cast.looks_of(event)) == (at(12), by_owner)

    await service.put_session(start=12, **looks | {"visibility": 0, "category": "", "color": 0})
    await service.written(revision=3)
    (event,) = service.events(cast.main)
    assert cast.looks_of(event) == cast.looks(private=False, category="", color=None, css="")

    # A plain event that was made private by hand is no business of ours.
    cast.look(service.sandbox, event, private=True, category="Mine", color="11", css="red")
    await service.put_session(start=12, title="Another")
    await service.written(revision=4)
    (event,) = service.events(cast.main)
    by_owner = cast.looks(private=True, category="Mine", color="11", css="red")
    assert (event.subject, cast.looks_of(event)) == ("Another", by_owner)

    # Deleted by hand, it comes back as its session says.
    service.sandbox.world.events.delete(cast.main, event)
    await service.put_session(**looks)
    await service.written(revision=5)
    (event,) = service.events(cast.main)
    assert cast.looks_of(event) == cast.looks(private=True, category="Coaching", color="10", css="green")


async def test_a_session_that_is_written_late_pops_up_no_reminder(service: Service) -> None:
    await service.connect("anna")
    await service.put_session(day=SOON - timedelta(days=100), reminder_minutes=10)
    session = await service.written()
    (event,) = service.events("anna")
    assert not event.reminder_on
    assert session.details.reminder_minutes == 10

    await service.put_session(day=DAY, reminder_minutes=10)
    await service.written(revision=2)
    assert (event.reminder_on, event.reminder_minutes) == (True, 10)


async def test_a_change_lands_on_the_same_event(service: Service) -> None:
    await service.connect("anna")
    await service.put_session(reminder_minutes=10)
    await service.written()
    (before,) = service.events("anna")
    service.sandbox.world.events.change(before, show_as="oof", reminder_minutes=45)
    await service.put_session(start=14, title="Moved", reminder_minutes=10)
    session = await service.written(revision=2)
    (after,) = service.events("anna")
    assert after is before
    assert (after.subject, after.start.hour) == ("Moved", 14)
    assert (after.show_as, after.reminder_minutes) == ("oof", 45)
    assert session.event.replacement == EVENT_REPLACEMENT_UNSPECIFIED


async def test_a_cancelled_session_has_no_event(service: Service) -> None:
    await service.connect("anna")
    await service.put_session()
    await service.written()
    cancelled = await service.cancel_session()
    assert cancelled.cancelled
    session = await service.written(revision=2)
    assert not service.events("anna")
    assert (session.event.account_id, session.event.calendar_id) == ("", "")


async def test_a_cancelled_session_can_be_revived(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    await service.put_session()
    await service.written()
    await service.cancel_session()
    await service.written(revision=2)
    await service.put_session(title="Again")
    await service.written(revision=3)
    assert [one.subject for one in service.events(cast.main)] == ["Again"]


async def test_ten_changes_at_once_leave_one_event_in_the_last_state(service: Service, cast: Cast) -> None:
    await service.connect(cast.main)
    cast.slow_down(service.sandbox, 0.01)
    for number in range(10):
        await service.put_session(start=8 + number, title=f"Version {number}")
    told: set[WriteStatus.ValueType] = set()

    def is_written(session: Session) -> bool:
        told.add(session.event.status)
        return session.event.written_revision == 10

    await until(service.session, is_written)
    assert told <= {WRITE_STATUS_PENDING, WRITE_STATUS_WRITTEN}, "nothing stood in the way"
    await service.idle()
    assert [(one.subject, start_of(one)) for one in service.events(cast.main)] == [("Version 9", at(17))]


async def test_a_session_cancelled_before_it_was_written_leaves_no_event(service: Service) -> None:
    await service.connect("anna")
    service.sandbox.world.faults.add(kind="hang", seconds=60, method="POST", path="/events$")
    await service.put_session()
    await service.sandbox.hangs.reached()
    await service.cancel_session()
    service.sandbox.hangs.release()
    await service.written(revision=2)
    assert not service.events("anna")


async def test_the_same_wish_from_two_callers_is_one_session_and_one_event(service: Service) -> None:
    await service.connect("anna")
    wishes = await asyncio.gather(*(service.put_session() for _ in range(5)))
    assert {one.revision for one in wishes} == {1}
    await service.written()
    await service.idle()
    assert len(service.events("anna")) == 1


async def test_an_event_deleted_by_hand_is_written_again_at_the_next_change(
    service: Service, cast: Cast
) -> None:
    await service.connect(cast.main)
    await service.put_session()
    await service.written()
    (event,) = service.events(cast.main)
    service.sandbox.world.events.delete(cast.main, event)
    await service.put_session()
    await service.idle()
    assert not service.events(cast.main), "written again although nothing had changed"
    await service.put_session(start=15)
    session = await service.written(revision=2)
    assert [start_of(one) for one in service.events(cast.main)] == [at(15)]
    assert session.event.replacement == EVENT_REPLACEMENT_EVENT_DELETED


async def test_cancelling_what_was_deleted_by_hand_succeeds(service: Service) -> None:
    await service.connect("anna")
    await service.put_session()
    await service.written()
    (event,) = service.events("anna")
    service.sandbox.world.events.delete("anna", event)
    await service.cancel_session()
    await service.written(revision=2)
    assert not service.events("anna")


async def test_a_change_finds_an_event_that_was_moved_to_another_calendar(
    service: Service, cast: Cast
) -> None:
    await service.connect(cast.main)
    await service.put_session()
    await service.written()
    (event,) = service.events(cast.main)
    service.sandbox.world.events.move(cast.main, event, cast.further)
    await service.put_session(title="After the move")
    session = await service.written(revision=2)
    assert not service.events(cast.main)
    assert [one.subject for one in service.events(cast.main, cast.further)] == ["After the move"]
    assert session.event.replacement == EVENT_REPLACEMENT_UNSPECIFIED


async def test_a_new_write_calendar_moves_nothing_that_is_written(service: Service) -> None:
    await service.connect("anna")
    await service.put_session("before")
    await service.written("before")
    await service.choose(write_calendar_id=await service.calendar_id("anna", "team"))
    await service.put_session("after", start=12)
    await service.put_session("before", title="Changed")
    await service.written("after")
    await service.written("before", revision=2)
    assert [one.subject for one in service.events("anna")] == ["Changed"]
    assert [one.subject for one in service.events("anna", "team")] == [TITLE]


@pytest.mark.parametrize(
    ("person", "shared", "owner", "calendar"),
    [("dora", "ben-writable", "ben", "projects"), ("ines", "ivan-writable", "ivan", "club")],
)
async def test_writes_to_a_calendar_that_somebody_shared(
    service: Service, person: str, shared: str, owner: str, calendar: str
) -> None:
    await service.connect(person)
    await service.choose(write_calendar_id=await service.calendar_id(person, shared))
    await service.put_session()
    await service.written()
    assert [one.subject for one in service.events(owner, calendar)] == [TITLE]


async def test_a_session_in_a_shared_calendar_moves_as_one_event_and_goes(service: Service) -> None:
    """Where Microsoft finds its events below that calendar only."""
    service.sandbox.world.settings.shared_events_in_mailbox = False
    await service.connect("dora")
    await service.choose(write_calendar_id=await service.calendar_id("dora", "ben-writable"))
    await service.put_session(start=10)
    await service.written()
    for revision, hour in ((2, 12), (3, 14)):
        await service.put_session(start=hour)
        await service.written(revision=revision)
        (event,) = service.events("ben", "projects")
        assert event.start == at(hour).replace(tzinfo=None)
    await service.cancel_session()
    await service.written(revision=4)
    assert not service.events("ben", "projects")


async def test_an_update_refused_for_a_stale_change_key_is_tried_again(service: Service) -> None:
    await service.connect("anna")
    await service.put_session()
    await service.written()
    service.sandbox.world.faults.answer(412, code="ErrorIrresolvableConflict", method="PATCH")
    await service.put_session(title="Changed")
    await service.written(revision=2)
    assert [one.subject for one in service.events("anna")] == ["Changed"]


async def test_a_refusal_for_good_holds_up_nobody_else(service: Service) -> None:
    await service.connect("anna")
    service.sandbox.world.faults.answer(
        400, code="ErrorPropertyValidationFailure", method="POST", path="/events$"
    )
    await service.put_session("refused")
    failed = await until(
        lambda: service.session("refused"), lambda one: one.event.status == WRITE_STATUS_FAILED
    )
    assert failed.event.hindrance == WRITE_HINDRANCE_REFUSED_BY_PROVIDER
    await service.put_session("other", start=12, title="Other")
    await service.written("other")
    await service.put_session("refused", title="Now acceptable")
    await service.written("refused", revision=2)
    assert {one.subject for one in service.events("anna")} == {"Other", "Now acceptable"}


@pytest.mark.parametrize(
    ("day", "start"),
    [(SOON - timedelta(days=400), 10), (DAY, -1 / 60)],
    ids=["a year ago", "across midnight"],
)
async def test_writes_sessions_at_any_time(service: Service, day: datetime, start: float) -> None:
    await service.connect("anna")
    await service.put_session(day=day, start=start, text="<p>" + "x" * 20_000)
    await service.written()
    (event,) = service.events("anna")
    assert event.start.replace(tzinfo=day.tzinfo) == at(start, day=day)
    assert "&lt;p&gt;" in event.body
