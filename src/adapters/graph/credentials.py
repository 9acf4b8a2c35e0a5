"""The credentials that prove who we are at the token endpoint: one, or two while one takes the place of the other."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adapters.graph.settings import ClientCertificate, MicrosoftSettings
from application.ports.alarms import Alarms
from application.ports.clock import Clock
from domain.account import Provider

TRIED_EVERY: Final = timedelta(hours=1)
"""How often a credential that nobody needs serves a request all the same: an operator must hear that it is refused
before the other one expires, and that it no longer is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """`name` is that of its setting, for operators."""

    name: str
    value: str | ClientCertificate = field(repr=False)


class Credentials:
    """Which to try first, as far as this process knows. Not thread-safe: for the event loop.

    A refused one costs a request and nothing else, since a token endpoint looks at who asks before it looks at what
    for. The alarm about it comes when another one was accepted: where all are refused, nothing works, and the alarm
    about that is another one.
    """

    def __init__(self, settings: MicrosoftSettings, alarms: Alarms, clock: Clock) -> None:
        given = {"MICROSOFT_CLIENT": settings.credential, "MICROSOFT_NEXT_CLIENT": settings.next_credential}
        self._all = [_named(name, value) for name, value in given.items() if value is not None]
        self._alarms = alarms
        self._clock = clock
        self._tried_at: dict[str, datetime] = {}
        self._refused: set[str] = set()

    def in_turn(self, *, once_only: bool = False) -> tuple[Credential, ...]:
        """All, in the order in which a request is to try them until one is accepted.

        `once_only` is for requests whose content a provider might take but once: these begin with the one that works.
        """
        first, *others = self._all
        due = [one for one in others if self._is_due(one)]
        if once_only or not due:
            return (first, *others)
        self._tried_at[due[0].name] = self._clock.now()  # by this request, and by none beside it
        return (due[0], first, *(one for one in others if one is not due[0]))

    def accepted(self, credential: Credential, *, after: tuple[Credential, ...]) -> None:
        """The request went through with this one, after these had been refused."""
        if self._all[0] in after:
            self._all.remove(credential)
            self._all.insert(0, credential)
        now = self._clock.now()
        for refused in after:
            self._tried_at[refused.name] = now
            self._refused.add(refused.name)
            self._alarms.credential_refused(Provider.MICROSOFT, refused.name)
        if credential.name in self._refused:
            self._refused.discard(credential.name)
            self._alarms.credential_accepted(Provider.MICROSOFT, credential.name)

    def _is_due(self, credential: Credential) -> bool:
        tried_at = self._tried_at.get(credential.name)
        return tried_at is None or self._clock.now() - tried_at >= TRIED_EVERY


def _named(name: str, value: str | ClientCertificate) -> Credential:
    kind = "SECRET" if isinstance(value, str) else "CERTIFICATE_FILE"
    return Credential(name=f"{name}_{kind}", value=value)
