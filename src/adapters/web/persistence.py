"""Trying again what may be tried again, in the time that a call has."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from adapters.web.request_gates import SHORT_WAIT
from domain.access import ProviderUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Persistence:
    """`pauses` lie between the tries of a read; a call as a whole has `within`."""

    within: timedelta
    pauses: tuple[timedelta, ...]

    async def send(
        self, attempt: Callable[[], Awaitable[bytes]], *, reads: bool, passes: Callable[[Exception], bool]
    ) -> bytes:
        """Reads are tried again when the failure `passes` quickly; each try has its own time-out.

        Raises what the last try does, and ProviderUnavailable once the time is over: then the outcome of anything but
        a read is unknown.
        """
        try:
            async with asyncio.timeout(self.within.total_seconds()):
                for pause in self.pauses if reads else ():
                    try:
                        return await attempt()
                    except Exception as failure:
                        if not passes(failure):
                            raise
                    await asyncio.sleep(pause.total_seconds())
                return await attempt()
        except TimeoutError as exc:
            raise ProviderUnavailable(outcome_unknown=not reads) from exc


def is_short(wait: timedelta | None) -> bool:
    """Whether it may be waited for inside the call."""
    return (wait or timedelta()) <= SHORT_WAIT


def outage_passes(failure: Exception) -> bool:
    """Whether it is an outage, of no known length, that nobody asked us to wait out."""
    return (
        isinstance(failure, ProviderUnavailable) and not failure.throttled and is_short(failure.retry_after)
    )
