"""The contract as callers need it: without the rules of shape (buf.validate), which the service enforces.

With them, generated code depends on code for buf/validate/validate.proto: PHP's generator refuses that file, and in
Python it would be a second `buf` package in the caller's environment, or a second file of that name in their process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

RULES: Final = "buf/validate/validate.proto"
EXTENSIONS: Final = tuple(f"buf.validate.{name}" for name in ("message", "oneof", "field", "predefined"))


def without_rules(descriptors: bytes) -> bytes:
    """A FileDescriptorSet without the file of the rules, and with no mention of it in the others."""
    pool, kind = _known(descriptors)
    whole: Any = kind.FromString(descriptors)
    extensions = [pool.FindExtensionByName(name) for name in EXTENSIONS]
    plain: Any = kind()
    for file in whole.file:
        if file.name == RULES:
            continue
        for part in _with_options(file):
            for extension in extensions:
                if extension.containing_type is part.options.DESCRIPTOR:
                    part.options.ClearExtension(extension)
            if not part.options.ByteSize():
                part.ClearField("options")
        file.dependency[:] = [name for name in file.dependency if name != RULES]
        plain.file.add().CopyFrom(file)
    return bytes(plain.SerializeToString(deterministic=True))


def _known(descriptors: bytes) -> tuple[descriptor_pool.DescriptorPool, type[Message]]:
    """FileDescriptorSet as a class of a pool of its own, which knows the options that these files define."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    pool = descriptor_pool.DescriptorPool()
    for file in FileDescriptorSet.FromString(descriptors).file:
        pool.AddSerializedFile(file.SerializeToString())
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))
    return pool, kind


def _with_options(file: Any) -> Iterator[Any]:
    """Whatever of a file may have rules."""
    for message in file.message_type:
        yield from _in(message)
    yield from file.extension


def _in(message: Any) -> Iterator[Any]:
    yield message
    yield from message.field
    yield from message.oneof_decl
    yield from message.extension
    for nested in message.nested_type:
        yield from _in(nested)
