"""What the fake store remembers: one dictionary a table, with the cascades of the real one."""

from copy import copy
from dataclasses import dataclass, field, fields
from datetime import datetime

from application.ports.grant_vault import StoredGrant
from domain.account import Account, Provider
from domain.calendar import Calendar
from domain.calendar_settings import CalendarSettings
from domain.connection import ConnectionAttempt
from domain.expert import Expert
from domain.ids import AccountId, CalendarId, EventMark, ExpertId, IncidentId, SessionId
from domain.incident import Incident
from domain.session import Session

SessionKey = tuple[ExpertId, SessionId]


@dataclass(frozen=True, slots=True)
class Claim:
    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class WriteSession:
    """A queued job; `at` is None for "at once", here and below."""

    expert_id: ExpertId
    session_id: SessionId
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotifyExpert:
    incident_id: IncidentId
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefreshCalendars:
    account_id: AccountId
    at: datetime | None = None


Job = WriteSession | NotifyExpert | RefreshCalendars


@dataclass(slots=True, kw_only=True)
class Tables:
    experts: dict[ExpertId, Expert] = field(default_factory=dict)
    accounts: dict[AccountId, Account] = field(default_factory=dict)
    grants: dict[AccountId, StoredGrant] = field(default_factory=dict)
    attempts: dict[str, ConnectionAttempt] = field(default_factory=dict)
    consent_afresh: set[tuple[ExpertId, Provider]] = field(default_factory=set)
    calendars: dict[CalendarId, Calendar] = field(default_factory=dict)
    settings: dict[ExpertId, CalendarSettings] = field(default_factory=dict)
    sessions: dict[SessionKey, Session] = field(default_factory=dict)
    session_claims: dict[SessionKey, Claim] = field(default_factory=dict)
    marks: set[tuple[ExpertId, EventMark]] = field(default_factory=set)
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)
    incident_claims: dict[IncidentId, Claim] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)

    def copied(self) -> "Tables":
        """The same rows in tables of their own; rows themselves never change."""
        return Tables(**{one.name: copy(getattr(self, one.name)) for one in fields(self)})

    def drop_expert(self, expert_id: ExpertId) -> None:
        for account in [one for one in self.accounts.values() if one.expert_id == expert_id]:
            self.drop_account(account.account_id)
        del self.experts[expert_id]
        self.settings.pop(expert_id, None)
        self.attempts = {state: one for state, one in self.attempts.items() if one.expert_id != expert_id}
        self.consent_afresh = {one for one in self.consent_afresh if one[0] != expert_id}
        self.sessions = {key: one for key, one in self.sessions.items() if key[0] != expert_id}
        self.session_claims = {key: one for key, one in self.session_claims.items() if key[0] != expert_id}
        self.marks = {one for one in self.marks if one[0] != expert_id}
        self.jobs = [
            job for job in self.jobs if not (isinstance(job, WriteSession) and job.expert_id == expert_id)
        ]

    def drop_account(self, account_id: AccountId) -> None:
        del self.accounts[account_id]
        del self.grants[account_id]
        self.calendars = {key: one for key, one in self.calendars.items() if one.account_id != account_id}
        gone = {key for key, one in self.incidents.items() if one.account_id == account_id}
        self.incidents = {key: one for key, one in self.incidents.items() if key not in gone}
        self.incident_claims = {key: one for key, one in self.incident_claims.items() if key not in gone}
        self.jobs = [
            job
            for job in self.jobs
            if not (isinstance(job, NotifyExpert) and job.incident_id in gone)
            and not (isinstance(job, RefreshCalendars) and job.account_id == account_id)
        ]
