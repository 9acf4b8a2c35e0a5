"""How an account stands, in words: whether it works, why not, and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from calendarsync.v1 import account_pb2 as accounts
from calendarsync.v1.account_pb2 import Account, ReconnectCause
from calendarsync.v1.incident_pb2 import Incident

CAUSES: Final[Mapping[ReconnectCause.ValueType, str]] = {
    accounts.RECONNECT_CAUSE_SIGN_IN_REQUIRED: "You have to sign in again: the access was taken back, or has ended.",
    accounts.RECONNECT_CAUSE_ORGANISATION_DISALLOWS: "Your organisation doesn't let us in any more. Ask your "
    "administrator to allow the app first; until then a sign-in won't work.",
    accounts.RECONNECT_CAUSE_ACCOUNT_CLOSED: "The account is switched off, or no longer there. Connect another one in "
    "its place, unless its administrator brings it back.",
    accounts.RECONNECT_CAUSE_MAILBOX_NOT_SERVED: "The account has had no mailbox for a while. Whoever manages it must "
    "fix that; then everything goes on by itself.",
}
NO_CAUSE: Final = "You have to sign in again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`why` is empty where all is well; `since` and `sessions_waiting` are known once the service has noticed."""

    account: Account
    works: bool
    why: str
    since: datetime | None = None
    sessions_waiting: int = 0

    @classmethod
    def of(cls, account: Account, incident: Incident | None) -> Self:
        """An account can be ACTIVE and have an incident: its sign-in stands, and its mailbox is gone."""
        works = account.status == accounts.ACCOUNT_STATUS_ACTIVE
        cause = incident.cause if incident and works else account.reconnect_cause
        return cls(
            account=account,
            works=works,
            why=CAUSES.get(cause, "" if works else NO_CAUSE),
            since=incident.open_time.ToDatetime(UTC) if incident else None,
            sessions_waiting=incident.sessions_at_risk if incident else 0,
        )


def account_name(account: Account) -> str:
    """What people call it by; providers don't always tell an address."""
    return account.email or account.display_name or "An account without a name"
