"""What a program says when it dies of something unforeseen: where, and no value."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import server

CANARY = "canary-4d1c0f"
BEGIN = """
import os, resource, sys, threading, time
from server.crashes import leave_no_values_behind
leave_no_values_behind()

def fail(secret):
    raise ValueError(f"can't use {secret}") from KeyError(secret)

secret = sys.stdin.readline().strip()
"""
WAYS = {
    "at its end": "fail(secret)",
    "in a thread": "thread = threading.Thread(target=fail, args=[secret]); thread.start(); thread.join()",
    "where nothing can be raised": """
class Last:
    def __del__(self):
        fail(secret)

Last()
""",
    "in a task of the loop": """
import asyncio

async def main():
    asyncio.get_running_loop().create_task(asyncio.sleep(0)).add_done_callback(lambda _: fail(secret))
    await asyncio.sleep(0.01)

from server.logs import configure_logging, log_stray_errors
configure_logging(level="DEBUG", style="json")
loop = asyncio.new_event_loop()
loop.set_exception_handler(log_stray_errors)
loop.run_until_complete(main())
""",
    "while it logs": """
import logging
from server.logs import configure_logging
configure_logging(level="DEBUG", style="json")
logging.getLogger("server.x").warning("too few %s %s", secret)
""",
}


def _run(program: str) -> subprocess.CompletedProcess[str]:
    source = Path(server.__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-c", BEGIN + program],
        input=CANARY + "\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"PYTHONPATH": str(source)},
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_fault_is_told_by_class_and_place_and_not_by_its_text(way: str) -> None:
    done = _run(WAYS[way])
    assert CANARY not in done.stdout + done.stderr
    (line,) = [json.loads(one) for one in done.stderr.splitlines()]
    if way == "while it logs":
        assert line == {"event": "a line of the log could not be written", "logger": "server.x"}
    else:
        assert line["error"].startswith("builtins.ValueError < builtins.KeyError")
        assert any(frame.endswith(":fail") for frame in line["frames"])


def test_a_signal_that_kills_it_leaves_frames_and_no_core_file() -> None:
    done = _run("print(resource.getrlimit(resource.RLIMIT_CORE)[0]); sys.stdout.flush(); os.abort()")
    assert done.returncode == -signal.SIGABRT
    assert done.stdout == "0\n"
    assert "Fatal Python error: Aborted" in done.stderr
    assert CANARY not in done.stderr


def test_an_interrupt_is_python_s_own_to_tell() -> None:
    assert "KeyboardInterrupt" in _run("raise KeyboardInterrupt").stderr.splitlines()[-1]
