"""The credentials that prove who we are at the token endpoint: one, or two while one takes the place of the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from application.ports.alarms import Alarms
from application.ports.clock import Clock
from domain.account import Provider

TRIED_EVERY: Final = timedelta(hours=1)
"""How often a credential that nobody needs serves a request all the same: an operator must hear that it is refused
before the other one expires, and that it no longer is."""


V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential(Generic[V]):
    """`name` is that of its setting, for operators."""

    name: str
    value: V = field(repr=False)


class Credentials(Generic[V]):
    """Which to try first, as far as this process knows. Not thread-safe: for the event loop.

    A refused one costs a request and nothing else, since a token endpoint looks at who asks before it looks at what
    for. The alarm about it comes when another one was accepted: where all are refused, nothing works, and the alarm
    about that is another one.
    """

    def __init__(self, provider: Provider, given: Mapping[str, V], alarms: Alarms, clock: Clock) -> None:
        """`given` are the credentials by the names of their settings, in the order in which they take turns."""
        self._provider = provider
        self._all = [Credential(name=name, value=value) for name, value in given.items()]
        self._alarms = alarms
        self._clock = clock
        self._tried_at: dict[str, datetime] = {}
        self._refused: set[str] = set()

    def in_turn(self, *, once_only: bool = False) -> tuple[Credential[V], ...]:
        """All, in the order in which a request is to try them until one is accepted.

        `once_only` is for requests whose content a provider might take but once: these begin with the one that works.
        """
        first, *others = self._all
        due = [one for one in others if self._is_due(one)]
        if once_only or not due:
            return (first, *others)
        self._tried_at[due[0].name] = self._clock.now()  # by this request, and by none beside it
        return (due[0], first, *(one for one in others if one is not due[0]))

    def accepted(self, credential: Credential[V], *, after: tuple[Credential[V], ...]) -> None:
        """The request went through with this one, after these had been refused."""
        if self._all[0] in after:
            self._all.remove(credential)
            self._all.insert(0, credential)
        now = self._clock.now()
        for refused in after:
            self._tried_at[refused.name] = now
            self._refused.add(refused.name)
            self._alarms.credential_refused(self._provider, refused.name)
        if credential.name in self._refused:
            self._refused.discard(credential.name)
            self._alarms.credential_accepted(self._provider, credential.name)

    def _is_due(self, credential: Credential[V]) -> bool:
        tried_at = self._tried_at.get(credential.name)
        return tried_at is None or self._clock.now() - tried_at >= TRIED_EVERY
