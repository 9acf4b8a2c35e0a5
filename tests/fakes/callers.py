"""A fake of the credentials of callers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from application.ports.callers import MOST_VALID, CredentialTaken
from application.ports.store import StoreUnavailable
from domain.caller import CertificateName, Credential, CredentialNotFound


@dataclass
class FakeCredentials:
    """`away` stands for a database that can't be reached."""

    rows: dict[str, Credential] = field(default_factory=dict)
    away: bool = False

    async def add(self, credential: Credential) -> None:
        self._require_there()
        if credential.credential_id in self.rows or self._names(credential.proof):
            raise CredentialTaken
        self.rows[credential.credential_id] = credential

    async def revoke(self, credential_id: str, now: datetime) -> Credential:
        self._require_there()
        if (credential := self.rows.get(credential_id)) is None:
            raise CredentialNotFound
        revoked = replace(credential, revoked_at=credential.revoked_at or now)
        self.rows[credential_id] = revoked
        return revoked

    async def valid(self, now: datetime) -> Sequence[Credential]:
        self._require_there()
        found = [one for one in self.rows.values() if one.valid_at(now)]
        return sorted(found, key=lambda one: one.credential_id)[:MOST_VALID]

    async def newest(self, *, limit: int) -> Sequence[Credential]:
        self._require_there()
        by_id = sorted(self.rows.values(), key=lambda one: one.credential_id)
        return sorted(by_id, key=lambda one: one.created_at, reverse=True)[:limit]

    def _names(self, proof: object) -> bool:
        return isinstance(proof, CertificateName) and any(
            one.proof == proof and one.revoked_at is None for one in self.rows.values()
        )

    def _require_there(self) -> None:
        if self.away:
            raise StoreUnavailable
