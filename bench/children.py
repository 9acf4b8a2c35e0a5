"""Processes of a run, which end with the block that started them, or with the run however it ends."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ChildEnded(Exception):
    """A process ended before it was ready; the text is the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """`told` is what the process printed when it was ready."""

    pid: int
    told: Mapping[str, Any]


@contextmanager
def child(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Iterator[Child]:
    """A process that prints a line of JSON when it is ready, and ends when its standard input closes.

    Raises ChildEnded.
    """
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                log.seek(0)
                raise ChildEnded("\n".join(log.read().splitlines()[-20:]))
            yield Child(pid=process.pid, told=json.loads(line))
        finally:
            process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
