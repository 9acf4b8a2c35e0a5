"""Decodes each request and holds it to the contract's rules of shape, in an order that bounds the work.

Decoding happens here and not where the library does it, before anything of ours: there a malformed message would be
answered without a reason. Then come the lengths of lists, because three hundred thousand items fit into a request that
is not too large, and each would be checked against its rules; then text and rules.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final

import protovalidate
from google.protobuf.message import DecodeError, Message

from calendarsync.v1.availability_service_pb2 import CheckTimesRequest, ListBusyTimesRequest
from calendarsync.v1.expert_service_pb2 import BatchPutExpertsRequest
from calendarsync.v1.session_service_pb2 import BatchPutSessionsRequest
from server.rpc.faults import RequestInvalid, Violation, invalid
from server.rpc.request_lists import lists_too_long
from server.rpc.request_text import text_faults, texts_with_nul
from server.rpc.required_fields import is_required
from server.rpc.usual_requests import asked_in, is_usual

LARGEST_REQUEST: Final = 640 * 1024
"""Bytes; the largest that the rules let in, a session's text in letters of four bytes, has a quarter of it.

To decode as many items as fit takes some 10 ms, in which nobody else is answered. The transport lets larger requests
in, up to a limit of its own, so that they too get a reason.
"""
MOST_VIOLATIONS: Final = 10
"""How many are reported one by one; the others are only counted."""
USUAL_BYTES: Final[Mapping[type, Callable[[bytes], Any]]] = {CheckTimesRequest: asked_in}
"""Where a usual request is read from its bytes, and handed to the servicer as something else than a message."""
USUAL_MESSAGES: Final[Mapping[type, Callable[[Any], bool]]] = {ListBusyTimesRequest: is_usual}
"""Where a usual request is found valid without the contract's rules."""
BY_ITEM: Final = frozenset({BatchPutExpertsRequest, BatchPutSessionsRequest})
"""Whose items are held to the rules one by one, by `require_valid_item`: what is wrong with one is no other's fault."""


def valid_requests(decode: Any) -> Callable[[bytes], Any]:
    """What makes valid requests of bytes, or raises RequestInvalid, for a method whose requests `decode` makes."""

    kind = type(decode(b""))
    read, usual = USUAL_BYTES.get(kind), USUAL_MESSAGES.get(kind)

    def valid(raw: bytes) -> Any:
        if read is not None and (asked := read(raw)) is not None:
            return asked
        request = decoded(raw, decode)
        if usual is not None and usual(request):
            return request
        require_short_lists(request)
        if b"\0" in raw and kind not in BY_ITEM:
            require_no_nul(request)
        require_valid(request)
        return request

    return valid


def decoded(raw: bytes, decode: Any) -> Any:
    """Raises RequestInvalid for what is too large or no message of the kind."""
    if len(raw) > LARGEST_REQUEST:
        raise invalid("", "request.size", f"must not be larger than {LARGEST_REQUEST} bytes")
    try:
        return decode(raw)
    except DecodeError:
        if len(raw) <= LARGEST_REQUEST // 4:  # or it would have to be decoded twice
            _require_none(text_faults(raw, decode(b"").DESCRIPTOR))
        raise invalid("", "request.encoding", "must be a message of the method's request type") from None


def require_short_lists(request: Message) -> None:
    """Raises RequestInvalid naming each list that is too long, and nothing that is in it."""
    _require_none(lists_too_long(request))


def require_no_nul(request: Message) -> None:
    """Raises RequestInvalid naming the text that holds the character. Lists must have been found short enough."""
    _require_none(texts_with_nul(request))


def require_valid(request: Message) -> None:
    """Raises RequestInvalid naming the first broken rules and their fields. Lists must have been found short enough."""
    try:
        broken = protovalidate.collect_violations(request)
    except protovalidate.EvaluationError:
        # A value so far out that a rule can't even be worked out for it.
        raise invalid("", "request.evaluation", "holds a value outside of its type's range") from None
    # Only those that are reported are put into words: that costs more than finding them.
    first = tuple(_violation(request, one) for one in broken[:MOST_VIOLATIONS])
    if first:
        raise RequestInvalid(violations=first, more=len(broken) - len(first))


def require_valid_item(item: Message) -> None:
    """Of a batch whose lists have been found short enough. Raises RequestInvalid, with fields as of the item alone."""
    require_no_nul(item)
    require_valid(item)


def _require_none(broken: Iterable[Violation]) -> None:
    """Raises RequestInvalid with the first of them, if there is any."""
    remaining = iter(broken)
    if first := tuple(islice(remaining, MOST_VIOLATIONS)):
        raise RequestInvalid(violations=first, more=sum(1 for _ in remaining)) from None


def _violation(request: Message, broken: protovalidate.Violation) -> Violation:
    told = broken.proto
    if told.rule_id == "required" or (not broken.field_value and is_required(request, told)):
        # The rule that meets what is empty first speaks of patterns or lengths.
        return Violation(field=_path(told), rule="required", description="is required")
    return Violation(field=_path(told), rule=told.rule_id or "", description=told.message or "")


def _path(told: protovalidate.ViolationPb) -> str:
    """Field names joined by dots, with indexes and keys in brackets."""
    path = ""
    for element in told.field.elements if told.field else ():
        name = f".{element.field_name}" if path else element.field_name
        path += f"{name}[{element.subscript.value}]" if element.subscript else f"{name}"
    return path
