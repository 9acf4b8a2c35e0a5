"""A run: phase by phase faults under load, then peace, then the invariants."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import aiohttp

from chaos.asking import Asking, NoAnswer
from chaos.booking import BookingDeeds
from chaos.callers import Callers
from chaos.connecting import ConnectingDeeds
from chaos.faults import Faults
from chaos.invariants import feed, grants, leaks, mails, sessions, subscriptions, work
from chaos.invariants.evidence import Evidence, Facts
from chaos.model import Known
from chaos.owners import Owners
from chaos.points import every_point
from chaos.report import counted, failure, say
from chaos.scene import Scene
from chaos.settling import Look, NeverSettled
from chaos.watching import Watcher

CALLERS: Final = 5
Invariant = Callable[[Evidence], Awaitable[Facts]]
AT_FIRST: Final[Sequence[Invariant]] = (
    sessions.confirmed_sessions_are_there,
    sessions.each_session_has_its_event,
    grants.no_account_is_half,
    grants.no_grant_is_lost,
)
"""The last of them makes work, and so does what follows."""
IN_THE_END: Final[Sequence[Invariant]] = (
    sessions.confirmed_sessions_are_there,
    sessions.each_session_has_its_event,
    sessions.waiting_sessions_tell_the_truth,
    sessions.no_event_is_without_a_session,
    sessions.checked_sessions_never_overlap,
    sessions.no_accepted_time_was_called_free,
    mails.every_loss_is_mailed_once,
    mails.every_mail_is_of_a_loss,
    work.nothing_is_left_to_do,
    work.only_the_living_are_listed,
    work.nothing_is_read_that_is_gone,
    work.every_time_reserved_is_of_somebody,
    work.only_connected_mailboxes_are_asked,
    subscriptions.no_subscription_is_an_orphan,
    feed.the_feed_is_whole,
    leaks.logs_are_clean,
    leaks.no_client_sees_an_internal_error,
    leaks.nobody_ended_by_itself,
)


class NotWhole(Exception):
    """An invariant does not hold; the text is the whole story."""


@dataclass(slots=True, kw_only=True)
class Run:
    here: Scene
    seed: int
    faults: Faults
    callers: Callers
    owners: Owners
    evidence: Evidence
    settled_in: list[float] = field(default_factory=list)

    async def phase(self, number: int, blows: int) -> None:
        """Raises NotWhole."""
        before = len(self.faults.told)
        stop = asyncio.Event()
        working = [asyncio.create_task(self.callers.work(stop)) for _ in range(CALLERS)]
        working.append(asyncio.create_task(self.owners.work(stop)))
        try:
            await self.faults.strike(blows)
            await self.faults.heal()
        finally:
            stop.set()
            await asyncio.gather(*working)
        if facts := await self._faults():
            raise NotWhole(failure(self.seed, number, self.faults.told[before:], facts))

    async def watch_from_the_start(self) -> None:
        """So that whatever is in the table comes after each watcher's first cursor."""
        for watcher in self.evidence.watchers:
            await watcher.begin()

    async def _faults(self) -> Facts:
        try:
            self.settled_in.append(await self.evidence.look.settle())
            self.evidence.settled_at = self.here.sandbox.world.clock.now()
            facts = await self._found(AT_FIRST)
            # Each event that its owner touched is brought in line by the next change.
            for booking in self.evidence.known.bookings.values():
                if booking.touched:
                    await self.callers.booking.amend(booking)
            await self.evidence.look.settle()
            return facts + await self._found(IN_THE_END)
        except NeverSettled as left:
            return [f"never settled: {left}"]
        except NoAnswer as unanswered:
            return [f"nobody answered in time, in peace: {unanswered}"]

    async def _found(self, invariants: Sequence[Invariant]) -> Facts:
        return [f"{one.__name__}: {fact}" for one in invariants for fact in await one(self.evidence)]

    def figures(self) -> str:
        points = self.here.fleet.passed
        deadly = {point: times for point, times in points.items() if times}
        never = [point for point in every_point() if point not in points]
        ask = self.evidence.ask
        return "\n".join(
            [
                counted(f"{len(self.faults.told)} faults", self.faults.struck),
                counted(
                    f"died at {len(deadly)} points of {len(points)} that were passed",
                    deadly,
                    most=len(points),
                ),
                f"{len(never)} points were never passed: {', '.join(never) or 'none'}",
                counted("done by callers", self.callers.done),
                counted("refused", self.callers.refused),
                counted("by owners", self.owners.done),
                f"{ask.calls.total()} calls, {ask.repeats.total()} of them repeats",
                counted("claims that had to run out", self.evidence.look.ran_out),
                f"{len(self.evidence.left_behind)} subscriptions left behind at the provider, until they end",
                f"{self.evidence.deadlocks} deadlocks",
                counted("repeated", ask.repeats),
                f"settled in {', '.join(f'{seconds:.1f}' for seconds in self.settled_in)} s",
            ]
        )


async def play(here: Scene, *, seed: int, faults: int, phase: int, pace: float) -> int:
    """The exit code."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        run = _make(here, seed, http)
        run.faults.pace = pace
        await run.watch_from_the_start()
        watching = [asyncio.create_task(one.watch()) for one in run.evidence.watchers]
        try:
            number, left = 0, faults
            while left > 0:
                number += 1
                await run.phase(number, min(phase, left))
                left -= phase
                say(f"phase {number} holds, {max(left, 0)} faults to go")
        except NotWhole as story:
            say(str(story))
            kept = here.fleet.keep_logs(Path("build") / f"chaos-{seed}", here.database.log)
            say(f"The logs of all processes, and the database's: {kept}")
            say(run.figures())
            return 1
        finally:
            for one in watching:
                one.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
        say(run.figures())
    return 0


def _make(here: Scene, seed: int, http: aiohttp.ClientSession) -> Run:
    """Everybody draws from a source of their own, so that one's haste changes nothing for the others."""

    def source(who: str) -> Random:
        return Random(f"{seed} {who}")

    known, wrong = Known(), list[str]()
    ask = Asking(callers=here.callers, random=source("asking"))
    connecting = ConnectingDeeds(here=here, known=known, ask=ask, random=source("connecting"), http=http)
    return Run(
        here=here,
        seed=seed,
        faults=Faults(here=here, random=source("faults")),
        callers=Callers(
            cast=here.cast,
            known=known,
            booking=BookingDeeds(known=known, ask=ask, random=source("booking"), wrong=wrong),
            connecting=connecting,
            random=source("callers"),
        ),
        owners=Owners(world=here.sandbox.world, cast=here.cast, known=known, random=source("owners")),
        evidence=Evidence(
            here=here,
            known=known,
            look=Look(dsn=here.database.admin),
            ask=ask,
            connecting=connecting,
            watchers=[Watcher(callers=here.callers, random=source(f"watcher {one}")) for one in range(2)],
            wrong=wrong,
        ),
    )
