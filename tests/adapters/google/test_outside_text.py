"""Text in Google's list of calendars: what is dirty spoils nothing else."""

from typing import Any

import pytest

from adapters.google.calendar_directory import GoogleCalendarDirectory
from adapters.google.errors import GoogleRefusal
from adapters.google.listed_calendars import listed_calendars
from domain.access import InvalidAnswer
from domain.calendar import RemoteCalendar
from domain.interval import Interval
from tests.adapters.google.reading import at, busy, chair_for
from tests.support.dirty_text import DIRTY, HALF_A_PAIR, is_clean
from tests.support.google import OpenGoogle, list_pages

TEAM = "c_1@group.calendar.google.com"
MEMBERS = (
    "summary",
    "summaryOverride",
    "primary",
    "accessRole",
    "dataOwner",
    "backgroundColor",
    "deleted",
)


def _answer(google: OpenGoogle, *entries: dict[str, Any], **more: Any) -> None:
    body = {"kind": "calendar#calendarList", "items": list(entries), **more}
    google.sandbox.world.faults.add(surface="google", path="calendarList", status=200, body=body)


async def _listed(google: OpenGoogle) -> tuple[RemoteCalendar, ...]:
    directory = GoogleCalendarDirectory(client=google.client, tokens=google.tokens)
    return await directory.list_calendars(google.connect("gina"))


@pytest.mark.parametrize("dirt", DIRTY.values(), ids=DIRTY)
@pytest.mark.parametrize("member", MEMBERS)
async def test_a_dirty_member_spoils_no_calendar(google: OpenGoogle, member: str, dirt: object) -> None:
    entry = {"id": TEAM, "summary": "Team", "accessRole": "owner", "dataOwner": "gina@gmail.example.com"}
    _answer(google, entry | {member: dirt})
    (listed,) = await _listed(google)
    assert listed.remote_id == TEAM
    assert all(is_clean(text) for text in (listed.name, listed.owner_email, listed.color))
    assert listed.name


@pytest.mark.parametrize("dirt", DIRTY.values(), ids=DIRTY)
async def test_a_dirty_role_is_one_that_nobody_knows(google: OpenGoogle, dirt: object) -> None:
    _answer(google, {"id": TEAM, "accessRole": dirt})
    (listed,) = await listed_calendars(google.client, google.access())
    assert not listed.editable


@pytest.mark.parametrize("dirt", DIRTY.values(), ids=DIRTY)
async def test_events_under_a_dirty_role_are_not_taken_for_all_there_is(
    google: OpenGoogle, dirt: object
) -> None:
    chair = chair_for(google)
    chair.add(at(6, 9), at(6, 10))
    body = {"kind": "calendar#events", "accessRole": dirt, "items": []}
    google.sandbox.world.faults.add(surface="google", path="/events", status=200, body=body)
    assert busy(await chair.read()) == (Interval(at(6, 9), at(6, 10)),)


@pytest.mark.parametrize("dirt", [f"c{HALF_A_PAIR}@x", "c\0@x", "x" * 5_000])
async def test_a_calendar_whose_id_can_be_none_spoils_no_other(google: OpenGoogle, dirt: str) -> None:
    _answer(google, {"id": dirt, "summary": "Odd"}, {"id": TEAM, "summary": "Team"})
    assert [one.name for one in await _listed(google)] == ["Team"]


@pytest.mark.parametrize("dirt", [value for value in DIRTY.values() if value is not None], ids=str)
async def test_a_dirty_token_of_a_page_leads_nowhere(google: OpenGoogle, dirt: object) -> None:
    _answer(google, nextPageToken=dirt)
    with pytest.raises(InvalidAnswer):
        await list_pages(google.client, google.access())


@pytest.mark.parametrize("dirt", DIRTY.values(), ids=DIRTY)
async def test_a_dirty_reason_is_none(google: OpenGoogle, dirt: object) -> None:
    google.sandbox.world.faults.add(
        surface="google", status=403, body={"error": {"errors": [{"reason": dirt}], "details": dirt}}
    )
    with pytest.raises(GoogleRefusal) as caught:
        await list_pages(google.client, google.access())
    assert caught.value.reasons == frozenset()
