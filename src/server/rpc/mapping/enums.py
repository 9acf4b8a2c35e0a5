"""Enumerations, matched by name: a value of the domain is the contract's with the type's name before it."""

from collections.abc import Mapping
from enum import Enum
from typing import Generic, Protocol, TypeVar

from calendarsync.v1 import (
    account_pb2,
    availability_pb2,
    availability_service_pb2,
    calendar_pb2,
    change_service_pb2,
    expert_pb2,
    session_pb2,
)
from domain.access import LossCause
from domain.account import AccountKind, AccountStatus, Provider
from domain.availability import ReadingSource, UncheckedReason, UnreadReason, Verdict
from domain.calendar import Uncheckable
from domain.calendar_settings import WriteCalendarState
from domain.change import ChangeType
from domain.expert import Plan
from domain.found_times import Needed
from domain.session import Hindrance, Replacement, WriteStatus
from domain.session_details import EventColor, Visibility
from domain.wanted_times import Alignment

D = TypeVar("D", bound=Enum)
P = TypeVar("P", bound=int)
P_co = TypeVar("P_co", bound=int, covariant=True)


class _ContractEnum(Protocol[P_co]):
    def Value(self, name: str) -> P_co: ...


class EnumPair(Generic[D, P]):
    """One enumeration in both worlds. Fails at import when the contract lacks a value of the domain."""

    def __init__(self, domain: type[D], contract: _ContractEnum[P], prefix: str) -> None:
        self.domain = domain
        self.contract = contract
        self.prefix = prefix
        self._outward: Mapping[D, P] = {one: contract.Value(prefix + one.name) for one in domain}
        self._inward: Mapping[P, D] = {number: one for one, number in self._outward.items()}
        self._none: P = contract.Value(prefix + "UNSPECIFIED")

    def outward(self, value: D | None) -> P:
        """The contract's value; None is UNSPECIFIED."""
        return self._none if value is None else self._outward[value]

    def inward(self, number: P) -> D:
        """The domain's value of a number that the contract's rules have let in."""
        return self._inward[number]


PLANS = EnumPair(Plan, expert_pb2.Plan, "PLAN_")
PROVIDERS = EnumPair(Provider, account_pb2.Provider, "PROVIDER_")
ACCOUNT_STATUSES = EnumPair(AccountStatus, account_pb2.AccountStatus, "ACCOUNT_STATUS_")
ACCOUNT_KINDS = EnumPair(AccountKind, account_pb2.AccountKind, "ACCOUNT_KIND_")
RECONNECT_CAUSES = EnumPair(LossCause, account_pb2.ReconnectCause, "RECONNECT_CAUSE_")
UNREAD_REASONS = EnumPair(UnreadReason, availability_pb2.UnreadReason, "UNREAD_REASON_")
UNCHECKED_REASONS = EnumPair(UncheckedReason, availability_pb2.UncheckedReason, "UNCHECKED_REASON_")
READING_SOURCES = EnumPair(ReadingSource, availability_pb2.ReadingSource, "READING_SOURCE_")
VERDICTS = EnumPair(Verdict, availability_service_pb2.TimeVerdict, "TIME_VERDICT_")
UNCHECKABLE_REASONS = EnumPair(Uncheckable, calendar_pb2.UncheckableReason, "UNCHECKABLE_REASON_")
WRITE_CALENDAR_STATES = EnumPair(WriteCalendarState, calendar_pb2.WriteCalendarState, "WRITE_CALENDAR_STATE_")
WRITE_STATUSES = EnumPair(WriteStatus, session_pb2.WriteStatus, "WRITE_STATUS_")
HINDRANCES = EnumPair(Hindrance, session_pb2.WriteHindrance, "WRITE_HINDRANCE_")
REPLACEMENTS = EnumPair(Replacement, session_pb2.EventReplacement, "EVENT_REPLACEMENT_")
VISIBILITIES = EnumPair(Visibility, session_pb2.Visibility, "VISIBILITY_")
EVENT_COLORS = EnumPair(EventColor, session_pb2.EventColor, "EVENT_COLOR_")
NEEDED = EnumPair(Needed, availability_service_pb2.ExpertsNeeded, "EXPERTS_NEEDED_")
ALIGNMENTS = EnumPair(Alignment, availability_service_pb2.StartAlignment, "START_ALIGNMENT_")
CHANGE_TYPES = EnumPair(ChangeType, change_service_pb2.ChangeType, "CHANGE_TYPE_")

PAIRS = (
    PLANS,
    PROVIDERS,
    ACCOUNT_STATUSES,
    ACCOUNT_KINDS,
    RECONNECT_CAUSES,
    UNREAD_REASONS,
    UNCHECKED_REASONS,
    READING_SOURCES,
    VERDICTS,
    UNCHECKABLE_REASONS,
    WRITE_CALENDAR_STATES,
    WRITE_STATUSES,
    HINDRANCES,
    REPLACEMENTS,
    VISIBILITIES,
    EVENT_COLORS,
    NEEDED,
    ALIGNMENTS,
    CHANGE_TYPES,
)
