"""Automatic follows, chosen waits."""

import pytest

from domain.account import Account, AccountStatus
from domain.calendar import Calendar, CalendarNotFound, CalendarNotWritable
from domain.calendar_settings import CalendarSettings, WriteCalendarState, write_calendar
from domain.errors import EtagMismatch
from domain.ids import CalendarId
from tests.builders import a_calendar, after, an_account, some_settings

LOST = AccountStatus.RECONNECT_REQUIRED
OLD = an_account("old", connected_at=after(days=-2))
NEW = an_account("new", connected_at=after(days=-1))
OLD_PRIMARY = a_calendar("old-primary", account_id="old", primary=True)
NEW_PRIMARY = a_calendar("new-primary", account_id="new", primary=True)
NEW_SECOND = a_calendar("new-second", account_id="new")


def _ids(*ids: str) -> set[CalendarId]:
    return {CalendarId(one) for one in ids}


# Automatic


@pytest.mark.parametrize("accounts", [(OLD, NEW), (NEW, OLD)])
@pytest.mark.parametrize("calendars", [(OLD_PRIMARY, NEW_PRIMARY), (NEW_PRIMARY, OLD_PRIMARY)])
def test_automatic_is_the_primary_calendar_of_the_oldest_account(
    accounts: tuple[Account, ...], calendars: tuple[Calendar, ...]
) -> None:
    found = write_calendar(some_settings(), accounts, calendars)
    assert (found.state, found.calendar) == (WriteCalendarState.READY, OLD_PRIMARY)


def test_accounts_as_old_as_each_other_have_an_order_all_the_same() -> None:
    twins = an_account("a"), an_account("b")
    calendars = [
        a_calendar("of-b", account_id="b", primary=True),
        a_calendar("of-a", account_id="a", primary=True),
    ]
    for order in (twins, twins[::-1]):
        found = write_calendar(some_settings(), order, calendars).calendar
        assert found is not None
        assert found.calendar_id == "of-a"


@pytest.mark.parametrize(
    ("old", "old_primary"),
    [
        (OLD.lost(), OLD_PRIMARY),
        (OLD, a_calendar("old-primary", account_id="old", primary=True, writable=False)),
        (OLD, a_calendar("old-primary", account_id="old", primary=True, missing=True)),
        (OLD, a_calendar("old-second", account_id="old")),
    ],
    ids=["account lost", "read-only", "missing", "no primary"],
)
def test_automatic_follows_to_the_next_account_that_can_be_written(
    old: Account, old_primary: Calendar
) -> None:
    found = write_calendar(some_settings(), [old, NEW], [old_primary, NEW_PRIMARY])
    assert (found.state, found.calendar) == (WriteCalendarState.READY, NEW_PRIMARY)


def test_automatic_never_takes_a_calendar_that_is_not_primary() -> None:
    found = write_calendar(some_settings(), [NEW], [NEW_SECOND])
    assert (found.state, found.calendar) == (WriteCalendarState.NO_WRITABLE_CALENDAR, None)


@pytest.mark.parametrize(
    ("accounts", "state"),
    [
        ([], WriteCalendarState.NO_WRITABLE_CALENDAR),
        ([OLD.lost()], WriteCalendarState.RECONNECT_REQUIRED),
        ([OLD.lost(), NEW.lost()], WriteCalendarState.RECONNECT_REQUIRED),
        ([OLD.lost(), NEW], WriteCalendarState.NO_WRITABLE_CALENDAR),
    ],
)
def test_automatic_without_a_calendar_says_what_is_missing(
    accounts: list[Account], state: WriteCalendarState
) -> None:
    read_only = a_calendar("new-primary", account_id="new", primary=True, writable=False)
    found = write_calendar(some_settings(), accounts, [OLD_PRIMARY, read_only])
    assert (found.state, found.calendar) == (state, None)


# Chosen


def test_the_chosen_calendar_is_written_whatever_is_primary() -> None:
    found = write_calendar(
        some_settings(chosen="new-second"), [OLD, NEW], [OLD_PRIMARY, NEW_PRIMARY, NEW_SECOND]
    )
    assert (found.state, found.calendar) == (WriteCalendarState.READY, NEW_SECOND)


@pytest.mark.parametrize(
    ("status", "calendar", "state"),
    [
        (LOST, NEW_SECOND, WriteCalendarState.RECONNECT_REQUIRED),
        (
            LOST,
            a_calendar("new-second", account_id="new", missing=True),
            WriteCalendarState.RECONNECT_REQUIRED,
        ),
        (
            AccountStatus.ACTIVE,
            a_calendar("new-second", account_id="new", missing=True),
            WriteCalendarState.CALENDAR_MISSING,
        ),
        (
            AccountStatus.ACTIVE,
            a_calendar("new-second", account_id="new", writable=False),
            WriteCalendarState.CALENDAR_NOT_WRITABLE,
        ),
        (AccountStatus.ACTIVE, None, WriteCalendarState.ACCOUNT_DISCONNECTED),
    ],
)
def test_a_chosen_calendar_in_trouble_is_waited_for_and_not_replaced(
    status: AccountStatus, calendar: Calendar | None, state: WriteCalendarState
) -> None:
    accounts = [OLD, an_account("new", connected_at=NEW.connected_at, status=status)]
    calendars = [OLD_PRIMARY, NEW_PRIMARY, *([calendar] if calendar else [])]
    found = write_calendar(some_settings(chosen="new-second"), accounts, calendars)
    assert (found.state, found.calendar) == (state, None)


def test_a_chosen_calendar_of_the_only_account_is_waited_for_after_disconnecting() -> None:
    found = write_calendar(some_settings(chosen="new-second"), [], [])
    assert found.state is WriteCalendarState.ACCOUNT_DISCONNECTED


# Choosing


def test_a_writable_calendar_can_be_chosen_and_given_up_again() -> None:
    chosen = some_settings().choosing(CalendarId("new-second"), [OLD_PRIMARY, NEW_SECOND])
    assert chosen.chosen == "new-second"
    assert chosen.choosing(None, []).chosen is None


def test_refuses_a_write_calendar_the_expert_does_not_have() -> None:
    with pytest.raises(CalendarNotFound) as refused:
        some_settings().choosing(CalendarId("of-somebody-else"), [OLD_PRIMARY])
    assert refused.value.field == "write_calendar_id"


@pytest.mark.parametrize(
    "calendar",
    [a_calendar("c", writable=False), a_calendar("c", missing=True)],
    ids=["read-only", "missing"],
)
def test_refuses_a_write_calendar_that_cannot_be_written_now(calendar: Calendar) -> None:
    with pytest.raises(CalendarNotWritable):
        some_settings().choosing(CalendarId("c"), [calendar])


@pytest.mark.parametrize(
    "calendars",
    [[a_calendar("c", writable=False)], [a_calendar("c", missing=True)], []],
    ids=["read-only", "missing", "disconnected"],
)
def test_a_chosen_calendar_may_be_sent_back_whatever_became_of_it(calendars: list[Calendar]) -> None:
    kept = some_settings(chosen="c")
    assert kept.choosing(CalendarId("c"), calendars) == kept


def test_any_calendar_of_the_expert_may_be_checked_for_conflicts_none_included() -> None:
    calendars = [a_calendar("read-only", writable=False), a_calendar("missing", missing=True), OLD_PRIMARY]
    both = some_settings(conflict=["old-primary"]).with_conflict(_ids("read-only", "missing"), calendars)
    assert both.conflict == _ids("read-only", "missing")
    assert both.with_conflict([], calendars).conflict == frozenset()


def test_refuses_a_conflict_calendar_the_expert_does_not_have() -> None:
    with pytest.raises(CalendarNotFound) as refused:
        some_settings().with_conflict(_ids("old-primary", "of-somebody-else"), [OLD_PRIMARY])
    assert refused.value.field == "conflict_calendar_ids"


def test_choosing_one_leaves_the_other_as_it_is() -> None:
    before = some_settings(conflict=["old-primary"], chosen="new-second")
    assert before.with_conflict([], []).chosen == "new-second"
    assert before.choosing(None, []).conflict == _ids("old-primary")


# Two updates that cross


@pytest.mark.parametrize("etag", ["", "v3"])
def test_takes_no_etag_or_the_present_one(etag: str) -> None:
    some_settings(version=3).require_etag(etag)


@pytest.mark.parametrize("etag", ["v2", "v4", "v30", "3", "V3", " v3", "r3"])
def test_refuses_a_stale_etag(etag: str) -> None:
    with pytest.raises(EtagMismatch):
        some_settings(version=3).require_etag(etag)


def test_every_version_has_an_etag_of_its_own() -> None:
    assert len({some_settings(version=version).etag for version in range(50)}) == 50


# Connecting and disconnecting


def test_connecting_checks_the_primary_calendar_and_keeps_the_choices() -> None:
    before = some_settings(conflict=["old-primary"], chosen="old-primary")
    connected = before.after_connecting([NEW_PRIMARY, NEW_SECOND])
    assert connected.conflict == _ids("old-primary", "new-primary")
    assert connected.chosen == "old-primary"


def test_connecting_an_account_without_a_primary_calendar_preselects_nothing() -> None:
    assert some_settings().after_connecting([NEW_SECOND]) == some_settings()


def test_the_first_account_makes_its_primary_calendar_the_write_calendar() -> None:
    settings = some_settings().after_connecting([NEW_SECOND, NEW_PRIMARY])
    assert write_calendar(settings, [NEW], [NEW_SECOND, NEW_PRIMARY]).calendar == NEW_PRIMARY


def test_disconnecting_stops_checking_the_calendars_of_the_account() -> None:
    before = some_settings(conflict=["old-primary", "new-primary", "new-second"])
    assert before.after_disconnecting([NEW_PRIMARY, NEW_SECOND]).conflict == _ids("old-primary")


def test_disconnecting_keeps_the_choice_of_the_write_calendar() -> None:
    before = some_settings(chosen="new-second")
    left = before.after_disconnecting([NEW_PRIMARY, NEW_SECOND])
    assert left.chosen == "new-second"
    found = write_calendar(left, [OLD], [OLD_PRIMARY])
    assert found.state is WriteCalendarState.ACCOUNT_DISCONNECTED


def test_disconnecting_moves_an_automatic_write_calendar_on() -> None:
    left = some_settings().after_disconnecting([OLD_PRIMARY])
    assert write_calendar(left, [NEW], [NEW_PRIMARY]).calendar == NEW_PRIMARY


def test_new_settings_check_nothing_and_choose_nothing() -> None:
    fresh = CalendarSettings(expert_id=OLD.expert_id)
    assert (fresh.conflict, fresh.chosen, fresh.etag) == (frozenset(), None, "v0")
