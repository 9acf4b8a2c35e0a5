"""Refusals whose reason this version can't read: the operator hears of each reason once."""

import logging
from dataclasses import dataclass, field
from typing import Final

from adapters.google.errors import GoogleRefusal
from application.ports.alarms import Alarms

_log = logging.getLogger(__name__)

MOST: Final = 20


@dataclass(frozen=True, slots=True)
class UnreadRefusals:
    alarms: Alarms
    _told: set[tuple[int, str]] = field(default_factory=set)

    def met(self, refusal: GoogleRefusal) -> None:
        """Tell of it, unless this process has told of its like before."""
        seen = refusal.status, refusal.code
        if seen in self._told or len(self._told) >= MOST:
            return
        self._told.add(seen)
        _log.warning(
            "google gave a reason that is not known", extra={"status": refusal.status, "code": refusal.code}
        )
        self.alarms.unforeseen(refusal)
