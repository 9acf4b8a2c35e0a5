"""Reflection as gRPC has it, for command-line clients: the contract, told to whoever may call at all."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import Any, Final

import grpc
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha import reflection_pb2 as pb

from application.callers.known_callers import CredentialsInvalid
from application.ports.store import StoreUnavailable
from server.rpc.callers.identification import Identification
from server.rpc.calls import Context
from server.rpc.calls.headers import read_headers
from server.rpc.errors import answer_to
from server.rpc.faults import CredentialsMissing

SERVICE_NAME: Final = reflection.SERVICE_NAME
MOST_ASKED: Final = 1_000
"""Questions on one stream; a client asks for a few files."""


class Reflection(reflection.aio.ReflectionServicer):
    """For any caller who can be identified, whatever their scopes."""

    def __init__(self, services: Sequence[str], identification: Identification) -> None:
        super().__init__(services)
        self._identification = identification

    async def ServerReflectionInfo(  # type: ignore[override]  # the stubs take the generator for a coroutine
        self, request_iterator: AsyncIterable[pb.ServerReflectionRequest], context: Context
    ) -> AsyncIterator[pb.ServerReflectionResponse]:
        try:
            self._identification.identify(read_headers(context).authorization, context)
        except (CredentialsMissing, CredentialsInvalid, StoreUnavailable) as refused:
            answer = answer_to(refused)
            await context.abort(answer.code, answer.status.message)
        asked = 0
        answers: Any = super().ServerReflectionInfo(request_iterator, context)
        async for one in answers:
            yield one
            asked += 1
            if asked >= MOST_ASKED:
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "ask on another stream")
