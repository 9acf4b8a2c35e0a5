"""Calls about experts who live in another cell, or are on the way there: all methods, whatever they ask for."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from calendarsync.v1 import account_pb2, change_service_pb2
from calendarsync.v1.availability_service_pb2 import (
    EXPERTS_NEEDED_ANY,
    BatchListBusyTimesRequest,
    FindTimesRequest,
)
from calendarsync.v1.change_service_pb2 import WatchChangesRequest
from domain.cell import MovedExpert
from domain.change import ChangeType, change_of_expert
from domain.ids import ExpertId
from server.rpc.mapping.times import put_interval
from server.rpc.server import SERVICES
from tests.builders import EXPERT, NOW, an_interval
from tests.server.rpc.test_contract import FILES
from tests.server.served import ERROR_DOMAIN, REDIRECT_URI, Api, expert_message, failure_of

WHO = ExpertId(EXPERT)
TEXT = {
    "account_id": "account",
    "code": "code",
    "expert_id": EXPERT,
    "hold_id": "hold",
    "redirect_uri": REDIRECT_URI,
    "session_id": "session",
    "state": "state",
    "token": "token",
}
"""What a request says in fields of these names."""


PUT: dict[str, Callable[[Any], object]] = {
    "expert": lambda message: message.expert.CopyFrom(expert_message()),
    "provider": lambda message: setattr(message, "provider", account_pb2.PROVIDER_MICROSOFT),
    "window": lambda message: put_interval(message.window, an_interval()),
    "interval": lambda message: put_interval(message.interval, an_interval()),
    "candidates": lambda message: put_interval(message.candidates.add(), an_interval()),
    "details": lambda message: setattr(message.details, "title", "Coaching"),
    "settings": lambda message: setattr(message.settings, "expert_id", EXPERT),
    "update_mask": lambda message: message.update_mask.paths.append(
        "plan" if _is_of_expert(message) else "conflict_calendar_ids"
    ),
}
"""And in others."""


def _is_of_expert(message: Any) -> bool:
    return "expert" in message.DESCRIPTOR.fields_by_name


def _filled(message: Any) -> Any:
    """With what each method needs."""
    for field in message.DESCRIPTOR.fields:
        if field.name in TEXT:
            setattr(message, field.name, TEXT[field.name])
        elif field.name in PUT:
            PUT[field.name](message)
    return message


def _found() -> Iterator[Any]:
    for file in FILES:
        for service in file.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                if {"expert", "expert_id", "settings"} & set(method.input_type.fields_by_name):
                    yield pytest.param(method, id=method.name)


async def _failure(api: Api, method: Any) -> Any:
    request = _filled(method.input_type._concrete_class())
    path = f"/{method.containing_service.full_name}/{method.name}"
    call = api.channel.unary_stream if method.name == "WatchChanges" else api.channel.unary_unary
    made: Any = call(
        path,
        request_serializer=lambda one: one.SerializeToString(),
        response_deserializer=method.output_type._concrete_class.FromString,
    )(request)
    return await failure_of(made.read() if method.name == "WatchChanges" else made)


def _moves(api: Api, *, arrived: bool) -> None:
    tables = api.world.store.tables
    tables.drop_expert(WHO)
    tables.moved[WHO] = MovedExpert(expert_id=WHO, cell="west", moved_at=NOW, arrived=arrived)


METHODS = list(_found())
"""All that name one expert."""


def test_all_services_are_asked() -> None:
    assert {method.values[0].containing_service.full_name for method in METHODS} == set(SERVICES)


@pytest.mark.parametrize("method", METHODS)
async def test_is_told_where_the_expert_lives(api: Api, method: Any) -> None:
    await api.put_expert()
    _moves(api, arrived=True)

    failure = await _failure(api, method)

    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "EXPERT_MOVED")
    assert failure.metadata == {"cell": "west"}
    assert api.world.store.tables.experts == {}


@pytest.mark.parametrize("method", METHODS)
async def test_is_to_try_again_while_the_expert_is_on_the_way(api: Api, method: Any) -> None:
    await api.put_expert()
    _moves(api, arrived=False)

    failure = await _failure(api, method)

    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "EXPERT_MOVING")
    assert failure.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta().total_seconds() == 1


async def test_in_a_batch_each_is_told_of_by_themselves(api: Api) -> None:
    await api.put_expert()
    await api.put_expert("stays")
    _moves(api, arrived=True)
    request = BatchListBusyTimesRequest(expert_ids=[EXPERT, "stays", "nobody"])
    put_interval(request.window, an_interval())

    moved, stays, nobody = (await api.availability.BatchListBusyTimes(request)).experts

    assert _told_in(moved.error) == ("EXPERT_MOVED", {"cell": "west"})
    assert stays.HasField("busy_times")
    assert nobody.error.code == grpc.StatusCode.NOT_FOUND.value[0]


async def test_who_looks_for_times_is_told_who_moved(api: Api) -> None:
    await api.put_expert("stays")
    await api.put_expert()
    _moves(api, arrived=True)
    request = FindTimesRequest(expert_ids=[EXPERT, "stays"], experts_needed=EXPERTS_NEEDED_ANY)
    put_interval(request.window, an_interval())
    request.duration.seconds = 3600

    answer = await api.availability.FindTimes(request)

    moved, stays = answer.experts
    assert _told_in(moved.error) == ("EXPERT_MOVED", {"cell": "west"})
    assert stays.complete
    assert [list(one.free_expert_ids) for one in answer.times] == [["stays"]]


def _told_in(error: status_pb2.Status) -> tuple[str, dict[str, str]]:
    info = error_details_pb2.ErrorInfo()
    assert error.details[0].Unpack(info)
    assert info.domain == ERROR_DOMAIN
    return info.reason, dict(info.metadata)


async def test_who_follows_the_expert_reads_all_until_they_left_and_is_told_where_to(api: Api) -> None:
    await api.put_expert()
    watch: Any = api.changes.WatchChanges(WatchChangesRequest(expert_id=EXPERT))
    await watch.read()
    async with api.world.store.transaction() as tx:
        for kind in (ChangeType.EXPERT_CHANGED, ChangeType.EXPERT_MOVED):
            await tx.changes.add(change_of_expert(kind, WHO, at=NOW))
        tx.experts.tables.experts.pop(WHO)
        tx.moved.tables.moved[WHO] = MovedExpert(expert_id=WHO, cell="west", moved_at=NOW, arrived=True)

    assert [(await watch.read()).change.type for _ in range(2)] == [
        change_service_pb2.CHANGE_TYPE_EXPERT_CHANGED,
        change_service_pb2.CHANGE_TYPE_EXPERT_MOVED,
    ]
    failure = await failure_of(watch.read())
    assert (failure.reason, failure.metadata) == ("EXPERT_MOVED", {"cell": "west"})
