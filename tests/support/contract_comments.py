"""The comments of the contract, by what they are about."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

from buf.validate import validate_pb2

IMAGE: Final = Path(__file__).parents[2] / "build/api.binpb"
"""With the comments, unlike what is generated. `make proto` writes it."""
OURS: Final = "calendarsync/"
NUMBER: Final = re.compile(r"(?<![\w.+:-])\d+(?:,\d{3})*(?![\w:]|-\d)")
"""Neither a part of a name, nor of a time or a standard's number."""
LITERAL: Final = re.compile(r"`[^`]*`|\b(?:RFC|ISO) \d+|\b\d\.x\.x|\bBCP \d+|U\+\w+|\bOffice 365")


@dataclass(frozen=True, slots=True)
class Element:
    """`field` is set where it is one."""

    name: str
    comment: str
    field: FieldDescriptorProto | None

    @property
    def rules(self) -> validate_pb2.FieldRules:
        extension: Any = validate_pb2.field
        return self.field.options.Extensions[extension] if self.field else validate_pb2.FieldRules()

    @property
    def numbers(self) -> set[int]:
        """All that the comment names."""
        plain = LITERAL.sub("", self.comment)
        return {int(one.replace(",", "")) for one in NUMBER.findall(plain)}


@cache
def elements() -> tuple[Element, ...]:
    """Everything in our files that has a comment, under the name that a reader would look for."""
    image = FileDescriptorSet.FromString(IMAGE.read_bytes())
    return tuple(one for file in image.file if file.name.startswith(OURS) for one in _of(file))


def _of(file: FileDescriptorProto) -> Iterator[Element]:
    for location in file.source_code_info.location:
        if location.leading_comments.strip() and (way := _way(file, location.path)):
            field = way[-1] if isinstance(way[-1], FieldDescriptorProto) else None
            name = ".".join(one.name for one in way)
            yield Element(name, " ".join(location.leading_comments.split()), field)


def _way(file: FileDescriptorProto, path: Sequence[int]) -> list[Any]:
    """From a message or service down to what is at the path; empty of the file itself, and inside of options."""
    way: list[Any] = []
    if len(path) % 2:
        return way
    for number, place in zip(path[::2], path[1::2], strict=True):
        within = way[-1] if way else file
        kind = within.DESCRIPTOR.fields_by_number[number]
        if not kind.is_repeated:
            return []
        way.append(getattr(within, kind.name)[place])
    return way
