"""How long the lists of a request may be: checked first, since everything else costs per item."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from buf.validate import validate_pb2
from server.rpc.faults import Violation

LONGEST_OTHER_LIST: Final = 100
"""Items of a list that has no limit of its own in the contract, such as a field mask's."""


def lists_too_long(message: Message, path: str = "") -> Iterator[Violation]:
    """One violation per list, whatever its items are. Lists inside one that is too long are not checked."""
    for field, limit in _limited(message.DESCRIPTOR):
        values, name = getattr(message, field.name), f"{path}{field.name}"
        if len(values) > limit:
            description = f"must contain no more than {limit} items"
            yield Violation(field=name, rule="repeated.max_items", description=description)
        elif field.message_type is not None and holds_lists(field.message_type):
            for index, one in enumerate(values):
                yield from lists_too_long(one, f"{name}[{index}].")
    for field in _holding_lists(message.DESCRIPTOR):
        if message.HasField(field.name):
            yield from lists_too_long(getattr(message, field.name), f"{path}{field.name}.")


@cache
def holds_lists(kind: Descriptor) -> bool:
    """Whether messages of this kind can hold a list, at any depth."""
    return any(
        field.is_repeated or (field.message_type is not None and holds_lists(field.message_type))
        for field in kind.fields
    )


@cache
def _limited(kind: Descriptor) -> tuple[tuple[FieldDescriptor, int], ...]:
    extension: Any = validate_pb2.field
    return tuple(
        (field, field.GetOptions().Extensions[extension].repeated.max_items or LONGEST_OTHER_LIST)
        for field in kind.fields
        if field.is_repeated
    )


@cache
def _holding_lists(kind: Descriptor) -> tuple[FieldDescriptor, ...]:
    return tuple(
        field
        for field in kind.fields
        if not field.is_repeated and field.message_type is not None and holds_lists(field.message_type)
    )
