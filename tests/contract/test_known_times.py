"""What every answer to the question of experts' time keeps to."""

from dataclasses import replace
from datetime import datetime

import pytest

from application.ports.known_times import KnownCalendar, KnownTime, KnownTimes
from domain.account import AccountStatus, Provider
from domain.availability import UncheckedReason
from domain.blocking import BlockingRule
from domain.ids import AccountId, CalendarId, ExpertId
from domain.interval import Interval
from domain.reading import StoredReading
from domain.taken import BookedTime, HeldTime
from tests.builders import (
    EXPERT,
    HOLD,
    NOW,
    SESSION,
    a_calendar,
    a_deviation,
    a_grant,
    a_hold,
    a_reading,
    a_reading_task,
    a_session,
    after,
    an_account,
    an_expert,
    an_interval,
    some_settings,
)
from tests.support.stores import Kept, choose_calendars, put_conflict_calendars, put_expert

OTHER = ExpertId("other")
WINDOW = Interval(NOW, after(days=7))


@pytest.fixture(params=["asked each time", "kept"])
def known_times(request: pytest.FixtureRequest, kept: Kept) -> KnownTimes:
    return kept.kept_times if request.param == "kept" else kept.known_times


async def _known(known_times: KnownTimes, window: Interval = WINDOW, *, now: datetime = NOW) -> KnownTime:
    """What is shown in `window`; where more is kept, that comes as well."""
    known = (await known_times.of([EXPERT], window, now=now))[EXPERT]
    return replace(
        known,
        booked=tuple(one for one in known.booked if one.interval.overlaps(window)),
        held=tuple(one for one in known.held if one.interval.overlaps(window)),
    )


def _calendar(
    calendar_id: str, reading: StoredReading | None, *, active: bool = True, missing: bool = False
) -> KnownCalendar:
    return KnownCalendar(
        calendar_id=CalendarId(calendar_id),
        account_id=AccountId("account-1"),
        provider=Provider.MICROSOFT,
        remote_calendar_id=f"AAMkAD-{calendar_id}",
        account_active=active,
        missing=missing,
        reading=reading,
    )


async def _store(kept: Kept, reading: StoredReading) -> None:
    async with kept.transaction() as tx:
        task = a_reading_task(reading.calendar_id)
        assert await tx.readings.store(task, reading, due_at=NOW, now=NOW)


async def test_experts_that_do_not_exist_are_left_out(kept: Kept, known_times: KnownTimes) -> None:
    await put_expert(kept)
    assert await known_times.of([EXPERT, OTHER], WINDOW, now=NOW) == {
        EXPERT: KnownTime(
            expert_id=EXPERT,
            rule=BlockingRule("Europe/Berlin"),
            calendars=(),
            booked=(),
            held=(),
            unchecked=UncheckedReason.NO_ACCOUNT,
        )
    }
    assert await known_times.of([], WINDOW, now=NOW) == {}


async def test_the_rule_is_that_of_the_experts_settings(kept: Kept, known_times: KnownTimes) -> None:
    await put_conflict_calendars(kept, "a")
    assert (await _known(known_times)).rule == BlockingRule("Europe/Berlin")
    for version, wanted in enumerate((True, False), start=1):
        async with kept.transaction() as tx:
            await tx.calendars.save_settings(
                some_settings(conflict=["a"], tentative_blocks=wanted, version=version)
            )
        assert (await _known(known_times)).rule == BlockingRule("Europe/Berlin", tentative_blocks=wanted)


async def test_conflict_calendars_come_with_their_readings_by_id(kept: Kept, known_times: KnownTimes) -> None:
    await put_conflict_calendars(kept, "b", "B", "a")
    busy = a_reading(
        "b", busy=[an_interval(starts=-30), an_interval(starts=5, hours=0.25)], zone="Asia/Tokyo"
    )
    idle = a_reading(
        "a", read_at=after(seconds=-0.000001), deviations=[a_deviation(blocks=an_interval(starts=26))]
    )
    await _store(kept, busy)
    await _store(kept, idle)
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar("not-chosen")])
    known = await _known(known_times)
    assert known.calendars == (_calendar("B", None), _calendar("a", idle), _calendar("b", busy))


async def test_where_there_is_no_conflict_calendar_it_says_why(kept: Kept, known_times: KnownTimes) -> None:
    await put_expert(kept, an_expert(), an_expert(OTHER))
    assert (await _known(known_times)).unchecked is UncheckedReason.NO_ACCOUNT
    for status in (AccountStatus.ACTIVE, AccountStatus.RECONNECT_REQUIRED):
        account = an_account(f"account-{status.name}", status=status)
        async with kept.transaction() as tx:
            await tx.accounts.add(account, a_grant())
        assert (await _known(known_times)).unchecked is UncheckedReason.NO_CALENDAR_CHOSEN
        async with kept.transaction() as tx:
            await tx.accounts.remove(account.account_id)
        assert (await _known(known_times)).unchecked is UncheckedReason.NO_ACCOUNT
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account("theirs", expert_id=OTHER), a_grant())
    assert (await _known(known_times)).unchecked is UncheckedReason.NO_ACCOUNT


async def test_no_reason_is_given_where_a_calendar_is_chosen(kept: Kept, known_times: KnownTimes) -> None:
    await put_conflict_calendars(kept, "a")
    assert (await _known(known_times)).unchecked is None
    await choose_calendars(kept, version=1)
    assert (await _known(known_times)).unchecked is UncheckedReason.NO_CALENDAR_CHOSEN
    await choose_calendars(kept, "a", version=2)
    assert (await _known(known_times)).unchecked is None


@pytest.mark.parametrize(
    ("status", "missing"), [(AccountStatus.RECONNECT_REQUIRED, False), (AccountStatus.ACTIVE, True)]
)
async def test_calendars_that_cannot_be_read_are_shown_as_such(
    kept: Kept, known_times: KnownTimes, status: AccountStatus, missing: bool
) -> None:
    await put_conflict_calendars(kept, "a")
    await _store(kept, a_reading("a"))
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account(status=status))
        await tx.calendars.save([a_calendar("a", missing=missing)])
    shown = _calendar("a", a_reading("a"), active=status is AccountStatus.ACTIVE, missing=missing)
    assert (await _known(known_times)).calendars == (shown,)


async def test_live_sessions_in_the_window_come_by_start(kept: Kept, known_times: KnownTimes) -> None:
    await put_expert(kept)
    shown = {"late": 50, "same-2": 30, "same-1": 30, "reaches-in": -0.5, "reaches-out": 7 * 24 - 0.5}
    hidden = {"before": -1, "behind": 7 * 24}
    async with kept.transaction() as tx:
        for session_id, starts in (shown | hidden).items():
            await tx.sessions.add(a_session(session_id, interval=an_interval(starts=starts)))
        await tx.sessions.add(a_session("cancelled", cancelled=True))
    booked = (await _known(known_times)).booked
    assert [one.session_id for one in booked] == ["reaches-in", "same-1", "same-2", "late", "reaches-out"]
    assert booked[-2] == BookedTime(session_id=booked[-2].session_id, interval=an_interval(starts=50))


async def test_live_holds_in_the_window_come_by_start(kept: Kept, known_times: KnownTimes) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        for hold_id, starts in (("late", 50), ("early", 30), ("before", -1), ("behind", 7 * 24)):
            await tx.reserved.hold(a_hold(hold_id, interval=an_interval(starts=starts)), now=NOW)
        expired = a_hold("expired", interval=an_interval(starts=70), expires_at=NOW)
        await tx.reserved.hold(expired, now=after(minutes=-5))
        await tx.sessions.add(a_session())
        await tx.reserved.reserve(EXPERT, SESSION, an_interval(), now=NOW)
    known = await _known(known_times)
    assert [one.hold_id for one in known.held] == ["early", "late"]
    assert known.held[0] == HeldTime(hold_id=known.held[0].hold_id, interval=an_interval(starts=30))
    assert [one.session_id for one in known.booked] == [SESSION]


async def test_many_experts_are_answered_at_once_each_with_their_own(
    kept: Kept, known_times: KnownTimes
) -> None:
    await put_conflict_calendars(kept, "a")
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert(OTHER, time_zone="Asia/Tokyo"))
        await tx.accounts.add(an_account("theirs", expert_id=OTHER), a_grant())
        await tx.calendars.save([a_calendar("their-calendar", account_id="theirs")])
        await tx.sessions.add(a_session(expert_id=OTHER))
        await tx.reserved.hold(a_hold(), now=NOW)
    await choose_calendars(kept, "their-calendar", expert_id=OTHER)
    known = await known_times.of([OTHER, EXPERT, OTHER], WINDOW, now=NOW)
    mine, theirs = known[EXPERT], known[OTHER]
    assert (mine.rule, theirs.rule) == (BlockingRule("Europe/Berlin"), BlockingRule("Asia/Tokyo"))
    assert [[one.calendar_id for one in each.calendars] for each in (mine, theirs)] == [
        ["a"],
        ["their-calendar"],
    ]
    assert [[one.session_id for one in each.booked] for each in (mine, theirs)] == [[], [SESSION]]
    assert [[one.hold_id for one in each.held] for each in (mine, theirs)] == [[HOLD], []]


async def test_nothing_uncommitted_is_known(kept: Kept, known_times: KnownTimes) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.sessions.add(a_session())
        assert (await _known(known_times)).booked == ()
    assert len((await _known(known_times)).booked) == 1
