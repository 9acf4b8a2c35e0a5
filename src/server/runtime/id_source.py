"""Fresh ids and secrets from the operating system's randomness."""

import secrets
import uuid
from dataclasses import dataclass

from domain.ids import AccountId, CalendarId, IncidentId


@dataclass(frozen=True, slots=True)
class RandomIds:
    """See the port. Ids are random UUIDs, tokens carry 256 bits."""

    def account_id(self) -> AccountId:
        return AccountId(str(uuid.uuid4()))

    def calendar_id(self) -> CalendarId:
        return CalendarId(str(uuid.uuid4()))

    def incident_id(self) -> IncidentId:
        return IncidentId(str(uuid.uuid4()))

    def token(self) -> str:
        return secrets.token_urlsafe(32)
