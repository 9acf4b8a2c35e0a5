"""The real container over fakes, behind a real channel."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import grpc
import grpc.aio
import structlog
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from adapters.postgres.migrate import needed_version
from application.ports.provider import CalendarProvider
from calendarsync.v1 import (
    account_pb2,
    account_service_pb2,
    account_service_pb2_grpc,
    availability_service_pb2_grpc,
    calendar_service_pb2_grpc,
    change_service_pb2_grpc,
    expert_pb2,
    expert_service_pb2,
    expert_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
)
from domain.account import Provider
from domain.connection import Confirming
from domain.doubt import APART
from domain.ids import AccountId
from domain.reading import Pace
from server.acting import who_acts
from server.addresses import Address
from server.alarms import OperatorAlarms
from server.http.pages import Product
from server.logs import configure_logging
from server.metrics.metrics import Metrics
from server.rpc.bounds import Bounds
from server.rpc.calls.failures import STATUS_DETAILS
from server.rpc.calls.open_streams import MOST_STREAMS
from server.rpc.errors import ErrorAnswers
from server.rpc.mapping.times import put_interval
from server.rpc.server import Door, GrpcServer, grpc_server
from server.runtime.container import Container
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes.clock import MovableClock
from tests.fakes.id_source import CountingIds
from tests.fakes.mailer import RecordingMailer
from tests.fakes.name_order import FoldedNameOrder
from tests.fakes.provider import FakeProvider, Person
from tests.fakes.push import FakePush
from tests.fakes.store import FakeStore
from tests.support.fake_ports import page_of, ports_of

ERROR_DOMAIN = "calendars.experts.example"
"""Another than the default: wherever a reason is, the setting must have come."""
answer_to = ErrorAnswers(domain=ERROR_DOMAIN)
PRODUCT = Product(name="Expert & Sons", url="https://experts.example/calendars")
PUBLIC_URL = "https://calendars.example"
NEEDED_SCHEMA = needed_version()
RETURN_URL = "https://app.example/calendars"
REDIRECT_URI = RETURN_URL + "/microsoft"
M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The container and the fakes it is wired to."""

    container: Container
    store: FakeStore
    fakes: Mapping[Provider, FakeProvider]
    providers: dict[Provider, CalendarProvider]
    pushes: Mapping[Provider, FakePush]
    clock: MovableClock
    mailer: RecordingMailer

    @property
    def provider(self) -> FakeProvider:
        return self.fakes[Provider.MICROSOFT]

    @property
    def push(self) -> FakePush:
        return self.pushes[Provider.MICROSOFT]


def a_world(
    confirming: Confirming = Confirming.REQUIRED,
    *,
    configured: Collection[Provider] = (Provider.MICROSOFT,),
    public_url: str = PUBLIC_URL,
    return_urls: tuple[str, ...] = (RETURN_URL,),
) -> World:
    store, clock, alarms = FakeStore(), MovableClock(), OperatorAlarms()
    store.who_acts.real = who_acts
    mailer, fakes = RecordingMailer(store=store), {which: FakeProvider(store, which) for which in configured}
    pushes = {which: FakePush(fake, clock) for which, fake in fakes.items()}
    for fake in fakes.values():
        fake.alarms = alarms
    ids = CountingIds()
    providers = {
        which: ports_of(fake, push=pushes[which], page=page_of(which, ids, public_url))
        for which, fake in fakes.items()
    }
    container = Container(
        alarms=alarms,
        metrics=Metrics(bound=timedelta(minutes=15)),
        span=nullcontext,
        store=store,
        census=store.census,
        needed_schema=NEEDED_SCHEMA,
        known_times=store.kept_times,
        new_sessions=store.new_sessions,
        unchanged_looks=store.unchanged_looks,
        name_order=FoldedNameOrder(),
        feed=store.feed,
        clock=clock,
        ids=ids,
        calendar_providers=providers,
        mailer=mailer,
        public_url=public_url,
        product=PRODUCT,
        error_domain=ERROR_DOMAIN,
        return_urls=return_urls,
        confirming=confirming,
        read_budget=timedelta(seconds=20),
        default_max_age=timedelta(minutes=15),
        pace=Pace(),
        changes_kept=timedelta(days=7),
        audit_kept=timedelta(days=400),
        sessions_kept=timedelta(days=400),
        doubts_apart=APART,
        moved_kept=timedelta(days=90),
        jitter=lambda: 0.0,
    )
    return World(
        container=container,
        store=store,
        fakes=fakes,
        providers=providers,
        pushes=pushes,
        clock=clock,
        mailer=mailer,
    )


class Logs(io.StringIO):
    """What was logged, as JSON lines."""

    def __init__(self) -> None:
        super().__init__()
        self._written = asyncio.Event()

    def write(self, text: str, /) -> int:
        self._written.set()
        return super().write(text)

    async def until(self, event: str, *, times: int = 1) -> list[dict[str, Any]]:
        """The lines of this event, once there are so many."""
        async with asyncio.timeout(10):
            while len(lines := self.of(event)) < times:
                self._written.clear()
                await self._written.wait()
        return lines

    @property
    def text(self) -> str:
        return self.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]


@contextmanager
def captured_logs(*, level: str = "DEBUG", style: str = "json") -> Iterator[Logs]:
    import logging

    root, ours = (
        logging.getLogger(),
        [logging.getLogger(one) for one in ("server", "adapters", "application")],
    )
    before = root.handlers, root.level, [one.level for one in ours]
    logs = Logs()
    configure_logging(level=level, style=style, stream=logs)
    try:
        yield logs
    finally:
        root.handlers, level_before, levels = before
        root.setLevel(level_before)
        for one, its_level in zip(ours, levels, strict=True):
            one.setLevel(its_level)
        structlog.reset_defaults()


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A client of a served world."""

    world: World
    server: GrpcServer
    channel: grpc.aio.Channel

    @property
    def experts(self) -> expert_service_pb2_grpc.ExpertServiceStub:
        return expert_service_pb2_grpc.ExpertServiceStub(self.channel)

    @property
    def accounts(self) -> account_service_pb2_grpc.AccountServiceStub:
        return account_service_pb2_grpc.AccountServiceStub(self.channel)

    @property
    def calendars(self) -> calendar_service_pb2_grpc.CalendarServiceStub:
        return calendar_service_pb2_grpc.CalendarServiceStub(self.channel)

    @property
    def availability(self) -> availability_service_pb2_grpc.AvailabilityServiceStub:
        return availability_service_pb2_grpc.AvailabilityServiceStub(self.channel)

    @property
    def sessions(self) -> session_service_pb2_grpc.SessionServiceStub:
        return session_service_pb2_grpc.SessionServiceStub(self.channel)

    @property
    def changes(self) -> change_service_pb2_grpc.ChangeServiceStub:
        return change_service_pb2_grpc.ChangeServiceStub(self.channel)

    async def put_expert(self, expert_id: str = EXPERT, **changes: Any) -> expert_pb2.Expert:
        request = expert_service_pb2.PutExpertRequest(expert=expert_message(expert_id, **changes))
        return (await self.experts.PutExpert(request)).expert

    async def start(self, expert_id: str = EXPERT, **how: Any) -> account_service_pb2.StartConnectionResponse:
        """Start a sign-in, which comes back to the caller's own page unless `how` says otherwise."""
        if not {"return_url", "redirect_uri"} & how.keys():
            how["redirect_uri"] = REDIRECT_URI
        return await self.accounts.StartConnection(
            account_service_pb2.StartConnectionRequest(
                expert_id=expert_id, provider=how.pop("provider", account_pb2.PROVIDER_MICROSOFT), **how
            )
        )

    async def connect(
        self, person: Person, *, expert_id: str = EXPERT, account_id: str = ""
    ) -> account_service_pb2.CompleteConnectionResponse:
        """A whole sign-in; the clock then moves on by a second."""
        started = await self.start(expert_id, account_id=account_id)
        answer = account_service_pb2.CompleteConnectionRequest(
            expert_id=expert_id, state=started.state, code=self.world.provider.code_for(person)
        )
        completed = await self.accounts.CompleteConnection(answer)
        self.world.clock.advance(timedelta(seconds=1))
        return completed

    async def put_session(
        self,
        session_id: str = SESSION,
        *,
        starts: float = 24,
        hours: float = 1,
        etag: str = "",
        **details: Any,
    ) -> session_service_pb2.PutSessionResponse:
        return await self.sessions.PutSession(
            session_request(session_id, starts=starts, hours=hours, etag=etag, **details)
        )

    async def lose_access(self, account_id: str) -> None:
        """The account's expert withdrew the consent, and we noticed."""
        person = await self.world.provider.person_behind(AccountId(account_id))
        person.revoke()
        await self.world.container.refresh_calendars()(AccountId(account_id))


def expert_message(expert_id: str = EXPERT, **changes: Any) -> expert_pb2.Expert:
    fields = {
        "expert_id": expert_id,
        "plan": expert_pb2.PLAN_PRO,
        "email": "maria@experts.example",
        "display_name": "Maria Keller",
        "time_zone": "Europe/Berlin",
    }
    return expert_pb2.Expert(**{**fields, **changes})


def session_request(
    session_id: str = SESSION, *, starts: float = 24, hours: float = 1, etag: str = "", **details: Any
) -> session_service_pb2.PutSessionRequest:
    request = session_service_pb2.PutSessionRequest(expert_id=EXPERT, session_id=session_id, etag=etag)
    request.details.title = "Coaching with Jonas"
    for name, value in details.items():
        setattr(request.details, name, value)
    put_interval(request.interval, an_interval(starts=starts, hours=hours))
    return request


@asynccontextmanager
async def served(
    world: World, *, most_streams: int = MOST_STREAMS, door: Door | None = None
) -> AsyncIterator[Api]:
    address = Address("127.0.0.1", 0)
    servicers, alarms = world.container.servicers(), world.container.alarms()
    metrics = world.container.metrics().calls
    async with (
        grpc_server(
            servicers,
            alarms,
            address,
            providers=world.container.calendar_providers(),
            metrics=metrics,
            door=door or Door(bounds=Bounds(most_streams=most_streams)),
        ) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
    ):
        yield Api(world=world, server=server, channel=channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How a call failed, with its details unpacked."""

    code: grpc.StatusCode
    message: str
    reason: str
    domain: str
    metadata: dict[str, str]
    details: Sequence[Message]
    trailing: dict[str, str | bytes]

    def detail(self, kind: type[M]) -> M:
        return next(one for one in self.details if isinstance(one, kind))

    @property
    def violations(self) -> set[tuple[str, str]]:
        """The fields of the BadRequest, with their reasons."""
        broken = self.detail(error_details_pb2.BadRequest).field_violations
        return {(one.field, one.reason) for one in broken}

    @property
    def fields(self) -> dict[str, str]:
        """The same, where each field breaks one rule only."""
        return dict(self.violations)


DETAILS: Sequence[type[Message]] = (
    error_details_pb2.ErrorInfo,
    error_details_pb2.BadRequest,
    error_details_pb2.PreconditionFailure,
    error_details_pb2.Help,
    error_details_pb2.RetryInfo,
)


async def failure_of(call: Awaitable[Any]) -> Failure:
    """How the call fails; it must."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return _unpacked(error)
    raise AssertionError("the call did not fail")


def _unpacked(error: grpc.aio.AioRpcError) -> Failure:
    trailing = dict(error.trailing_metadata() or ())
    packed = trailing.get(STATUS_DETAILS)
    assert isinstance(packed, bytes), f"no details: {error.code()}"
    status = status_pb2.Status.FromString(packed)
    assert status.code == error.code().value[0]
    assert status.message == error.details()
    details = []
    for one in status.details:
        kind = next(kind for kind in DETAILS if one.type_url.endswith("/" + kind.DESCRIPTOR.full_name))
        detail = kind()
        one.Unpack(detail)
        details.append(detail)
    info = next(one for one in details if isinstance(one, error_details_pb2.ErrorInfo))
    return Failure(
        code=error.code(),
        message=status.message,
        reason=info.reason,
        domain=info.domain,
        metadata=dict(info.metadata),
        details=details,
        trailing=trailing,
    )
