"""ListBusyTimes and CheckTimes of an expert with 200 live sessions and no calendar: what the service itself costs."""

from datetime import timedelta

from bench.bare import BUILD
from bench.client import Client
from bench.people import BOOKED, EVERY, FIRST_DAY, TAKEN, stretch, window
from bench.sampling import Call, Compared, Row, Sample, drive
from calendarsync.v1.availability_service_pb2 import CheckTimesRequest, ListBusyTimesRequest
from calendarsync.v1.availability_service_pb2_grpc import AvailabilityServiceStub

LIST_BUSY_TIMES = "/calendarsync.v1.AvailabilityService/ListBusyTimes"
CHECK_TIMES = "/calendarsync.v1.AvailabilityService/CheckTimes"
CANDIDATES = 50
BUILD_MANY, BUILD_ONE = "Build", "Build, one by one"
READS_MANY = "its 5 reads, bare SQL through the pool"
LIST_MANY, CHECK_MANY = "ListBusyTimes, 200 sessions", "CheckTimes of 50, 200 sessions"


def busy_request(expert_id: str) -> ListBusyTimesRequest:
    return ListBusyTimesRequest(expert_id=expert_id, window=window())


def check_request(expert_id: str) -> CheckTimesRequest:
    """Half of the candidates meet a session; together they span the window."""
    candidates = [
        stretch(FIRST_DAY + number * 4 * EVERY + timedelta(hours=number % 2), timedelta(minutes=30))
        for number in range(CANDIDATES)
    ]
    return CheckTimesRequest(expert_id=expert_id, candidates=candidates)


async def require_as_told(client: Client) -> None:
    """The calls answer what the rows say they do."""
    stub = AvailabilityServiceStub(client.service)
    busy = await stub.ListBusyTimes(busy_request(BOOKED))
    assert len(busy.busy_times) == TAKEN
    checked = await stub.CheckTimes(check_request(BOOKED))
    assert len(checked.times) == CANDIDATES


def rows(client: Client, read: Call) -> list[Row]:
    """`read` is the bare SQL of ListBusyTimes."""
    build = client.calling(client.bare, BUILD, busy_request(BOOKED))
    busy = client.calling(client.service, LIST_BUSY_TIMES, busy_request(BOOKED))
    check = client.calling(client.service, CHECK_TIMES, check_request(BOOKED))

    async def read_only(seconds: float) -> Sample:
        return await drive(read, in_flight=16, seconds=seconds)

    return [
        Row(name=BUILD_MANY, measure=client.sampler(build, in_flight=16), in_flight=16),
        Row(name=LIST_MANY, measure=client.sampler(busy, in_flight=16), in_flight=16, yardstick=BUILD_MANY),
        Row(name=CHECK_MANY, measure=client.sampler(check, in_flight=16), in_flight=16, yardstick=LIST_MANY),
        Row(name=READS_MANY, measure=read_only, in_flight=16, yardstick=BUILD_MANY),
        Row(name=BUILD_ONE, measure=client.sampler(build, in_flight=1), in_flight=1),
        Row(
            name="ListBusyTimes, one by one",
            measure=client.sampler(busy, in_flight=1),
            in_flight=1,
            yardstick=BUILD_ONE,
            compared=Compared.LATENCY,
        ),
    ]
