"""The service as its callers see it: one channel, one stub a service, and the calls the story makes most."""

from datetime import UTC, datetime, timedelta

import grpc
from google.protobuf.duration_pb2 import Duration
from google.type.interval_pb2 import Interval

from calendarsync.v1 import account_service_pb2 as accounts_pb
from calendarsync.v1 import availability_service_pb2 as availability_pb
from calendarsync.v1 import calendar_service_pb2 as calendars_pb
from calendarsync.v1 import expert_service_pb2 as experts_pb
from calendarsync.v1 import session_service_pb2 as sessions_pb
from calendarsync.v1.account_pb2 import PROVIDER_MICROSOFT, Provider
from calendarsync.v1.account_service_pb2_grpc import AccountServiceStub
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from calendarsync.v1.calendar_pb2 import CalendarSettings
from calendarsync.v1.calendar_service_pb2_grpc import CalendarServiceStub
from calendarsync.v1.change_service_pb2_grpc import ChangeServiceStub
from calendarsync.v1.expert_pb2 import Expert, Plan
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from calendarsync.v1.session_pb2 import Session, SessionDetails
from calendarsync.v1.session_service_pb2_grpc import SessionServiceStub

EXPERT = "expert-42"


class Client:
    """Asks for one expert."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.experts = ExpertServiceStub(channel)
        self.accounts = AccountServiceStub(channel)
        self.calendars = CalendarServiceStub(channel)
        self.availability = AvailabilityServiceStub(channel)
        self.sessions = SessionServiceStub(channel)
        self.changes = ChangeServiceStub(channel)

    async def put_expert(self, plan: Plan.ValueType) -> None:
        expert = Expert(
            expert_id=EXPERT,
            plan=plan,
            email="expert@example.com",
            display_name="Dr. Ada Example",
            time_zone="Europe/Berlin",
        )
        await self.experts.PutExpert(experts_pb.PutExpertRequest(expert=expert))

    async def start_connection(
        self,
        *,
        return_url: str = "",
        redirect_uri: str = "",
        provider: Provider.ValueType = PROVIDER_MICROSOFT,
    ) -> accounts_pb.StartConnectionResponse:
        request = accounts_pb.StartConnectionRequest(expert_id=EXPERT, provider=provider)
        if return_url:
            request.return_url = return_url
        if redirect_uri:
            request.redirect_uri = redirect_uri
        return await self.accounts.StartConnection(request)

    async def confirm(self, token: str) -> accounts_pb.ConfirmConnectionResponse:
        request = accounts_pb.ConfirmConnectionRequest(expert_id=EXPERT, token=token)
        return await self.accounts.ConfirmConnection(request)

    async def list_accounts(self) -> accounts_pb.ListAccountsResponse:
        return await self.accounts.ListAccounts(accounts_pb.ListAccountsRequest(expert_id=EXPERT))

    async def settings(self) -> CalendarSettings:
        request = calendars_pb.GetCalendarSettingsRequest(expert_id=EXPERT)
        return (await self.calendars.GetCalendarSettings(request)).settings

    async def busy(
        self, start: datetime, *, days: int, look_now: bool = False
    ) -> availability_pb.ListBusyTimesResponse:
        window = interval(start, start + timedelta(days=days))
        request = availability_pb.ListBusyTimesRequest(
            expert_id=EXPERT, window=window, max_age=Duration() if look_now else None
        )
        return await self.availability.ListBusyTimes(request)

    async def check(self, *starts: datetime) -> list[str]:
        """FREE, BUSY or UNKNOWN for the half hour from each of the times."""
        candidates = [interval(start, start + timedelta(minutes=30)) for start in starts]
        checked = await self.availability.CheckTimes(
            availability_pb.CheckTimesRequest(expert_id=EXPERT, candidates=candidates)
        )
        names = [availability_pb.TimeVerdict.Name(one.verdict) for one in checked.times]
        return [name.removeprefix("TIME_VERDICT_") for name in names]

    async def hold(self, hold_id: str, start: datetime) -> None:
        """Hold an hour."""
        await self.availability.HoldTime(
            availability_pb.HoldTimeRequest(
                expert_id=EXPERT, hold_id=hold_id, interval=interval(start, start + timedelta(hours=1))
            )
        )

    async def put_session(
        self, session_id: str, start: datetime, title: str, *, only_if_free: bool = False, hold_id: str = ""
    ) -> Session:
        """A session of one hour."""
        details = SessionDetails(
            title=title,
            text="Booked by Sam.\nPlease bring the worksheet.",
            place="Online",
            join_url="https://meet.example.com/abc",
            reminder_minutes=10,
        )
        request = sessions_pb.PutSessionRequest(
            expert_id=EXPERT,
            session_id=session_id,
            interval=interval(start, start + timedelta(hours=1)),
            details=details,
            conflict_check=sessions_pb.CONFLICT_CHECK_REJECT
            if only_if_free
            else sessions_pb.CONFLICT_CHECK_NONE,
            hold_id=hold_id,
        )
        return (await self.sessions.PutSession(request)).session

    async def session(self, session_id: str) -> Session:
        request = sessions_pb.GetSessionRequest(expert_id=EXPERT, session_id=session_id)
        return (await self.sessions.GetSession(request)).session

    async def cancel_session(self, session_id: str) -> None:
        request = sessions_pb.CancelSessionRequest(expert_id=EXPERT, session_id=session_id)
        await self.sessions.CancelSession(request)


def interval(start: datetime, end: datetime) -> Interval:
    """The wire form of a half-open interval between two aware times."""
    wire = Interval()
    wire.start_time.FromDatetime(start.astimezone(UTC))
    wire.end_time.FromDatetime(end.astimezone(UTC))
    return wire


def told(wire: Interval) -> str:
    """An interval in words, in UTC."""
    start = wire.start_time.ToDatetime(tzinfo=UTC)
    end = wire.end_time.ToDatetime(tzinfo=UTC)
    return f"{start:%a %d %b %H:%M} to {end:%a %d %b %H:%M} UTC"
