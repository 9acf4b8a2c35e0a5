"""Two processes that keep what they know of experts' times, on one database, whatever is written by whichever of them.

After each commit, and while a transaction is open, both are asked: each answer must be the one worked out afresh.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from application.ports.known_times import KnownTime, KnownTimes
from application.ports.store import Transaction
from domain.account import AccountStatus
from domain.errors import DomainError
from domain.ids import AccountId, CalendarId, ExpertId, HoldId, SessionId
from domain.interval import Interval
from tests.builders import (
    NOW,
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
    an_identity,
    an_interval,
    some_settings,
)
from tests.support.stores import KeptByPostgres, kept_by_postgres

T = TypeVar("T")
Act = Callable[[Transaction], Awaitable[object]]

BY = st.integers(0, 1)
NAMES = st.sampled_from(["a", "b", "c"])
CALENDARS = st.sampled_from(["a1", "a2", "b1"])
SLOTS = st.sampled_from([an_interval(starts=hours, hours=2) for hours in (-30, 1, 2, 30, 700)])
BUSY = st.sampled_from([(), (an_interval(starts=3),), (an_interval(starts=3), an_interval(starts=50))])


class TwoProcesses(RuleBasedStateMachine):
    """An expert with the accounts a and b. `processes` and `loop` are set from outside."""

    processes: tuple[KeptByPostgres, KeptByPostgres]
    loop: asyncio.AbstractEventLoop
    example = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).example += 1
        self.expert_id = ExpertId(f"expert-{self.example}")
        self.now = NOW
        self.settings_version = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """In the loop of the processes, while the machine waits in a thread of its own."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def write(self, by: int, act: Act) -> None:
        self.run(self._write(by, act))

    async def _write(self, by: int, act: Act) -> None:
        """What a rule refuses is rolled back, and all the same asked about."""
        with suppress(DomainError):
            async with self.processes[by].transaction() as tx:
                await act(tx)
                await self._ask_both()
        await self._ask_both()

    async def _ask_both(self) -> None:
        for asked in self.processes:
            for window in (
                Interval(self.now - timedelta(hours=12), self.now + timedelta(days=100)),
                Interval(self.now + timedelta(hours=2), self.now + timedelta(hours=3)),
            ):
                afresh = await self._answer(asked.known_times, window)
                assert await self._answer(asked.kept_times, window) == afresh

    async def _answer(self, known_times: KnownTimes, window: Interval) -> KnownTime | None:
        known = (await known_times.of([self.expert_id], window, now=self.now)).get(self.expert_id)
        return known and replace(
            known,
            booked=tuple([one for one in known.booked if one.interval.overlaps(window)]),
            held=tuple([one for one in known.held if one.interval.overlaps(window)]),
        )

    def _id(self, name: str) -> str:
        return f"{self.expert_id}-{name}"

    @initialize()
    def begin(self) -> None:
        self.write(0, lambda tx: tx.experts.put(an_expert(self.expert_id)))
        for name in "ab":
            self.connect(0, name)
        self.choose(1, {"a1", "b1"})

    @rule(by=BY, name=st.sampled_from("ab"))
    def connect(self, by: int, name: str) -> None:
        account = an_account(self._id(name), expert_id=self.expert_id, identity=an_identity(self._id(name)))
        calendars = [
            a_calendar(self._id(f"{name}{number}"), account_id=account.account_id) for number in "12"
        ]

        async def act(tx: Transaction) -> None:
            if account.account_id in {one.account_id for one in await tx.accounts.of_expert(self.expert_id)}:
                await tx.accounts.save(account)
            else:
                await tx.accounts.add(account, a_grant())
                await tx.accounts.take_former(account)
            await tx.calendars.save(calendars)

        self.write(by, act)

    @rule(by=BY, name=st.sampled_from("ab"))
    def lose(self, by: int, name: str) -> None:
        async def act(tx: Transaction) -> None:
            account = await tx.accounts.get(AccountId(self._id(name)))
            await tx.accounts.save(replace(account, status=AccountStatus.RECONNECT_REQUIRED))

        self.write(by, act)

    @rule(by=BY, name=st.sampled_from("ab"))
    def disconnect(self, by: int, name: str) -> None:
        self.write(by, lambda tx: tx.accounts.remove(AccountId(self._id(name))))

    @rule(by=BY, names=st.sets(CALENDARS), tentative_blocks=st.booleans())
    def choose(self, by: int, names: set[str], tentative_blocks: bool = False) -> None:
        async def act(tx: Transaction) -> None:
            version = (await tx.calendars.settings(self.expert_id)).version
            chosen = [self._id(one) for one in names]
            await tx.calendars.save_settings(
                some_settings(
                    self.expert_id, conflict=chosen, tentative_blocks=tentative_blocks, version=version
                )
            )

        self.write(by, act)

    @rule(by=BY, name=CALENDARS, missing=st.booleans())
    def list_calendars(self, by: int, name: str, missing: bool) -> None:
        async def act(tx: Transaction) -> None:
            calendars = await tx.calendars.of_account(AccountId(self._id(name[0])))
            changed = [one for one in calendars if one.calendar_id == self._id(name)]
            await tx.calendars.save([replace(one, missing=missing) for one in changed])

        self.write(by, act)

    @rule(by=BY, zone=st.sampled_from(["Europe/Berlin", "Asia/Tokyo"]))
    def move_away(self, by: int, zone: str) -> None:
        self.write(by, lambda tx: tx.experts.put(an_expert(self.expert_id, time_zone=zone)))

    @rule(by=BY, name=CALENDARS, busy=BUSY, moved=st.booleans(), tentative_blocks=st.booleans())
    def read(
        self, by: int, name: str, busy: tuple[Interval, ...], moved: bool, tentative_blocks: bool
    ) -> None:
        calendar_id = self._id(name)
        reading = a_reading(
            calendar_id,
            read_at=self.now,
            busy=busy,
            tentative_blocks=tentative_blocks,
            deviations=[a_deviation()] if moved else [],
        )
        task = a_reading_task(calendar_id, expert_id=self.expert_id)
        self.write(by, lambda tx: tx.readings.store(task, reading, due_at=self.now, now=self.now))

    @rule(by=BY, name=CALENDARS)
    def fail_to_read(self, by: int, name: str) -> None:
        async def act(tx: Transaction) -> None:
            if (task := await tx.readings.task(CalendarId(self._id(name)))) is not None:
                await tx.readings.failed(task, due_at=self.now)

        self.write(by, act)

    @rule(by=BY, name=CALENDARS)
    def mark(self, by: int, name: str) -> None:
        self.write(by, lambda tx: tx.readings.mark(CalendarId(self._id(name)), self.now))

    @rule(by=BY, name=CALENDARS, busy=st.sampled_from([b"", b"\0" * 15 + b"\1"]))
    def read_as_the_version_before_did(self, by: int, name: str, busy: bytes) -> None:
        self.run(self._read_as_the_version_before_did(by, self._id(name), busy))

    async def _read_as_the_version_before_did(self, by: int, calendar_id: str, busy: bytes) -> None:
        """It knows nothing of versions, nor of schedules."""
        await self.processes[by].rows(
            """
            UPDATE reading
            SET window_start = %(start)s, window_end = %(end)s, read_at = %(now)s, zone = 'Europe/Berlin',
                busy = %(busy)s, deviations = NULL, failures = 0, due_at = %(now)s
            WHERE calendar_id = %(calendar_id)s AND (read_at IS NULL OR read_at <= %(now)s)
            RETURNING calendar_id
            """,
            start=after(days=-1),
            end=after(days=28),
            now=self.now,
            busy=busy,
            calendar_id=calendar_id,
        )
        await self._ask_both()

    @rule(by=BY, name=NAMES, interval=SLOTS, cancelled=st.booleans(), checked=st.booleans())
    def put_session(self, by: int, name: str, interval: Interval, cancelled: bool, checked: bool) -> None:
        session = a_session(name, expert_id=self.expert_id, interval=interval, cancelled=cancelled)

        async def act(tx: Transaction) -> None:
            if not await tx.sessions.add(session):
                await tx.sessions.save(session)
            if checked and not cancelled:
                await tx.reserved.reserve(self.expert_id, SessionId(name), interval, now=self.now)
            else:
                await tx.reserved.give_back(self.expert_id, SessionId(name))

        self.write(by, act)

    @rule(by=BY, name=NAMES, interval=SLOTS, minutes=st.sampled_from([1, 5]))
    def place_hold(self, by: int, name: str, interval: Interval, minutes: int) -> None:
        hold = a_hold(
            name,
            expert_id=self.expert_id,
            interval=interval,
            expires_at=self.now + timedelta(minutes=minutes),
        )
        self.write(by, lambda tx: tx.reserved.hold(hold, now=self.now))

    @rule(by=BY, name=NAMES)
    def release_hold(self, by: int, name: str) -> None:
        self.write(by, lambda tx: tx.reserved.release(self.expert_id, HoldId(name)))

    @rule(by=BY)
    def sweep(self, by: int) -> None:
        self.write(by, lambda tx: tx.reserved.remove_expired(self.now, 100))

    @rule(minutes=st.sampled_from([1, 5, 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.run(self._ask_both())

    @rule(by=BY)
    def erase_and_make_again(self, by: int) -> None:
        self.write(by, lambda tx: tx.experts.remove(self.expert_id))
        self.write(1 - by, lambda tx: tx.experts.put(an_expert(self.expert_id)))


@asynccontextmanager
async def _two_processes(dsn: str) -> AsyncIterator[tuple[KeptByPostgres, KeptByPostgres]]:
    async with kept_by_postgres(dsn) as one, kept_by_postgres(dsn) as other:
        yield one, other


async def test_no_answer_is_another_than_one_worked_out_afresh(dsn: str) -> None:
    async with _two_processes(dsn) as processes:
        TwoProcesses.processes, TwoProcesses.loop = processes, asyncio.get_running_loop()
        bounded = settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # to shrink what fails would take minutes
            suppress_health_check=list(HealthCheck),
        )
        await asyncio.to_thread(run_state_machine_as_test, TwoProcesses, settings=bounded)
