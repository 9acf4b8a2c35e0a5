"""The contract against itself and against the domain: what one says, the others do."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.api import field_behavior_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from buf.validate import validate_pb2
from calendarsync.v1 import (
    account_service_pb2,
    availability_service_pb2,
    calendar_service_pb2,
    change_service_pb2,
    expert_service_pb2,
    session_service_pb2,
)
from server.rpc.calls.validation import require_valid
from server.rpc.faults import RequestInvalid
from server.rpc.mapping.enums import PAIRS, EnumPair
from server.rpc.paging import NOT_OF_THE_QUERY

FILES = (
    account_service_pb2,
    availability_service_pb2,
    calendar_service_pb2,
    change_service_pb2,
    expert_service_pb2,
    session_service_pb2,
)


def _requests() -> Iterator[Descriptor]:
    for file in FILES:
        for service in file.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield method.input_type


def _fields(message: Descriptor, path: str = "") -> Iterator[tuple[str, FieldDescriptor]]:
    """All fields that a caller may set, of the message and of our own messages inside it."""
    for field in message.fields:
        if _behaves(field, field_behavior_pb2.OUTPUT_ONLY):
            continue
        name = f"{path}{message.name}.{field.name}"
        yield name, field
        if field.message_type is not None and field.message_type.full_name.startswith("calendarsync."):
            yield from _fields(field.message_type, f"{name} -> ")


def _behaves(field: FieldDescriptor, behavior: int) -> bool:
    extension: Any = field_behavior_pb2.field_behavior
    return behavior in field.GetOptions().Extensions[extension]


def _refuses_unset(field: FieldDescriptor) -> bool:
    """Whether the field's own rules break when it is left out."""
    rules = field.GetOptions().Extensions[validate_pb2.field]
    return bool(
        rules.required
        or rules.string.min_len
        or (rules.string.HasField("pattern") and _needs_text(rules))
        or (rules.string.email and rules.ignore != validate_pb2.IGNORE_IF_ZERO_VALUE)
        or 0 in rules.enum.not_in
        or rules.repeated.min_items
    )


def _needs_text(rules: validate_pb2.FieldRules) -> bool:
    import re

    return rules.ignore != validate_pb2.IGNORE_IF_ZERO_VALUE and not re.search(rules.string.pattern, "")


ALL_FIELDS = sorted({name: field for message in _requests() for name, field in _fields(message)}.items())


@pytest.mark.parametrize("field", [field for _, field in ALL_FIELDS], ids=[name for name, _ in ALL_FIELDS])
def test_what_is_documented_as_required_is_what_is_enforced(field: FieldDescriptor) -> None:
    assert _behaves(field, field_behavior_pb2.REQUIRED) == _refuses_unset(field)


@pytest.mark.parametrize("message", list(_requests()), ids=lambda message: message.name)
def test_a_missing_required_field_is_said_to_be_required(message: Descriptor) -> None:
    required = {field.name for field in message.fields if _behaves(field, field_behavior_pb2.REQUIRED)}
    request = message_factory.GetMessageClass(message)()
    told: dict[str, str] = {}
    if required:
        with pytest.raises(RequestInvalid) as refused:
            require_valid(request)
        told = {one.field: one.description for one in refused.value.violations if one.rule == "required"}
        assert not {one.field for one in refused.value.violations} - {*told, ""}
    assert told == dict.fromkeys(required, "is required")


@pytest.mark.parametrize("field", [field for _, field in ALL_FIELDS], ids=[name for name, _ in ALL_FIELDS])
def test_every_field_of_a_request_is_bounded(field: FieldDescriptor) -> None:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    if field.is_repeated:
        assert rules.repeated.max_items
        rules = rules.repeated.items
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            assert rules.string.max_len or rules.string.pattern
        case FieldDescriptor.TYPE_ENUM:
            assert rules.enum.defined_only
        case FieldDescriptor.TYPE_INT32:
            assert rules.int32.HasField("lte") or field.name == "page_size", "larger pages are cut"
            assert rules.int32.HasField("gte")
        case FieldDescriptor.TYPE_MESSAGE | FieldDescriptor.TYPE_BOOL:
            pass
        case _:
            pytest.fail(f"no rule is known for the type of {field.full_name}")


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.prefix for pair in PAIRS])
def test_enumerations_agree_value_by_value(pair: EnumPair) -> None:  # type: ignore[type-arg]
    names = {name.removeprefix(pair.prefix) for name in pair.contract.keys()}  # type: ignore[attr-defined]  # noqa: SIM118

    assert names == {one.name for one in pair.domain} | {"UNSPECIFIED"}
    for one in pair.domain:
        assert pair.inward(pair.outward(one)) is one
    assert pair.outward(None) == 0


def test_every_paged_request_has_the_fields_that_page_tokens_leave_out() -> None:
    paged = [message for message in _requests() if "page_token" in message.fields_by_name]

    assert len(paged) == 7
    for message in paged:
        assert "page_size" in message.fields_by_name
        assert set(NOT_OF_THE_QUERY) & set(message.fields_by_name) >= {"page_token", "page_size"}
