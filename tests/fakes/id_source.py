"""Ids that can be foretold."""

from collections import Counter

from domain.ids import AccountId, CalendarId, IncidentId, WorkerId


class CountingIds:
    """`account-1`, `account-2` and so on; tokens are as long as real ones."""

    def __init__(self, worker_id: str = "worker-1") -> None:
        self.worker_id = WorkerId(worker_id)
        self._given: Counter[str] = Counter()

    def account_id(self) -> AccountId:
        return AccountId(f"account-{self._next('account')}")

    def calendar_id(self) -> CalendarId:
        return CalendarId(f"calendar-{self._next('calendar')}")

    def incident_id(self) -> IncidentId:
        return IncidentId(f"incident-{self._next('incident')}")

    def token(self) -> str:
        return f"token-{self._next('token'):037d}"

    def claim(self) -> str:
        return f"{self.worker_id}.{self._next('claim')}"

    def _next(self, kind: str) -> int:
        self._given[kind] += 1
        return self._given[kind]
