"""Mailboxes that open with none of the fresh tokens the provider gives us for them: nobody else would notice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from domain.account import Provider

PATIENCE = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=3)
"""Without a new refusal: the account was disconnected, or another process looks after it."""
FEWEST = 3
"""Refusals: of two that lie far apart another process may have seen the time between, in which all was well."""
MOST_MAILBOXES = 1000


@dataclass(slots=True, kw_only=True)
class _Refused:
    since: datetime
    last: datetime
    times: int = 0

    @property
    def lasting(self) -> bool:
        return self.times >= FEWEST and self.last - self.since >= PATIENCE


class RefusedTokens:
    """Tells the operator about a mailbox whose fresh tokens were all refused for an hour, and when that is over.

    Each process judges by what it met itself; while a mailbox is refused, each reads it every half an hour or sooner.
    """

    def __init__(self, provider: Provider, clock: Clock, alarms: Alarms) -> None:
        self._provider = provider
        self._clock = clock
        self._alarms = alarms
        self._mailboxes: dict[str, _Refused] = {}

    def refused(self, mailbox: str) -> None:
        """A token that was given at that moment was not accepted."""
        now = self._clock.now()
        self._forget_old(now)
        if mailbox not in self._mailboxes and len(self._mailboxes) >= MOST_MAILBOXES:
            return
        met = self._mailboxes.setdefault(mailbox, _Refused(since=now, last=now))
        met.last, met.times = now, met.times + 1
        if met.lasting:
            self._alarms.tokens_refused(self._provider)

    def accepted(self, mailbox: str) -> None:
        """A token of the mailbox's was accepted."""
        if not self._mailboxes:
            return
        now = self._clock.now()
        self._mailboxes.pop(mailbox, None)
        self._forget_old(now)
        if not any(one.lasting for one in self._mailboxes.values()):
            self._alarms.tokens_accepted(self._provider)

    def _forget_old(self, now: datetime) -> None:
        for mailbox, met in list(self._mailboxes.items()):
            if now - met.last >= FORGOTTEN_AFTER:
                del self._mailboxes[mailbox]
