"""What only the inside knows and an operator wants to see as a number. Whoever tells a meter waits for nothing."""

from datetime import datetime, timedelta
from typing import Protocol

from domain.availability import Availability


class AnswerMeter(Protocol):
    """Told of every answer about an expert's time. On the way of each call: it must cost next to nothing."""

    def answered(self, answer: Availability, now: datetime) -> None: ...

    def looked(self, spent: timedelta, *, budget: timedelta) -> None:
        """Providers were asked for an answer: how long that took, and how long it might have."""
        ...


class ProviderMeter(Protocol):
    """Told by the adapter of one provider. Names are a few words of the adapter's own; from any thread."""

    def requested(self, kind: str, outcome: str, seconds: float) -> None:
        """A request of this kind, such as `read_view`, came to this: the class of its status, such as `2xx` or `429`,
        or why there was no answer."""
        ...

    def waited(self, seconds: float) -> None:
        """How long a request waited for one of its mailbox's places."""
        ...

    def told_to_wait(self, pause: timedelta) -> None:
        """For how long the provider wants a mailbox left alone."""
        ...

    def renewed(self, outcome: str) -> None:
        """A grant was renewed, or why not."""
        ...

    def found_odd(self, entries: int) -> None:
        """So many entries of a calendar couldn't be read, and block all that they may mean."""
        ...


class Unmeasured:
    """A ProviderMeter that nobody reads."""

    def requested(self, kind: str, outcome: str, seconds: float) -> None: ...

    def waited(self, seconds: float) -> None: ...

    def told_to_wait(self, pause: timedelta) -> None: ...

    def renewed(self, outcome: str) -> None: ...

    def found_odd(self, entries: int) -> None: ...
