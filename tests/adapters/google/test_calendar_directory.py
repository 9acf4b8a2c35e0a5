"""The calendars of a Google account: what roles, scopes and odd entries come to."""

from typing import Any

import pytest

from adapters.google.calendar_directory import GoogleCalendarDirectory
from adapters.google.settings import SCOPE_PREFIX, SHARED_SCOPES
from domain.access import AccessDenied, InvalidAnswer, ProviderMisconfigured, ProviderUnavailable
from domain.account import Provider
from domain.calendar import Calendar, RemoteCalendar, reconcile
from domain.connection import MailboxNotServed
from domain.ids import CalendarId
from tests.support.google import OpenGoogle

ROLES = ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")
EVERYTHING = (f"{SCOPE_PREFIX}calendar",)


async def _listed(google: OpenGoogle, person: str = "gina", **how: Any) -> dict[str, RemoteCalendar]:
    """By the names that the stand-in has for a person's calendars."""
    world = google.sandbox.world
    directory = GoogleCalendarDirectory(client=google.client, tokens=google.tokens)
    listed = await directory.list_calendars(google.connect(person, **how))
    keys = {one.folder.address: one.key for one in world.calendars.of(person)}
    return {keys.get(one.remote_id, one.remote_id): one for one in listed}


async def _entry(google: OpenGoogle, **entry: Any) -> RemoteCalendar:
    """One entry as Google might send it, read."""
    body = {"kind": "calendar#calendarList", "items": [{"id": "c_1@group.calendar.google.com", **entry}]}
    google.sandbox.world.faults.add(surface="google", path="calendarList", status=200, body=body)
    (listed,) = (await _listed(google)).values()
    return listed


async def test_hidden_calendars_are_listed_and_deleted_ones_are_not(google: OpenGoogle) -> None:
    google.sandbox.world.calendars.change_google("walter", "own", deleted=True)
    google.sandbox.world.google.settings.page_size = 2
    google.sandbox.world.google.settings.empty_pages = 2
    listed = await _listed(google, "walter")
    assert set(listed) == {"primary", "hidden", "holidays", *ROLES}


async def test_an_entry_that_says_it_is_deleted_is_left_out(google: OpenGoogle) -> None:
    entries = [{"id": "a@x", "deleted": True}, {"id": "b@x"}]
    body = {"kind": "calendar#calendarList", "items": entries}
    google.sandbox.world.faults.add(surface="google", status=200, body=body)
    assert set(await _listed(google)) == {"b@x"}


@pytest.mark.parametrize(
    ("scopes", "writable"),
    [
        (None, {"owner"}),
        (SHARED_SCOPES, {"owner", "writer", "writerWithoutPrivateAccess"}),
        (EVERYTHING, {"owner", "writer", "writerWithoutPrivateAccess"}),
    ],
)
async def test_what_can_be_written_follows_from_role_and_scope(
    google: OpenGoogle, scopes: tuple[str, ...] | None, writable: set[str]
) -> None:
    listed = await _listed(google, "walter", **({"scopes": scopes} if scopes else {}))
    assert {role for role in ROLES if listed[role].writable} == writable


@pytest.mark.parametrize("role", ["ringmaster", None, 5])
async def test_a_role_nobody_knows_can_be_read_and_not_written(google: OpenGoogle, role: object) -> None:
    listed = await _entry(google, summary="Team", accessRole=role)
    assert (listed.name, listed.writable) == ("Team", False)


async def test_a_calendar_of_somebody_else_is_shared_whatever_the_role(google: OpenGoogle) -> None:
    listed = await _listed(google, "walter")
    assert {key for key, one in listed.items() if one.shared} == {*ROLES, "holidays"}
    assert listed["owner"].owner_email == "wilma@fabrikam.example.com"
    assert listed["primary"].owner_email == listed["own"].owner_email == "walter@fabrikam.example.com"


@pytest.mark.parametrize(("role", "shared"), [("owner", False), ("writer", True), ("reader", True)])
async def test_whose_it_is_follows_from_the_role_where_no_owner_is_named(
    google: OpenGoogle, role: str, *, shared: bool
) -> None:
    listed = await _entry(google, summary="Team", accessRole=role)
    assert (listed.shared, listed.owner_email) == (shared, "")


async def test_the_primary_calendar_stands_first(google: OpenGoogle) -> None:
    google.sandbox.world.people.get("walter").calendars.reverse()
    assert next(iter(await _listed(google, "walter"))) == "primary"


async def test_a_calendar_is_called_what_the_person_calls_it(google: OpenGoogle) -> None:
    google.sandbox.world.calendars.change_google("walter", "owner", summary_override="Wilma's")
    assert (await _listed(google, "walter"))["owner"].name == "Wilma's"


@pytest.mark.parametrize(
    "odd", [{}, {"summary": ""}, {"summary": None}, {"summary": "\n"}, {"summaryOverride": ""}]
)
async def test_a_calendar_without_a_name_shows_its_id(google: OpenGoogle, odd: dict[str, Any]) -> None:
    assert (await _entry(google, **odd)).name == "c_1@group.calendar.google.com"


@pytest.mark.parametrize(
    ("given", "color"),
    [("#9FE1E7", "#9fe1e7"), ("#9fe1e7", "#9fe1e7"), ("red", ""), ("#9fe1e7ff", ""), (None, ""), (7, "")],
)
async def test_a_colour_is_one_or_none(google: OpenGoogle, given: object, color: str) -> None:
    assert (await _entry(google, backgroundColor=given)).color == color


async def test_an_entry_without_an_id_is_no_answer(google: OpenGoogle) -> None:
    with pytest.raises(InvalidAnswer):
        await _entry(google, id=None)


async def test_an_entry_whose_id_can_be_none_is_left_out(google: OpenGoogle) -> None:
    body = {"kind": "calendar#calendarList", "items": [{"id": "x" * 600}, {"id": "good@x"}, {"id": "good@x"}]}
    google.sandbox.world.faults.add(surface="google", status=200, body=body)
    assert set(await _listed(google)) == {"good@x"}


@pytest.mark.parametrize("follows", [True, False])
async def test_the_primary_calendar_keeps_its_choices_after_a_change_of_address(
    google: OpenGoogle, *, follows: bool
) -> None:
    google.sandbox.world.google.settings.primary_id_follows_address = follows
    account = google.connect("gina")
    directory = GoogleCalendarDirectory(client=google.client, tokens=google.tokens)
    numbers = iter(range(10))

    async def looked(known: tuple[Calendar, ...]) -> tuple[Calendar, ...]:
        listed = await directory.list_calendars(account)
        return reconcile(
            known, listed, account_id=account, new_id=lambda: CalendarId(f"calendar-{next(numbers)}")
        )

    before = await looked(())
    google.sandbox.world.people.change("gina", email="gina.new@gmail.example.com")
    after = await looked(before)
    assert {one.calendar_id: one.missing for one in after} == {one.calendar_id: False for one in before}
    primaries = [next(one for one in known if one.primary) for known in (before, after)]
    assert primaries[0].calendar_id == primaries[1].calendar_id
    assert (primaries[0].remote.remote_id != primaries[1].remote.remote_id) is follows
    assert not any(one.remote.shared for one in after)


async def test_a_person_without_a_calendar_is_not_served(google: OpenGoogle) -> None:
    with pytest.raises(MailboxNotServed):
        await _listed(google, "nocalendar")


async def test_an_api_that_is_switched_off_is_a_fault_of_ours(google: OpenGoogle) -> None:
    google.sandbox.world.faults.google_error(403, "accessNotConfigured", times=None)
    with pytest.raises(ProviderMisconfigured) as caught:
        await _listed(google)
    assert caught.value.code == "accessNotConfigured"
    assert Provider.GOOGLE not in google.alarms.raised, "who asked raises it"


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (403, "rateLimitExceeded", ProviderUnavailable),
        (403, "userRateLimitExceeded", ProviderUnavailable),
        (403, "quotaExceeded", ProviderUnavailable),
        (403, "dailyLimitExceeded", ProviderUnavailable),
        (429, "rateLimitExceeded", ProviderUnavailable),
        (403, "somethingNew", ProviderUnavailable),
        (404, "notFound", ProviderUnavailable),
        (401, "authError", ProviderUnavailable),
        (403, "forbidden", AccessDenied),
        (403, "insufficientPermissions", AccessDenied),
    ],
)
async def test_no_refusal_of_the_list_is_lost_access(
    google: OpenGoogle, status: int, reason: str, error: type[Exception]
) -> None:
    google.sandbox.world.faults.google_error(status, reason, retry_after="30", times=None)
    with pytest.raises(error):
        await _listed(google)
