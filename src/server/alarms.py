"""The alarms of this process: raised and cleared by the use-cases and the adapters, shown by the log and by health."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from domain.account import Provider
from server.logs import described

log = structlog.stdlib.get_logger("server.alarms")

MISCONFIGURED: Final = "_MISCONFIGURED"
CREDENTIAL_REFUSED: Final = "_CREDENTIAL_REFUSED"
TOKENS_REFUSED: Final = "_TOKENS_REFUSED"
ALL_REFUSED: Final = "_ALL_REFUSED"
NOTIFICATIONS_REFUSED: Final = "_NOTIFICATIONS_REFUSED"
DAY_NEARLY_SPENT: Final = "_DAY_NEARLY_SPENT"
CLOCK: Final = "CLOCK"
GRPC_CERTIFICATE: Final = "GRPC_CERTIFICATE"
MAIL: Final = "MAIL_MISCONFIGURED"
RELAPSE: Final = timedelta(minutes=10)
"""An alarm that comes back this soon is taken for the same one."""
CALM: Final = timedelta(minutes=1)
"""How long such a one must not have been met before a success clears it: one that comes and goes would wake people by
the minute."""
MOST_CODES: Final = 20


@dataclass(slots=True, kw_only=True)
class _Standing:
    """A raised alarm; `last` is when its fault was last met, in seconds of the monotonic clock."""

    since: datetime
    relapsed: bool
    last: float = 0.0
    codes: set[str] = field(default_factory=set)


class OperatorAlarms:
    """See the port. What is raised lasts until the very thing that failed works again, or the process ends."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._standing: dict[str, _Standing] = {}
        self._cleared: dict[str, float] = {}
        self._changed = asyncio.Event()

    @property
    def raised(self) -> Mapping[str, datetime]:
        """The names of the raised alarms, such as `MICROSOFT_MISCONFIGURED`, in order, and since when they are."""
        return {name: alarm.since for name, alarm in sorted(self._standing.items())}

    def is_raised(self, provider: Provider) -> bool:
        """Whether nothing works with this provider until an operator has acted."""
        return provider.name + MISCONFIGURED in self._standing

    async def changed(self) -> None:
        """Returns after a change since the last time this returned. For one follower."""
        await self._changed.wait()
        self._changed.clear()

    def provider_misconfigured(self, provider: Provider, code: str) -> None:
        if self._raise(provider.name + MISCONFIGURED, code):
            log.error("the provider refuses the service's registration", provider=provider.name, code=code)

    def is_misconfigured(self, provider: Provider, code: str) -> bool:
        alarm = self._standing.get(provider.name + MISCONFIGURED)
        return alarm is not None and code in alarm.codes

    def provider_works(self, provider: Provider) -> None:
        if self._clear(provider.name + MISCONFIGURED):
            log.warning("the provider accepts the service's registration again", provider=provider.name)

    def credential_refused(self, provider: Provider, name: str) -> None:
        if self._raise(provider.name + CREDENTIAL_REFUSED, name):
            log.error(
                "the provider refuses one of the service's credentials, and accepts another",
                provider=provider.name,
                setting=name,
            )

    def credential_accepted(self, provider: Provider, name: str) -> None:
        alarm = self._standing.get(provider.name + CREDENTIAL_REFUSED)
        if alarm is None:
            return
        alarm.codes.discard(name)
        alarm.relapsed = False  # it is tried by the hour: nothing comes and goes
        if not alarm.codes and self._clear(provider.name + CREDENTIAL_REFUSED):
            log.warning("the provider accepts all of the service's credentials", provider=provider.name)

    def tokens_refused(self, provider: Provider) -> None:
        if self._raise(provider.name + TOKENS_REFUSED):
            log.error(
                "the provider accepts none of the tokens it gives us for a mailbox", provider=provider.name
            )

    def tokens_accepted(self, provider: Provider) -> None:
        if self._clear(provider.name + TOKENS_REFUSED):
            log.warning("the provider accepts the tokens it gives us again", provider=provider.name)

    def all_refused(self, provider: Provider) -> None:
        if self._raise(provider.name + ALL_REFUSED):
            log.error(
                "the provider refuses one account after the other: no expert is mailed",
                provider=provider.name,
            )

    def are_all_refused(self, provider: Provider) -> bool:
        return provider.name + ALL_REFUSED in self._standing

    def somebody_accepted(self, provider: Provider) -> None:
        if self._clear(provider.name + ALL_REFUSED):
            log.warning("the provider accepts accounts again", provider=provider.name)

    def notifications_refused(self, provider: Provider, code: str) -> None:
        if self._raise(provider.name + NOTIFICATIONS_REFUSED, code):
            log.error(
                "the provider brings no notifications to our address", provider=provider.name, code=code
            )

    def notifications_accepted(self, provider: Provider) -> None:
        if self._clear(provider.name + NOTIFICATIONS_REFUSED):
            log.warning("the provider brings notifications to our address again", provider=provider.name)

    def day_nearly_spent(self, provider: Provider, *, requests: int, most: int) -> None:
        if self._raise(provider.name + DAY_NEARLY_SPENT):
            log.error(
                "this process has nearly spent its part of what the provider allows in a day",
                provider=provider.name,
                requests=requests,
                allowed=most,
            )

    def day_begins_anew(self, provider: Provider) -> None:
        if self._clear(provider.name + DAY_NEARLY_SPENT):
            log.warning("a new day of the provider's has begun", provider=provider.name)

    def is_day_nearly_spent(self, provider: Provider) -> bool:
        return provider.name + DAY_NEARLY_SPENT in self._standing

    def clock_differs(self, by: timedelta) -> None:
        if self._raise(CLOCK):
            log.error(
                "the clocks of the database and of the provider are too far apart",
                seconds=round(by.total_seconds()),
            )

    def clock_agrees(self) -> None:
        if self._clear(CLOCK):
            log.warning("the clocks of the database and of the provider agree again")

    def certificate_unusable(self, why: str) -> None:
        if self._raise(GRPC_CERTIFICATE, why):
            log.error("the certificate of the gRPC side needs attention; the one in use stays", why=why)

    def certificate_works(self) -> None:
        if self._clear(GRPC_CERTIFICATE):
            log.warning("the certificate of the gRPC side is all right again")

    def mail_misconfigured(self, reason: str) -> None:
        if self._raise(MAIL, reason):
            log.error(
                "mails to experts wait: the mail server refuses the service itself, or a template fails",
                reason=reason,
            )

    def mail_works(self) -> None:
        if self._clear(MAIL):
            log.warning("mails to experts are sent again")

    def unforeseen(self, fault: Exception) -> None:
        log.error("work failed for an unforeseen reason", **described(fault))

    def _raise(self, name: str, code: str = "") -> bool:
        """Whether there is news to log."""
        now = self._monotonic()
        alarm = self._standing.get(name)
        is_news = alarm is None or (code not in alarm.codes and len(alarm.codes) < MOST_CODES)
        if alarm is None:
            relapsed = now - self._cleared.get(name, float("-inf")) < RELAPSE.total_seconds()
            alarm = self._standing[name] = _Standing(since=datetime.now(UTC), relapsed=relapsed)
            self._changed.set()
        alarm.last = now
        if is_news:
            alarm.codes.add(code)
        return is_news

    def _clear(self, name: str) -> bool:
        now = self._monotonic()
        alarm = self._standing.get(name)
        if alarm is None or (alarm.relapsed and now - alarm.last < CALM.total_seconds()):
            return False
        del self._standing[name]
        self._cleared[name] = now
        self._changed.set()
        return True
