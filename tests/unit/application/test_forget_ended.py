"""What ended long ago goes, in small steps, and nothing that can still matter."""

from datetime import timedelta

import pytest

from application.ports.store import StoreUnavailable
from application.upkeep import forget_ended
from domain.expert import ExpertNotFound
from domain.ids import ExpertId, SessionId
from domain.session import SessionNotFound, SessionTooOld, WriteStatus
from tests.builders import EXPERT, SESSION, an_interval, some_details
from tests.fakes.audit_log import FakeAuditLog
from tests.fakes.provider import Person
from tests.support.application import SESSIONS_KEPT, Application
from tests.unit.application.incidents import lose

OLD = an_interval(starts=-24 * 500)
DAY = timedelta(days=1)


@pytest.fixture
async def written(app: Application, maria: Person) -> Application:
    """A session that is written, tomorrow."""
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    return app


async def test_a_session_goes_when_it_is_over_long_enough_and_no_sooner(written: Application) -> None:
    app = written
    session = await app.session()
    app.clock.advance(session.interval.end + SESSIONS_KEPT - app.clock.now())
    await app.forget_ended()
    assert await app.session() == session
    before = app.store.tables.changes

    app.clock.advance(timedelta(seconds=1))
    app.store.take_woken()
    await app.forget_ended()
    with pytest.raises(SessionNotFound):
        await app.session()
    assert not app.store.tables.marks
    assert app.store.take_woken() == []
    news = [change for place, change in app.store.tables.changes if (place, change) not in before]
    assert news == [], "the clock tells"


async def test_what_cannot_be_forgotten_now_keeps_nothing_else(
    written: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def takes_too_long(*_: object) -> int:
        raise StoreUnavailable

    app = written
    await app.pass_time(SESSIONS_KEPT + 9 * DAY)
    monkeypatch.setattr(FakeAuditLog, "forget_before", takes_too_long)
    with pytest.raises(StoreUnavailable):
        await app.forget_ended()
    with pytest.raises(SessionNotFound):
        await app.session()


async def test_a_session_that_waits_goes_only_after_it_was_written(app: Application, maria: Person) -> None:
    await app.connect(maria)
    app.provider.outage = True
    await app.book()
    await app.pass_time(SESSIONS_KEPT + 9 * DAY)
    await app.forget_ended()
    assert (await app.session()).status is WriteStatus.WAITING

    app.provider.outage = False
    await app.pass_time(DAY)
    await app.forget_ended()
    with pytest.raises(SessionNotFound):
        await app.session()
    assert len(maria.events) == 1


async def test_a_cancelled_session_goes_only_after_its_event_was_removed(
    written: Application, maria: Person
) -> None:
    app = written
    app.provider.outage = True
    await app.cancel_session(EXPERT, SESSION)
    await app.pass_time(SESSIONS_KEPT + 9 * DAY)
    await app.forget_ended()
    assert (await app.session()).cancelled

    app.provider.outage = False
    await app.pass_time(DAY)
    assert not maria.events
    await app.forget_ended()
    with pytest.raises(SessionNotFound):
        await app.session()


async def test_an_event_left_in_an_account_of_former_times_is_removed_however_late(
    written: Application, maria: Person
) -> None:
    app = written
    (account,) = app.store.tables.accounts.values()
    await app.disconnect_account(EXPERT, account.account_id)
    await app.cancel_session(EXPERT, SESSION)
    await app.pass_time(SESSIONS_KEPT + 9 * DAY)
    await app.forget_ended()
    assert maria.events
    await app.connect(maria)
    await app.run_jobs()
    assert not maria.events
    await app.forget_ended()
    with pytest.raises(SessionNotFound):
        await app.session()


async def test_more_than_a_step_goes_in_several(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forget_ended, "AT_ONCE", 2)
    monkeypatch.setattr(forget_ended, "MOST_STEPS", 3)
    for number in range(9):
        await app.book(f"session-{number}")
        await app.cancel_session(EXPERT, SessionId(f"session-{number}"))
    await app.run_jobs()
    app.clock.advance(SESSIONS_KEPT + 9 * DAY)
    left = []
    for _ in range(3):
        await app.forget_ended()
        left.append(len(app.store.tables.sessions))
    assert left == [3, 0, 0]


async def test_an_incident_goes_when_it_was_closed_long_enough_ago(app: Application, maria: Person) -> None:
    account_id = await lose(app, maria)
    app.clock.advance(SESSIONS_KEPT + 9 * DAY)
    await app.forget_ended()
    assert app.store.tables.incidents, "it is open"
    await app.connect(maria, reconnects=account_id)
    app.clock.advance(SESSIONS_KEPT - timedelta(seconds=1))
    await app.forget_ended()
    assert app.store.tables.incidents, "it was closed just long enough ago"
    app.clock.advance(DAY)
    await app.forget_ended()
    assert not app.store.tables.incidents


async def test_a_late_repeat_of_a_forgotten_booking_makes_no_second_event(
    written: Application, maria: Person
) -> None:
    app = written
    interval = (await app.session()).interval
    await app.pass_time(SESSIONS_KEPT + 9 * DAY)
    await app.forget_ended()
    for how in ({}, {"only_if_free": True}, {"details": some_details("Another title")}):
        with pytest.raises(SessionTooOld):
            await app.book(interval=interval, **how)
    with pytest.raises(SessionNotFound):
        await app.book(interval=interval, etag="r1")
    with pytest.raises(SessionNotFound):
        await app.cancel_session(EXPERT, SESSION)
    assert await app.run_jobs() == 0
    assert len(maria.events) == 1


async def test_an_id_is_used_anew_for_a_later_time_with_one_event_in_all(
    written: Application, maria: Person
) -> None:
    app = written
    await app.pass_time(SESSIONS_KEPT + 9 * DAY)
    await app.forget_ended()
    later = an_interval(starts=24 * 500)
    assert (await app.book(interval=later)).revision == 1
    await app.run_jobs()
    await app.pass_time(DAY)
    assert (await app.session()).status is WriteStatus.WRITTEN
    assert maria.the_event.interval == later


async def test_a_session_that_is_there_can_be_changed_whatever_its_time(
    written: Application, maria: Person
) -> None:
    app = written
    moved = await app.book(interval=OLD)
    assert moved.revision == 2
    assert (await app.book(interval=OLD)).revision == 2
    assert (await app.book(interval=OLD, details=some_details("Another title"))).revision == 3
    await app.run_jobs()
    assert maria.the_event.interval == OLD


async def test_an_unknown_expert_is_told_so_also_for_a_time_of_long_ago(app: Application) -> None:
    with pytest.raises(ExpertNotFound):
        await app.book(expert_id=ExpertId("nobody"), interval=OLD)


async def test_a_time_long_ago_that_is_taken_is_too_old_all_the_same(written: Application) -> None:
    app = written
    await app.book(interval=OLD)
    with pytest.raises(SessionTooOld):
        await app.book("session-2", interval=OLD, only_if_free=True)
