"""What the fake store remembers: one dictionary a table, with the cascades of the real one."""

from collections import Counter
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime

from application.ports.grant_vault import StoredGrant
from application.ports.pending_connections import PendingConnection
from domain.account import Account, Provider
from domain.audit import Act, Actor
from domain.blocking import BlockingRule
from domain.calendar import Calendar
from domain.calendar_settings import CalendarSettings
from domain.cell import MovedExpert
from domain.change import Change, FeedPosition
from domain.connection import ConnectionAttempt
from domain.expert import Expert
from domain.hold import Hold
from domain.ids import AccountId, CalendarId, EventMark, ExpertId, HoldId, IncidentId, SessionId, WorkerId
from domain.incident import Incident
from domain.interval import Interval
from domain.reading import StoredReading
from domain.session import Session
from domain.subscription import EndedSubscription, Subscription

SessionKey = tuple[ExpertId, SessionId]
HoldKey = tuple[ExpertId, HoldId]

HISTORY = 1
"""Of the feed of changes, which never starts anew here."""
AT_ONCE = datetime.min.replace(tzinfo=UTC)
"""Due before everything that has a time."""


@dataclass(frozen=True, slots=True)
class Claim:
    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """That a calendar be read (read_calendar), or an account's list (refresh_calendars)."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRow:
    """`marks` goes on from row to row, so that a mark of a new one never looks like one of the row before it."""

    marks: int
    seen_marks: int
    reading: StoredReading | None = None
    due_at: datetime = AT_ONCE
    begun_at: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRow:
    subscription: Subscription | None = None
    secret: str | None = None
    due_at: datetime = AT_ONCE

    @property
    def remote_id(self) -> str | None:
        return None if self.subscription is None else self.subscription.remote_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    number: int
    actor: Actor
    act: Act
    subject: str | None


@dataclass(slots=True, kw_only=True)
class Tables:
    experts: dict[ExpertId, Expert] = field(default_factory=dict)
    moved: dict[ExpertId, MovedExpert] = field(default_factory=dict)
    moved_links: dict[str, tuple[ExpertId, str]] = field(default_factory=dict)
    """By secret: whose it is, and the address it leads to now."""
    accounts: dict[AccountId, Account] = field(default_factory=dict)
    former_accounts: dict[AccountId, Account] = field(default_factory=dict)
    grants: dict[AccountId, StoredGrant] = field(default_factory=dict)
    grant_claims: dict[AccountId, Claim] = field(default_factory=dict)
    attempts: dict[str, ConnectionAttempt] = field(default_factory=dict)
    pending: dict[tuple[ExpertId, str], PendingConnection] = field(default_factory=dict)
    consent_afresh: set[tuple[ExpertId, Provider]] = field(default_factory=set)
    calendars: dict[CalendarId, Calendar] = field(default_factory=dict)
    settings: dict[ExpertId, CalendarSettings] = field(default_factory=dict)
    sessions: dict[SessionKey, Session] = field(default_factory=dict)
    session_claims: dict[SessionKey, Claim] = field(default_factory=dict)
    ripe_sessions: dict[SessionKey, datetime] = field(default_factory=dict)
    marks: dict[tuple[ExpertId, EventMark], SessionId] = field(default_factory=dict)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    incident_claims: dict[IncidentId, Claim] = field(default_factory=dict)
    workers: dict[WorkerId, datetime] = field(default_factory=dict)
    deaths: Counter[object] = field(default_factory=Counter)
    lists_due: dict[AccountId, datetime] = field(default_factory=dict)
    readings: dict[CalendarId, ReadingRow] = field(default_factory=dict)
    subscriptions: dict[CalendarId, SubscriptionRow] = field(default_factory=dict)
    holds: dict[HoldKey, Hold] = field(default_factory=dict)
    reserved: dict[SessionKey, Interval] = field(default_factory=dict)
    changes: list[tuple[FeedPosition, Change]] = field(default_factory=list)
    changes_removed: FeedPosition = field(default_factory=lambda: FeedPosition(HISTORY, 0, 0))
    ended_subscriptions: dict[str, tuple[datetime, EndedSubscription]] = field(default_factory=dict)
    subjects: dict[ExpertId, str] = field(default_factory=dict)
    audit: list[AuditRow] = field(default_factory=list)
    uses_audited: dict[AccountId, date] = field(default_factory=dict)
    wishes: list[Wish] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)
    transaction: int = 0
    marks_given: int = 0
    changes_given: int = 0
    subjects_given: int = 0
    acts_given: int = 0

    def copied(self) -> "Tables":
        """The same rows in tables of their own; rows themselves never change."""
        return Tables(**{one.name: copy(getattr(self, one.name)) for one in fields(self)})

    def next_mark(self) -> int:
        self.marks_given += 1
        return self.marks_given

    def rule(self, expert_id: ExpertId) -> BlockingRule:
        """The one that the expert's readings must be made under."""
        chosen = self.settings.get(expert_id)
        return BlockingRule(
            self.experts[expert_id].time_zone.key,
            tentative_blocks=chosen is not None and chosen.tentative_blocks,
        )

    def conflict_calendar(self, calendar_id: CalendarId) -> tuple[Calendar, Account] | None:
        """A calendar that is looked at: it is there and its account is active."""
        calendar = self.calendars.get(calendar_id)
        if calendar_id not in self.readings or calendar is None or not calendar.readable:
            return None
        account = self.accounts[calendar.account_id]
        return (calendar, account) if account.active else None

    def follow_conflict_calendars(self, settings: CalendarSettings) -> None:
        """Rows of readings and subscriptions for the calendars chosen, and no others of this expert."""
        mine = {
            key: one
            for key, one in self.calendars.items()
            if self.accounts[one.account_id].expert_id == settings.expert_id
        }
        for calendar_id in mine.keys() - settings.conflict:
            self.drop_conflict_calendar(calendar_id)
        for calendar_id in (mine.keys() & settings.conflict) - self.readings.keys():
            mark = self.next_mark()
            self.readings[calendar_id] = ReadingRow(marks=mark, seen_marks=mark)
            self.subscriptions[calendar_id] = SubscriptionRow()

    def drop_conflict_calendar(self, calendar_id: CalendarId) -> None:
        self.readings.pop(calendar_id, None)
        self.subscriptions.pop(calendar_id, None)

    def drop_expert(self, expert_id: ExpertId) -> None:
        for account in [one for one in self.accounts.values() if one.expert_id == expert_id]:
            self.drop_account(account.account_id)
        del self.experts[expert_id]
        del self.subjects[expert_id]
        former = self.former_accounts.items()
        self.former_accounts = {key: one for key, one in former if one.expert_id != expert_id}
        self.settings.pop(expert_id, None)
        self.attempts = {state: one for state, one in self.attempts.items() if one.expert_id != expert_id}
        self.pending = {key: one for key, one in self.pending.items() if key[0] != expert_id}
        self.consent_afresh = {one for one in self.consent_afresh if one[0] != expert_id}
        self.sessions = {key: one for key, one in self.sessions.items() if key[0] != expert_id}
        self.session_claims = {key: one for key, one in self.session_claims.items() if key[0] != expert_id}
        self.ripe_sessions = {key: one for key, one in self.ripe_sessions.items() if key[0] != expert_id}
        self.marks = {key: one for key, one in self.marks.items() if key[0] != expert_id}
        self.holds = {key: one for key, one in self.holds.items() if key[0] != expert_id}
        self.reserved = {key: one for key, one in self.reserved.items() if key[0] != expert_id}
        self.changes = [one for one in self.changes if one[1].expert_id != expert_id]

    def drop_session(self, key: SessionKey) -> None:
        del self.sessions[key]
        for others in (self.session_claims, self.ripe_sessions, self.reserved):
            others.pop(key, None)
        marks = self.marks.items()
        self.marks = {mark: whose for mark, whose in marks if (mark[0], whose) != key}

    def drop_account(self, account_id: AccountId) -> None:
        del self.accounts[account_id]
        del self.grants[account_id]
        self.grant_claims.pop(account_id, None)
        self.uses_audited.pop(account_id, None)
        self.lists_due.pop(account_id, None)
        calendars = {key for key, one in self.calendars.items() if one.account_id == account_id}
        self.calendars = {key: one for key, one in self.calendars.items() if key not in calendars}
        self.wishes = [one for one in self.wishes if one.id not in {account_id, *calendars}]
        ended = self.ended_subscriptions.items()
        self.ended_subscriptions = {key: one for key, one in ended if one[1].account_id != account_id}
        for calendar_id in calendars:
            self.drop_conflict_calendar(calendar_id)
        gone = {key for key, one in self.incidents.items() if one.account_id == account_id}
        self.incidents = {key: one for key, one in self.incidents.items() if key not in gone}
        self.incident_claims = {key: one for key, one in self.incident_claims.items() if key not in gone}
