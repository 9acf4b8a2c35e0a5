"""Values with sensible defaults, so that a test shows only what matters to it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from application.ports.calendar_reader import ReadableCalendar
from application.ports.pending_connections import ProvenConnection
from application.ports.sign_in import SignedIn
from domain.access import LossCause
from domain.account import Account, AccountKind, AccountStatus, Identity, Provider
from domain.blocking import BlockingRule
from domain.calendar import Calendar, RemoteCalendar, Uncheckable
from domain.calendar_settings import CalendarSettings
from domain.caller import Caller, CertificateName, Credential, Scope, TokenDigest
from domain.change import Change, ChangeType
from domain.connection import ATTEMPT_LIFETIME, ConnectionAttempt, Way
from domain.deviation import Deviation, DeviationKind
from domain.doubt import Doubt
from domain.event_digest import EventDigest
from domain.expert import Expert, Plan
from domain.grant import Grant
from domain.hold import Hold
from domain.ids import AccountId, CalendarId, EventMark, ExpertId, HoldId, IncidentId, SessionId
from domain.incident import Incident
from domain.interval import Interval
from domain.reading import ReadingTask, StoredReading
from domain.session import EventCopy, Hindrance, Replacement, Session, WriteStatus
from domain.session_details import EventColor, SessionDetails, Visibility
from domain.spans import Spans
from domain.subscription import Subscription

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
"""A Monday noon; tests count from it."""

EXPERT = ExpertId("expert-1")
ACCOUNT = AccountId("account-1")
CALENDAR = CalendarId("calendar-1")
SESSION = SessionId("session-1")
INCIDENT = IncidentId("incident-1")
HOLD = HoldId("hold-1")
MARK = EventMark("6b0e6a0e-41c1-5c2c-9d0b-5a3f0c1d2e3f")


def after(*, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
    """The instant this long after NOW; negative values lie before it."""
    return NOW + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def an_interval(*, starts: float = 24, hours: float = 1) -> Interval:
    """`hours` long, from `starts` hours after NOW."""
    return Interval(after(hours=starts), after(hours=starts + hours))


def an_expert(
    expert_id: str = EXPERT,
    *,
    plan: Plan = Plan.PRO,
    email: str = "maria@experts.example",
    display_name: str = "Maria Keller",
    time_zone: str = "Europe/Berlin",
    locale: str = "de-AT",
    created_at: datetime | None = NOW,
    updated_at: datetime = NOW,
) -> Expert:
    return Expert(
        expert_id=ExpertId(expert_id),
        plan=plan,
        email=email,
        display_name=display_name,
        time_zone=ZoneInfo(time_zone),
        locale=locale,
        created_at=created_at,
        updated_at=updated_at,
    )


def an_identity(
    object_id: str = "object-1", *, tenant_id: str = "tenant-1", provider: Provider = Provider.MICROSOFT
) -> Identity:
    return Identity(provider=provider, tenant_id=tenant_id, object_id=object_id)


def an_account(
    account_id: str = ACCOUNT,
    *,
    expert_id: str = EXPERT,
    identity: Identity | None = None,
    kind: AccountKind = AccountKind.WORK,
    status: AccountStatus = AccountStatus.ACTIVE,
    email: str = "maria@contoso.example",
    display_name: str = "Maria K. (Contoso)",
    connected_at: datetime = NOW,
    grant_version: int = 1,
    unserved_since: datetime | None = None,
    loss_cause: LossCause | None = None,
    doubt: Doubt | None = None,
) -> Account:
    """An account whose identity follows from its id, unless one is given."""
    return Account(
        account_id=AccountId(account_id),
        expert_id=ExpertId(expert_id),
        identity=identity or an_identity(f"object-of-{account_id}"),
        kind=kind,
        status=status,
        email=email,
        display_name=display_name,
        connected_at=connected_at,
        grant_version=grant_version,
        unserved_since=unserved_since,
        loss_cause=loss_cause,
        doubt=doubt,
    )


def a_grant(
    secret: bytes = b"refresh-token", *, scopes: Iterable[str] = ("Calendars.ReadWrite", "offline_access")
) -> Grant:
    return Grant(scopes=tuple(scopes), secret=secret)


def a_proven_connection(
    *,
    expert_id: str = EXPERT,
    reconnects: str | None = None,
    identity: Identity | None = None,
    email: str = "maria@contoso.example",
    display_name: str = "Maria K. (Contoso)",
    grant: Grant | None = None,
    listed: Iterable[RemoteCalendar] | None = None,
    list_again_in: timedelta = timedelta(hours=1),
) -> ProvenConnection:
    """Lists the default calendar, unless told otherwise."""
    return ProvenConnection(
        expert_id=ExpertId(expert_id),
        reconnects=None if reconnects is None else AccountId(reconnects),
        signed_in=SignedIn(
            identity=identity or an_identity(),
            kind=AccountKind.WORK,
            email=email,
            display_name=display_name,
            grant=grant or a_grant(),
        ),
        listed=tuple(listed) if listed is not None else (a_remote_calendar(primary=True),),
        list_again_in=list_again_in,
    )


def a_remote_calendar(
    remote_id: str = "AAMkAD-calendar-1",
    *,
    name: str = "Calendar",
    owner_name: str = "Maria K.",
    owner_email: str = "maria@contoso.example",
    color: str = "#0078d4",
    primary: bool = False,
    writable: bool = True,
    shared: bool = False,
    uncheckable: Uncheckable | None = None,
) -> RemoteCalendar:
    return RemoteCalendar(
        remote_id=remote_id,
        name=name,
        owner_name=owner_name,
        owner_email=owner_email,
        color=color,
        primary=primary,
        writable=writable,
        shared=shared,
        uncheckable=uncheckable,
    )


def a_calendar(
    calendar_id: str = CALENDAR,
    *,
    account_id: str = ACCOUNT,
    remote: RemoteCalendar | None = None,
    primary: bool = False,
    writable: bool = True,
    missing: bool = False,
    refused_at: datetime | None = None,
    demands: tuple[str, ...] = (),
) -> Calendar:
    """A calendar whose remote id follows from its id, unless a remote calendar is given."""
    return Calendar(
        calendar_id=CalendarId(calendar_id),
        account_id=AccountId(account_id),
        remote=remote or a_remote_calendar(f"AAMkAD-{calendar_id}", primary=primary, writable=writable),
        missing=missing,
        refused_at=refused_at,
        demands=demands,
    )


def some_settings(
    expert_id: str = EXPERT,
    *,
    conflict: Iterable[str] = (),
    chosen: str | None = None,
    tentative_blocks: bool = False,
    version: int = 0,
) -> CalendarSettings:
    return CalendarSettings(
        expert_id=ExpertId(expert_id),
        conflict=frozenset(CalendarId(one) for one in conflict),
        chosen=None if chosen is None else CalendarId(chosen),
        tentative_blocks=tentative_blocks,
        version=version,
    )


def an_attempt(
    state: str = "state-1",
    *,
    expert_id: str = EXPERT,
    provider: Provider = Provider.MICROSOFT,
    reconnects: str | None = None,
    way: Way | None = Way.RETURN_URL,
    return_url: str | None = "https://app.example/calendars",
    flow: bytes = b"code-verifier",
    expires_at: datetime = NOW + ATTEMPT_LIFETIME,
) -> ConnectionAttempt:
    return ConnectionAttempt(
        state=state,
        expert_id=ExpertId(expert_id),
        provider=provider,
        reconnects=None if reconnects is None else AccountId(reconnects),
        way=way,
        return_url=return_url,
        flow=flow,
        expires_at=expires_at,
    )


def some_details(
    title: str = "Coaching with Jonas",
    *,
    text: str = "We talk about the plan.",
    place: str = "Room 4",
    join_url: str = "https://meet.example/abc",
    reminder_minutes: int | None = 15,
    visibility: Visibility | None = None,
    category: str = "",
    color: EventColor | None = None,
) -> SessionDetails:
    return SessionDetails(
        title=title,
        text=text,
        place=place,
        join_url=join_url,
        reminder_minutes=reminder_minutes,
        visibility=visibility,
        category=category,
        color=color,
    )


def an_event_copy(
    *,
    account_id: str = ACCOUNT,
    calendar_id: str = CALENDAR,
    remote_calendar_id: str = f"AAMkAD-{CALENDAR}",
    mark: str = MARK,
    times: Iterable[Interval] | None = None,
    remote_id: str | None = "AAMkAD-event-1",
    written: EventDigest | None = None,
) -> EventCopy:
    """The copy of a session as `a_session` makes it, at that session's time unless told."""
    return EventCopy(
        account_id=AccountId(account_id),
        calendar_id=CalendarId(calendar_id),
        remote_calendar_id=remote_calendar_id,
        mark=EventMark(mark),
        times=(an_interval(),) if times is None else tuple(times),
        remote_id=remote_id,
        written=a_session().digest if written is None else written,
    )


def a_session(
    session_id: str = SESSION,
    *,
    expert_id: str = EXPERT,
    interval: Interval | None = None,
    details: SessionDetails | None = None,
    cancelled: bool = False,
    revision: int = 1,
    written_revision: int = 0,
    status: WriteStatus = WriteStatus.PENDING,
    hindrance: Hindrance | None = None,
    failures: int = 0,
    due_at: datetime | None = NOW,
    written_at: datetime | None = None,
    copy: EventCopy | None = None,
    left: Iterable[EventCopy] = (),
    copies: int | None = None,
    replacement: Replacement | None = None,
    created_at: datetime | None = NOW,
    updated_at: datetime = NOW,
) -> Session:
    """A session as just accepted: an hour, tomorrow at noon, due to be written now."""
    return Session(
        expert_id=ExpertId(expert_id),
        session_id=SessionId(session_id),
        interval=interval or an_interval(),
        details=details or some_details(),
        cancelled=cancelled,
        revision=revision,
        written_revision=written_revision,
        status=status,
        hindrance=hindrance,
        failures=failures,
        due_at=due_at,
        written_at=written_at,
        copy=copy,
        left=tuple(left),
        copies=copies if copies is not None else int(copy is not None),
        replacement=replacement,
        created_at=created_at,
        updated_at=updated_at,
    )


def an_incident(
    incident_id: str = INCIDENT,
    *,
    account_id: str = ACCOUNT,
    expert_id: str = EXPERT,
    cause: LossCause = LossCause.SIGN_IN_REQUIRED,
    token: str | None = None,
    opened_at: datetime = NOW,
    closed_at: datetime | None = None,
    notices: int = 0,
    mail_failures: int = 0,
    mail_due_at: datetime | None = NOW,
) -> Incident:
    """An open incident whose notice is due; its token follows from its id, unless one is given."""
    return Incident(
        incident_id=IncidentId(incident_id),
        account_id=AccountId(account_id),
        expert_id=ExpertId(expert_id),
        cause=cause,
        token=token or f"token-of-{incident_id}",
        opened_at=opened_at,
        closed_at=closed_at,
        notices=notices,
        mail_failures=mail_failures,
        mail_due_at=mail_due_at,
    )


def a_reading(
    calendar_id: str = CALENDAR,
    *,
    busy: Iterable[Interval] = (),
    read_at: datetime = NOW,
    window: Interval | None = None,
    zone: str = "Europe/Berlin",
    tentative_blocks: bool = False,
    deviations: Iterable[Deviation] = (),
) -> StoredReading:
    """Of a calendar in which nothing is busy, over NOW's day before and the four weeks after it, unless told."""
    return StoredReading(
        calendar_id=CalendarId(calendar_id),
        window=window or Interval(after(days=-1), after(days=28)),
        read_at=read_at,
        busy=Spans.of(busy),
        rule=BlockingRule(zone, tentative_blocks),
        deviations=tuple(deviations),
    )


def a_deviation(
    kind: DeviationKind = DeviationKind.MOVED,
    *,
    session_id: str = SESSION,
    revision: int = 1,
    at: Interval | None = Interval(after(hours=26), after(hours=27)),  # noqa: B008 - a value that never changes
    blocks: Interval | None = None,
    tell: bool = True,
) -> Deviation:
    """A session's event that its owner moved by two hours; it is shown as free, unless told."""
    return Deviation(
        session_id=SessionId(session_id), revision=revision, kind=kind, at=at, blocks=blocks, tell=tell
    )


def a_readable_calendar(remote_id: str, *, may_hold_ours: bool = True) -> ReadableCalendar:
    return ReadableCalendar(remote_id=remote_id, may_hold_ours=may_hold_ours)


def a_reading_task(
    calendar_id: str = CALENDAR,
    *,
    account_id: str = ACCOUNT,
    provider: Provider = Provider.MICROSOFT,
    expert_id: str = EXPERT,
    writable: bool = True,
    zone: str = "Europe/Berlin",
    marks: int = 0,
    failures: int = 0,
    previous: StoredReading | None = None,
) -> ReadingTask:
    return ReadingTask(
        calendar_id=CalendarId(calendar_id),
        account_id=AccountId(account_id),
        provider=provider,
        expert_id=ExpertId(expert_id),
        remote_calendar_id=f"AAMkAD-{calendar_id}",
        writable=writable,
        rule=BlockingRule(zone),
        marks=marks,
        failures=failures,
        previous=previous,
    )


def a_subscription(
    calendar_id: str = CALENDAR,
    *,
    account_id: str = ACCOUNT,
    remote_id: str | None = None,
    expires_at: datetime = NOW + timedelta(days=6),
) -> Subscription:
    """A subscription whose remote id follows from its calendar's, unless one is given."""
    return Subscription(
        calendar_id=CalendarId(calendar_id),
        account_id=AccountId(account_id),
        remote_id=remote_id or f"remote-subscription-on-{calendar_id}",
        expires_at=expires_at,
    )


def a_hold(
    hold_id: str = HOLD,
    *,
    expert_id: str = EXPERT,
    interval: Interval | None = None,
    expires_at: datetime = NOW + timedelta(minutes=5),
) -> Hold:
    """A hold of an hour, tomorrow at noon."""
    return Hold(
        expert_id=ExpertId(expert_id),
        hold_id=HoldId(hold_id),
        interval=interval or an_interval(),
        expires_at=expires_at,
    )


def a_change(
    type_: ChangeType = ChangeType.BUSY_TIME_CHANGED,
    *,
    expert_id: str = EXPERT,
    at: datetime = NOW,
    account_id: str | None = ACCOUNT,
    calendar_id: str | None = CALENDAR,
    session_id: str | None = None,
    hold_id: str | None = None,
    incident_id: str | None = None,
    expires_at: datetime | None = None,
) -> Change:
    return Change(
        type=type_,
        expert_id=ExpertId(expert_id),
        at=at,
        account_id=None if account_id is None else AccountId(account_id),
        calendar_id=None if calendar_id is None else CalendarId(calendar_id),
        session_id=None if session_id is None else SessionId(session_id),
        hold_id=None if hold_id is None else HoldId(hold_id),
        incident_id=None if incident_id is None else IncidentId(incident_id),
        expires_at=expires_at,
    )


def a_certificate_name(text: str = "URI:spiffe://experts.example/booking") -> CertificateName:
    return CertificateName.parse(text)


def a_credential(
    credential_id: str = "0123456789ab",
    *,
    caller: str = "booking",
    scopes: Iterable[Scope] = (Scope.READ,),
    proof: TokenDigest | CertificateName | None = None,
    created_at: datetime = NOW,
    expires_at: datetime | None = None,
    revoked_at: datetime | None = None,
    limits_times: int = 1,
) -> Credential:
    return Credential(
        credential_id=credential_id,
        caller=Caller(name=caller, scopes=frozenset(scopes)),
        proof=proof or TokenDigest(credential_id.encode().ljust(32)),
        created_at=created_at,
        expires_at=expires_at,
        revoked_at=revoked_at,
        limits_times=limits_times,
    )
