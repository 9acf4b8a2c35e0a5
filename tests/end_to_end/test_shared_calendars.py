"""A calendar that somebody else shared: it says that it can be written, and Microsoft wants a permission more."""

import pytest

from calendarsync.v1 import calendar_service_pb2
from calendarsync.v1.account_service_pb2 import PERMISSION_PURPOSE_WRITE_SHARED_CALENDAR
from calendarsync.v1.session_pb2 import (
    EVENT_REPLACEMENT_UNSPECIFIED,
    VISIBILITY_PRIVATE,
    VISIBILITY_UNSPECIFIED,
    WRITE_STATUS_WRITTEN,
)
from tests.end_to_end.test_waiting_sessions import state
from tests.support.calls import EXPERT, RETURN_URL, TITLE
from tests.support.service import Service

WIDER = "Calendars.ReadWrite.Shared"


async def refused(service: Service) -> tuple[str, str]:
    """Dora's account with Ben's calendar chosen, which has refused a session; ids of both."""
    service.sandbox.world.settings.shared_writes_need_scope = True
    account = await service.connect("dora")
    shared = await service.calendar_id("dora", "ben-writable")
    await service.choose(write_calendar_id=shared)
    assert await state(service) == "READY"
    await service.put_session()
    await service.waits("PERMISSION_REQUIRED")
    return account, shared


async def test_the_state_follows_what_microsoft_refused(service: Service) -> None:
    _, shared = await refused(service)
    assert await state(service) == "PERMISSION_REQUIRED"
    listed = {one.calendar_id: one for one in await service.list_calendars(refresh=True)}
    assert (listed[shared].writable, listed[shared].permission_required) == (False, True)
    offered = await service.list_calendars(access=calendar_service_pb2.CALENDAR_ACCESS_WRITABLE)
    assert [one.name for one in offered] == ["Calendar"]
    assert await state(service) == "PERMISSION_REQUIRED"


async def test_more_is_asked_for_only_when_such_a_calendar_is_chosen(service: Service) -> None:
    world = service.sandbox.world
    account, shared = await refused(service)
    assert WIDER not in world.grants.consented("dora")
    started = await service.start(account_id=account, return_url=RETURN_URL)
    (additional,) = started.additional_permissions
    assert (additional.permission, additional.calendar_id) == (WIDER, shared)
    assert additional.purpose == PERMISSION_PURPOSE_WRITE_SHARED_CALENDAR
    landed = await service.arrive(await service.sign_in(started.authorization_url, "dora"))
    assert landed == {"outcome": "reconnected", "account_id": account}
    assert WIDER in world.grants.consented("dora")
    session = await service.written()
    assert session.event.calendar_id == shared
    assert await state(service) == "READY"
    assert len(service.events("dora", "ben-writable")) == 1

    # The next tokens bring it, too, and the next sign-in does not give it away.
    world.grants.expire_access_tokens("dora")
    await service.put_session(title="Changed")
    await service.written(revision=2)
    again = await service.finish("dora", account_id=account)
    assert again["outcome"] == "reconnected"
    await service.put_session(title="Changed again")
    await service.written(revision=3)


async def test_who_declines_the_permission_stays_connected(service: Service) -> None:
    account, _ = await refused(service)
    started = await service.start(account_id=account, return_url=RETURN_URL)
    landed = await service.arrive(
        await service.sign_in(
            started.authorization_url,
            "dora",
            grant=("Calendars.ReadWrite", "User.Read", "offline_access"),
        )
    )
    assert landed["outcome"] == "reconnected"
    assert await state(service) == "PERMISSION_REQUIRED"
    await service.waits("PERMISSION_REQUIRED")


async def test_an_organisation_that_wants_its_administrator_asked_is_told_of_the_permission(
    service: Service,
) -> None:
    account, _ = await refused(service)
    service.sandbox.world.people.change_tenant("contoso.example.com", consent="admin_error")
    landed = await service.finish("dora", account_id=account)
    assert landed["reason"] == "ADMIN_APPROVAL_REQUIRED"
    await service.choose(write_calendar_id="")
    session = await service.written()
    assert session.event.status == WRITE_STATUS_WRITTEN


async def test_nothing_more_is_asked_of_a_personal_account(service: Service) -> None:
    world = service.sandbox.world
    world.settings.shared_writes_need_scope = True
    world.calendars.share("ben", "projects", "carla", key="bens", name="Bens", can_edit=True)
    account = await service.connect("carla")
    await service.choose(write_calendar_id=await service.calendar_id("carla", "bens"))
    await service.put_session()
    await service.waits("CALENDAR_NOT_WRITABLE")
    assert await state(service) == "CALENDAR_NOT_WRITABLE"
    assert not (await service.start(EXPERT, account_id=account)).additional_permissions


async def test_an_event_is_found_again_in_a_calendar_that_was_taken_away_and_shared_again(
    service: Service,
) -> None:
    calendars = service.sandbox.world.calendars
    await service.connect("dora")
    await service.choose(write_calendar_id=await service.calendar_id("dora", "ben-writable"))
    await service.put_session()
    await service.written()

    calendars.remove("dora", "ben-writable")
    await service.put_session(title="Changed")
    await service.waits("CALENDAR_MISSING")
    calendars.share("ben", "projects", "dora", key="ben-writable", name="Projects (Ben)", can_edit=True)
    await service.list_calendars(refresh=True)

    session = await service.written(revision=2)
    (event,) = service.events("dora", "ben-writable")
    assert event.subject == "Changed"
    assert session.event.replacement == EVENT_REPLACEMENT_UNSPECIFIED


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "hidden"])
async def test_a_private_session_lives_and_ends_in_a_calendar_that_is_shared_without_private_events(
    service: Service, *, listed: bool
) -> None:
    """As a private event it would be out of reach, whichever way Microsoft keeps it from Dora."""
    service.sandbox.world.settings.lists_private_events = listed
    await service.connect("dora")
    shared = await service.calendar_id("dora", "ben-writable")
    await service.choose(write_calendar_id=shared)
    await service.put_session(place="Room 4", text="About Jonas", visibility=VISIBILITY_PRIVATE)
    session = await service.written()
    assert session.details.title == TITLE
    (event,) = service.events("dora", "ben-writable")
    assert (event.subject, event.location, event.body) == ("Private appointment", "", "")

    await service.put_session(start=12, title="Another", visibility=VISIBILITY_PRIVATE)
    session = await service.written(revision=2)
    assert service.events("dora", "ben-writable") == [event]
    assert (event.subject, event.start.hour) == ("Private appointment", 12)
    assert session.event.replacement == EVENT_REPLACEMENT_UNSPECIFIED

    await service.put_session(start=12, title="Another", visibility=VISIBILITY_UNSPECIFIED)
    await service.written(revision=3)
    assert event.subject == "Another"

    await service.put_session(start=12, title="Another", visibility=VISIBILITY_PRIVATE)
    await service.written(revision=4)
    assert event.subject == "Private appointment"
    await service.cancel_session()
    await service.written(revision=5)
    assert service.events("dora", "ben-writable") == []
