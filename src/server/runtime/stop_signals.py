"""SIGTERM and SIGINT, from the first moment of a program to its last: one wish to stop, then one to hurry."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

HEARD: Final = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Signals often come in pairs: from a terminal and a supervisor at once, or from an impatient finger.

    While a loop listens, the first sets `stop` and the second `hurry`. Before it does, the first ends the start with
    KeyboardInterrupt. All others are ignored, so that nothing interrupts what cleans up.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._may_interrupt = True

    @contextmanager
    def heard(self) -> Iterator[None]:
        """On the main thread, around everything that must be cleaned up; ignored after it, while Python exits."""
        for one in HEARD:
            signal.signal(one, self._arrived)
        try:
            yield
        finally:
            for one in HEARD:
                signal.signal(one, signal.SIG_IGN)

    @contextmanager
    def listened_to(self) -> Iterator[None]:
        """By the running loop, until the block ends; nothing is interrupted after that."""
        self._loop, self._may_interrupt = asyncio.get_running_loop(), False
        try:
            yield
        finally:
            self._loop = None

    def _arrived(self, _number: int, _frame: FrameType | None) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._heard_one)
        elif self._may_interrupt:
            self._may_interrupt = False
            raise KeyboardInterrupt

    def _heard_one(self) -> None:
        (self.hurry if self.stop.is_set() else self.stop).set()
