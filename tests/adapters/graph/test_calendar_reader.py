"""Reading calendars, on the sandbox."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.access import AccessDenied, CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.blocking import CalendarEntry, Days, Instants, busy_time
from domain.connection import MailboxNotServed
from domain.interval import Interval
from sandbox import Recurrence, Sandbox
from tests.builders import a_readable_calendar
from tests.support.microsoft import Connected, connected_to

WINDOW = Interval(datetime(2031, 5, 5, tzinfo=UTC), datetime(2031, 5, 12, tzinfo=UTC))
SELECTED = {
    "id", "@odata.etag", "start.dateTime", "start.timeZone", "end.dateTime", "end.timeZone", "isAllDay", "showAs",
    "isCancelled", "responseStatus.response", "responseStatus.time", "transactionId",
}  # fmt: skip


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2031, 5, day, hour, minute, tzinfo=UTC)


async def _read(
    connected: Connected, calendar: str | None = None, window: Interval = WINDOW
) -> tuple[CalendarEntry, ...]:
    account = await connected.connect("anna")
    return await connected.microsoft.reader.read_entries(
        account, a_readable_calendar(connected.calendar_id("anna", calendar)), window
    )


def _busy(entries: tuple[CalendarEntry, ...], zone: str = "UTC") -> tuple[Interval, ...]:
    return tuple(busy_time(entries, window=WINDOW, zone=ZoneInfo(zone), tentative_blocks=False))


async def test_only_the_selected_members_of_events_leave_microsoft(connected: Connected) -> None:
    connected.sandbox.world.events.add(
        "anna", _at(6, 9), subject="Layoff planning", body="secret", location="Klinik", transaction_id="t",
        attendees=[{"emailAddress": {"address": "eva@example.com"}}],
    )  # fmt: skip
    assert len(await _read(connected)) == 1
    assert connected.sandbox.world.traffic.properties() == SELECTED


async def test_an_entry_has_times_status_and_mark(connected: Connected) -> None:
    connected.sandbox.world.events.add("anna", _at(6, 9), _at(6, 10), show_as="oof", transaction_id="mark-1")
    (entry,) = await _read(connected)
    assert entry.when == Instants(_at(6, 9), _at(6, 10))
    assert (entry.show_as.name, entry.mark) == ("OUT_OF_OFFICE", "mark-1")


async def test_a_series_comes_by_occurrence_where_it_really_is(connected: Connected) -> None:
    series = connected.sandbox.world.events.add(
        "anna",
        datetime.fromisoformat("2031-05-05T09:00"),
        zone="UTC",
        recurrence=Recurrence(kind="daily"),
    )
    connected.sandbox.world.events.delete_occurrence(series, date(2031, 5, 6))
    connected.sandbox.world.events.change_occurrence(series, date(2031, 5, 7), start=_at(7, 15), zone="UTC")
    busy = _busy(await _read(connected))
    starts = [interval.start for interval in busy]
    assert starts == [_at(5, 9), _at(7, 15), _at(8, 9), _at(9, 9), _at(10, 9), _at(11, 9)]


async def test_an_all_day_event_blocks_the_experts_days_not_those_of_utc(connected: Connected) -> None:
    connected.sandbox.world.events.add("anna", date(2031, 5, 5), zone="Pacific/Auckland")
    entries = await _read(connected)
    assert [entry.when for entry in entries] == [Days(date(2031, 5, 5), date(2031, 5, 6))]
    assert _busy(entries, "America/Los_Angeles") == (Interval(_at(5, 7), _at(6, 7)),)


@pytest.mark.parametrize(
    ("made_in", "lives_in", "day", "hours"),
    [
        ("Pacific/Kiritimati", "Pacific/Pago_Pago", 4, (10, 11)),
        ("Pacific/Auckland", "America/Los_Angeles", 4, (6, 7)),
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", 6, (10, 11)),
        ("America/Los_Angeles", "Pacific/Auckland", 6, (12, 13)),
    ],
)
async def test_an_all_day_event_made_at_the_other_end_of_the_world_is_found(
    connected: Connected, made_in: str, lives_in: str, day: int, hours: tuple[int, int]
) -> None:
    connected.sandbox.world.events.add("anna", date(2031, 5, day), zone=made_in)
    window = Interval(_at(5, hours[0]), _at(5, hours[1]))
    entries = await _read(connected, window=window)
    assert tuple(busy_time(entries, window=window, zone=ZoneInfo(lives_in), tentative_blocks=False)) == (
        window,
    )


async def test_thousands_of_events_are_read_to_the_last_page(connected: Connected) -> None:
    for number in range(2500):
        connected.sandbox.world.events.add(
            "anna", _at(5, 0) + timedelta(minutes=4 * number), uid=f"many-{number}"
        )
    entries = await _read(connected)
    assert len(entries) == 2500
    assert len({entry.when for entry in entries}) == 2500


async def test_a_page_that_fails_fails_the_whole_reading(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, page_size=2) as connected:
        for hour in range(8):
            sandbox.world.events.add("anna", _at(6, hour))
        sandbox.world.faults.answer(503, code="UnknownError", page=3, times=None)
        with pytest.raises(ProviderUnavailable):
            await _read(connected)
        sandbox.world.faults.clear()
        sandbox.world.faults.add(kind="without_value", page=4)
        with pytest.raises(InvalidAnswer):
            await _read(connected)
        assert len(await _read(connected)) == 8


async def test_a_calendar_that_is_gone_is_gone(connected: Connected) -> None:
    account, remote_id = await connected.connect("anna"), connected.calendar_id("anna", "team")
    connected.sandbox.world.calendars.remove("anna", "team")
    with pytest.raises(CalendarGone):
        await connected.microsoft.reader.read_entries(account, a_readable_calendar(remote_id), WINDOW)


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, "ErrorItemNotFound"), (404, "UnknownError"), (410, ""), (400, "ErrorInvalidIdMalformed")],
)
async def test_a_calendar_that_is_listed_is_not_gone(connected: Connected, status: int, code: str) -> None:
    connected.sandbox.world.faults.answer(status, code=code, path="calendarView", times=None)
    with pytest.raises(ProviderUnavailable):
        await _read(connected)


@pytest.mark.parametrize("calendar_list", ["empty", "not found"])
async def test_a_calendar_is_not_gone_while_the_list_is_not_to_be_believed(
    connected: Connected, calendar_list: str
) -> None:
    account, remote_id = await connected.connect("anna"), connected.calendar_id("anna", "team")
    connected.sandbox.world.calendars.remove("anna", "team")
    if calendar_list == "empty":
        connected.sandbox.world.people.change("anna", calendar_list="empty")
    else:
        connected.sandbox.world.faults.answer(
            404, code="ErrorItemNotFound", path="/me/calendars$", times=None
        )
    with pytest.raises((ProviderUnavailable, InvalidAnswer)):
        await connected.microsoft.reader.read_entries(account, a_readable_calendar(remote_id), WINDOW)


async def test_ids_are_compared_byte_for_byte(connected: Connected) -> None:
    account, remote_id = await connected.connect("anna"), connected.calendar_id("anna", "team")
    with pytest.raises(CalendarGone):
        await connected.microsoft.reader.read_entries(
            account, a_readable_calendar(remote_id.swapcase()), WINDOW
        )


@pytest.mark.parametrize("remote_id", ["no/such+id=", "../../me", "ü&$top=1#", "a?b", "%2e%2e", " "])
async def test_a_strange_id_stays_inside_its_place_in_the_path(connected: Connected, remote_id: str) -> None:
    account = await connected.connect("anna")
    with pytest.raises(CalendarGone):
        await connected.microsoft.reader.read_entries(account, a_readable_calendar(remote_id), WINDOW)


async def test_a_calendar_with_a_denied_folder_is_denied(connected: Connected) -> None:
    connected.sandbox.world.faults.answer(403, code="ErrorAccessDenied", path="calendarView")
    with pytest.raises(AccessDenied):
        await _read(connected)


async def test_a_mailbox_that_was_taken_away_is_not_served(connected: Connected) -> None:
    account, remote_id = await connected.connect("anna"), connected.calendar_id("anna")
    connected.sandbox.world.people.change("anna", mailbox="unlicensed")
    with pytest.raises(MailboxNotServed):
        await connected.microsoft.reader.read_entries(account, a_readable_calendar(remote_id), WINDOW)


async def test_every_request_asks_for_utc_and_immutable_ids(connected: Connected) -> None:
    connected.sandbox.world.people.change("anna", time_zone="Pacific Standard Time")
    connected.sandbox.world.events.add("anna", _at(6, 9), zone="Pacific Standard Time")
    (entry,) = await _read(connected)
    assert isinstance(entry.when, Instants)
    assert entry.when.start == _at(6, 9)


async def test_a_calendar_of_somebody_else_can_be_read(connected: Connected) -> None:
    connected.sandbox.world.events.add("ben", _at(6, 9), subject="Salary talks", sensitivity="private")
    account = await connected.connect("dora")
    remote_id = connected.calendar_id("dora", "ben-readonly")
    entries = await connected.microsoft.reader.read_entries(account, a_readable_calendar(remote_id), WINDOW)
    assert [entry.blocks(tentative=False) for entry in entries] == [True]
    assert connected.sandbox.world.traffic.properties() <= SELECTED
