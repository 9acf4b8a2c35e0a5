"""Reflection as gRPC has it, for command-line clients: the contract, told to whoever may call at all.

In both versions, which differ in name only: newer clients ask for v1 first, and some of them for nothing else. The
library has v1alpha alone.
"""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import Any, Final

import grpc
from google.protobuf import descriptor_pool, text_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha import reflection_pb2 as pb

from application.callers.known_callers import CredentialsInvalid
from application.ports.store import StoreUnavailable
from server.build import build_version
from server.rpc.callers.identification import Identification
from server.rpc.calls import Context
from server.rpc.calls.headers import read_headers
from server.rpc.errors import ErrorAnswers
from server.rpc.faults import CredentialsMissing

SERVICE_NAMES: Final = ("grpc.reflection.v1.ServerReflection", reflection.SERVICE_NAME)
METHOD: Final = "ServerReflectionInfo"
VERSION: Final = "calendarsync-version"
"""Of the service that answers, in the headers of its answers."""
MOST_ASKED: Final = 1_000
"""Questions on one stream; a client asks for a few files."""


class Reflection(reflection.aio.ReflectionServicer):
    """For any caller who can be identified, whatever their scopes."""

    def __init__(
        self, services: Sequence[str], identification: Identification, answer_to: ErrorAnswers
    ) -> None:
        super().__init__(services)
        self._identification = identification
        self._answer_to = answer_to

    async def ServerReflectionInfo(  # type: ignore[override]  # the stubs take the generator for a coroutine
        self, request_iterator: AsyncIterable[pb.ServerReflectionRequest], context: Context
    ) -> AsyncIterator[pb.ServerReflectionResponse]:
        try:
            self._identification.identify(read_headers(context).authorization, context)
        except (CredentialsMissing, CredentialsInvalid, StoreUnavailable) as refused:
            answer = self._answer_to(refused)
            await context.abort(answer.code, answer.status.message)
        await context.send_initial_metadata(((VERSION, build_version()),))
        asked = 0
        answers: Any = super().ServerReflectionInfo(request_iterator, context)
        async for one in answers:
            yield one
            asked += 1
            if asked >= MOST_ASKED:
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "ask on another stream")


def serve(
    server: grpc.aio.Server,
    services: Sequence[str],
    identification: Identification,
    answer_to: ErrorAnswers,
) -> None:
    """Adds reflection in both versions, which tell of these services and of themselves."""
    _describe_v1()
    servicer = Reflection((*services, *SERVICE_NAMES), identification, answer_to)
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=pb.ServerReflectionRequest.FromString,
        response_serializer=pb.ServerReflectionResponse.SerializeToString,
    )
    for name in SERVICE_NAMES:
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {METHOD: handler}),))


def _describe_v1() -> None:
    """Makes v1 known to the pool that reflection answers from: it is v1alpha by another name."""
    alpha = FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(alpha)
    alpha.ClearField("name")
    alpha.ClearField("options")  # deprecated, for one
    text = text_format.MessageToString(alpha).replace("v1alpha", "v1")
    known = text_format.Parse(text, FileDescriptorProto(name="grpc/reflection/v1/reflection.proto"))
    descriptor_pool.Default().AddSerializedFile(known.SerializeToString(deterministic=True))
