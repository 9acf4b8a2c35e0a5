"""Deadlines that a busy machine can't turn round."""

from typing import Final

import pytest

from server.rpc.calls import deadline
from server.rpc.servicers import budget

DEADLINE_SECONDS: Final = 60.0
FOR_READING_SECONDS: Final = 0.3
FOR_THE_CALL_SECONDS: Final = 0.6


@pytest.fixture
def soon_over(monkeypatch: pytest.MonkeyPatch) -> float:
    """A caller's deadline, in seconds, of which the service keeps nearly all for the answer's way back.

    So it gives up after a moment, and long before its caller does, however slow the machine is.
    """
    for module, seconds in ((budget, FOR_READING_SECONDS), (deadline, FOR_THE_CALL_SECONDS)):
        monkeypatch.setattr(module, "LONGEST_MARGIN_SECONDS", DEADLINE_SECONDS)
        monkeypatch.setattr(module, "MARGIN_SHARE", 1 - seconds / DEADLINE_SECONDS)
    return DEADLINE_SECONDS
