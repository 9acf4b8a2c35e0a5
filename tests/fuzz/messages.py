"""Requests from the contract's own descriptors."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from domain.expert import CHANGEABLE
from tests.fuzz.known import Known, kind_of
from tests.fuzz.values import (
    CANARY,
    MESSAGES,
    SENSIBLE_TEXTS,
    OwnerOf,
    Pick,
    Recipe,
    indices,
    is_required,
    values,
)

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
    if not odd_in and kind.name in WELL_FORMED:
        WELL_FORMED[kind.name](draw, made)
    return made


def _one_outcome(draw: st.DrawFn, made: dict[str, Any]) -> None:
    """A sign-in comes back with a code or an error."""
    made.pop("code", None)
    made["error"] = draw(st.sampled_from(["", "access_denied"]))
    if not made["error"]:
        made["code"] = Pick("code", draw(indices), otherwise="not-known-yet")


def _one_destination(draw: st.DrawFn, made: dict[str, Any]) -> None:
    names = ("return_url", "redirect_uri")
    for name in names:
        made.pop(name, None)
    name = draw(st.sampled_from(names))
    made[name] = draw(SENSIBLE_TEXTS[name])


def _of_the_expert(draw: st.DrawFn, made: dict[str, Any]) -> None:
    if "update_mask" in made:
        names = draw(st.sets(st.sampled_from(sorted(CHANGEABLE)), max_size=3))
        made["update_mask"] = {"paths": sorted(names) or ["*"]}


def _of_somebody(draw: st.DrawFn, made: dict[str, Any]) -> None:
    if "window" in made:
        made["expert_id"] = draw(SENSIBLE_TEXTS["expert_id"])


def _of_its_owner(name: str) -> Callable[[st.DrawFn, dict[str, Any]], None]:
    def owned(draw: st.DrawFn, made: dict[str, Any]) -> None:
        """But for one in four."""
        if draw(st.integers(0, 3)):
            made["expert_id"] = OwnerOf(kind_of(name), made[name], made["expert_id"])

    return owned


def _each_once(_: st.DrawFn, made: dict[str, Any]) -> None:
    for name, key in (("weekdays", "day"), ("dates", "date")):
        if name in made:
            made[name] = list({str(one[key]): one for one in made[name]}.values())


def _in_order(draw: st.DrawFn, made: dict[str, Any]) -> None:
    made["start_time"] = {"hours": draw(st.integers(0, 16))}
    made["end_time"] = draw(st.sampled_from([{"hours": 17, "minutes": 30}, {"hours": 24}]))


WELL_FORMED: Final[Mapping[str, Callable[[st.DrawFn, dict[str, Any]], None]]] = {
    "CancelSessionRequest": _of_its_owner("session_id"),
    "CompleteConnectionRequest": _one_outcome,
    "DisconnectAccountRequest": _of_its_owner("account_id"),
    "GetAccountRequest": _of_its_owner("account_id"),
    "GetSessionRequest": _of_its_owner("session_id"),
    "ListSessionsRequest": _of_somebody,
    "OpeningHours": _each_once,
    "OpenSpan": _in_order,
    "PutExpertRequest": _of_the_expert,
    "ReleaseHoldRequest": _of_its_owner("hold_id"),
    "StartConnectionRequest": _one_destination,
}
"""What ties fields of a message together, by its name."""


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
                elif not isinstance(one, Pick) or one(known) not in target:
                    target.append(_plain(one, known))
        elif field.message_type is not None:
            target = getattr(message, name)
            target.SetInParent()
            _fill(target, value, known)
        else:
            setattr(message, name, _plain(value, known))


def _plain(value: Any, known: Known) -> Any:
    return value(known) if isinstance(value, Pick | OwnerOf) else value


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
