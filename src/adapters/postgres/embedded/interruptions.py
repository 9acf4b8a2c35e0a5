"""Keeps a stop signal from cutting in where it would lose a process: started already, and known to nobody yet."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

HELD_BACK: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A SIGTERM or SIGINT that arrives in the block is delivered at its end, to the handler of before.

    For blocks of a moment. Whoever starts a process in one has noted it by the time the signal is delivered, provided
    that the block stands inside the `try` that ends the process. In any other thread than the main one it does nothing,
    since no signal interrupts those.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def hold_back(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)

    before = {one: signal.getsignal(one) for one in HELD_BACK}
    heard = [one for one, handler in before.items() if handler not in {signal.SIG_IGN, None}]
    for one in heard:  # what is ignored stays so: the processes we start inherit it
        signal.signal(one, hold_back)
    try:
        yield
    finally:
        for one in heard:
            signal.signal(one, before[one])
        for number in arrived:
            signal.raise_signal(number)
