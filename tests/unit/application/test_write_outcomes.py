"""Writing when it is unknown what the provider did: at most one event, and in the end exactly one."""

import asyncio
from datetime import timedelta

import pytest

from application.ports.store import StoreUnavailable
from application.sessions import write_session as module
from domain.access import InvalidAnswer, ProviderUnavailable
from domain.session import Hindrance, WriteStatus
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application

RETRY = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def provider_without_memory(app: Application) -> None:
    """Nothing here may rest on the provider's recognising a mark."""
    app.provider.forgets_marks = True


UNKNOWN = ProviderUnavailable(outcome_unknown=True)


async def test_an_event_that_was_created_all_the_same_is_found_and_kept(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", UNKNOWN, after_doing=True)
    await app.run_jobs()
    waiting = await app.session()
    assert (waiting.status, waiting.hindrance) == (WriteStatus.WAITING, Hindrance.PROVIDER_UNAVAILABLE)

    await app.pass_time(RETRY)

    session = await app.session()
    assert session.status is WriteStatus.WRITTEN
    assert session.copy is not None
    assert session.copy.remote_id == maria.the_event.remote_id
    assert app.provider.calls["create"] == 1


async def test_an_event_that_was_not_created_is_created_once_under_the_same_mark(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", UNKNOWN)
    await app.run_jobs()
    begun = (await app.session()).copy
    assert begun is not None
    assert maria.events == {}

    await app.pass_time(RETRY)

    assert maria.the_event.mark == begun.mark
    assert (await app.session()).status is WriteStatus.WRITTEN
    assert (await app.session()).replacement is None


async def test_a_change_meanwhile_reaches_the_event_that_was_found(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", UNKNOWN, after_doing=True)
    await app.run_jobs()

    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()

    assert maria.the_event.interval == an_interval(starts=30)
    assert (await app.session()).written_revision == 2


async def test_a_cancellation_meanwhile_removes_the_event_that_was_found(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", UNKNOWN, after_doing=True)
    await app.run_jobs()

    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    assert maria.events == {}
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_a_cancellation_of_what_was_not_created_creates_nothing(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", UNKNOWN)
    await app.run_jobs()

    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    assert app.provider.calls["create"] == 1
    assert maria.events == {}
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_nothing_is_created_while_the_search_gives_no_sure_answer(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", UNKNOWN, after_doing=True)
    await app.run_jobs()
    for fault in (ProviderUnavailable(), InvalidAnswer(what="no list"), ProviderUnavailable(throttled=True)):
        app.provider.fail("find", fault)
        await app.pass_time(timedelta(minutes=1))
        assert app.provider.calls["create"] == 1

    await app.pass_time(timedelta(minutes=1))

    assert len(maria.events) == 1
    assert (await app.session()).status is WriteStatus.WRITTEN


@pytest.mark.parametrize("after_doing", [False, True])
async def test_repeated_unknown_outcomes_end_in_one_event(
    app: Application, maria: Person, after_doing: bool
) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", UNKNOWN, times=3, after_doing=after_doing)
    for _ in range(6):
        await app.pass_time(timedelta(minutes=1))

    assert len(maria.events) == 1
    assert (await app.session()).status is WriteStatus.WRITTEN


@pytest.mark.parametrize("method", ["update", "delete"])
@pytest.mark.parametrize("after_doing", [False, True])
async def test_changes_and_removals_of_unknown_outcome_are_done_again(
    app: Application, maria: Person, method: str, after_doing: bool
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    app.provider.fail(method, UNKNOWN, after_doing=after_doing)
    if method == "update":
        await app.book(interval=an_interval(starts=30))
    else:
        await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    await app.pass_time(RETRY)

    left = [event.interval for event in maria.events.values()]
    assert left == ([an_interval(starts=30)] if method == "update" else [])
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_a_crash_between_the_call_and_the_commit_leaves_one_event(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    creating = app.provider.hold("create", after_doing=True)
    writing = asyncio.create_task(app.write())
    await creating.reached.wait()
    app.store.away = True
    creating.release()
    with pytest.raises(StoreUnavailable):
        await writing
    app.store.away = False
    assert len(maria.events) == 1

    await app.pass_time(timedelta(minutes=1))
    assert (await app.session()).status is WriteStatus.PENDING
    await app.pass_time(timedelta(minutes=2))

    session = await app.session()
    assert session.status is WriteStatus.WRITTEN
    assert session.copy is not None
    assert session.copy.remote_id == maria.the_event.remote_id
    assert app.provider.calls["create"] == 1


async def test_a_process_killed_during_the_call_leaves_one_event(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    creating = app.provider.hold("create", after_doing=True)
    writing = asyncio.create_task(app.write())
    await creating.reached.wait()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)

    await app.pass_time(timedelta(minutes=3))

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert maria.the_event.interval == an_interval()


async def test_a_call_that_takes_too_long_counts_as_an_unknown_outcome(
    app: Application, maria: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CALL_LIMIT", timedelta(milliseconds=20))
    await app.connect(maria)
    await app.book()
    app.provider.hold("create", after_doing=True)
    await app.run_jobs()
    waiting = await app.session()
    assert (waiting.status, waiting.hindrance) == (WriteStatus.WAITING, Hindrance.PROVIDER_UNAVAILABLE)

    await app.pass_time(RETRY)

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert len(maria.events) == 1


async def test_an_event_begun_where_nothing_can_be_written_any_more_is_begun_elsewhere(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", UNKNOWN)
    await app.run_jobs()
    maria.add_calendar("Calendar", primary=True, writable=False)
    await app.update_calendar_settings(EXPERT, write=(await app.calendar(side)).calendar_id)

    await app.pass_time(timedelta(minutes=1))

    assert maria.the_event.calendar == side
    assert (await app.session()).status is WriteStatus.WRITTEN
