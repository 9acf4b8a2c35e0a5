"""Questions about time, from kept readings of five calendars with 200 events each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from google.type.dayofweek_pb2 import DayOfWeek
from google.type.timeofday_pb2 import TimeOfDay

from adapters.postgres.kept_times import open_known_times
from bench.bare import BUILD
from bench.client import Client
from bench.people import ASKED, BOOKED, EVERY, FIRST_DAY, TAKEN, TEAM, WINDOW_DAYS, stretch, window
from bench.sampling import Call, Compared, Row, Sample, drive
from calendarsync.v1.availability_pb2 import READING_SOURCE_STORED
from calendarsync.v1.availability_service_pb2 import (
    EXPERTS_NEEDED_ANY,
    BatchListBusyTimesRequest,
    CheckTimesRequest,
    FindTimesRequest,
    ListBusyTimesRequest,
    OpenSpan,
)
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceStub
from domain.ids import ExpertId
from domain.interval import Interval

SERVICE = "/calendarsync.v1.AvailabilityService"
LIST_BUSY_TIMES = f"{SERVICE}/ListBusyTimes"
BATCH_LIST_BUSY_TIMES = f"{SERVICE}/BatchListBusyTimes"
CHECK_TIMES = f"{SERVICE}/CheckTimes"
FIND_TIMES = f"{SERVICE}/FindTimes"
CANDIDATES = 50
BUILD_MANY, BUILD_ONE = "Build", "Build, one by one"
LIST_MANY = "ListBusyTimes"
BATCH_MONTH = "BatchListBusyTimes of 20 over 30 days, an expert"
MONTH = timedelta(days=30)


def busy_request(expert_id: str) -> ListBusyTimesRequest:
    return ListBusyTimesRequest(expert_id=expert_id, window=window())


def check_request(expert_id: str) -> CheckTimesRequest:
    """Half of the candidates meet something; together they span the window."""
    candidates = [
        stretch(FIRST_DAY + number * 4 * EVERY + timedelta(hours=number % 2), timedelta(minutes=30))
        for number in range(CANDIDATES)
    ]
    return CheckTimesRequest(expert_id=expert_id, candidates=candidates)


def month_request() -> BatchListBusyTimesRequest:
    return BatchListBusyTimesRequest(expert_ids=TEAM, window=stretch(FIRST_DAY, MONTH))


def find_request(**how: object) -> FindTimesRequest:
    """Hours that begin each quarter of an hour, on working days from nine to five."""
    request = FindTimesRequest(
        expert_ids=TEAM,
        window=stretch(FIRST_DAY, MONTH),
        time_zone="Europe/Berlin",
        page_size=1_000,
        **how,  # type: ignore[arg-type]
    )
    request.duration.seconds = 3_600
    request.buffer_before.seconds = request.buffer_after.seconds = 300
    for day in range(DayOfWeek.MONDAY, DayOfWeek.SATURDAY):
        span = OpenSpan(start_time=TimeOfDay(hours=9), end_time=TimeOfDay(hours=17))
        request.opening_hours.weekdays.add(day=day, spans=[span])
    return request


async def require_as_told(client: Client) -> None:
    """The calls answer what the rows say they do, and from kept readings."""
    stub = AvailabilityServiceStub(client.service)
    busy = await stub.ListBusyTimes(busy_request(ASKED))
    assert len(busy.busy_times) == TAKEN
    assert busy.complete
    assert {one.source for one in busy.calendars} == {READING_SOURCE_STORED}
    many = await stub.BatchListBusyTimes(BatchListBusyTimesRequest(expert_ids=TEAM, window=window()))
    assert {len(one.busy_times.busy_times) for one in many.experts} == {TAKEN}
    for expert_id in (ASKED, BOOKED):
        checked = await stub.CheckTimes(check_request(expert_id))
        assert len(checked.times) == CANDIDATES


async def require_found_as_told(client: Client) -> None:
    """The same of FindTimes, which the build before doesn't have."""
    stub = AvailabilityServiceStub(client.service)
    found = await stub.FindTimes(find_request(experts_needed=EXPERTS_NEEDED_ANY))
    assert {tuple(one.free_expert_ids) for one in found.times} == {tuple(TEAM)}
    assert found.complete


@asynccontextmanager
async def asking(dsn: str) -> AsyncIterator[Call]:
    """A call that asks what ListBusyTimes asks, of the port that the service asks, but in this process."""
    asked = Interval(FIRST_DAY, FIRST_DAY + timedelta(days=WINDOW_DAYS))
    async with open_known_times(dsn) as known_times:
        yield lambda: known_times.of([ExpertId(ASKED)], asked, now=FIRST_DAY)


def rows(client: Client, ask: Call) -> list[Row]:
    """`ask` asks what is known, as ListBusyTimes does, without the call around it."""
    build = client.calling(client.bare, BUILD, busy_request(ASKED))
    busy = client.calling(client.service, LIST_BUSY_TIMES, busy_request(ASKED))
    check = client.calling(client.service, CHECK_TIMES, check_request(ASKED))
    check_booked = client.calling(client.service, CHECK_TIMES, check_request(BOOKED))
    batch = client.calling(
        client.service,
        BATCH_LIST_BUSY_TIMES,
        BatchListBusyTimesRequest(expert_ids=TEAM, window=window()),
    )

    month = client.calling(client.service, BATCH_LIST_BUSY_TIMES, month_request())
    find_all = client.calling(client.service, FIND_TIMES, find_request())
    find_any = client.calling(client.service, FIND_TIMES, find_request(experts_needed=EXPERTS_NEEDED_ANY))

    async def ask_only(seconds: float) -> Sample:
        return await drive(ask, in_flight=16, seconds=seconds)

    return [
        Row(name=BUILD_MANY, measure=client.sampler(build, in_flight=16), in_flight=16),
        Row(name=LIST_MANY, measure=client.sampler(busy, in_flight=16), in_flight=16, yardstick=BUILD_MANY),
        Row(
            name="CheckTimes of 50",
            measure=client.sampler(check, in_flight=16),
            in_flight=16,
            yardstick=LIST_MANY,
        ),
        Row(
            name="CheckTimes of 50, 200 sessions",
            measure=client.sampler(check_booked, in_flight=16),
            in_flight=16,
            yardstick=LIST_MANY,
        ),
        Row(
            name="BatchListBusyTimes of 20, an expert",
            measure=client.sampler(batch, in_flight=4, answers=len(TEAM)),
            in_flight=4,
            yardstick=LIST_MANY,
        ),
        Row(name=BATCH_MONTH, measure=client.sampler(month, in_flight=4, answers=len(TEAM)), in_flight=4),
        Row(
            name="FindTimes of the same, all at once",
            measure=client.sampler(find_all, in_flight=4, answers=len(TEAM)),
            in_flight=4,
            yardstick=BATCH_MONTH,
        ),
        Row(
            name="FindTimes of the same, any of them",
            measure=client.sampler(find_any, in_flight=4, answers=len(TEAM)),
            in_flight=4,
            yardstick=BATCH_MONTH,
        ),
        Row(
            name="what it asks the database, without gRPC",
            measure=ask_only,
            in_flight=16,
            yardstick=BUILD_MANY,
        ),
        Row(name=BUILD_ONE, measure=client.sampler(build, in_flight=1), in_flight=1),
        Row(
            name="ListBusyTimes, one by one",
            measure=client.sampler(busy, in_flight=1),
            in_flight=1,
            yardstick=BUILD_ONE,
            compared=Compared.LATENCY,
        ),
    ]
