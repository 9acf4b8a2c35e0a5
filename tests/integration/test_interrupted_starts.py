"""A signal to stop that arrives while another process is being started, before anybody has noted that process."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from adapters.postgres.embedded import embedded_postgres
from adapters.postgres.embedded.interruptions import uninterrupted
from server.local.stand_ins import stand_ins
from server.runtime.settings import PREFIX
from tests.support.postgres import home_of_server

BOTH = pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])


class Stopped(BaseException):
    """What the handler of these tests raises."""


@pytest.fixture(autouse=True)
def interrupting() -> Iterator[None]:
    def raise_it(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    before = {one: signal.signal(one, raise_it) for one in (signal.SIGTERM, signal.SIGINT)}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short path, since PostgreSQL's socket lies below it, that any account may enter."""
    with home_of_server() as home:
        yield home


@pytest.fixture(params=["postgres", "sandbox"])
def start(request: pytest.FixtureRequest, folder: Path) -> Callable[[], None]:
    def postgres() -> None:
        with embedded_postgres(folder / "data", durable=False):
            pass

    def sandbox() -> None:
        database = {f"{PREFIX}DATABASE_URL": "postgresql://nowhere.invalid/none"}
        with stand_ins(folder, database):
            pass

    return {"postgres": postgres, "sandbox": sandbox}[request.param]


@BOTH
def test_what_was_just_started_is_ended(
    start: Callable[[], None], stop: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[Any]] = []

    class Interrupted(subprocess.Popen[Any]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)
            signal.raise_signal(stop)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(Stopped):
        start()
    assert started
    for process in started:
        assert process.returncode is not None, "ended, and waited for"
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


@BOTH
def test_the_signal_arrives_at_the_end_of_the_block(stop: signal.Signals) -> None:
    handler = signal.getsignal(stop)
    reached = []
    with pytest.raises(Stopped), uninterrupted():
        signal.raise_signal(stop)
        reached.append("the end")
    assert reached
    assert signal.getsignal(stop) is handler


@BOTH
def test_a_signal_that_is_ignored_stays_ignored_by_what_is_started(stop: signal.Signals) -> None:
    signal.signal(stop, signal.SIG_IGN)
    with uninterrupted():
        assert signal.getsignal(stop) is signal.SIG_IGN
    assert signal.getsignal(stop) is signal.SIG_IGN


def test_no_other_thread_is_in_the_way() -> None:
    reached = []

    def elsewhere() -> None:
        with uninterrupted():
            reached.append("the block")

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert reached
