"""Drives generated calls against a running service, a few at a time, and judges what came of it."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import grpc.aio

from sandbox import Sandbox
from tests.fuzz.calls import Call, Manner, make
from tests.fuzz.deck import Step, steps
from tests.fuzz.known import Known
from tests.fuzz.sign_ins import FIRST
from tests.fuzz.visits import Visit, go

LANES: Final = 4
"""So many calls run at once."""
MEASURED: Final = 10
"""How often memory is looked at."""
SLOWEST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    channel: grpc.aio.Channel
    http_port: int
    sandbox: Sandbox
    measure: Callable[[], Coroutine[Any, Any, int]]
    """Bytes that the service's process has resident."""


@dataclass(slots=True)
class Figures:
    """What came of it, and by itself of the calls that were meant well. `findings` are distinct, each with the first
    step that showed it."""

    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    meant: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    findings: dict[str, str] = field(default_factory=dict)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    @property
    def steps(self) -> int:
        return sum(outcomes.total() for outcomes in self.outcomes.values())

    def note(self, step: Step, code: str, faults: Sequence[str], seconds: float) -> None:
        name = _name_of(step)
        self.outcomes[name][code] += 1
        if isinstance(step, Call) and step.manner is Manner.MEANT:
            self.meant[name][code] += 1
        for fault in faults:
            self.findings.setdefault(f"{name}: {fault}", repr(step)[:2_000])
        self.slowest = sorted([*self.slowest, (seconds, name)], reverse=True)[:SLOWEST]

    def __str__(self) -> str:
        lines = [f"{self.steps:,} calls"]
        for name, outcomes in sorted(self.outcomes.items()):
            told = ", ".join(f"{code} {number:,}" for code, number in outcomes.most_common())
            meant = self.meant.get(name)
            well = f" (meant well: OK {meant['OK']:,} of {meant.total():,})" if meant else ""
            lines.append(f"  {name}: {told}{well}")
        megabytes = [f"{one / 1e6:.0f}" for one in self.memory]
        lines.append(f"resident MB, from start to end: {' '.join(megabytes)}")
        lines.append("slowest: " + ", ".join(f"{name} {took * 1000:.0f} ms" for took, name in self.slowest))
        lines += [f"FOUND {fault}\n  by {step}" for fault, step in self.findings.items()]
        return "\n".join(lines)


async def fuzz(target: Target, *, number: int, with_seed: int) -> Figures:
    """So many calls: the same ones for the same seed, but for what is known by then."""
    figures, known = Figures(), Known()
    queue: asyncio.Queue[Step] = asyncio.Queue(LANES)
    for first in FIRST:
        figures.note(first, *await _take(first, target, known), 0)

    async def lane() -> None:
        while True:
            step = await queue.get()
            if figures.steps % max(number // MEASURED, 1) == 0:
                figures.memory.append(await target.measure())
                _learn_subscriptions(target.sandbox, known)
            began = time.perf_counter()
            code, faults = await _take(step, target, known)
            figures.note(step, code, faults, time.perf_counter() - began)
            queue.task_done()

    async with asyncio.TaskGroup() as group:
        lanes = [group.create_task(lane()) for _ in range(LANES)]
        for step in await asyncio.to_thread(steps, number, with_seed=with_seed):
            await queue.put(step)
        await queue.join()
        for one in lanes:
            one.cancel()
    figures.memory.append(await target.measure())
    return figures


def _take(step: Step, target: Target, known: Known) -> Awaitable[tuple[str, list[str]]]:
    if isinstance(step, Call):
        return make(step, target.channel, known)
    if isinstance(step, Visit):
        return go(step, target.http_port, known)
    return step.make(target.channel, target.http_port, target.sandbox, known)


def _name_of(step: Any) -> str:
    if isinstance(step, Call):
        return step.method.name
    return step.route if isinstance(step, Visit) else "sign-in"


def _learn_subscriptions(sandbox: Sandbox, known: Known) -> None:
    for one in sandbox.world.subscriptions.all():
        known.add("subscription", one.id)
        known.add("client_state", one.client_state or "")
