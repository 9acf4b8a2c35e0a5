"""What the owner made of an event stays: a change sends what the caller changed, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from domain.access import ProviderUnavailable
from domain.event_digest import EventDigest
from domain.session import Replacement, WriteStatus
from domain.session_details import EventColor, SessionDetails, Visibility
from tests.builders import EXPERT, SESSION, an_interval, some_details
from tests.fakes.provider import Event, Person
from tests.support.application import Application

OURS = some_details("Booked", text="Booked.", place="Online")
LATER = an_interval(starts=30)


@pytest.fixture
async def event(app: Application, maria: Person) -> Event:
    """A written one, with a title, notes and a place of its owner's."""
    await app.connect(maria)
    await app.book(details=OURS)
    await app.run_jobs()
    return by_owner(maria.the_event)


def by_owner(event: Event) -> Event:
    event.details = SessionDetails(
        title="Mine",
        text="My notes",
        place="Room 7",
        join_url="https://teams",
        visibility=Visibility.PRIVATE,
        category="Mine",
        color=EventColor.RED,
    )
    event.reminder_minutes = 5
    return event


async def forget_what_was_written(app: Application) -> None:
    """As a session is stored that was written before that was remembered."""
    async with app.store.transaction() as tx:
        session = await tx.sessions.get(EXPERT, SESSION)
        assert session.copy is not None
        await tx.sessions.save(replace(session, copy=replace(session.copy, written=EventDigest())))


async def change(app: Application, **changes: Any) -> None:
    await app.book(details=replace(OURS, **changes))
    await app.run_jobs()
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_a_new_time_changes_the_time_only(app: Application, event: Event) -> None:
    before = replace(event)
    await app.book(interval=LATER, details=OURS)
    await app.run_jobs()
    assert event == replace(before, interval=LATER)
    assert (await app.session()).status is WriteStatus.WRITTEN


@pytest.mark.parametrize(
    ("changes", "becomes"),
    [
        ({"title": "New"}, {"title": "New"}),
        ({"place": ""}, {"place": ""}),
        ({"text": "New"}, {"text": "New", "join_url": OURS.join_url}),
        ({"join_url": ""}, {"text": OURS.text, "join_url": ""}),
        ({"visibility": Visibility.PRIVATE}, {"visibility": Visibility.PRIVATE}),
        ({"category": "Coaching"}, {"category": "Coaching"}),
        ({"color": EventColor.GREEN}, {"color": EventColor.GREEN}),
    ],
)
async def test_a_new_detail_changes_its_own_part_only(
    app: Application, event: Event, changes: dict[str, Any], becomes: dict[str, Any]
) -> None:
    before = replace(event)
    await change(app, **changes)
    assert event == replace(before, details=replace(before.details, **becomes))


async def test_what_its_owner_made_private_is_so_until_the_caller_says_something_of_it(
    app: Application, event: Event
) -> None:
    await change(app, title="New")
    assert event.details.visibility is Visibility.PRIVATE
    await change(app, title="New", visibility=Visibility.PRIVATE)
    event.details = replace(event.details, visibility=None)
    await change(app, title="Newer", visibility=Visibility.PRIVATE)
    assert event.details.visibility is None
    event.details = replace(event.details, visibility=Visibility.PRIVATE)
    await change(app, title="Newer")
    assert event.details.visibility is None


async def test_a_new_title_leaves_an_event_where_its_owner_dragged_it(app: Application, event: Event) -> None:
    event.interval = LATER
    await change(app, title="New")
    assert (event.details.title, event.interval) == ("New", LATER)


async def test_what_is_put_back_before_it_was_written_is_not_sent(app: Application, event: Event) -> None:
    before = replace(event)
    await app.book(details=replace(OURS, title="Slip of the pen"))
    await change(app)
    assert event == before
    assert (await app.session()).written_revision == 3


@pytest.mark.parametrize("arrived", [True, False])
async def test_what_may_have_arrived_is_sent_again(app: Application, event: Event, arrived: bool) -> None:
    """Also when the session says by then what the event said before."""
    app.provider.fail("update", ProviderUnavailable(), after_doing=arrived)
    await app.book(details=replace(OURS, title="New"))
    await app.run_jobs()
    assert (await app.session()).status is WriteStatus.WAITING
    await change(app)
    assert (event.details.title, event.details.place) == (OURS.title, "Room 7")


async def test_a_session_written_before_it_was_remembered_sends_only_its_change(
    app: Application, event: Event
) -> None:
    await forget_what_was_written(app)
    before = replace(event)
    await app.book(interval=LATER, details=OURS)
    await app.run_jobs()
    assert event == replace(before, interval=LATER)


async def test_a_change_that_was_under_way_when_nothing_was_remembered_yet_sends_everything(
    app: Application, event: Event
) -> None:
    """What the event says is not known; the caller's word must get there."""
    app.provider.fail("update", ProviderUnavailable())
    await app.book(details=replace(OURS, title="New"))
    await app.run_jobs()
    await forget_what_was_written(app)
    await change(app, place="Garden")
    assert event.details == replace(OURS, place="Garden")


async def test_an_event_deleted_by_hand_is_written_anew_in_full(
    app: Application, maria: Person, event: Event
) -> None:
    maria.events.clear()
    await app.book(interval=LATER, details=OURS)
    await app.run_jobs()
    assert (maria.the_event.details, maria.the_event.interval) == (OURS, LATER)
    assert (await app.session()).replacement is Replacement.EVENT_DELETED


async def test_an_event_whose_creation_went_unanswered_is_written_in_full(
    app: Application, maria: Person
) -> None:
    """Nothing was ever confirmed of it."""
    await app.connect(maria)
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await app.book(details=OURS)
    await app.run_jobs()
    by_owner(maria.the_event)
    await change(app, title="New")
    assert maria.the_event.details == replace(OURS, title="New")


async def test_a_creation_answered_with_the_event_begun_before_is_brought_up_to_date(
    app: Application, maria: Person
) -> None:
    """The search missed it, the mark was recognised: it says what the session said then."""
    await app.connect(maria)
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await app.book(details=OURS)
    await app.run_jobs()
    maria.the_event.calendar = maria.add_calendar("Side")
    await change(app, title="New")
    assert maria.the_event.details.title == "New"
