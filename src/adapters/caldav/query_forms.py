"""Which accounts' servers can't name the properties of events, and have to be asked for whole ones."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from domain.ids import AccountId

REMEMBERED: Final = timedelta(days=1)
"""Then properties are named again: it may have been a passing fault, and whole events are more than we want."""
MOST_REMEMBERED: Final = 10_000
"""Beyond that the oldest are forgotten, which costs one more question."""


class QueryForms:
    def __init__(self) -> None:
        self._whole_until: OrderedDict[AccountId, datetime] = OrderedDict()

    def names_properties(self, account_id: AccountId, now: datetime) -> bool:
        until = self._whole_until.get(account_id)
        return until is None or until <= now

    def only_whole(self, account_id: AccountId, now: datetime) -> None:
        """Whole events came where named properties didn't."""
        self._whole_until[account_id] = now + REMEMBERED
        self._whole_until.move_to_end(account_id)
        if len(self._whole_until) > MOST_REMEMBERED:
            self._whole_until.popitem(last=False)
