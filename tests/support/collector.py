"""Receives traces as an OpenTelemetry collector does: OTLP over HTTP, on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PATH = "/v1/traces"


@dataclass(slots=True, kw_only=True)
class Collector:
    """`received` is all that came, `raw` the same as bytes."""

    url: str
    received: list[Span] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)

    def named(self, name: str) -> list[Span]:
        return [one for one in self.received if one.name == name]

    def children_of(self, span: Span) -> set[str]:
        return {one.name for one in self.received if one.parent_span_id == span.span_id}


@asynccontextmanager
async def open_collector() -> AsyncIterator[Collector]:
    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        collector.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                collector.received += scope.spans
        return web.Response(content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post(PATH, take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    collector = Collector(url=f"http://{host}:{port}{PATH}")
    try:
        yield collector
    finally:
        await runner.cleanup()
