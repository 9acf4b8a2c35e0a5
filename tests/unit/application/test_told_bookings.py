"""What watchers are told of experts, holds and sessions: whatever makes an answer another, in the commit that does."""

from datetime import timedelta

import pytest

from application.sessions import write_session
from domain.change import Change, ChangeType
from domain.errors import EtagMismatch
from domain.hold import HoldNotFound, TimeTaken
from domain.ids import HoldId
from domain.session import WriteStatus
from tests.builders import EXPERT, HOLD, SESSION, an_expert, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application

ENDED = ChangeType.HOLD_ENDED
ACCEPTED, CANCELLED = ChangeType.SESSION_ACCEPTED, ChangeType.SESSION_CANCELLED
MINUTE = timedelta(minutes=1)


def told(app: Application, *which: ChangeType) -> list[tuple[ChangeType, str | None]]:
    return [(one.type, one.hold_id or one.session_id) for one in app.changes(*which)]


async def put_expert(app: Application, *, time_zone: str = "Europe/Berlin", email: str | None = None) -> None:
    who = an_expert()
    await app.put_expert(
        expert_id=EXPERT,
        plan=who.plan,
        email=email or who.email,
        display_name=who.display_name,
        time_zone=time_zone,
        locale=who.locale,
    )


async def test_an_expert_who_changes_is_told_and_one_who_is_put_again_is_not(app: Application) -> None:
    await put_expert(app)
    assert app.changes() == []

    await put_expert(app, time_zone="Asia/Tokyo")
    await put_expert(app, time_zone="Asia/Tokyo")
    await put_expert(app, time_zone="Asia/Tokyo", email="other@experts.example")

    changed = Change(type=ChangeType.EXPERT_CHANGED, expert_id=EXPERT, at=app.clock.now())
    assert app.changes() == [changed, changed]


async def test_an_expert_who_is_new_is_told(app: Application) -> None:
    await app.delete_expert(EXPERT)
    await put_expert(app)

    assert [one.type for one in app.changes()] == [ChangeType.EXPERT_ERASED, ChangeType.EXPERT_CHANGED]


async def test_of_an_erased_expert_only_the_erasure_stays(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.hold()
    await app.delete_expert(EXPERT)

    erased = Change(type=ChangeType.EXPERT_ERASED, expert_id=EXPERT, at=app.clock.now())
    assert app.changes() == [erased]


async def test_a_hold_is_told_with_its_end(app: Application) -> None:
    hold = await app.hold()

    placed = Change(
        type=ChangeType.HOLD_PLACED,
        expert_id=EXPERT,
        at=app.clock.now(),
        hold_id=HOLD,
        expires_at=hold.expires_at,
    )
    assert app.changes() == [placed]


async def test_a_hold_that_is_moved_or_renewed_is_told_again(app: Application) -> None:
    await app.hold()
    await app.hold(interval=an_interval(starts=30), lifetime=10 * MINUTE)

    assert [one.expires_at for one in app.changes(ChangeType.HOLD_PLACED)] == [
        app.clock.now() + 5 * MINUTE,
        app.clock.now() + 10 * MINUTE,
    ]
    assert told(app, ENDED) == []


async def test_a_refused_hold_is_not_told(app: Application) -> None:
    await app.hold()
    app.forget_changes()
    with pytest.raises(TimeTaken):
        await app.hold("second")

    assert app.changes() == []


async def test_a_hold_given_back_is_told_to_have_ended(app: Application) -> None:
    await app.hold()
    await app.release_hold(EXPERT, HOLD)

    assert told(app, ENDED) == [(ENDED, HOLD)]


async def test_a_hold_that_ran_out_is_told_once_whoever_finds_it(app: Application) -> None:
    await app.hold("swept")
    await app.hold("released", interval=an_interval(starts=30))
    await app.hold("in the way", interval=an_interval(starts=40))
    await app.hold("in a session's way", interval=an_interval(starts=50))
    app.clock.advance(5 * MINUTE)
    app.forget_changes()

    with pytest.raises(HoldNotFound):
        await app.release_hold(EXPERT, HoldId("released"))
    await app.hold("new", interval=an_interval(starts=40))
    await app.book(interval=an_interval(starts=50), only_if_free=True)
    await app.forget_ended()
    await app.forget_ended()

    assert [name for _, name in told(app, ENDED)] == ["released", "in the way", "in a session's way", "swept"]


async def test_many_holds_that_ran_out_are_all_told(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.upkeep.forget_ended.AT_ONCE", 2)
    names = [f"hold-{number}" for number in range(5)]
    for number, name in enumerate(names):
        await app.hold(name, interval=an_interval(starts=30 + number))
    app.clock.advance(5 * MINUTE)
    await app.forget_ended()

    assert sorted(str(name) for _, name in told(app, ENDED)) == names


async def test_a_hold_that_becomes_a_session_ends(app: Application) -> None:
    await app.hold()
    await app.book(hold_id=HOLD)

    assert told(app, ENDED, ACCEPTED) == [(ENDED, HOLD), (ACCEPTED, SESSION)]


async def test_each_revision_of_a_session_is_told_and_the_same_wish_is_not(app: Application) -> None:
    await app.book()
    await app.book()
    assert told(app, ACCEPTED) == [(ACCEPTED, SESSION)]

    await app.book(interval=an_interval(starts=30))
    await app.cancel_session(EXPERT, SESSION)
    await app.cancel_session(EXPERT, SESSION)
    await app.book()
    assert [one for one, _ in told(app)] == [ACCEPTED, ACCEPTED, CANCELLED, ACCEPTED]


async def test_a_refused_change_of_a_session_is_not_told(app: Application) -> None:
    await app.book()
    app.forget_changes()
    with pytest.raises(EtagMismatch):
        await app.cancel_session(EXPERT, SESSION, etag="r9")

    assert app.changes() == []


async def test_an_earlier_revision_that_was_written_is_told_to_be_on_the_way(
    app: Application, maria: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await app.connect(maria)
    await app.run_jobs()
    await app.book()
    app.forget_changes()
    monkeypatch.setattr(write_session, "MOST_STEPS", 1)
    held = app.provider.hold("create", after_doing=True)
    async with app.running(app.write()) as writing:
        await held.reached.wait()
        await app.book(interval=an_interval(starts=30))
        held.release()
        await writing

    session = await app.session()
    assert (session.status, session.written_revision) == (WriteStatus.PENDING, 1)
    assert [one for one, _ in told(app)] == [ACCEPTED, ChangeType.SESSION_PENDING]
