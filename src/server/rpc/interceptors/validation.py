"""Decodes each request and holds it to the contract's rules of shape.

Decoding happens here and not in the library's own place before the interceptors, where a message that is none would be
answered without a reason.
"""

from collections.abc import Iterator
from typing import Any

import protovalidate
from google.protobuf.message import DecodeError, Message

from server.rpc.faults import RequestInvalid, Violation, invalid
from server.rpc.interceptors.interceptor import (
    Context,
    Handler,
    Interceptor,
    Proceed,
    behaviour_of,
    with_behaviour,
)

LARGEST_REQUEST = 1024 * 1024
"""Bytes. The transport lets larger ones in, up to a limit of its own, so that they too get a reason."""


class Validation(Interceptor):
    def wrapped(self, handler: Handler, method: str) -> Handler:
        decode = handler.request_deserializer
        proceed = behaviour_of(handler)

        async def behaviour(raw: bytes, context: Context) -> Any:
            request = decoded(raw, decode)
            if b"\0" in raw:
                require_no_nul(request)
            return await self.call(proceed, request, context, method)

        return with_behaviour(handler, behaviour, None)

    async def call(self, proceed: Proceed, request: Any, context: Context, method: str) -> Any:
        require_valid(request)
        return await proceed(request, context)


def decoded(raw: bytes, decode: Any) -> Any:
    """Raises RequestInvalid for what is too large or no message of the kind."""
    if len(raw) > LARGEST_REQUEST:
        raise invalid("", "request.size", f"must not be larger than {LARGEST_REQUEST} bytes")
    try:
        return decode(raw)
    except DecodeError:
        raise invalid("", "request.encoding", "must be a message of the method's request type") from None


def require_no_nul(request: Message) -> None:
    """Raises RequestInvalid for text with a NUL character: no rule of the contract allows it anywhere on purpose, and
    PostgreSQL, mails and calendars refuse it."""
    if fields := list(_texts_with_nul(request, "")):
        description = "must not contain the character NUL"
        raise RequestInvalid(
            violations=tuple(
                Violation(field=one, rule="string.nul", description=description) for one in fields
            )
        )


def _texts_with_nul(message: Message, path: str) -> Iterator[str]:
    for field, value in message.ListFields():
        for index, one in enumerate(value) if field.is_repeated else ((None, value),):
            name = f"{path}{field.name}" + ("" if index is None else f"[{index}]")
            if isinstance(one, Message):
                yield from _texts_with_nul(one, f"{name}.")
            elif isinstance(one, str) and "\0" in one:
                yield name


def require_valid(request: Message) -> None:
    """Raises RequestInvalid naming every broken rule and its field."""
    try:
        broken = protovalidate.collect_violations(request)
    except protovalidate.EvaluationError:
        # A value so far out that a rule can't even be worked out for it.
        raise invalid("", "request.evaluation", "holds a value outside of its type's range") from None
    if broken:
        raise RequestInvalid(violations=tuple(_violation(one) for one in broken))


def _violation(broken: protovalidate.Violation) -> Violation:
    told = broken.proto
    return Violation(field=_path(told), rule=told.rule_id or "", description=told.message or "")


def _path(told: protovalidate.ViolationPb) -> str:
    """Field names joined by dots, with indexes and keys in brackets."""
    path = ""
    for element in told.field.elements if told.field else ():
        name = f".{element.field_name}" if path else element.field_name
        path += f"{name}[{element.subscript.value}]" if element.subscript else f"{name}"
    return path
