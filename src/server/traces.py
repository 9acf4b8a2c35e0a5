"""Traces by OpenTelemetry, where a setting asks for them. Without it, nothing of the library is even imported.

Spans have names of ours: methods, kinds of work, kinds of requests, statements. What is asked and what comes back is in
no attribute, and no exception is recorded, since its text may repeat either.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from application.ports.meters import ProviderMeter

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

SERVICE: Final = "calendarsync"
NANOSECONDS: Final = 1_000_000_000
CARRIER: Final = "traceparent"
"""All that is taken of a caller's trace: numbers. `tracestate` beside it is text of whoever wrote it."""
Metadata = Iterable[tuple[str, str | bytes]]
Spans = Callable[[str], AbstractContextManager[object]]
"""Makes the block of a step, given its name."""


class TracesUnavailable(Exception):
    """The packages are not installed."""


class TracedCall:
    """A call in a trace; told how it ended by the name of its code."""

    def __init__(self, span: "Span") -> None:
        self._span = span
        self.trace_id = f"{span.get_span_context().trace_id:032x}"

    def ended(self, code: str) -> None:
        self._span.set_attribute("rpc.grpc.status", code)
        if code in OUR_FAULT:
            _mark_failed(self._span)


OUR_FAULT: Final = frozenset({"UNKNOWN", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "DEADLINE_EXCEEDED"})


class Traces:
    """Spans of this process, sent by a thread of their own. Close it at the end: what is left is sent then."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer(SERVICE)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def call(self, method: str, metadata: Metadata) -> Iterator[TracedCall]:
        """The block that answers a call; part of its caller's trace where the caller says so (W3C `traceparent`)."""
        from opentelemetry.trace import SpanKind

        service, _, name = method.lstrip("/").partition("/")
        with self._tracer.start_as_current_span(
            f"{service}/{name}",
            context=self._propagator.extract(_carried(metadata)),
            kind=SpanKind.SERVER,
            attributes={"rpc.system": "grpc", "rpc.service": service, "rpc.method": name},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield TracedCall(span)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A part of a call, or work that nobody called for."""
        with self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except Exception:
                _mark_failed(span)
                raise

    def done(self, name: str, seconds: float, **attributes: str) -> None:
        """A part that has just ended, of whatever is under way; nothing where that is in no trace."""
        from opentelemetry.trace import SpanKind, get_current_span

        if not get_current_span().is_recording():
            return
        ended = time.time_ns()
        span = self._tracer.start_span(
            name, kind=SpanKind.CLIENT, attributes=attributes, start_time=ended - int(seconds * NANOSECONDS)
        )
        span.end(ended)

    def close(self) -> None:
        """Blocks until what is left was sent, or could not be."""
        self._provider.shutdown()


def open_traces(url: str, *, share: float, version: str) -> Traces:
    """Sent to `url` as OTLP over HTTP; of traces that begin here, `share` is kept. The library's own variables (OTEL_*)
    say the rest, such as headers. Raises TracesUnavailable."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
    except ImportError:
        raise TracesUnavailable from None
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(share)),
        resource=Resource.create({"service.name": SERVICE, "service.version": version}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
    return Traces(provider)


def spans_of(traces: Traces | None) -> Spans:
    return nullcontext if traces is None else traces.step


class TracedProvider:
    """A ProviderMeter that puts requests into the traces as well."""

    def __init__(self, meter: ProviderMeter, traces: Traces, provider: str) -> None:
        self._meter, self._traces, self._provider = meter, traces, provider

    def requested(self, kind: str, outcome: str, seconds: float) -> None:
        self._meter.requested(kind, outcome, seconds)
        self._traces.done(f"{self._provider} {kind}", seconds, provider=self._provider, outcome=outcome)

    def waited(self, seconds: float) -> None:
        self._meter.waited(seconds)

    def told_to_wait(self, pause: timedelta) -> None:
        self._meter.told_to_wait(pause)

    def renewed(self, outcome: str) -> None:
        self._meter.renewed(outcome)

    def found_odd(self, entries: int) -> None:
        self._meter.found_odd(entries)


def _carried(metadata: Metadata) -> dict[str, str]:
    return {name: value for name, value in metadata if name == CARRIER and isinstance(value, str)}


def _mark_failed(span: Any) -> None:
    """Without a word about why."""
    from opentelemetry.trace import StatusCode

    span.set_status(StatusCode.ERROR)
