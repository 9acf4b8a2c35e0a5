"""Private events, in the person's own calendars and in those that others share for changing all but theirs."""

from dataclasses import replace

from adapters.google.settings import SHARED_SCOPES
from domain.event_digest import EventPart
from domain.session_details import WITHHELD_TITLE, EventColor, SessionDetails, Visibility
from tests.adapters.google.writing import DETAILS, SLOT, Desk, booked
from tests.support.google import OpenGoogle

PRIVATE = replace(DETAILS, visibility=Visibility.PRIVATE, color=EventColor.RED)
NOT_THEIRS = "writerWithoutPrivateAccess"


async def written(google: OpenGoogle, calendar: str = NOT_THEIRS, details: SessionDetails = PRIVATE) -> Desk:
    return await booked(google, "walter", calendar, scopes=SHARED_SCOPES, details=details)


def says(desk: Desk) -> tuple[object, ...]:
    event = desk.event
    return event.subject, event.location, event.google.get("colorId"), event.sensitivity


SAYS_ALL = (DETAILS.title, DETAILS.place, "11", "private")
SAYS_NOTHING = (WITHHELD_TITLE, "", None, "normal")


async def test_a_private_event_on_a_calendar_without_them_says_nothing_and_can_be_changed(
    google: OpenGoogle,
) -> None:
    desk = await written(google)
    assert says(desk) == SAYS_NOTHING
    assert await desk.find() == desk.copy.place
    await desk.update(SLOT, replace(PRIVATE, title="Another"), parts={EventPart.TITLE})
    assert says(desk) == SAYS_NOTHING
    await desk.delete()
    assert desk.written() == []


async def test_one_that_is_no_longer_private_says_everything(google: OpenGoogle) -> None:
    desk = await written(google)
    await desk.update(SLOT, replace(PRIVATE, visibility=None), parts={EventPart.VISIBILITY})
    assert says(desk) == (*SAYS_ALL[:3], "normal")
    await desk.update(SLOT, PRIVATE, parts={EventPart.VISIBILITY})
    assert says(desk) == SAYS_NOTHING


async def test_where_all_events_may_be_changed_it_says_everything(google: OpenGoogle) -> None:
    for calendar in ("writer", "own"):
        desk = await written(google, calendar)
        assert says(desk) == SAYS_ALL
        await desk.update(SLOT, replace(PRIVATE, title="Another"), parts={EventPart.TITLE})
        assert says(desk) == ("Another", *SAYS_ALL[1:])
        await desk.delete()


async def test_with_scopes_for_ones_own_calendars_nothing_is_asked_of_the_calendar(
    google: OpenGoogle,
) -> None:
    desk = await booked(google, details=PRIVATE)
    assert [method for method, _ in desk.asked()] == ["POST"]
    assert says(desk) == SAYS_ALL


async def test_a_category_is_nothing_to_be_changed(google: OpenGoogle) -> None:
    desk = await booked(google)
    before = len(desk.world.traffic.requests)
    await desk.update(SLOT, replace(DETAILS, category="Coaching"), parts={EventPart.CATEGORY})
    assert [method for method, _ in desk.asked(before)] == ["GET"]
