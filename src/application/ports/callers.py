"""The credentials of the services that call this one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from domain.caller import Credential

MOST_VALID: Final = 1000
"""Credentials that are valid at once: each process keeps all of them in memory."""


class CredentialTaken(Exception):
    """The id is in use, or the certificate's name identifies a caller already."""


class Credentials(Protocol):
    """Each call is a transaction of its own. All may raise StoreUnavailable."""

    async def add(self, credential: Credential) -> None:
        """Raises CredentialTaken; of one certificate's name only one credential may be unrevoked."""
        ...

    async def revoke(self, credential_id: str, now: datetime) -> Credential:
        """From now on; one that was revoked before stays as it was. Raises CredentialNotFound."""
        ...

    async def valid(self, now: datetime) -> Sequence[Credential]:
        """Those that are neither revoked nor expired, by id; no more than MOST_VALID."""
        ...

    async def newest(self, *, limit: int) -> Sequence[Credential]:
        """Of all that there ever were, the newest first."""
        ...
