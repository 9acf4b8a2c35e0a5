"""The alarms of this process: raised and cleared by the use-cases, shown by the log and by health."""

import asyncio
from typing import Final

import structlog

from domain.account import Provider
from server.logs import described

log = structlog.stdlib.get_logger("server.alarms")

MISCONFIGURED: Final = "_MISCONFIGURED"


class OperatorAlarms:
    """See the port. What is raised lasts until the provider works again, or the process ends."""

    def __init__(self) -> None:
        self._codes: dict[Provider, str] = {}
        self._changed = asyncio.Event()

    @property
    def raised(self) -> tuple[str, ...]:
        """The names of the raised alarms, such as `MICROSOFT_MISCONFIGURED`."""
        return tuple(sorted(provider.name + MISCONFIGURED for provider in self._codes))

    def is_raised(self, provider: Provider) -> bool:
        return provider in self._codes

    async def changed(self) -> None:
        """Returns after a change since the last time this returned. For one follower."""
        await self._changed.wait()
        self._changed.clear()

    def provider_misconfigured(self, provider: Provider, code: str) -> None:
        if self._codes.get(provider) == code:
            return
        self._codes[provider] = code
        self._changed.set()
        log.error("the provider refuses the service's registration", provider=provider.name, code=code)

    def unforeseen(self, fault: Exception) -> None:
        log.error("work failed for an unforeseen reason", **described(fault))

    def provider_works(self, provider: Provider) -> None:
        if self._codes.pop(provider, None) is None:
            return
        self._changed.set()
        log.warning("the provider accepts the service's registration again", provider=provider.name)
