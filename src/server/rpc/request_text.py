"""The text in a request: what is none, and what nothing behind us takes."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.message import DecodeError, Message

from server.rpc.faults import Violation
from server.rpc.request_lists import lists_too_long


def texts_with_nul(request: Message) -> Iterator[Violation]:
    """No rule of the contract allows the character anywhere on purpose, and PostgreSQL, mails and calendars refuse it.

    The lists of `request` must have been found short enough.
    """
    for path in _paths(request, lambda one: isinstance(one, str) and "\0" in one):
        yield Violation(field=path, rule="string.nul", description="must not contain the character NUL")


def text_faults(raw: bytes, kind: Descriptor) -> Iterator[Violation]:
    """Of bytes that can't be decoded as a message of this kind: the fields whose text is not in UTF-8, if it is that.

    Half a surrogate pair, which JavaScript's strings can hold, is sent by some libraries without a word.
    """
    try:
        untyped = _with_bytes_for_text(kind).FromString(raw)
    except DecodeError:
        return
    too_long = list(lists_too_long(untyped))
    yield from too_long
    if too_long:
        return
    for path in _paths(untyped, lambda one: isinstance(one, bytes) and not _is_text(one)):
        yield Violation(field=path, rule="string.utf8", description="must be text in UTF-8")


def _paths(message: Message, at_fault: Callable[[object], bool], path: str = "") -> Iterator[str]:
    for field, value in message.ListFields():
        for index, one in enumerate(value) if field.is_repeated else ((None, value),):
            name = f"{path}{field.name}" + ("" if index is None else f"[{index}]")
            if isinstance(one, Message):
                yield from _paths(one, at_fault, f"{name}.")
            elif at_fault(one):
                yield name


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@cache
def _with_bytes_for_text(kind: Descriptor) -> Any:
    """The class of the same message in a world of its own, in which our fields of text hold any bytes."""
    pool = descriptor_pool.DescriptorPool()
    _add(pool, kind.file, set())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(kind.full_name))


def _add(pool: descriptor_pool.DescriptorPool, file: FileDescriptor, added: set[str]) -> None:
    if file.name in added:
        return
    added.add(file.name)
    for one in file.dependencies:
        _add(pool, one, added)
    copy = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(copy)
    if file.package.startswith("calendarsync."):
        for message in copy.message_type:
            for field in message.field:
                if field.type == descriptor_pb2.FieldDescriptorProto.TYPE_STRING:
                    field.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    pool.Add(copy)
