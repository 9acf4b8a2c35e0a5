"""Revokes one credential. Its caller's others stay valid."""

from dataclasses import dataclass

from application.ports.callers import Credentials
from application.ports.clock import Clock
from domain.caller import Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeCredential:
    credentials: Credentials
    clock: Clock

    async def __call__(self, credential_id: str) -> Credential:
        """As it is now, also when it was revoked before. Raises CredentialNotFound."""
        return await self.credentials.revoke(credential_id, self.clock.now())
