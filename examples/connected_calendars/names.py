"""What calendars and accounts are called: answers about times name them by their ids only."""

import asyncio
from dataclasses import dataclass, field

from calendarsync.v1.account_pb2 import Account
from calendarsync.v1.account_service_pb2 import ListAccountsRequest
from calendarsync.v1.calendar_pb2 import Calendar
from calendarsync.v1.calendar_service_pb2 import CALENDAR_ACCESS_ALL, ListCalendarsRequest
from connected_calendars.service import Service
from connected_calendars.standing import account_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Of one expert. What was disconnected meanwhile is called what it was: a calendar, an account."""

    accounts: dict[str, Account] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)

    def calendar(self, calendar_id: str) -> str:
        """Such as `Calendar (anna@contoso.example)`: most calendars share their names with others. Google's main ones
        are called as their accounts are, and named once."""
        known = self.calendars.get(calendar_id)
        if known is None:
            return "a calendar that is not connected any more"
        name, account = known.name or "Calendar without a name", self.account(known.account_id)
        return name if name == account else f"{name} ({account})"

    def account(self, account_id: str) -> str:
        known = self.accounts.get(account_id)
        return account_name(known) if known else "an account that is not connected any more"


async def names_of(service: Service, expert_id: str) -> Names:
    """Asks for both at once."""
    accounts, calendars = await asyncio.gather(
        service.accounts.ListAccounts(ListAccountsRequest(expert_id=expert_id)),
        all_calendars(service, expert_id),
    )
    return Names(
        accounts={one.account_id: one for one in accounts.accounts},
        calendars={one.calendar_id: one for one in calendars},
    )


async def all_calendars(service: Service, expert_id: str) -> list[Calendar]:
    """Of all accounts, page by page, those that can't be checked, too."""
    request = ListCalendarsRequest(expert_id=expert_id, access=CALENDAR_ACCESS_ALL, page_size=200)
    found: list[Calendar] = []
    while True:
        answer = await service.calendars.ListCalendars(request)
        found += answer.calendars
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token
