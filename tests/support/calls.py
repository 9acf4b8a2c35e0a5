"""A caller of the service: its stubs over one channel, and the calls that most stories make."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import grpc.aio
from google.protobuf.duration_pb2 import Duration
from google.type.interval_pb2 import Interval
from grpc_health.v1 import health_pb2, health_pb2_grpc

from calendarsync.v1 import (
    account_pb2,
    account_service_pb2,
    availability_pb2,
    availability_service_pb2,
    calendar_pb2,
    calendar_service_pb2,
    change_service_pb2,
    expert_pb2,
    expert_service_pb2,
    incident_pb2,
    session_pb2,
    session_service_pb2,
)
from calendarsync.v1.account_service_pb2_grpc import AccountServiceStub
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from calendarsync.v1.calendar_service_pb2_grpc import CalendarServiceStub
from calendarsync.v1.change_service_pb2_grpc import ChangeServiceStub
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from calendarsync.v1.session_service_pb2_grpc import SessionServiceStub

EXPERT: Final = "expert-1"
EXPERT_EMAIL: Final = "maria@experts.example"
EXPERT_NAME: Final = "Maria Keller"
SESSION: Final = "session-1"
HOLD: Final = "hold-1"
RETURN_URL: Final = "http://localhost:3000/calendars"
REDIRECT_URI: Final = "http://localhost:3000/microsoft"
TITLE: Final = "Coaching with Jonas"

DAY: Final = datetime(2030, 5, 14, tzinfo=UTC)
"""A Tuesday far from every event the sandbox starts with, and far beyond what readings are kept for."""
SOON: Final = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=40)
"""A day without events of the sandbox's that readings are kept for."""
NOW: Final = timedelta()
"""The `max_age` of those who want a look at the provider now."""


def at(hour: float, *, day: datetime = DAY) -> datetime:
    """So many hours after midnight UTC."""
    return day + timedelta(hours=hour)


def span(start: datetime, end: datetime) -> Interval:
    """The wire form of an interval between two aware times."""
    wire = Interval()
    wire.start_time.FromDatetime(start.astimezone(UTC))
    wire.end_time.FromDatetime(end.astimezone(UTC))
    return wire


def hours(start: float, end: float, *, day: datetime = DAY) -> Interval:
    """From one hour of this day to another."""
    return span(at(start, day=day), at(end, day=day))


def ends(wire: Interval) -> tuple[datetime, datetime]:
    return wire.start_time.ToDatetime(tzinfo=UTC), wire.end_time.ToDatetime(tzinfo=UTC)


def busy_hours(
    answer: availability_service_pb2.ListBusyTimesResponse, *, day: datetime = DAY
) -> list[tuple[float, float]]:
    """Its busy times in hours after midnight UTC of this day."""
    hour = timedelta(hours=1)
    return [((start - day) / hour, (end - day) / hour) for start, end in map(ends, answer.busy_times)]


def parameters(url: str) -> dict[str, str]:
    """The query of a URL, each name once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def _duration(wanted: timedelta | None) -> Duration | None:
    if wanted is None:
        return None
    wire = Duration()
    wire.FromTimedelta(wanted)
    return wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """All about one expert unless told otherwise."""

    channel: grpc.aio.Channel

    @property
    def experts(self) -> ExpertServiceStub:
        return ExpertServiceStub(self.channel)

    @property
    def accounts(self) -> AccountServiceStub:
        return AccountServiceStub(self.channel)

    @property
    def calendars(self) -> CalendarServiceStub:
        return CalendarServiceStub(self.channel)

    @property
    def availability(self) -> AvailabilityServiceStub:
        return AvailabilityServiceStub(self.channel)

    @property
    def changes(self) -> ChangeServiceStub:
        return ChangeServiceStub(self.channel)

    @property
    def sessions(self) -> SessionServiceStub:
        return SessionServiceStub(self.channel)

    async def health(self, name: str = "") -> str:
        """The name of a service's health."""
        request = health_pb2.HealthCheckRequest(service=name)
        stub: Any = health_pb2_grpc.HealthStub(self.channel)  # its annotations leave the methods out
        answer = await stub.Check(request)
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)

    async def put_expert(self, expert_id: str = EXPERT, **changes: Any) -> expert_pb2.Expert:
        fields = {
            "plan": expert_pb2.PLAN_PRO,
            "email": EXPERT_EMAIL,
            "display_name": EXPERT_NAME,
            "time_zone": "Europe/Berlin",
        }
        expert = expert_pb2.Expert(expert_id=expert_id, **{**fields, **changes})
        return (await self.experts.PutExpert(expert_service_pb2.PutExpertRequest(expert=expert))).expert

    async def start(
        self,
        expert_id: str = EXPERT,
        *,
        provider: account_pb2.Provider.ValueType = account_pb2.PROVIDER_MICROSOFT,
        **how: str,
    ) -> account_service_pb2.StartConnectionResponse:
        """Start a sign-in that returns to the caller's page; `how` are other fields, empty ones left out."""
        if "redirect_uri" not in how:
            how.setdefault("return_url", RETURN_URL)
        request = account_service_pb2.StartConnectionRequest(
            expert_id=expert_id,
            provider=provider,
            **{name: value for name, value in how.items() if value},
        )
        return await self.accounts.StartConnection(request)

    async def complete(
        self, redirected_to: str, *, expert_id: str = EXPERT
    ) -> account_service_pb2.CompleteConnectionResponse:
        """Hand over the redirect that arrived at the caller's own page."""
        known = ("state", "code", "error", "error_subcode", "error_description")
        brought = {name: value for name, value in parameters(redirected_to).items() if name in known}
        request = account_service_pb2.CompleteConnectionRequest(expert_id=expert_id, **brought)
        return await self.accounts.CompleteConnection(request)

    async def confirm(
        self, token: str, *, expert_id: str = EXPERT
    ) -> account_service_pb2.ConfirmConnectionResponse:
        """Hand over the token that arrived at the caller's page, where this expert is logged in."""
        request = account_service_pb2.ConfirmConnectionRequest(expert_id=expert_id, token=token)
        return await self.accounts.ConfirmConnection(request)

    async def bounce(
        self, message_id: str, *, recipient: str = EXPERT_EMAIL
    ) -> account_service_pb2.RecordBounceResponse:
        """Say that this mail came back from the expert's address."""
        request = account_service_pb2.RecordBounceRequest(message_id=message_id, recipient=recipient)
        return await self.accounts.RecordBounce(request)

    async def list_accounts(self, expert_id: str = EXPERT) -> list[account_pb2.Account]:
        request = account_service_pb2.ListAccountsRequest(expert_id=expert_id)
        return list((await self.accounts.ListAccounts(request)).accounts)

    async def incidents(
        self, expert_id: str = EXPERT, *, include_reconnect_urls: bool = False
    ) -> list[incident_pb2.Incident]:
        request = account_service_pb2.ListIncidentsRequest(
            expert_id=expert_id, include_reconnect_urls=include_reconnect_urls
        )
        return list((await self.accounts.ListIncidents(request)).incidents)

    async def list_changes(
        self, cursor: str = "", *, expert_id: str = "", page_size: int = 0
    ) -> change_service_pb2.ListChangesResponse:
        request = change_service_pb2.ListChangesRequest(
            expert_id=expert_id, cursor=cursor, page_size=page_size
        )
        return await self.changes.ListChanges(request)

    async def disconnect(self, account_id: str) -> account_service_pb2.DisconnectAccountResponse:
        request = account_service_pb2.DisconnectAccountRequest(expert_id=EXPERT, account_id=account_id)
        return await self.accounts.DisconnectAccount(request)

    async def delete_expert(self, expert_id: str = EXPERT) -> expert_service_pb2.DeleteExpertResponse:
        return await self.experts.DeleteExpert(expert_service_pb2.DeleteExpertRequest(expert_id=expert_id))

    async def list_calendars(self, **how: Any) -> list[calendar_pb2.Calendar]:
        request = calendar_service_pb2.ListCalendarsRequest(expert_id=EXPERT, **how)
        return list((await self.calendars.ListCalendars(request)).calendars)

    async def calendar_settings(self) -> calendar_pb2.CalendarSettings:
        request = calendar_service_pb2.GetCalendarSettingsRequest(expert_id=EXPERT)
        return (await self.calendars.GetCalendarSettings(request)).settings

    async def choose(self, *, expert_id: str = EXPERT, **chosen: Any) -> calendar_pb2.CalendarSettings:
        """Change `conflict_calendar_ids`, `write_calendar_id`, `tentative_blocks` or several."""
        request = calendar_service_pb2.UpdateCalendarSettingsRequest(
            settings=calendar_pb2.CalendarSettings(expert_id=expert_id, **chosen)
        )
        request.update_mask.paths.extend(chosen)
        return (await self.calendars.UpdateCalendarSettings(request)).settings

    async def busy(
        self,
        window: Interval | None = None,
        *,
        expert_id: str = EXPERT,
        excluded: tuple[str, ...] = (),
        max_age: timedelta | None = None,
        deadline: float | None = None,
    ) -> availability_service_pb2.ListBusyTimesResponse:
        """Of DAY unless told otherwise; `deadline` is in seconds."""
        request = availability_service_pb2.ListBusyTimesRequest(
            expert_id=expert_id,
            window=window or hours(0, 24),
            exclude_session_ids=excluded,
            max_age=_duration(max_age),
        )
        return await self.availability.ListBusyTimes(request, timeout=deadline)

    async def batch(
        self, *expert_ids: str, window: Interval, max_age: timedelta | None = None
    ) -> list[availability_service_pb2.ExpertBusyTimes]:
        """One answer for each of them."""
        request = availability_service_pb2.BatchListBusyTimesRequest(
            expert_ids=expert_ids, window=window, max_age=_duration(max_age)
        )
        return list((await self.availability.BatchListBusyTimes(request)).experts)

    async def check_times(
        self,
        *candidates: Interval,
        expert_id: str = EXPERT,
        excluded: tuple[str, ...] = (),
        max_age: timedelta | None = None,
    ) -> availability_service_pb2.CheckTimesResponse:
        request = availability_service_pb2.CheckTimesRequest(
            expert_id=expert_id,
            candidates=candidates,
            exclude_session_ids=excluded,
            max_age=_duration(max_age),
        )
        return await self.availability.CheckTimes(request)

    async def check(self, *candidates: Interval, **how: Any) -> list[str]:
        """FREE, BUSY or UNKNOWN for each."""
        return verdicts(await self.check_times(*candidates, **how))

    async def put_session(
        self,
        session_id: str = SESSION,
        *,
        start: float = 10,
        day: datetime = DAY,
        expert_id: str = EXPERT,
        only_if_free: bool = False,
        hold_id: str = "",
        **details: Any,
    ) -> session_pb2.Session:
        """An hour from this hour of the day on."""
        checks = session_service_pb2.ConflictCheck
        request = session_service_pb2.PutSessionRequest(
            expert_id=expert_id,
            session_id=session_id,
            interval=hours(start, start + 1, day=day),
            details=session_pb2.SessionDetails(**{"title": TITLE, **details}),
            conflict_check=checks.CONFLICT_CHECK_REJECT if only_if_free else checks.CONFLICT_CHECK_NONE,
            hold_id=hold_id,
        )
        return (await self.sessions.PutSession(request)).session

    async def hold(
        self, hold_id: str = HOLD, *, start: float = 10, day: datetime = DAY, expert_id: str = EXPERT
    ) -> availability_service_pb2.HoldTimeResponse:
        """An hour from this hour of the day on."""
        request = availability_service_pb2.HoldTimeRequest(
            expert_id=expert_id, hold_id=hold_id, interval=hours(start, start + 1, day=day)
        )
        return await self.availability.HoldTime(request)

    async def release_hold(self, hold_id: str = HOLD) -> None:
        request = availability_service_pb2.ReleaseHoldRequest(expert_id=EXPERT, hold_id=hold_id)
        await self.availability.ReleaseHold(request)

    def watch(
        self, expert_id: str = "", *, cursor: str = ""
    ) -> grpc.aio.UnaryStreamCall[
        change_service_pb2.WatchChangesRequest, change_service_pb2.WatchChangesResponse
    ]:
        """The feed of an expert, or of all, from now on or from after the cursor."""
        return self.changes.WatchChanges(
            change_service_pb2.WatchChangesRequest(expert_id=expert_id, cursor=cursor)
        )

    async def cancel_session(
        self, session_id: str = SESSION, *, expert_id: str = EXPERT
    ) -> session_pb2.Session:
        request = session_service_pb2.CancelSessionRequest(expert_id=expert_id, session_id=session_id)
        return (await self.sessions.CancelSession(request)).session

    async def session(self, session_id: str = SESSION, *, expert_id: str = EXPERT) -> session_pb2.Session:
        request = session_service_pb2.GetSessionRequest(expert_id=expert_id, session_id=session_id)
        return (await self.sessions.GetSession(request)).session


def verdicts(answer: availability_service_pb2.CheckTimesResponse) -> list[str]:
    """FREE, BUSY or UNKNOWN for each candidate."""
    names = [availability_service_pb2.TimeVerdict.Name(one.verdict) for one in answer.times]
    return [name.removeprefix("TIME_VERDICT_") for name in names]


def sources(answer: availability_service_pb2.ListBusyTimesResponse) -> set[str]:
    """How its calendars came to be known: LIVE, STORED, or UNSPECIFIED for those that are not."""
    names = [availability_pb2.ReadingSource.Name(one.source) for one in answer.calendars]
    return {name.removeprefix("READING_SOURCE_") for name in names}


def unread(answer: availability_service_pb2.ListBusyTimesResponse) -> list[str]:
    """Why calendars could not be read, such as `PROVIDER_UNAVAILABLE`."""
    names = [
        availability_pb2.UnreadReason.Name(one.unread_reason)
        for one in answer.calendars
        if one.HasField("unread_reason")
    ]
    return [name.removeprefix("UNREAD_REASON_") for name in names]
