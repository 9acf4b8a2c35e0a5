"""Processes that stand beside the service on this machine, and end with it however it ends."""

import subprocess
import sys
from collections.abc import Mapping, Sequence

PATIENCE_SECONDS = 10
"""How long one may take to end."""


def start_beside(
    module: str,
    options: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[str]:
    """A module as a program, which prints a line when it is ready. It ends when our end of its standard input closes,
    so also when we are killed. Have it noted before a signal can arrive (`uninterrupted`)."""
    return subprocess.Popen(
        [sys.executable, "-m", module, "--exit-with-stdin", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        pass_fds=pass_fds,
        start_new_session=True,  # Ctrl-C in the terminal is for us; what stands beside us is stopped last
    )


def end_beside(process: subprocess.Popen[str]) -> None:
    """Returns once it has ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
