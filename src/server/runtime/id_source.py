"""Fresh ids and secrets from the operating system's randomness."""

import secrets
import uuid
from dataclasses import dataclass, field

from domain.ids import AccountId, CalendarId, IncidentId, WorkerId


@dataclass(frozen=True, slots=True)
class RandomIds:
    """See the port. Ids are random UUIDs, tokens carry 256 bits. `worker_id` is this process among the workers."""

    worker_id: WorkerId = field(default_factory=lambda: WorkerId(str(uuid.uuid4())))

    def account_id(self) -> AccountId:
        return AccountId(str(uuid.uuid4()))

    def calendar_id(self) -> CalendarId:
        return CalendarId(str(uuid.uuid4()))

    def incident_id(self) -> IncidentId:
        return IncidentId(str(uuid.uuid4()))

    def token(self) -> str:
        return secrets.token_urlsafe(32)

    def claim(self) -> str:
        return f"{self.worker_id}.{secrets.token_urlsafe(16)}"
