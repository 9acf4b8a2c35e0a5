"""Losing access, and the one incident of it."""

from domain.change import ChangeType
from domain.ids import AccountId
from domain.incident import Incident
from tests.fakes.provider import Person
from tests.support.application import Application

OF_NOTICES = (
    ChangeType.INCIDENT_NOTICE_SENT,
    ChangeType.INCIDENT_NOTICE_DUE,
    ChangeType.INCIDENT_NOTICE_REFUSED,
)


async def lose(app: Application, person: Person) -> AccountId:
    """Connect and lose the access; the mail is due and queued."""
    account = await app.connect(person)
    person.revoke()
    await app.refresh_calendars(account.account_id)
    return account.account_id


def the_incident(app: Application) -> Incident:
    (incident,) = app.store.tables.incidents.values()
    return incident
