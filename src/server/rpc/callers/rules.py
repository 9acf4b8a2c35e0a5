"""Which method needs which scope: one table for all methods, and what is not in it is not served."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.caller import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`of_all` is needed as well where the request names no expert, and so is about all of them; `by_cost` says that
    a call's cost counts, beside the call; `by_item` that each of its requests counts as a call."""

    scope: Scope
    of_all: Scope | None = None
    by_cost: bool = False
    by_item: bool = False


READ: Final = Rule(scope=Scope.READ)
WRITE: Final = Rule(scope=Scope.WRITE)
BATCH: Final = Rule(scope=Scope.WRITE, by_item=True)
QUESTION: Final = Rule(scope=Scope.READ, by_cost=True)
OF_ALL_OR_ONE: Final = Rule(scope=Scope.READ, of_all=Scope.WATCH_ALL)

RULES: Final[Mapping[str, Mapping[str, Rule]]] = {
    "ExpertService": {
        "PutExpert": WRITE,
        "BatchPutExperts": BATCH,
        "GetExpert": READ,
        "ListExperts": OF_ALL_OR_ONE,
        "ExportExpert": Rule(scope=Scope.ADMIN),
        "DeleteExpert": Rule(scope=Scope.ERASE_EXPERTS),
    },
    "AccountService": {
        "StartConnection": WRITE,
        "CompleteConnection": WRITE,
        "ConfirmConnection": WRITE,
        "GetAccount": READ,
        "ListAccounts": READ,
        "DisconnectAccount": WRITE,
        "ListIncidents": OF_ALL_OR_ONE,
        "RecordBounce": WRITE,
    },
    "CalendarService": {
        "ListCalendars": READ,
        "GetCalendarSettings": READ,
        "UpdateCalendarSettings": WRITE,
    },
    "AvailabilityService": {
        "ListBusyTimes": QUESTION,
        "BatchListBusyTimes": QUESTION,
        "CheckTimes": QUESTION,
        "FindTimes": QUESTION,
        "HoldTime": WRITE,
        "ReleaseHold": WRITE,
        "ListHolds": OF_ALL_OR_ONE,
    },
    "SessionService": {
        "PutSession": WRITE,
        "BatchPutSessions": BATCH,
        "CancelSession": WRITE,
        "GetSession": READ,
        "ListSessions": OF_ALL_OR_ONE,
    },
    "ChangeService": {
        "WatchChanges": OF_ALL_OR_ONE,
        "ListChanges": OF_ALL_OR_ONE,
    },
}
PACKAGE: Final = "calendarsync.v1"


class MethodWithoutRule(Exception):
    """Nobody has said who may call this method, so nobody may."""


def rule_of(method: str) -> Rule:
    """Of a method such as `/calendarsync.v1.ExpertService/GetExpert`. Raises MethodWithoutRule."""
    service, _, name = method.removeprefix(f"/{PACKAGE}.").partition("/")
    try:
        return RULES[service][name]
    except KeyError:
        raise MethodWithoutRule(f"{method} has no line in {__name__}") from None
