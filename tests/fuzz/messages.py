"""Requests from the contract's own descriptors."""

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from tests.fuzz.known import Known
from tests.fuzz.values import CANARY, MESSAGES, Pick, Recipe, is_required, values

COUNTS: Final = (1, 1, 1, 2, 5)
ODD_COUNTS: Final = (0, 1, 99, 101, 201, 3_000)
WILD: Final = 3
"""Of the fields of a wild request, one in so many is odd."""


@st.composite
def recipes(draw: st.DrawFn, kind: Descriptor, *, odd_in: int) -> Mapping[str, Any]:
    """A request of this kind; one in `odd_in` fields is odd, none where that is 0."""
    made: dict[str, Any] = {}
    for field in kind.fields:
        odd = bool(odd_in) and draw(st.integers(1, odd_in)) == 1
        if (is_required(field) and not odd) or draw(st.integers(0, 2)):
            made[field.name] = draw(_field(field, odd=odd, odd_in=odd_in))
    return made


@st.composite
def _field(draw: st.DrawFn, field: FieldDescriptor, *, odd: bool, odd_in: int) -> Recipe:
    one: st.SearchStrategy[Recipe]
    if field.message_type is not None and field.message_type.full_name not in MESSAGES:
        one = recipes(field.message_type, odd_in=2 if odd else odd_in)
    else:
        one = values(field, odd=odd)
    if not field.is_repeated:
        return draw(one)
    count = draw(st.sampled_from(ODD_COUNTS if odd else COUNTS))
    few = [draw(one) for _ in range(min(count, 5))]
    if not odd:
        return [one for number, one in enumerate(few) if one not in few[:number]]
    return [few[number % len(few)] for number in range(count)] if few else []


def message_of(kind: type[Message], recipe: Mapping[str, Any], known: Known) -> Message:
    message = kind()
    _fill(message, recipe, known)
    return message


def _fill(message: Message, recipe: Mapping[str, Any], known: Known) -> None:
    for name, value in recipe.items():
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.is_repeated:
            target = getattr(message, name)
            for one in value:
                if field.message_type is not None:
                    _fill(target.add(), one, known)
                else:
                    target.append(_plain(one, known))
        elif field.message_type is not None:
            target = getattr(message, name)
            target.SetInParent()
            _fill(target, value, known)
        else:
            setattr(message, name, _plain(value, known))


def _plain(value: Any, known: Known) -> Any:
    return value(known) if isinstance(value, Pick) else value


UNKNOWN_FIELD: Final = b"\xc2\x3e" + bytes([len(CANARY)]) + CANARY.encode()
"""Field 1000, of bytes."""


@st.composite
def damages(draw: st.DrawFn) -> tuple[str, bytes, int]:
    """What is done to the bytes of a request: how, with what, and where."""
    how = draw(st.sampled_from(["append", "insert", "cut", "replace", "whole"]))
    what = draw(
        st.sampled_from(
            [
                UNKNOWN_FIELD,
                UNKNOWN_FIELD * 2_000,
                b"\x0a\x04\xff\xfe\xed\xa0",
                b"\x0a\x03\xed\xa0\x80",
                b"\x0a\xff\xff\xff\xff\x0f",
                b"\x0b" * 200,
                b"\x0a\x00" * 100_000,
                b"\xff" * 16,
                b"\x00",
            ]
        )
        | st.binary(max_size=64)
    )
    return how, what, draw(st.integers(0, 300))


def damaged(raw: bytes, damage: tuple[str, bytes, int]) -> bytes:
    how, what, at = damage
    if how == "append":
        return raw + what
    if how == "whole":
        return what
    if how == "cut":
        return raw[: at % (len(raw) + 1)]
    place = at % (len(raw) + 1)
    return raw[:place] + what + raw[place + (len(what) if how == "replace" else 0) :]
