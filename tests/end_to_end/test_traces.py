"""Traces of a whole service, as a collector gets them."""

from datetime import UTC, datetime, timedelta

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from calendarsync.v1.availability_service_pb2 import ListBusyTimesRequest
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from sandbox import Sandbox
from tests.server.served import Logs, failure_of
from tests.support.calls import EXPERT, SESSION, span
from tests.support.collector import Collector, open_collector
from tests.support.running_service import open_service
from tests.support.service import Service

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = ("traceparent", f"00-{TRACE}-{PARENT}-01")
SILENT = ("traceparent", "00-11111111111111111111111111111111-2222222222222222-00")
LIST = "calendarsync.v1.AvailabilityService/ListBusyTimes"
PUT = "calendarsync.v1.SessionService/PutSession"


async def test_a_call_is_a_part_of_its_callers_trace_and_nothing_says_anything_of_anybody(
    sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    async with open_collector() as collector:
        async with open_service(sandbox, dsn, logs=logs, traces_url=collector.url, traces_share=1) as service:
            private = await a_day(service)
        assert_is_in_the_callers_trace(collector, logs)
        assert_shows_what_it_did(collector)
        assert_tells_nobody(collector, private)


async def a_day(service: Service) -> set[str]:
    """An account is connected, asked about twice and written to; what nobody may read of it."""
    await service.put_expert()
    await service.connect("anna")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    asked = ListBusyTimesRequest(expert_id=EXPERT, window=span(tomorrow, tomorrow + timedelta(hours=1)))
    await service.availability.ListBusyTimes(
        asked, metadata=(TRACEPARENT, ("tracestate", "vendor=maria-keller"))
    )
    await service.availability.ListBusyTimes(asked, metadata=(SILENT,))
    asked.max_age.FromTimedelta(timedelta())
    await service.availability.ListBusyTimes(asked)
    await service.put_session()
    await service.written()
    await failure_of(service.experts.GetExpert(GetExpertRequest(expert_id="nobody-at-all")))
    rows = await service.rows(
        "SELECT account_id, calendar_id, remote_id FROM account JOIN calendar USING (account_id)"
    )
    private = {EXPERT, SESSION, "anna", "Anna", "example.com", "nobody-at-all", "maria"}
    return private | {str(value) for row in rows for value in row.values()}


def attributes(one: Span) -> dict[str, str]:
    return {pair.key: pair.value.string_value for pair in one.attributes}


def assert_is_in_the_callers_trace(collector: Collector, logs: Logs) -> None:
    (call,) = [one for one in collector.named(LIST) if one.trace_id.hex() == TRACE]
    assert call.parent_span_id.hex() == PARENT
    assert call.kind == Span.SPAN_KIND_SERVER
    assert attributes(call)["rpc.grpc.status"] == "OK"
    # Who doesn't want to be traced isn't; who says nothing begins a trace of its own.
    others = [one for one in collector.named(LIST) if one.trace_id.hex() != TRACE]
    assert [one.parent_span_id for one in others] == [b""]
    lines = [one for one in logs.of("call") if one["method"].endswith("ListBusyTimes")]
    assert [one["trace_id"] for one in lines] == [TRACE, "1" * 32, others[0].trace_id.hex()]


def assert_shows_what_it_did(collector: Collector) -> None:
    (call,) = [one for one in collector.named(LIST) if one.trace_id.hex() == TRACE]
    assert collector.children_of(call) == {"known times"}
    (put,) = collector.named(PUT)
    assert collector.children_of(put) & {"accept a session", "SELECT expert"}
    (live,) = [one for one in collector.named(LIST) if not one.parent_span_id]
    its = {one.name for one in collector.received if one.trace_id == live.trace_id}
    assert {"known times", "microsoft read_view"} <= its
    written = {one.trace_id for one in collector.named("write_session")}
    assert "microsoft create_event" in {one.name for one in collector.received if one.trace_id in written}
    (failed,) = collector.named("calendarsync.v1.ExpertService/GetExpert")
    assert attributes(failed)["rpc.grpc.status"] == "NOT_FOUND"
    assert failed.status.code == Status.STATUS_CODE_UNSET  # the caller's fault, and not ours


def assert_tells_nobody(collector: Collector, private: set[str]) -> None:
    assert collector.received
    assert not [one for one in private if one.encode() in collector.raw]
    assert not [one.name for one in collector.received if one.events]  # such as exceptions, with their texts
