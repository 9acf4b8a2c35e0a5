"""The calendars of an account, on the sandbox and on answers made by hand."""

from typing import Any

import pytest

from domain.access import AccessDenied, InvalidAnswer, ProviderUnavailable
from domain.calendar import RemoteCalendar
from domain.connection import MailboxNotServed
from domain.grant import Grant
from tests.support.microsoft import Connected


async def _listed(
    connected: Connected, calendars: list[dict[str, Any]], person: str = "anna"
) -> tuple[RemoteCalendar, ...]:
    """What is made of a list that Graph prints like this."""
    account = await connected.connect(person)
    connected.sandbox.world.faults.add(
        path="/me/calendars", status=200, body={"value": calendars}, times=None
    )
    return await connected.microsoft.directory.list_calendars(account)


def _calendar(**members: Any) -> dict[str, Any]:
    calendar = {
        "id": "AAMkAGI2TGuLAAA=",
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": True,
        "canShare": True,
        "canEdit": True,
        "owner": {"name": "Anna Berg", "address": "anna@contoso.example.com"},
    } | members
    return {name: value for name, value in calendar.items() if value != "left out"}


async def test_calendars_are_listed_with_owner_and_rights(connected: Connected) -> None:
    dora = connected.sandbox.world.people.get("dora")
    listed = await connected.microsoft.directory.list_calendars(await connected.connect("dora"))
    own, read_only, writable = listed
    assert (own.name, own.owner_email, own.primary, own.writable, own.shared) == (
        "Calendar",
        dora.email,
        True,
        True,
        False,
    )
    assert (read_only.owner_name, read_only.writable, read_only.shared) == ("Ben Okafor", False, True)
    assert (writable.name, writable.writable, writable.shared) == ("Projects (Ben)", True, True)
    assert own.remote_id == connected.calendar_id("dora")


async def test_the_first_look_sees_the_same_without_a_stored_grant(connected: Connected) -> None:
    signed_in = await connected.sign_in("dora")
    first = await connected.microsoft.directory.first_look(signed_in.grant)
    assert first == await connected.microsoft.directory.list_calendars(await connected.connect("dora"))


async def test_more_calendars_than_fit_a_page_are_all_listed(connected: Connected) -> None:
    for number in range(60):
        connected.sandbox.world.calendars.add("max", f"more-{number}", f"More {number}")
    listed = await connected.microsoft.directory.list_calendars(await connected.connect("max"))
    assert len({calendar.remote_id for calendar in listed}) == 13 + 60


async def test_an_account_without_a_primary_calendar_is_listed(connected: Connected) -> None:
    signed_in = await connected.sign_in("nadia")
    listed = await connected.microsoft.directory.first_look(signed_in.grant)
    assert len(listed) == 2
    assert not any(calendar.primary for calendar in listed)


async def test_an_empty_list_is_reported_as_it_is(connected: Connected) -> None:
    connected.sandbox.world.people.change("anna", calendar_list="empty")
    assert await connected.microsoft.directory.list_calendars(await connected.connect("anna")) == ()


async def test_a_personal_account_without_a_mail_address_owns_its_calendars(connected: Connected) -> None:
    listed = await connected.microsoft.directory.list_calendars(await connected.connect("carla"))
    assert [calendar.shared for calendar in listed] == [False]


@pytest.mark.parametrize("mailbox", ["on_premises", "not_supported", "unlicensed", "none"])
async def test_a_mailbox_we_cannot_serve_is_refused_in_every_wording(
    connected: Connected, mailbox: str
) -> None:
    connected.sandbox.world.people.change("anna", mailbox=mailbox)
    signed_in = await connected.sign_in("anna")
    with pytest.raises(MailboxNotServed):
        await connected.microsoft.directory.first_look(signed_in.grant)
    with pytest.raises(MailboxNotServed):
        await connected.microsoft.directory.list_calendars(await connected.connect("anna"))


@pytest.mark.parametrize("person", ["onprem", "unlicensed", "nomailbox", "guest"])
async def test_people_without_a_mailbox_of_their_own_are_refused(connected: Connected, person: str) -> None:
    with pytest.raises(MailboxNotServed):
        await connected.microsoft.directory.first_look((await connected.sign_in(person)).grant)


@pytest.mark.parametrize(
    "code", ["MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "ErrorNonExistentMailbox"]
)
@pytest.mark.parametrize("path", ["/me/calendar$", "/me/calendar[s?]"])
async def test_every_code_for_a_missing_mailbox_counts(connected: Connected, code: str, path: str) -> None:
    signed_in = await connected.sign_in("anna")
    connected.sandbox.world.faults.answer(404, code=code, path=path, times=None)
    with pytest.raises(MailboxNotServed):
        await connected.microsoft.directory.first_look(signed_in.grant)


async def test_a_mailbox_that_lost_its_main_calendar_is_one_all_the_same(connected: Connected) -> None:
    connected.sandbox.world.people.change("anna", default_calendar="not_found")
    listed = await connected.microsoft.directory.first_look((await connected.sign_in("anna")).grant)
    assert sorted(calendar.name for calendar in listed) == ["Calendar", "Team"]
    assert not any(calendar.primary for calendar in listed)


@pytest.mark.parametrize("code", ["ErrorItemNotFound", "ResourceNotFound", "UnknownError", ""])
async def test_a_list_that_is_not_found_is_an_outage(connected: Connected, code: str) -> None:
    signed_in, account = await connected.sign_in("anna"), await connected.connect("anna")
    connected.sandbox.world.faults.answer(404, code=code, path="/me/calendars", times=None)
    with pytest.raises(ProviderUnavailable):
        await connected.microsoft.directory.first_look(signed_in.grant)
    with pytest.raises(ProviderUnavailable):
        await connected.microsoft.directory.list_calendars(account)


async def test_a_first_look_during_an_outage_is_an_outage(connected: Connected) -> None:
    signed_in = await connected.sign_in("anna")
    connected.sandbox.world.faults.answer(503, code="UnknownError", times=None)
    with pytest.raises(ProviderUnavailable):
        await connected.microsoft.directory.first_look(signed_in.grant)


async def test_a_fresh_token_that_is_refused_is_denied_access(connected: Connected) -> None:
    signed_in = await connected.sign_in("anna")
    connected.forget_access_tokens("anna")
    with pytest.raises(AccessDenied):
        await connected.microsoft.directory.first_look(signed_in.grant)


async def test_a_grant_without_a_token_answers_nothing(connected: Connected) -> None:
    with pytest.raises(InvalidAnswer):
        await connected.microsoft.directory.first_look(Grant(scopes=(), secret=b"{}"))


@pytest.mark.parametrize(
    ("members", "shared"),
    [
        ({}, False),
        ({"owner": {"name": "A", "address": "ANNA@Contoso.Example.com"}, "canShare": False}, False),
        ({"owner": {"name": "B", "address": "ben@contoso.example.com"}, "canShare": False}, True),
        ({"owner": {"name": "A", "address": "alias@contoso.example.com"}, "canShare": True}, False),
        ({"owner": {"name": "A", "address": "alias@contoso.example.com"}, "canShare": None}, False),
        ({"owner": None, "canShare": False}, False),
        ({"owner": "left out"}, False),
        ({"owner": None, "canShare": False, "isDefaultCalendar": False}, True),
        ({"owner": {"name": None, "address": None}, "canShare": True, "isDefaultCalendar": False}, False),
    ],
)
async def test_shared_is_what_somebody_else_owns(
    connected: Connected, members: dict[str, Any], *, shared: bool
) -> None:
    assert [one.shared for one in await _listed(connected, [_calendar(**members)])] == [shared]


async def test_the_name_a_person_signs_in_with_is_their_own(connected: Connected) -> None:
    nameless = {"mail": None, "userPrincipalName": "anna_contoso#EXT#@partner.example.com"}
    connected.sandbox.world.faults.add(path="/me$", status=200, body=nameless, times=None)
    listed = await _listed(connected, [_calendar(canShare=False)])
    assert [one.shared for one in listed] == [False]


@pytest.mark.parametrize(
    ("members", "color"),
    [
        ({"hexColor": "#4A90E2", "color": "lightBlue"}, "#4a90e2"),
        ({"hexColor": "", "color": "lightTeal"}, "#4adacc"),
        ({"hexColor": None, "color": "LightTeal"}, "#4adacc"),
        ({"hexColor": "blue", "color": "auto"}, ""),
        ({"hexColor": "left out", "color": "left out"}, ""),
        ({"hexColor": "#12345", "color": "maxColor"}, ""),
    ],
)
async def test_colours_are_hexadecimal_or_nothing(
    connected: Connected, members: dict[str, Any], color: str
) -> None:
    assert [one.color for one in await _listed(connected, [_calendar(**members)])] == [color]


async def test_odd_members_are_read_on_the_safe_side(connected: Connected) -> None:
    odd = _calendar(name=None, canEdit="yes", isDefaultCalendar=None, owner=[], mood="🎉")
    (calendar,) = await _listed(connected, [odd])
    assert (calendar.name, calendar.writable, calendar.primary, calendar.owner_email) == (
        "",
        False,
        False,
        "",
    )


@pytest.mark.parametrize("remote_id", [None, "", 5, "left out"])
async def test_a_calendar_without_an_id_makes_the_answer_invalid(
    connected: Connected, remote_id: object
) -> None:
    with pytest.raises(InvalidAnswer):
        await _listed(connected, [_calendar(id=remote_id)])


async def test_a_calendar_on_two_pages_is_listed_once(connected: Connected) -> None:
    listed = await _listed(
        connected, [_calendar(), _calendar(name="Renamed meanwhile"), _calendar(id="aamkagi2tgulaaa=")]
    )
    assert [calendar.name for calendar in listed] == ["Renamed meanwhile", "Calendar"]


async def test_names_of_calendars_and_people_are_not_printed(connected: Connected) -> None:
    listed = await connected.microsoft.directory.list_calendars(await connected.connect("dora"))
    assert "Ben" not in repr(listed)
