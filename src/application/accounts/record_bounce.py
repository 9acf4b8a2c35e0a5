"""A mail server that had taken a mail to an expert has sent it back: their address takes none."""

import re
from dataclasses import dataclass
from typing import Final

from application.ports.clock import Clock
from application.ports.store import Store
from domain.change import ChangeType, change_of_incident
from domain.ids import IncidentId

OURS: Final = re.compile(r"(?P<incident_id>[A-Za-z0-9_-]+)\.[0-9]+@[^@]*")
"""A Message-ID of the service's, as `Incident.message_id` and the mailer make it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBounce:
    store: Store
    clock: Clock

    async def __call__(self, *, message_id: str, recipient: str) -> bool:
        """Whether it counts: the mail is of an incident that is open, and the address is still its expert's.

        Then nothing more is mailed about it until the expert has another address. Saying so twice is saying it once.
        """
        of = OURS.fullmatch(message_id.strip().strip("<>"))
        if of is None:
            return False
        async with self.store.transaction() as tx:
            incident = await tx.incidents.open_with_id(IncidentId(of["incident_id"]))
            if incident is None:
                return False
            expert = await tx.experts.get(incident.expert_id)
            if expert.email.casefold() != recipient.casefold():
                return False
            if not incident.address_refused:
                await tx.incidents.save(incident.mail_refused())
                told = change_of_incident(ChangeType.INCIDENT_NOTICE_REFUSED, incident, at=self.clock.now())
                await tx.changes.add(told)
        return True
