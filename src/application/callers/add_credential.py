"""Gives a caller one more credential: a bearer token, or the name in its client certificate."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from application.callers.tokens import credential_id_from, token_of
from application.ports.callers import MOST_VALID, Credentials, CredentialTaken
from application.ports.clock import Clock
from application.ports.id_source import IdSource
from domain.caller import (
    MOST_LIMITS_TIMES,
    CertificateName,
    Credential,
    CredentialRefused,
    Scope,
    require_caller,
)

LONGEST_LIFETIME: Final = timedelta(days=3653)
"""Beyond that, nobody means it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """`token` is said this once: nobody can find it out again. None where a certificate proves the identity."""

    credential: Credential
    token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCredential:
    credentials: Credentials
    clock: Clock
    ids: IdSource

    async def __call__(
        self,
        name: str,
        scopes: Collection[Scope],
        *,
        certificate: CertificateName | None = None,
        lifetime: timedelta | None = None,
        limits_times: int = 1,
    ) -> Added:
        """Those that the caller has stay valid. Raises CredentialRefused."""
        caller = require_caller(name, scopes)
        if lifetime is not None and not timedelta() < lifetime <= LONGEST_LIFETIME:
            raise CredentialRefused(f"a credential is valid for up to {LONGEST_LIFETIME.days} days")
        if not 1 <= limits_times <= MOST_LIMITS_TIMES:
            raise CredentialRefused(f"limits can be multiplied by 1 to {MOST_LIMITS_TIMES}")
        now = self.clock.now()
        if len(await self.credentials.valid(now)) >= MOST_VALID:
            raise CredentialRefused(f"there are {MOST_VALID} valid credentials already: revoke some first")
        token = token_of(credential_id_from(self.ids.token()), self.ids.token())
        credential = Credential(
            credential_id=token.credential_id,
            caller=caller,
            proof=certificate or token.digest,
            created_at=now,
            expires_at=None if lifetime is None else now + lifetime,
            limits_times=limits_times,
        )
        try:
            await self.credentials.add(credential)
        except CredentialTaken:
            raise CredentialRefused(
                "this certificate identifies a caller already: revoke that credential first"
            ) from None
        return Added(credential=credential, token=None if certificate else token.text)
