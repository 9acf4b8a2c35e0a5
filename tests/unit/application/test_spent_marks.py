"""Where a provider makes no second event under the mark of a deleted one, the next one gets another mark."""

from datetime import timedelta

import pytest

from domain.access import ProviderUnavailable
from domain.session import Replacement, WriteStatus
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application


@pytest.fixture(autouse=True)
def _remembering(app: Application) -> None:
    app.provider.remembers_deleted = True


async def test_an_event_deleted_by_hand_is_written_anew_with_the_next_change(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    first = maria.the_event
    maria.delete(first.remote_id)
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()

    session = await app.session()
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, Replacement.EVENT_DELETED)
    assert maria.the_event.interval == an_interval(starts=30)
    assert maria.the_event.mark != first.mark


async def test_one_whose_answer_was_lost_and_that_is_deleted_since_is_written_anew(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await app.write()
    first = maria.the_event
    maria.delete(first.remote_id)
    await app.pass_time(timedelta(hours=1))

    session = await app.session()
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, Replacement.EVENT_DELETED)
    assert maria.the_event.mark != first.mark


async def test_of_a_cancelled_session_nothing_is_written_anew(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await app.write()
    maria.delete(maria.the_event.remote_id)
    await app.cancel_session(EXPERT, SESSION)
    await app.pass_time(timedelta(hours=1))

    session = await app.session()
    assert (session.status, session.copy, session.replacement) == (WriteStatus.WRITTEN, None, None)
    assert maria.events == {}


async def test_an_expert_who_was_erased_and_is_back_gets_new_events(app: Application, maria: Person) -> None:
    """Their sessions' first marks are those of before."""
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    first = maria.the_event
    maria.delete(first.remote_id)
    await app.delete_expert(EXPERT)
    await app.add_expert()
    await app.connect(maria)
    await app.book()
    await app.run_jobs()

    session = await app.session()
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, None)
    assert maria.the_event.mark != first.mark
