"""The choices: which calendars are checked and where sessions are added, and what crosses is never overwritten."""

import pytest
import pytest_asyncio

from calendarsync.v1.calendar_pb2 import CalendarSettings
from calendarsync.v1.calendar_service_pb2 import (
    GetCalendarSettingsRequest,
    ListCalendarsRequest,
    UpdateCalendarSettingsRequest,
)
from domain.access import ProviderUnavailable
from domain.calendar import Uncheckable
from domain.ids import SessionId
from tests.builders import EXPERT, SESSION
from tests.examples.visitor import Seen, Visitor
from tests.fakes.provider import Person
from tests.server.served import Api

OTHER = "expert-2"


@pytest_asyncio.fixture
async def person(api: Api) -> Person:
    """Somebody with a calendar of each kind."""
    person = api.world.provider.add_person()
    person.add_calendar("Team")
    person.add_calendar("Boss", shared=True, writable=False)
    person.add_calendar("Fixtures", uncheckable=Uncheckable.SUBSCRIBED)
    await api.connect(person)
    return person


async def ids(api: Api, expert_id: str = EXPERT) -> dict[str, str]:
    listed = await api.calendars.ListCalendars(ListCalendarsRequest(expert_id=expert_id))
    return {one.name: one.calendar_id for one in listed.calendars}


async def settings(api: Api) -> CalendarSettings:
    answer = await api.calendars.GetCalendarSettings(GetCalendarSettingsRequest(expert_id=EXPERT))
    return answer.settings


async def opened(visitor: Visitor) -> Seen:
    await visitor.be()
    return await visitor.see("/calendars")


async def test_saves_what_is_chosen(api: Api, person: Person, visitor: Visitor) -> None:
    seen, known = await opened(visitor), await ids(api)
    saved = await visitor.send(
        seen,
        "/calendars",
        conflict_calendar_ids=known["Boss"],
        write_calendar_id=known["Team"],
        tentative_blocks="on",
    )
    assert "Saved" in saved.text
    now = await settings(api)
    assert (list(now.conflict_calendar_ids), now.write_calendar_id) == ([known["Boss"]], known["Team"])
    assert now.tentative_blocks
    assert "Nothing was changed" in (await visitor.send(saved, "/calendars")).text


async def test_offers_what_can_be_chosen_and_says_why_the_rest_can_not(
    api: Api, person: Person, visitor: Visitor
) -> None:
    seen, known = await opened(visitor), await ids(api)
    offered = seen.form("/calendars").offered
    assert offered["write_calendar_id"] == {"", known["Calendar"], known["Team"]}
    assert {known["Calendar"], known["Team"], known["Boss"]} == offered["conflict_calendar_ids"]
    assert "Fixtures Can't be checked" in seen.text
    assert "Boss Shared by Somebody else, for reading only" in seen.text


async def test_a_change_that_crosses_is_told_and_the_newest_is_shown(
    api: Api, person: Person, visitor: Visitor
) -> None:
    seen, known = await opened(visitor), await ids(api)
    elsewhere = UpdateCalendarSettingsRequest(
        settings=CalendarSettings(expert_id=EXPERT, write_calendar_id=known["Team"])
    )
    elsewhere.update_mask.paths.append("write_calendar_id")
    await api.calendars.UpdateCalendarSettings(elsewhere)
    crossed = await visitor.send(seen, "/calendars", write_calendar_id=known["Calendar"])
    assert "Your changes were not saved" in crossed.text
    assert "changed elsewhere" in crossed.text
    assert crossed.form("/calendars").fields["write_calendar_id"] == known["Team"]
    assert (await settings(api)).write_calendar_id == known["Team"]


@pytest.mark.parametrize(
    ("field", "name", "told"),
    [
        ("write_calendar_id", "Boss", "Nothing can be added to this calendar"),
        ("conflict_calendar_ids", "Foreign", "This calendar is not there any more"),
        ("write_calendar_id", "Foreign", "This calendar is not there any more"),
    ],
)
async def test_takes_no_calendar_that_it_does_not_offer(
    api: Api, person: Person, visitor: Visitor, field: str, name: str, told: str
) -> None:
    await api.put_expert(OTHER)
    other = api.world.provider.add_person("olga")
    other.add_calendar("Foreign")
    await api.connect(other, expert_id=OTHER)
    before = await settings(api)
    known = await ids(api) | {"Foreign": (await ids(api, OTHER))["Foreign"]}
    refused = await visitor.send(await opened(visitor), "/calendars", **{field: known[name]})
    assert told in refused.text
    assert await settings(api) == before


async def test_a_chosen_calendar_that_is_gone_is_shown_and_not_replaced(
    api: Api, person: Person, visitor: Visitor
) -> None:
    known = await ids(api)
    await visitor.send(await opened(visitor), "/calendars", write_calendar_id=known["Team"])
    del person.calendars[f"{person.object_id}/Team"]
    page = await visitor.see("/calendars")
    seen = await visitor.send(page, "/calendars/refresh")
    assert "the calendar that you chose is gone" in seen.text
    assert seen.form("/calendars").fields["write_calendar_id"] == known["Team"]
    # Whoever now changes something else is not told that the chosen one can't be chosen.
    saved = await visitor.send(seen, "/calendars", tentative_blocks="on")
    assert "Saved" in saved.text


async def test_a_new_calendar_is_found_and_an_account_that_can_not_be_asked_is_named(
    api: Api, person: Person, visitor: Visitor
) -> None:
    seen = await opened(visitor)
    person.add_calendar("Brand new")
    assert "Brand new" in (await visitor.send(seen, "/calendars/refresh")).text
    api.world.provider.fail("list_calendars", ProviderUnavailable())
    failed = await visitor.send(seen, "/calendars/refresh")
    assert "maria@contoso.example: its provider has an outage" in failed.text


async def test_a_permission_that_a_shared_calendar_takes_is_explained_before_it_is_asked_for(
    api: Api, person: Person, visitor: Visitor
) -> None:
    person.add_calendar("Shared", shared=True)
    person.shared_writes_take = ("Calendars.ReadWrite.Shared",)
    listed = await visitor.send(await opened(visitor), "/calendars/refresh")
    await visitor.send(listed, "/calendars", write_calendar_id=(await ids(api))["Shared"])
    await api.put_session()
    await api.world.container.write_session()(EXPERT, SessionId(SESSION))
    waits = await visitor.see("/calendars")
    assert "adding to it needs one more permission" in waits.text
    onward = await visitor.send(waits, "/connect/microsoft")
    assert "Calendars.ReadWrite.Shared" in onward.text
    assert "http-equiv" not in onward.html
