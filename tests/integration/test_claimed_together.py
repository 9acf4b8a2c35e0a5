"""What a provider answers for together is claimed together by one of several processes."""

from random import Random

from application.ports.lanes import Claim, Room
from application.readings.claim_readings import ClaimReadings, LooksAtOnce
from domain.account import Provider
from domain.ids import CalendarId
from domain.reading import Pace
from tests.builders import NOW, a_calendar, a_grant, a_reading, after, an_account, an_identity
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.clock import MovableClock
from tests.fakes.provider import FakeProvider
from tests.fakes.store import FakeStore
from tests.support.fake_ports import ports_of
from tests.support.kept_readings import begin_reading, store_reading
from tests.support.stores import KeptByPostgres, choose_calendars, put_expert

OWNED = tuple(f"owned-{number}" for number in range(3))
SHARED = tuple(f"shared-{number:02}" for number in range(20))
PACE = Pace()


async def _put(kept: KeptByPostgres) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(identity=an_identity(provider=Provider.GOOGLE)), a_grant())
        await tx.calendars.save([a_calendar(one) for one in OWNED])
        await tx.calendars.save([a_calendar(one, writable=False) for one in SHARED])
    await choose_calendars(kept, *OWNED, *SHARED)


def _claiming(kept: KeptByPostgres) -> ClaimReadings:
    google = ports_of(FakeProvider(FakeStore(), Provider.GOOGLE), push=None, answers_together=True)
    return ClaimReadings(
        store=kept.store,
        clock=MovableClock(),
        providers={Provider.GOOGLE: google},
        alarms=RecordingAlarms(),
        pace=PACE,
        jitter=Random(7).random,
    )


def _names(claim: Claim[LooksAtOnce]) -> list[tuple[str, ...]]:
    return sorted(tuple(look.task.calendar_id for look in one.row) for one in claim.rows)


async def test_a_claim_takes_twenty_calendars_of_others_at_one_place(kept: KeptByPostgres) -> None:
    await _put(kept)
    claim = _claiming(kept)

    first = await claim(Room(places=64, again=64))
    assert _names(first) == [(OWNED[0],), (OWNED[1],)]
    second = await claim(Room(places=64, again=64))
    assert _names(second) == [(OWNED[2],), SHARED]
    assert await claim(Room(places=64, again=64)) == Claim()

    (together,) = [one for one in second.rows if len(one.row) > 1]
    assert together.keys == ("account-1",)
    assert together.again
    assert len({(look.begun.begun_at, look.due_at) for look in together.row}) == 1


async def test_two_processes_that_claim_at_once_begin_no_look_twice(kept: KeptByPostgres) -> None:
    await _put(kept)
    for calendar_id in (*OWNED, *SHARED):
        task = await begin_reading(kept, CalendarId(calendar_id))
        due = 0 if calendar_id in SHARED[:2] else 60
        await store_reading(kept, task, a_reading(calendar_id), due=due)
    async with kept.transaction() as one, kept.transaction() as another:
        found = [
            await tx.readings.begin_due(
                Room(places=1, again=1),
                now=NOW,
                until=after(minutes=2),
                pace=PACE,
                jitter=[0.0],
                together={Provider.GOOGLE},
            )
            for tx in (one, another)
        ]
    assert [look.task.calendar_id for look in found[0]] == [SHARED[0], SHARED[1], *SHARED[2:]]
    assert found[1] == ()
