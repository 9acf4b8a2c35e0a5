"""Accepting, changing, cancelling and listing sessions."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from application.ports.sessions import SessionFilter, SessionPosition
from domain.change import Change, ChangeType, change_of_booking
from domain.errors import EtagMismatch
from domain.expert import ExpertNotFound
from domain.ids import ExpertId, SessionId
from domain.interval import Interval
from domain.session import Session, SessionNotFound, WriteStatus
from tests.builders import EXPERT, HOLD, NOW, SESSION, after, an_interval, some_details
from tests.fakes.new_sessions import SomebodyInTheWay
from tests.support.application import Application

WOKEN = "write_session"


async def test_a_new_session_is_stored_together_with_the_job_that_writes_it(app: Application) -> None:
    session = await app.book()

    assert session == await app.session()
    assert (session.revision, session.written_revision, session.status) == (1, 0, WriteStatus.PENDING)
    assert app.store.take_woken() == [WOKEN]


async def test_the_same_wish_again_changes_nothing(app: Application) -> None:
    session = await app.book()
    app.clock.advance(timedelta(minutes=1))

    assert await app.book() == session
    assert app.store.take_woken() == [WOKEN]


@pytest.mark.parametrize(
    "change", [{"interval": an_interval(starts=30)}, {"details": some_details("Another title")}]
)
async def test_a_change_is_a_new_revision(app: Application, change: dict[str, object]) -> None:
    first = await app.book()

    second = await app.book(**change)  # type: ignore[arg-type]

    assert (second.revision, second.status) == (2, WriteStatus.PENDING)
    assert second.etag != first.etag
    assert app.store.take_woken() == [WOKEN, WOKEN]


async def test_the_same_session_from_two_callers_at_once_is_one(app: Application) -> None:
    one, other = await asyncio.gather(app.book(), app.book())

    assert one == other
    assert len(app.store.tables.sessions) == 1
    assert app.store.take_woken() == [WOKEN]


async def test_two_experts_may_use_the_same_session_id_and_slot(app: Application) -> None:
    await app.add_expert("expert-2")

    await app.book()
    await app.book(expert_id="expert-2")

    assert len(app.store.tables.sessions) == 2


@dataclass(frozen=True, slots=True)
class NotAsked:
    async def accept(self, session: Session, told: Change) -> bool:
        raise AssertionError("this is no plain case")


async def test_only_a_plain_wish_is_accepted_without_a_unit_of_work(app: Application) -> None:
    await app.book()
    await app.hold(interval=an_interval(starts=30))
    app = replace(app, put_session=replace(app.put_session, new_sessions=NotAsked()))

    assert (await app.book(etag="r1")).revision == 1
    assert (await app.book("held", interval=an_interval(starts=30), hold_id=HOLD)).revision == 1
    assert (await app.book("checked", interval=an_interval(starts=40), only_if_free=True)).revision == 1


async def test_whatever_is_not_accepted_at_once_takes_a_unit_of_work(app: Application) -> None:
    app = replace(app, put_session=replace(app.put_session, new_sessions=SomebodyInTheWay()))

    session = await app.book()

    assert session == await app.session()
    assert app.store.take_woken() == [WOKEN]
    assert app.changes() == [change_of_booking(ChangeType.SESSION_ACCEPTED, session, at=app.clock.now())]
    assert (await app.book(interval=an_interval(starts=30))).revision == 2
    with pytest.raises(ExpertNotFound):
        await app.book(expert_id="nobody")


@pytest.mark.parametrize(
    "interval",
    [
        an_interval(starts=-48),
        an_interval(starts=24, hours=30),
        Interval(NOW, NOW + timedelta(microseconds=1)),
    ],
)
async def test_takes_sessions_of_any_time_and_length(app: Application, interval: Interval) -> None:
    assert (await app.book(interval=interval)).interval == interval


@pytest.mark.parametrize("etag", ["", "r1"])
async def test_refuses_an_unknown_expert(app: Application, etag: str) -> None:
    with pytest.raises(ExpertNotFound):
        await app.book(expert_id="nobody", etag=etag)
    assert app.store.take_woken() == []


async def test_refuses_a_stale_etag(app: Application) -> None:
    first = await app.book()
    second = await app.book(interval=an_interval(starts=30))
    with pytest.raises(EtagMismatch):
        await app.book(etag=first.etag)
    with pytest.raises(EtagMismatch):
        await app.cancel_session(EXPERT, SESSION, etag=first.etag)
    assert await app.session() == second

    third = await app.book(etag=second.etag)
    assert third.revision == 3
    assert (await app.cancel_session(EXPERT, SESSION, etag=third.etag)).cancelled


@pytest.mark.parametrize("only_if_free", [False, True])
async def test_an_etag_of_a_session_that_is_not_there_finds_none(
    app: Application, only_if_free: bool
) -> None:
    """Before its time is looked at, which would be answered first."""
    app.provider.outage = True

    with pytest.raises(SessionNotFound):
        await app.book(etag="r1", only_if_free=only_if_free)
    with pytest.raises(ExpertNotFound):
        await app.book(etag="r1", only_if_free=only_if_free, expert_id="nobody")
    assert app.store.tables.sessions == {}


async def test_cancelling_is_a_new_revision_and_happens_once(app: Application) -> None:
    await app.book()

    cancelled = await app.cancel_session(EXPERT, SESSION)

    assert (cancelled.cancelled, cancelled.revision, cancelled.status) == (True, 2, WriteStatus.PENDING)
    assert await app.cancel_session(EXPERT, SESSION) == cancelled
    assert app.store.take_woken() == [WOKEN, WOKEN]


async def test_a_cancelled_session_can_be_put_again(app: Application) -> None:
    await app.book()
    await app.cancel_session(EXPERT, SESSION)

    session = await app.book()

    assert (session.cancelled, session.revision) == (False, 3)


async def test_sessions_of_another_expert_are_not_found(app: Application) -> None:
    other = await app.add_expert("expert-2")
    await app.book()

    with pytest.raises(SessionNotFound):
        await app.get_session(other, SESSION)
    with pytest.raises(SessionNotFound):
        await app.cancel_session(other, SESSION)
    assert await app.list_sessions(other, SessionFilter(), limit=10) == ()


async def test_lists_sessions_by_their_start_page_by_page(app: Application) -> None:
    for name, starts in (("c", 30), ("b", 24), ("a", 24), ("d", 48)):
        await app.book(name, interval=an_interval(starts=starts))

    first = await app.list_sessions(EXPERT, SessionFilter(), limit=2)
    last = SessionPosition(first[-1].interval.start, first[-1].session_id)
    rest = await app.list_sessions(EXPERT, SessionFilter(), after=last, limit=5)

    assert [one.session_id for one in first] == ["a", "b"]
    assert [one.session_id for one in rest] == ["c", "d"]


async def test_lists_those_that_touch_a_window_and_cancelled_ones_only_on_request(app: Application) -> None:
    for name, starts in (("early", 23), ("inside", 25), ("cancelled", 26), ("late", 28)):
        await app.book(name, interval=an_interval(starts=starts))
    await app.cancel_session(EXPERT, SessionId("cancelled"))
    window = Interval(after(hours=24), after(hours=28))

    live = await app.list_sessions(EXPERT, SessionFilter(window=window), limit=10)
    every = await app.list_sessions(EXPERT, SessionFilter(window=window, include_cancelled=True), limit=10)

    assert [one.session_id for one in live] == ["inside"]
    assert [one.session_id for one in every] == ["inside", "cancelled"]


async def test_an_unknown_expert_has_no_sessions(app: Application) -> None:
    with pytest.raises(ExpertNotFound):
        await app.list_sessions(ExpertId("nobody"), SessionFilter(), limit=10)
