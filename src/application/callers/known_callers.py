"""The valid credentials in memory, by which callers are identified: no call asks the database, whatever it brings.

So a flood of made-up tokens costs the database nothing, and there is nothing to be found out by the time an answer
takes. In return a process hears of new and of revoked credentials with its next look, which comes every few seconds.
"""

import asyncio
import hmac
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from application.callers.tokens import read_token
from application.ports.callers import Credentials
from application.ports.clock import Clock
from application.ports.store import StoreUnavailable
from domain.caller import Caller, CertificateName, Credential, TokenDigest

TRUSTED_FOR: Final = timedelta(minutes=1)
"""How long what was last known counts while the database is away, and with it whoever was revoked since."""
NO_DIGEST: Final = bytes(32)


class CredentialsInvalid(Exception):
    """Unknown, revoked, expired, malformed, or several that contradict each other: which of these, nobody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who calls, and by which credential. `limits_times` is the same for all credentials of a caller."""

    caller: Caller
    credential_id: str
    limits_times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    credentials: Sequence[Credential]
    by_id: Mapping[str, tuple[bytes, Identity]]
    by_name: Mapping[CertificateName, Identity]

    @classmethod
    def of(cls, credentials: Sequence[Credential]) -> "_Known":
        times: dict[str, int] = {}
        for one in credentials:
            times[one.caller.name] = max(times.get(one.caller.name, 1), one.limits_times)
        identities = [
            (
                one.proof,
                Identity(
                    caller=one.caller,
                    credential_id=one.credential_id,
                    limits_times=times[one.caller.name],
                ),
            )
            for one in credentials
        ]
        return cls(
            credentials=credentials,
            by_id={
                identity.credential_id: (proof.sha256, identity)
                for proof, identity in identities
                if isinstance(proof, TokenDigest)
            },
            by_name={proof: identity for proof, identity in identities if isinstance(proof, CertificateName)},
        )

    @property
    def ids(self) -> set[str]:
        return {one.credential_id for one in self.credentials}


class KnownCallers:
    """Has to be refreshed every few seconds; until the first time it knows nobody, and says StoreUnavailable."""

    def __init__(self, *, credentials: Credentials, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock
        self._known: _Known | None = None
        self._as_of: datetime | None = None
        self._tell: list[Callable[[Collection[str]], None]] = []

    @property
    def state(self) -> object:
        """As long as it is the same, so are all answers. None: nothing is known."""
        return self._known

    def tell_of_withdrawn(self, tell: Callable[[Collection[str]], None]) -> None:
        """Have the ids of credentials that are no longer valid told, once each refresh finds some."""
        self._tell.append(tell)

    async def refresh(self, *, within: timedelta | None = None) -> None:
        """Raises what looking them up does; what was known before counts for a while then, if it has not expired."""
        now = self._clock.now()
        looked_up = None
        try:
            async with asyncio.timeout(None if within is None else within.total_seconds()):
                looked_up = await self._credentials.valid(now)
        except TimeoutError:
            raise StoreUnavailable from None
        finally:
            if looked_up is None:
                self._distrust()
        self._keep(looked_up)
        self._as_of = now

    def _distrust(self) -> None:
        now = self._clock.now()
        trusted = self._as_of is not None and now - self._as_of <= TRUSTED_FOR
        known = self._known.credentials if self._known is not None and trusted else ()
        self._keep([one for one in known if one.valid_at(now)])
        if not trusted:
            self._known = None

    def by_token(self, text: str) -> Identity:
        """Raises CredentialsInvalid, StoreUnavailable."""
        token, known = read_token(text), self._now()
        if token is None:
            raise CredentialsInvalid
        digest, identity = known.by_id.get(token.credential_id, (NO_DIGEST, None))
        if not hmac.compare_digest(token.digest.sha256, digest) or identity is None:
            raise CredentialsInvalid
        return identity

    def by_certificate(self, names: Iterable[CertificateName]) -> Identity | None:
        """By the first of the names that somebody is known by; None when nobody is by any.

        Raises CredentialsInvalid for names of several callers, StoreUnavailable.
        """
        known = self._now()
        found = [known.by_name[name] for name in names if name in known.by_name]
        if len({identity.caller.name for identity in found}) > 1:
            raise CredentialsInvalid
        return found[0] if found else None

    def _now(self) -> _Known:
        if self._known is None:
            raise StoreUnavailable
        return self._known

    def _keep(self, credentials: Sequence[Credential]) -> None:
        before = self._known.ids if self._known is not None else set()
        self._known = _Known.of(credentials)
        if withdrawn := before - self._known.ids:
            for tell in self._tell:
                tell(withdrawn)
