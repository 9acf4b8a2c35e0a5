"""CalendarService over a real channel."""

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from calendarsync.v1 import availability_pb2, calendar_pb2
from calendarsync.v1 import calendar_service_pb2 as pb
from domain.access import AccessDenied
from domain.calendar import Uncheckable
from server.rpc.paging import page_token
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.server.served import Api, failure_of


async def test_lists_all_calendars_or_only_those_that_can_be_written(api: Api) -> None:
    person = await _connected(api)
    shared = person.add_calendar("Team", shared=True, writable=False)
    listed = await api.calendars.ListCalendars(pb.ListCalendarsRequest(expert_id=EXPERT, refresh=True))

    writable = await api.calendars.ListCalendars(
        pb.ListCalendarsRequest(expert_id=EXPERT, access=pb.CALENDAR_ACCESS_WRITABLE)
    )

    assert [one.name for one in listed.calendars] == ["Calendar", "Team"]
    assert [one.name for one in writable.calendars] == ["Calendar"]
    primary, team = listed.calendars
    assert primary.primary
    assert primary.writable
    assert (team.shared, team.writable, team.missing) == (True, False, False)
    assert team.owner_email == person.calendars[shared].owner_email
    assert team.color == "#0078d4"
    assert not listed.refresh_failures


async def test_names_the_accounts_that_could_not_be_refreshed(api: Api) -> None:
    await _connected(api)
    api.world.provider.fail("list_calendars", AccessDenied())

    listed = await api.calendars.ListCalendars(pb.ListCalendarsRequest(expert_id=EXPERT, refresh=True))

    assert [one.reason for one in listed.refresh_failures] == [availability_pb2.UNREAD_REASON_ACCESS_DENIED]
    assert [one.name for one in listed.calendars] == ["Calendar"]


async def test_pages_hold_every_calendar_once(api: Api) -> None:
    await _connected(api, calendars=12)
    request = pb.ListCalendarsRequest(expert_id=EXPERT, page_size=5)
    names: list[str] = []
    while True:
        page = await api.calendars.ListCalendars(request)
        names += [one.name for one in page.calendars]
        assert len(page.calendars) <= 5
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token

    assert len(names) == len(set(names)) == 13


async def test_a_page_goes_on_where_the_last_ended_although_a_calendar_came_in_between(api: Api) -> None:
    person = await _connected(api, calendars=6)
    request = pb.ListCalendarsRequest(expert_id=EXPERT, page_size=3)
    first = await api.calendars.ListCalendars(request)
    person.add_calendar("Newcomer")
    await api.calendars.ListCalendars(pb.ListCalendarsRequest(expert_id=EXPERT, refresh=True))

    request.page_token = first.next_page_token
    request.page_size = 200
    rest = await api.calendars.ListCalendars(request)

    seen = [one.calendar_id for one in (*first.calendars, *rest.calendars)]
    assert len(seen) == len(set(seen)) == 8


async def test_refreshes_on_the_first_page_only(api: Api) -> None:
    await _connected(api, calendars=3)
    request = pb.ListCalendarsRequest(expert_id=EXPERT, page_size=2, refresh=True)
    request.page_token = (await api.calendars.ListCalendars(request)).next_page_token
    asked = api.world.provider.calls["list_calendars"]

    await api.calendars.ListCalendars(request)

    assert api.world.provider.calls["list_calendars"] == asked


@pytest.mark.parametrize(
    "changes",
    [
        {"expert_id": "expert-2"},
        {"access": pb.CALENDAR_ACCESS_WRITABLE},
        {"page_token": "AAAA"},
        {"page_token": "not base64 at all!"},
    ],
)
async def test_refuses_the_page_token_of_another_query(api: Api, changes: dict[str, object]) -> None:
    await _connected(api, calendars=3)
    await api.put_expert("expert-2")
    first = await api.calendars.ListCalendars(pb.ListCalendarsRequest(expert_id=EXPERT, page_size=1))
    fields = {"expert_id": EXPERT, "page_token": first.next_page_token, **changes}

    failure = await failure_of(api.calendars.ListCalendars(pb.ListCalendarsRequest(**fields)))  # type: ignore[arg-type]

    assert failure.reason == "PAGE_TOKEN_INVALID"
    assert set(failure.fields) == {"page_token"}


@pytest.mark.parametrize("position", [[], ["c"], ["c", 1], [1, 2], [1, "c", "d"]])
async def test_refuses_a_page_token_that_holds_no_place_in_the_list(
    api: Api, position: list[str | int]
) -> None:
    await _connected(api, calendars=3)
    request = pb.ListCalendarsRequest(expert_id=EXPERT)
    request.page_token = page_token(request, position)

    failure = await failure_of(api.calendars.ListCalendars(request))

    assert failure.reason == "PAGE_TOKEN_INVALID"


async def test_starts_with_the_primary_calendar_chosen_for_conflicts_and_automatic_for_writing(
    api: Api,
) -> None:
    await _connected(api)

    settings = await _settings(api)

    assert list(settings.conflict_calendar_ids) == ["calendar-1"]
    assert settings.write_calendar_id == ""
    assert settings.effective_write_calendar_id == "calendar-1"
    assert settings.write_calendar_state == calendar_pb2.WRITE_CALENDAR_STATE_READY


async def test_changes_only_what_the_mask_names(api: Api) -> None:
    await _connected(api, calendars=1)
    settings = await _settings(api)
    wanted = calendar_pb2.CalendarSettings(
        expert_id=EXPERT, conflict_calendar_ids=[], write_calendar_id="calendar-2", etag=settings.etag
    )

    updated = await _update(api, wanted, "write_calendar_id")

    assert list(updated.conflict_calendar_ids) == ["calendar-1"]
    assert updated.write_calendar_id == updated.effective_write_calendar_id == "calendar-2"
    assert updated == await _settings(api)

    emptied = await _update(api, calendar_pb2.CalendarSettings(expert_id=EXPERT), "conflict_calendar_ids")
    assert list(emptied.conflict_calendar_ids) == []
    assert emptied.write_calendar_id == "calendar-2"

    automatic = await _update(api, calendar_pb2.CalendarSettings(expert_id=EXPERT), "write_calendar_id")
    assert automatic.write_calendar_id == ""
    assert automatic.effective_write_calendar_id == "calendar-1"


@pytest.mark.parametrize("field", ["conflict_calendar_ids", "tentative_blocks"])
async def test_refuses_a_stale_etag(api: Api, field: str) -> None:
    await _connected(api)
    old = await _settings(api)
    await _update(api, calendar_pb2.CalendarSettings(expert_id=EXPERT), "conflict_calendar_ids")

    failure = await failure_of(_update(api, old, field))

    assert failure.code.name == "ABORTED"
    assert failure.reason == "ETAG_MISMATCH"


async def test_tentative_events_block_from_when_the_mask_says_so(api: Api) -> None:
    await _connected(api)
    before = await _settings(api)
    assert before.tentative_blocks is False
    wanted = calendar_pb2.CalendarSettings(expert_id=EXPERT, tentative_blocks=True, etag=before.etag)

    unnamed = await _update(api, wanted, "write_calendar_id")
    assert unnamed.tentative_blocks is False
    wanted.etag = unnamed.etag
    updated = await _update(api, wanted, "tentative_blocks")

    assert updated.tentative_blocks is True
    assert updated.etag != unnamed.etag
    assert list(updated.conflict_calendar_ids) == ["calendar-1"]
    assert updated == await _settings(api)

    named = calendar_pb2.CalendarSettings(expert_id=EXPERT)
    assert (await _update(api, named, "write_calendar_id")).tentative_blocks is True
    assert (await _update(api, named, "tentative_blocks")).tentative_blocks is False


@pytest.mark.parametrize("field", ["conflict_calendar_ids", "write_calendar_id"])
async def test_does_not_find_a_calendar_of_another_expert(api: Api, field: str) -> None:
    await _connected(api)
    await api.put_expert("expert-2")
    wanted = calendar_pb2.CalendarSettings(
        expert_id="expert-2", conflict_calendar_ids=["calendar-1"], write_calendar_id="calendar-1"
    )

    failure = await failure_of(_update(api, wanted, field))

    assert failure.reason == "CALENDAR_NOT_FOUND"
    assert failure.metadata == {"field": field}


async def test_refuses_to_write_where_nothing_can_be_written(api: Api) -> None:
    person = await _connected(api)
    person.add_calendar("Team", shared=True, writable=False)
    listed = await api.calendars.ListCalendars(pb.ListCalendarsRequest(expert_id=EXPERT, refresh=True))
    wanted = calendar_pb2.CalendarSettings(
        expert_id=EXPERT, write_calendar_id=listed.calendars[1].calendar_id
    )

    assert (await failure_of(_update(api, wanted, "write_calendar_id"))).reason == "CALENDAR_NOT_WRITABLE"


async def test_says_why_a_calendar_can_not_be_checked_and_lets_nobody_choose_it(api: Api) -> None:
    person = await _connected(api)
    person.add_calendar("Fixtures", writable=False, uncheckable=Uncheckable.SUBSCRIBED)
    offered = await api.calendars.ListCalendars(pb.ListCalendarsRequest(expert_id=EXPERT, refresh=True))
    request = pb.ListCalendarsRequest(expert_id=EXPERT, access=pb.CALENDAR_ACCESS_ALL)
    listed = await api.calendars.ListCalendars(request)

    (added,) = listed.calendars[1:]
    assert list(offered.calendars) == list(listed.calendars[:1])
    assert (added.name, added.missing, added.writable) == ("Fixtures", False, False)
    assert added.uncheckable_reason == calendar_pb2.UNCHECKABLE_REASON_SUBSCRIBED
    assert listed.calendars[0].uncheckable_reason == calendar_pb2.UNCHECKABLE_REASON_UNSPECIFIED
    wanted = calendar_pb2.CalendarSettings(expert_id=EXPERT, conflict_calendar_ids=[added.calendar_id])
    failure = await failure_of(_update(api, wanted, "conflict_calendar_ids"))
    assert (failure.code, failure.reason) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "CALENDAR_NOT_CHECKABLE",
    )


@pytest.mark.parametrize("paths", [[], ["etag"], ["write_calendar_id", "expert_id"], ["tentative"]])
async def test_refuses_a_mask_that_names_nothing_or_something_else(api: Api, paths: list[str]) -> None:
    request = pb.UpdateCalendarSettingsRequest(
        settings=calendar_pb2.CalendarSettings(expert_id=EXPERT), update_mask=FieldMask(paths=paths)
    )

    failure = await failure_of(api.calendars.UpdateCalendarSettings(request))

    assert failure.fields == {"update_mask": "UPDATE_CALENDAR_SETTINGS_UPDATE_MASK"}


async def test_names_a_calendar_that_is_listed_twice_by_its_field(api: Api) -> None:
    wanted = calendar_pb2.CalendarSettings(expert_id=EXPERT, conflict_calendar_ids=["one", "one", ""])

    failure = await failure_of(_update(api, wanted, "conflict_calendar_ids"))

    assert set(failure.fields) == {"settings.conflict_calendar_ids", "settings.conflict_calendar_ids[2]"}


@pytest.mark.parametrize("access", [4, -1])
async def test_refuses_an_access_that_does_not_exist(api: Api, access: int) -> None:
    request = pb.ListCalendarsRequest(expert_id=EXPERT, access=access)  # type: ignore[arg-type]

    assert (await failure_of(api.calendars.ListCalendars(request))).fields == {"access": "ENUM_DEFINED_ONLY"}


async def _connected(api: Api, *, calendars: int = 0) -> Person:
    await api.put_expert()
    person = api.world.provider.add_person()
    for number in range(calendars):
        person.add_calendar(f"Calendar {number}")
    await api.connect(person)
    return person


async def _settings(api: Api) -> calendar_pb2.CalendarSettings:
    request = pb.GetCalendarSettingsRequest(expert_id=EXPERT)
    return (await api.calendars.GetCalendarSettings(request)).settings


async def _update(
    api: Api, wanted: calendar_pb2.CalendarSettings, *paths: str
) -> calendar_pb2.CalendarSettings:
    request = pb.UpdateCalendarSettingsRequest(settings=wanted, update_mask=FieldMask(paths=paths))
    return (await api.calendars.UpdateCalendarSettings(request)).settings
