"""Generated calls of every method and every route on a service of its own: see tests/fuzz. `make fuzz` makes 20,000."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
import grpc.aio

from calendarsync.v1.expert_pb2 import PLAN_PRO
from sandbox import Sandbox
from server.addresses import Address
from server.runtime.settings import Role
from tests.fuzz.calls import Manner
from tests.fuzz.deck import DECK, manners_of
from tests.fuzz.methods import METHODS
from tests.fuzz.run import Figures, Target, fuzz
from tests.fuzz.values import CANARY, EXPERTS
from tests.support.calls import Calls
from tests.support.programs import Program, serving
from tests.support.running_service import settings_for
from tests.support.service import until

CALLS: Final = int(os.environ.get("CALENDARSYNC_TEST_FUZZ_CALLS", "1000"))
SEED: Final = int(os.environ.get("CALENDARSYNC_TEST_FUZZ_SEED", "20261129"))
GROWTH: Final = 24_000_000
"""Bytes that the second half may add to the first: caches fill, and the allocator is in no hurry."""
SPARE_FILES: Final = 24
"""Connections that are kept for what comes next: to the database, to Microsoft, to the mail server."""
SPARE_TASKS: Final = 4
"""Of the work that comes round by itself."""
OF_STATE: Final = frozenset(
    {
        "CancelSession",
        "DeleteExpert",
        "GetAccount",
        "GetSession",
        "ReleaseHold",
        "StartConnection",
        "UpdateCalendarSettings",
    }
)
"""What takes more than an expert to be accepted: that is one in each deck. Of the others it is a fifth of what is meant
well, and would be most of it, but for whatever other calls have done to the expert."""
BY_SIGN_INS: Final = frozenset({"CompleteConnection", "ConfirmConnection", "DisconnectAccount"})
"""What takes somebody to sign in, or comes once in a thousand calls: sign-ins are steps of their own."""
AT_REST_SECONDS: Final = 60
"""Until what was begun is done: sessions are still being written, and connections stay open for a while."""
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The service's, seen from outside."""

    program: Program
    operations_port: int

    @property
    def _proc(self) -> Path:
        return Path("/proc") / str(self.program.process.pid)

    async def files(self) -> int:
        return len(list((self._proc / "fd").iterdir()))

    async def resident(self) -> int:
        return int((self._proc / "statm").read_text().split()[1]) * PAGE

    async def gauge(self, name: str) -> float:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{self.operations_port}/metrics") as answer,
        ):
            lines = (await answer.text()).splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(name + " "))


async def test_generated_calls_find_nothing(
    no_settings: None, sandbox: Sandbox, dsn: str, tmp_path: Path
) -> None:
    settings = settings_for(sandbox, dsn, log_level="INFO")
    async with serving(settings, Role.ALL, folder=tmp_path) as program:
        ready = await program.logged("ready")
        process = Process(program=program, operations_port=Address.parse(ready["operations"]).port)
        async with grpc.aio.insecure_channel(ready["grpc"]) as channel:
            for expert_id in EXPERTS:
                calls = Calls(channel=channel)
                await calls.put_expert(expert_id, plan=PLAN_PRO)
                for number in range(2):
                    await calls.put_session(f"fuzz-session-{number}", start=9 + number, expert_id=expert_id)
            files, tasks = await process.files(), await process.gauge("calendarsync_tasks")
            figures = await fuzz(
                Target(
                    channel=channel,
                    http_port=Address.parse(ready["http"]).port,
                    sandbox=sandbox,
                    measure=process.resident,
                ),
                number=CALLS,
                with_seed=SEED,
            )
        sys.stdout.write(f"seed {SEED}: {figures}\n")

        assert not figures.findings, figures
        assert figures.steps >= CALLS
        _require_depth(figures)
        _require_flat(figures)
        await until(
            lambda: process.gauge("calendarsync_tasks"),
            lambda now: now <= tasks + SPARE_TASKS,
            within=AT_REST_SECONDS,
        )
        await until(lambda: process.gauge("calendarsync_http_connections"), lambda now: now == 0)
        await until(process.files, lambda now: now <= files + SPARE_FILES, within=AT_REST_SECONDS)
        _require_quiet(program)


def _require_depth(figures: Figures) -> None:
    """Calls that are only ever refused find nothing behind the rules of shape."""
    decks = CALLS // DECK
    for method in METHODS:
        fifth = manners_of(method)[Manner.MEANT] // 5 * decks
        least = 0 if method.name in BY_SIGN_INS else decks if method.name in OF_STATE else fifth
        assert figures.outcomes[method.name]["OK"] >= least, f"{method.name}: {figures}"
    assert figures.outcomes["sign-in"]["completed"] >= decks, figures


def _require_flat(figures: Figures) -> None:
    middle, end = figures.memory[len(figures.memory) // 2], figures.memory[-1]
    assert end - middle <= GROWTH, figures


def _require_quiet(program: Program) -> None:
    """No fault of ours, and nothing of what was sent."""
    signs = (CANARY, '"level": "error"', "Traceback")
    found = [line for line in program.errors if any(one in line for one in signs)]
    assert not found, "".join(found)
