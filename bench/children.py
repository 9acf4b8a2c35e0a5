"""Processes of a run, which end with the block that started them, or with the run however it ends."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ChildEnded(Exception):
    """A process ended before it was ready; the text is the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """`told` is what the process printed when it was ready; `log` reads what it has logged so far."""

    pid: int
    told: Mapping[str, Any]
    log: Callable[[], str]


@contextmanager
def child(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Child]:
    """A process that prints a line of JSON when it is ready, and ends when its standard input closes.

    Raises ChildEnded.
    """
    with tempfile.NamedTemporaryFile("w+") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
            env=dict(environment) if environment is not None else None,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise ChildEnded("\n".join(Path(log.name).read_text().splitlines()[-20:]))
            yield Child(pid=process.pid, told=json.loads(line), log=Path(log.name).read_text)
        finally:
            process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
