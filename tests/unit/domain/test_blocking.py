"""What blocks, and from when to when."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.blocking import (
    CalendarEntry,
    Days,
    FloatingTimes,
    Instants,
    ShowAs,
    UnplacedTimes,
    When,
    busy_time,
)
from domain.ids import EventMark
from domain.interval import Interval
from tests.builders import MARK, NOW, after, an_interval
from tests.unit.domain.strategies import WINDOW, zones

BERLIN = ZoneInfo("Europe/Berlin")
OTHER_MARK = EventMark("0d6f9b0a-0000-5000-8000-000000000000")
YEAR = Interval(datetime(2027, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
DAY = timedelta(days=1)


def _instants(*, starts: float = 24, hours: float = 1) -> Instants:
    return Instants(after(hours=starts), after(hours=starts + hours))


def _entry(
    when: When | None = None,
    show_as: ShowAs = ShowAs.BUSY,
    *,
    cancelled: bool = False,
    declined: bool = False,
    mark: EventMark | None = None,
) -> CalendarEntry:
    """Tomorrow at noon for an hour, busy."""
    return CalendarEntry(
        when=when or _instants(), show_as=show_as, cancelled=cancelled, declined=declined, mark=mark
    )


def _busy(
    *entries: CalendarEntry,
    window: Interval = WINDOW,
    zone: ZoneInfo = BERLIN,
    tentative_blocks: bool = False,
) -> tuple[Interval, ...]:
    return tuple(busy_time(entries, window=window, zone=zone, tentative_blocks=tentative_blocks))


@pytest.mark.parametrize(
    ("show_as", "blocks", "blocks_where_tentative_does"),
    [
        (ShowAs.FREE, False, False),
        (ShowAs.TENTATIVE, False, True),
        (ShowAs.WORKING_ELSEWHERE, False, False),
        (ShowAs.BUSY, True, True),
        (ShowAs.OUT_OF_OFFICE, True, True),
        (ShowAs.UNKNOWN, True, True),
    ],
)
@pytest.mark.parametrize(
    "when", [_instants(), Days(date(2027, 3, 2), date(2027, 3, 3))], ids=["timed", "all-day"]
)
def test_the_status_decides_whether_an_entry_blocks(
    show_as: ShowAs, blocks: bool, blocks_where_tentative_does: bool, when: Instants | Days
) -> None:
    assert bool(_busy(_entry(when, show_as))) is blocks
    assert bool(_busy(_entry(when, show_as), tentative_blocks=True)) is blocks_where_tentative_does


def test_every_status_is_either_known_not_to_block_or_blocks() -> None:
    not_blocking = {one for one in ShowAs if not _entry(show_as=one).blocks(tentative=False)}
    assert not_blocking == {ShowAs.FREE, ShowAs.TENTATIVE, ShowAs.WORKING_ELSEWHERE}
    not_blocking = {one for one in ShowAs if not _entry(show_as=one).blocks(tentative=True)}
    assert not_blocking == {ShowAs.FREE, ShowAs.WORKING_ELSEWHERE}


@pytest.mark.parametrize("show_as", ShowAs)
def test_cancelled_and_declined_entries_never_block(show_as: ShowAs) -> None:
    entries = _entry(show_as=show_as, cancelled=True), _entry(show_as=show_as, declined=True)
    assert _busy(*entries) == _busy(*entries, tentative_blocks=True) == ()


def test_one_occurrence_of_a_series_blocks_where_it_is_and_the_cancelled_one_does_not() -> None:
    moved, cancelled = _entry(_instants(starts=30)), _entry(_instants(starts=48), cancelled=True)
    assert _busy(moved, cancelled) == (an_interval(starts=30),)


def test_an_all_day_entry_marked_free_blocks_nothing() -> None:
    assert _busy(_entry(Days(date(2027, 3, 1), date(2027, 3, 4)), ShowAs.FREE)) == ()


def test_an_entry_over_three_days_blocks_from_its_first_minute_to_its_last() -> None:
    when = Instants(datetime(2027, 3, 2, 8, tzinfo=UTC), datetime(2027, 3, 4, 17, tzinfo=UTC))
    assert _busy(_entry(when), window=YEAR) == (Interval(when.start, when.end),)


def test_out_of_office_over_two_weeks_blocks_all_of_them() -> None:
    entry = _entry(Days(date(2027, 7, 5), date(2027, 7, 19)), ShowAs.OUT_OF_OFFICE)
    (busy,) = _busy(entry, window=YEAR)
    assert busy == Interval(datetime(2027, 7, 5, tzinfo=BERLIN), datetime(2027, 7, 19, tzinfo=BERLIN))
    assert busy.length == timedelta(days=14)


@pytest.mark.parametrize(
    ("zone", "begins", "hours"),
    [
        ("Pacific/Auckland", datetime(2027, 9, 25, 12, tzinfo=UTC), 23),
        ("America/Los_Angeles", datetime(2027, 9, 26, 7, tzinfo=UTC), 24),
        ("Asia/Kathmandu", datetime(2027, 9, 25, 18, 15, tzinfo=UTC), 24),
        ("Australia/Lord_Howe", datetime(2027, 9, 25, 13, 30, tzinfo=UTC), 24),
    ],
)
def test_an_all_day_entry_blocks_the_local_day_of_the_expert(zone: str, begins: datetime, hours: int) -> None:
    entry = _entry(Days(date(2027, 9, 26), date(2027, 9, 27)))
    assert _busy(entry, window=YEAR, zone=ZoneInfo(zone)) == (
        Interval(begins, begins + timedelta(hours=hours)),
    )


def test_an_expert_who_moves_to_another_zone_is_blocked_at_other_hours() -> None:
    entry = _entry(Days(date(2027, 3, 2), date(2027, 3, 3)))
    (berlin,), (tokyo,) = _busy(entry), _busy(entry, zone=ZoneInfo("Asia/Tokyo"))
    assert berlin.start - tokyo.start == timedelta(hours=8)


def test_an_all_day_entry_on_a_day_the_zone_left_out_disturbs_nothing() -> None:
    window = Interval(datetime(2011, 12, 25, tzinfo=UTC), datetime(2012, 1, 5, tzinfo=UTC))
    other = Interval(datetime(2011, 12, 27, 1, tzinfo=UTC), datetime(2011, 12, 27, 2, tzinfo=UTC))
    entries = (
        _entry(Days(date(2011, 12, 30), date(2011, 12, 31))),
        _entry(Instants(other.start, other.end)),
    )
    assert _busy(*entries, window=window, zone=ZoneInfo("Pacific/Apia")) == (other,)


def test_times_nobody_can_place_block_14_hours_to_either_side() -> None:
    when = UnplacedTimes(datetime(2027, 6, 2, 9), datetime(2027, 6, 2, 10))  # noqa: DTZ001 - their zone is unknown
    assert _busy(_entry(when), window=YEAR) == (
        Interval(datetime(2027, 6, 1, 19, tzinfo=UTC), datetime(2027, 6, 3, tzinfo=UTC)),
    )


@settings(deadline=None)
@given(zones, st.integers(0, 366 * 24 - 1))
def test_times_nobody_can_place_block_wherever_they_may_be_meant(zone: ZoneInfo, hour: int) -> None:
    wall_clock = datetime(2027, 1, 1) + timedelta(hours=hour)  # noqa: DTZ001 - their zone is unknown
    meant = wall_clock.replace(tzinfo=zone).astimezone(UTC)
    wide = Interval(YEAR.start - 3 * DAY, YEAR.end + 3 * DAY)
    (busy,) = _busy(_entry(UnplacedTimes(wall_clock, wall_clock + timedelta(minutes=30))), window=wide)
    assert busy.holds(Interval(meant, meant + timedelta(minutes=30)))


def test_times_nobody_can_place_outside_the_window_reach_into_it() -> None:
    when = UnplacedTimes(datetime(2027, 3, 1, 1), datetime(2027, 3, 1, 2))  # noqa: DTZ001 - their zone is unknown
    assert _busy(_entry(when)) == (an_interval(starts=0, hours=4),)


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Europe/Berlin", datetime(2027, 6, 2, 7, tzinfo=UTC), datetime(2027, 6, 2, 8, tzinfo=UTC)),
        ("America/New_York", datetime(2027, 6, 2, 13, tzinfo=UTC), datetime(2027, 6, 2, 14, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2027, 6, 2, tzinfo=UTC), datetime(2027, 6, 2, 1, tzinfo=UTC)),
    ],
)
def test_floating_times_are_on_the_experts_clock(zone: str, start: datetime, end: datetime) -> None:
    when = FloatingTimes(datetime(2027, 6, 2, 9), datetime(2027, 6, 2, 10))  # noqa: DTZ001 - a wall clock

    assert _busy(_entry(when), window=YEAR, zone=ZoneInfo(zone)) == (Interval(start, end),)


@pytest.mark.parametrize(
    ("starts", "ends", "begin", "end"),
    [
        ("2027-03-28 02:30", "2027-03-28 03:00", "2027-03-28 01:30", "2027-03-28 02:00"),
        ("2027-03-28 02:30", "2027-03-28 04:30", "2027-03-28 01:30", "2027-03-28 02:30"),
        ("2027-10-31 02:30", "2027-10-31 02:45", "2027-10-31 00:30", "2027-10-31 00:45"),
        ("2027-06-02 10:00", "2027-06-02 09:00", "2027-06-02 07:00", "2027-06-02 08:00"),
    ],
    ids=["begins in the skipped hour", "outlasts it", "the first of two equal hours", "swapped"],
)
def test_floating_times_where_the_clock_changes(starts: str, ends: str, begin: str, end: str) -> None:
    when = FloatingTimes(datetime.fromisoformat(starts), datetime.fromisoformat(ends))

    assert _busy(_entry(when), window=YEAR) == (
        Interval(datetime.fromisoformat(f"{begin}Z"), datetime.fromisoformat(f"{end}Z")),
    )


def test_no_mark_frees_anything_by_itself() -> None:
    assert _busy(_entry(mark=MARK)) == (an_interval(),)


@pytest.mark.parametrize(
    "when",
    [
        Instants(after(hours=24), after(hours=24)),
        UnplacedTimes(datetime(2027, 3, 2, 9), datetime(2027, 3, 2, 9)),  # noqa: DTZ001 - their zone is unknown
        FloatingTimes(datetime(2027, 3, 2, 9), datetime(2027, 3, 2, 9)),  # noqa: DTZ001 - a wall clock
    ],
)
def test_an_entry_without_length_blocks_nothing(when: When) -> None:
    assert _busy(_entry(when)) == ()


def test_an_entry_with_its_ends_swapped_blocks_what_lies_between() -> None:
    assert _busy(_entry(Instants(after(hours=25), after(hours=24)))) == (an_interval(),)


@pytest.mark.parametrize(("starts", "hours"), [(-2, 2), (72, 1)], ids=["before", "behind"])
def test_an_entry_that_only_touches_the_window_blocks_nothing_in_it(starts: float, hours: float) -> None:
    assert _busy(_entry(_instants(starts=starts, hours=hours))) == ()


def test_an_entry_across_the_whole_window_blocks_all_of_it() -> None:
    assert _busy(_entry(_instants(starts=-48, hours=240))) == (WINDOW,)


def test_an_entry_across_an_edge_blocks_the_part_inside() -> None:
    entries = _entry(_instants(starts=-1, hours=2)), _entry(_instants(starts=71, hours=5))
    assert _busy(*entries) == (an_interval(starts=0), an_interval(starts=71))


def test_overlapping_entries_become_one_busy_time() -> None:
    entries = (
        _entry(_instants(starts=10, hours=2)),
        _entry(_instants(starts=11, hours=2)),
        _entry(_instants(starts=13)),
    )
    assert _busy(*entries) == (an_interval(starts=10, hours=4),)


def test_an_empty_calendar_is_busy_never() -> None:
    assert _busy() == ()


MINUTES = st.integers(-4 * 24 * 60, 8 * 24 * 60)
INSTANTS = st.builds(lambda one, other: Instants(after(minutes=one), after(minutes=other)), MINUTES, MINUTES)
UNPLACED = INSTANTS.map(
    lambda when: UnplacedTimes(when.start.replace(tzinfo=None), when.end.replace(tzinfo=None))
)
FLOATING = UNPLACED.map(lambda when: FloatingTimes(when.start, when.end))
DATES = st.integers(-4, 8).map(lambda days: NOW.date() + timedelta(days=days))
ENTRIES = st.builds(
    CalendarEntry,
    when=INSTANTS | UNPLACED | FLOATING | st.builds(Days, DATES, DATES),
    show_as=st.sampled_from(ShowAs),
    cancelled=st.booleans(),
    declined=st.booleans(),
    mark=st.sampled_from([None, MARK, OTHER_MARK]),
)


@settings(deadline=None)
@given(st.lists(ENTRIES, max_size=10), zones)
def test_busy_time_is_disjoint_in_order_and_inside_the_window(
    entries: list[CalendarEntry], zone: ZoneInfo
) -> None:
    busy = _busy(*entries, zone=zone)
    assert all(WINDOW.holds(one) for one in busy)
    assert all(one.end < other.start for one, other in pairwise(busy))


@settings(deadline=None)
@given(st.lists(ENTRIES, max_size=8), ENTRIES, zones)
def test_one_more_entry_never_frees_time(
    entries: list[CalendarEntry], another: CalendarEntry, zone: ZoneInfo
) -> None:
    fewer, more = _busy(*entries, zone=zone), _busy(*entries, another, zone=zone)
    assert all(any(wide.holds(one) for wide in more) for one in fewer)


@settings(deadline=None)
@given(st.lists(ENTRIES, max_size=8), st.integers(1, 71), zones)
def test_looking_at_two_halves_tells_the_same_as_looking_once(
    entries: list[CalendarEntry], hours: int, zone: ZoneInfo
) -> None:
    cut = after(hours=hours)
    first, second = Interval(WINDOW.start, cut), Interval(cut, WINDOW.end)
    halves = *_busy(*entries, window=first, zone=zone), *_busy(*entries, window=second, zone=zone)
    whole = _busy(*entries, zone=zone)
    assert sum((one.length for one in halves), timedelta()) == sum((one.length for one in whole), timedelta())
    assert all(any(one.holds(half) for one in whole) for half in halves)


@settings(deadline=None)
@given(st.lists(ENTRIES, max_size=8), zones)
def test_where_tentative_blocks_it_is_as_if_those_were_busy_and_else_as_if_they_were_not_there(
    entries: list[CalendarEntry], zone: ZoneInfo
) -> None:
    as_busy = [
        replace(one, show_as=ShowAs.BUSY) if one.show_as is ShowAs.TENTATIVE else one for one in entries
    ]
    others = [one for one in entries if one.show_as is not ShowAs.TENTATIVE]
    assert _busy(*entries, zone=zone, tentative_blocks=True) == _busy(*as_busy, zone=zone)
    assert _busy(*entries, zone=zone) == _busy(*others, zone=zone)
