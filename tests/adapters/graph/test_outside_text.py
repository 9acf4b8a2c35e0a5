"""Text in the answers of Graph: what is dirty spoils nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.web.outside_text import LONGEST_NAME
from domain.access import ProviderUnavailable
from domain.errors import DomainError
from domain.interval import Interval
from tests.builders import a_readable_calendar, an_event_copy, an_interval, some_details
from tests.support.dirty_text import DIRTY, HALF_A_PAIR, is_clean
from tests.support.microsoft import Connected

WINDOW = Interval(datetime(2030, 5, 14, tzinfo=UTC), datetime(2030, 5, 15, tzinfo=UTC))


@pytest.mark.parametrize("dirt", DIRTY.values(), ids=DIRTY)
@pytest.mark.parametrize(
    "field", ["name", "color", "hexColor", "owner", "owner.name", "owner.address", "canEdit", "isDefaultCalendar"]
)  # fmt: skip
async def test_a_dirty_member_spoils_no_calendar(connected: Connected, field: str, dirt: object) -> None:
    account = await connected.connect("anna")
    owner: dict[str, Any] = {"name": "Anna Berg", "address": "anna@contoso.example.com"}
    calendar: dict[str, Any] = {"id": "AAMk=", "name": "Calendar", "canEdit": True, "owner": owner}
    outer, _, inner = field.partition(".")
    (owner if inner else calendar)[inner or outer] = dirt
    connected.sandbox.world.faults.add(path="/me/calendars", status=200, body={"value": [calendar]})

    (listed,) = await connected.microsoft.directory.list_calendars(account)

    assert listed.remote_id == "AAMk="
    assert all(is_clean(text) for text in (listed.name, listed.owner_name, listed.owner_email, listed.color))


@pytest.mark.parametrize("dirt", [f"AAMk{HALF_A_PAIR}=", "AA\0Mk=", "x" * 5_000])
async def test_a_calendar_whose_id_can_be_none_is_left_out_and_spoils_no_other(
    connected: Connected, dirt: str
) -> None:
    account = await connected.connect("anna")
    calendars = [{"id": dirt, "name": "Odd"}, {"id": "AAMk=", "name": "Calendar"}]
    connected.sandbox.world.faults.add(path="/me/calendars", status=200, body={"value": calendars})

    listed = await connected.microsoft.directory.list_calendars(account)

    assert [one.name for one in listed] == ["Calendar"]


@pytest.mark.parametrize("dirt", DIRTY.values(), ids=DIRTY)
@pytest.mark.parametrize("field", ["mail", "userPrincipalName"])
async def test_a_dirty_profile_spoils_no_list(connected: Connected, field: str, dirt: object) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.add(path=r"/me(\?|$)", status=200, body={field: dirt})

    assert await connected.microsoft.directory.list_calendars(account)


@pytest.mark.parametrize("dirt", DIRTY.values(), ids=DIRTY)
@pytest.mark.parametrize(
    "field", ["id", "showAs", "isCancelled", "responseStatus.response", "transactionId", "start.timeZone"]
)
async def test_a_dirty_event_blocks_like_any_other(connected: Connected, field: str, dirt: object) -> None:
    account = await connected.connect("anna")
    event: dict[str, Any] = {
        "id": "AAMk=",
        "showAs": "busy",
        "transactionId": "mark",
        "responseStatus": {"response": "accepted"},
        "start": {"dateTime": "2030-05-14T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2030-05-14T10:00:00.0000000", "timeZone": "UTC"},
    }
    outer, _, inner = field.partition(".")
    (event[outer] if inner else event)[inner or outer] = dirt
    connected.sandbox.world.faults.add(path="/calendarView", status=200, body={"value": [event]})

    (entry,) = await connected.microsoft.reader.read_entries(
        account, a_readable_calendar("AAMkcalendar="), WINDOW
    )

    assert entry.blocks(tentative=False)
    assert is_clean(entry.mark or "")


@pytest.mark.parametrize("dirt", [HALF_A_PAIR, "AA\0Mk=", "x" * 5_000, 7, None])
async def test_an_event_whose_id_can_be_none_is_not_ours(connected: Connected, dirt: object) -> None:
    """Something was made, but nobody can say what: it is looked for again."""
    account = await connected.connect("anna")
    connected.sandbox.world.faults.add(method="POST", path="/events", status=201, body={"id": dirt})
    calendar_id = connected.calendar_id("anna")
    copy = an_event_copy(account_id=account, remote_calendar_id=calendar_id, remote_id=None)

    with pytest.raises(ProviderUnavailable) as raised:
        await connected.microsoft.writer.create(copy, an_interval(), some_details())

    assert raised.value.outcome_unknown


@pytest.mark.parametrize("dirt", ["half a surrogate pair", "NUL", "five thousand characters", "a line end"])
async def test_a_dirty_person_signs_in_under_a_clean_name(connected: Connected, dirt: str) -> None:
    text = DIRTY[dirt]
    connected.sandbox.world.people.change("anna", name=text, email=f"{text}@contoso.example.com")

    signed_in = await connected.sign_in("anna")

    assert is_clean(signed_in.display_name)
    assert 0 < len(signed_in.display_name) <= LONGEST_NAME
    assert signed_in.email == ""


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "answer",
    [
        {"body": DEEP},
        {"body": {"value": [], "@odata.nextLink": "https://[graph"}},
        {"body": {"value": [], "@odata.nextLink": f"https://graph/{HALF_A_PAIR}"}},
        {"body": {"value": [], "@odata.nextLink": "https://graph/\0"}},
        {"body": {"value": [{"name": "no id"}]}},
        {"status": 400, "body": DEEP},
        {"status": 400, "body": {"error": {"code": f"Odd{HALF_A_PAIR}\0"}}},
    ],
)
async def test_what_is_no_answer_is_no_fault_of_ours(connected: Connected, answer: dict[str, Any]) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.add(path="/me/calendars", **({"status": 200, "times": None} | answer))

    with pytest.raises(DomainError):
        await connected.microsoft.directory.list_calendars(account)
