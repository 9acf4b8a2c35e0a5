"""An outage of writing: nothing is queued for a row, so nothing piles up, and what is new need not wait afterwards."""

from dataclasses import replace
from datetime import timedelta

from application.ports.lanes import Room
from application.sessions.claim_sessions import ClaimSessions
from domain.session import WriteStatus
from tests.builders import an_interval
from tests.fakes.id_source import CountingIds
from tests.fakes.provider import Person
from tests.fakes.tables import SessionKey
from tests.support.application import Application

EXPERTS, SESSIONS = 30, 10
ALL = Room(places=1000, again=1000)


async def booked_in_an_outage(app: Application) -> list[Person]:
    people = []
    for number in range(EXPERTS):
        people.append(app.provider.add_person(f"person-{number}"))
        await app.connect(people[-1], expert_id=await app.add_expert(f"expert-{number}"))
    app.provider.outage = True
    for number in range(EXPERTS):
        for session in range(SESSIONS):
            await app.book(
                f"session-{session}",
                expert_id=f"expert-{number}",
                interval=an_interval(starts=24 + 2 * session),
            )
    return people


def due(app: Application) -> set[SessionKey]:
    now = app.clock.now()
    sessions = app.store.tables.sessions.items()
    return {key for key, one in sessions if one.due_at is not None and one.due_at <= now}


async def claim_all(app: Application, *workers: ClaimSessions) -> list[SessionKey]:
    """Everything that these workers can claim in turns."""
    claimed: list[SessionKey] = []
    more = True
    while more:
        more = False
        for worker in workers:
            claim = await worker(ALL)
            claimed += [(one.row.expert_id, one.row.session_id) for one in claim.rows]
            more = more or bool(claim.rows) or claim.more
    return claimed


async def test_what_waits_after_an_outage_is_what_is_due_once_each(app: Application) -> None:
    await booked_in_an_outage(app)
    workers = [replace(app.claim_sessions, ids=CountingIds(f"worker-{number}")) for number in range(3)]
    for _ in range(15):
        await app.run_jobs()
        app.clock.advance(timedelta(seconds=5))
        for _ in workers:  # each process sweeps
            await app.forget_ended()
        for key in due(app):  # and whoever will wakes them again
            async with app.store.transaction() as tx:
                await tx.jobs.write_session(*key)

    waiting = due(app)
    claimed = await claim_all(app, *workers)

    assert len(waiting) > EXPERTS
    assert sorted(claimed) == sorted(waiting)


async def test_a_new_booking_goes_before_all_that_is_tried_again(app: Application) -> None:
    people = await booked_in_an_outage(app)
    await app.run_jobs()
    app.clock.advance(timedelta(seconds=75))
    app.provider.outage = False
    assert len(due(app)) == EXPERTS * SESSIONS

    await app.book("new one", expert_id="expert-7", interval=an_interval(starts=300))
    (first,) = (await app.claim_sessions(Room(places=1, again=1))).rows
    await app.write_session(first.row.expert_id, first.row.session_id, token=first.row.token)

    assert (await app.session("new one", expert_id="expert-7")).status is WriteStatus.WRITTEN
    assert sum(len(person.events) for person in people) == 1
