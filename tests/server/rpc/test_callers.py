"""Who gets in: tokens, certificates, scopes, on a real channel over real TLS."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pool import Default
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from calendarsync.v1 import change_service_pb2 as changes
from calendarsync.v1.account_service_pb2 import ListIncidentsRequest
from calendarsync.v1.availability_service_pb2 import ListBusyTimesRequest, ListHoldsRequest
from calendarsync.v1.expert_service_pb2 import (
    DeleteExpertRequest,
    GetExpertRequest,
    ListExpertsRequest,
)
from calendarsync.v1.session_service_pb2 import ListSessionsRequest
from domain.caller import Scope
from server.rpc.callers.rules import rule_of
from server.rpc.server import SERVICES
from tests.builders import EXPERT
from tests.server.served import Failure, Logs, World, failure_of
from tests.support.callers import Guarded, api_on, guarded

Pairs = Sequence[tuple[str, str | bytes]]
GET_EXPERT = "/calendarsync.v1.ExpertService/GetExpert"


@pytest_asyncio.fixture
async def door(world: World, tmp_path: Path) -> AsyncIterator[Guarded]:
    async with guarded(world, tmp_path) as door:
        yield door


@pytest_asyncio.fixture
async def channel(door: Guarded) -> AsyncIterator[grpc.aio.Channel]:
    async with door.channel() as channel:
        yield channel


async def test_a_caller_with_a_token_is_let_in_and_named_in_the_log(door: Guarded, logs: Logs) -> None:
    async with door.channel(await door.token("booking")) as channel:
        await api_on(door.world, channel).put_expert()

    (line,) = await logs.until("call")
    assert (line["caller"], line["code"]) == ("booking", "OK")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_may_be_written_in_any_case(
    door: Guarded, channel: grpc.aio.Channel, scheme: str
) -> None:
    token = await door.token("booking")

    failure = await _get_expert(channel, [("authorization", f"{scheme} {token}")])

    assert failure.reason == "EXPERT_NOT_FOUND"


async def test_who_says_nothing_is_told_what_to_say(channel: grpc.aio.Channel, logs: Logs) -> None:
    failure = await _get_expert(channel, [])

    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING")
    (line,) = await logs.until("call")
    assert "caller" not in line


async def test_whatever_is_wrong_with_credentials_looks_the_same(
    door: Guarded, channel: grpc.aio.Channel, logs: Logs
) -> None:
    token, revoked = await door.token("booking"), await door.token("booking")
    other = await door.token("other")
    await door.revoke(revoked)
    refused: list[Pairs] = [
        [("authorization", f"Bearer {revoked}")],
        [("authorization", f"Bearer {token[:-1]}!")],
        [("authorization", "Bearer calsync_000000000000_" + "x" * 43)],
        [("authorization", f"Bearer {token}"), ("authorization", f"Bearer {other}")],
        [("authorization", f"Bearer {token}"), ("authorization", f"Bearer {token}")],
        [("authorization", f"Bearer {token}, Bearer {token}")],
        [("authorization", f"Bearer {token} ")],
        [("authorization", f"Bearer  {token}")],
        [("authorization", f"Basic {token}")],
        [("authorization", token)],
        [("authorization", "Bearer")],
        [("authorization", "")],
        [("authorization", "Bearer " + "x" * 6_000)],
    ]

    answers = [await _get_expert(channel, pairs) for pairs in refused]

    assert {(one.code, one.reason, one.message) for one in answers} == {
        (
            grpc.StatusCode.UNAUTHENTICATED,
            "CREDENTIALS_INVALID",
            "CREDENTIALS_INVALID: these credentials identify nobody",
        )
    }
    assert not any(one.metadata for one in answers)
    await logs.until("call", times=len(refused))
    assert not any(one in logs.text for one in (token, revoked, other, token[21:]))
    assert (await _get_expert(channel, [("authorization", f"Bearer {token}")])).reason == "EXPERT_NOT_FOUND"


async def test_a_token_in_another_header_is_none(door: Guarded, channel: grpc.aio.Channel) -> None:
    token = await door.token("booking")

    for name, value in (
        ("authorization-bin", f"Bearer {token}".encode()),
        ("proxy-authorization", f"Bearer {token}"),
        ("x-authorization", f"Bearer {token}"),
    ):
        assert (await _get_expert(channel, [(name, value)])).reason == "CREDENTIALS_MISSING"


async def test_more_metadata_than_a_call_may_have_ends_it(door: Guarded, channel: grpc.aio.Channel) -> None:
    token = await door.token("booking")
    call: Any = channel.unary_unary(GET_EXPERT)

    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await call(b"", metadata=[("authorization", f"Bearer {token}"), ("x-large", "x" * 20_000)])

    assert ended.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_each_method_is_for_those_who_have_its_scope_and_for_nobody_else(
    door: Guarded, channel: grpc.aio.Channel
) -> None:
    methods = [method for service in SERVICES for method in Default().FindServiceByName(service).methods]
    assert len(methods) >= 22
    for method in methods:
        path = f"/{method.containing_service.full_name}/{method.name}"
        needed = rule_of(path).scope
        others = set(Scope) - {needed, *([Scope.WATCH_ALL] if needed is Scope.READ else [])}
        without = await door.token("without", *others)
        with_it = await door.token("with", needed)

        refused = await _called(channel, path, method, without)
        assert (refused.code, refused.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING"), path
        assert refused.metadata == {"scope": needed.value}, path
        let_in = await _called(channel, path, method, with_it)
        assert let_in.reason == "INVALID_REQUEST", path


async def test_only_who_may_watch_all_is_told_of_everybody(door: Guarded, channel: grpc.aio.Channel) -> None:
    async with door.channel(await door.token("admin")) as all_scopes:
        await api_on(door.world, all_scopes).put_expert()
    async with door.channel(await door.token("reader", Scope.READ)) as one:
        api: Any = api_on(door.world, one)
        for refused in (
            failure_of(api.changes.WatchChanges(changes.WatchChangesRequest()).read()),
            failure_of(api.changes.ListChanges(changes.ListChangesRequest())),
            failure_of(api.accounts.ListIncidents(ListIncidentsRequest(include_reconnect_urls=True))),
            failure_of(api.sessions.ListSessions(ListSessionsRequest())),
            failure_of(api.availability.ListHolds(ListHoldsRequest())),
            failure_of(api.experts.ListExperts(ListExpertsRequest())),
        ):
            failure = await refused
            assert (failure.reason, failure.metadata) == ("SCOPE_MISSING", {"scope": "watch-all"})
        watch = api.changes.WatchChanges(changes.WatchChangesRequest(expert_id=EXPERT))
        assert (await watch.read()).cursor
        assert (await api.changes.ListChanges(changes.ListChangesRequest(expert_id=EXPERT))).cursor
        assert not (await api.accounts.ListIncidents(ListIncidentsRequest(expert_id=EXPERT))).incidents
        assert not (await api.sessions.ListSessions(ListSessionsRequest(expert_id=EXPERT))).sessions
        assert not (await api.availability.ListHolds(ListHoldsRequest(expert_id=EXPERT))).holds
    async with door.channel(await door.token("feed", Scope.READ, Scope.WATCH_ALL)) as everybody:
        api = api_on(door.world, everybody)
        assert (await api.changes.WatchChanges(changes.WatchChangesRequest()).read()).cursor
        assert not (await api.accounts.ListIncidents(ListIncidentsRequest())).incidents
        assert not (await api.sessions.ListSessions(ListSessionsRequest())).sessions
        assert not (await api.availability.ListHolds(ListHoldsRequest())).holds
        assert len((await api.experts.ListExperts(ListExpertsRequest())).experts) == 1


async def test_who_may_write_may_not_erase(door: Guarded) -> None:
    async with door.channel(await door.token("booking", Scope.READ, Scope.WRITE, Scope.ADMIN)) as channel:
        api = api_on(door.world, channel)
        await api.put_expert()

        failure = await failure_of(api.experts.DeleteExpert(DeleteExpertRequest(expert_id=EXPERT)))

        assert (failure.reason, failure.metadata) == ("SCOPE_MISSING", {"scope": "erase-experts"})
        assert (await api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT))).expert.expert_id == EXPERT


async def test_a_revoked_caller_loses_the_open_streams_and_others_keep_theirs(door: Guarded) -> None:
    revoked, other = await door.token("one"), await door.token("two")
    async with door.channel(revoked) as first, door.channel(other) as second:
        watches: list[Any] = [
            api_on(door.world, one).changes.WatchChanges(changes.WatchChangesRequest())
            for one in (first, second)
        ]
        for watch in watches:
            await watch.read()

        await door.revoke(revoked)

        ended = await failure_of(watches[0].read())
        assert (ended.code, ended.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")
        await api_on(door.world, second).put_expert()
        assert (await watches[1].read()).cursor


async def test_nobody_is_let_in_when_credentials_could_not_be_looked_up_for_long(
    door: Guarded, channel: grpc.aio.Channel
) -> None:
    token = await door.token("booking")
    door.known._known = None

    failure = await _get_expert(channel, [("authorization", f"Bearer {token}")])

    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")


async def test_health_is_open_and_reflection_is_for_those_who_can_say_who_they_are(
    door: Guarded, channel: grpc.aio.Channel
) -> None:
    health: Any = health_pb2_grpc.HealthStub(channel)
    assert (await health.Check(health_pb2.HealthCheckRequest())).status == 1

    for version in ("v1", "v1alpha"):
        assert await _reflected(channel, version) is grpc.StatusCode.UNAUTHENTICATED
    async with door.channel(await door.token("nobody", Scope.WRITE)) as known:
        for version in ("v1", "v1alpha"):
            assert await _reflected(known, version) is grpc.StatusCode.OK


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_can_be_off(world: World, tmp_path: Path, version: str) -> None:
    async with (
        guarded(world, tmp_path, reflection=False) as door,
        door.channel(await door.token("booking")) as channel,
    ):
        ask: Any = channel.unary_unary(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo")
        with pytest.raises(grpc.aio.AioRpcError) as refused:  # a stream may be reset before it has its status
            await ask(b"")
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_client_is_known_by_its_certificate(world: World, tmp_path: Path, logs: Logs) -> None:
    async with guarded(world, tmp_path, of_clients=True) as door:
        await door.certify("reports", "DNS:reports.internal", Scope.READ)
        await door.certify("booking", "URI:spiffe://experts.example/booking")
        reports = door.authority.client("reports.internal")

        async with door.channel(credentials=reports) as channel:
            assert (await _get_expert(channel, [])).reason == "EXPERT_NOT_FOUND"
            own, others = await door.token("reports", Scope.READ), await door.token("booking")
            assert (await _get_expert(channel, [("authorization", f"Bearer {own}")])).reason == (
                "EXPERT_NOT_FOUND"
            )
            # A token that belongs to somebody else than the certificate: one of the two is stolen.
            assert (await _get_expert(channel, [("authorization", f"Bearer {others}")])).reason == (
                "CREDENTIALS_INVALID"
            )
            assert (await _get_expert(channel, [("authorization", "Bearer x")])).reason == (
                "CREDENTIALS_INVALID"
            )
        async with door.channel(credentials=door.authority.client("unknown.internal")) as channel:
            assert (await _get_expert(channel, [])).reason == "CREDENTIALS_MISSING"
            assert (await _get_expert(channel, [("authorization", f"Bearer {own}")])).reason == (
                "EXPERT_NOT_FOUND"
            )
    callers = [line.get("caller") for line in await logs.until("call", times=6)]
    assert callers == ["reports", "reports", None, None, None, "reports"]


async def test_a_certificates_names_of_each_kind_identify_whom_they_were_registered_for(
    world: World, tmp_path: Path
) -> None:
    async with guarded(world, tmp_path, of_clients=True) as door:
        await door.certify("mesh", "URI:spiffe://experts.example/booking", Scope.READ)
        await door.certify("old", "SUBJECT:CN=booking,O=Experts", Scope.READ)
        await door.certify("other", "URI:spiffe://experts.example/other", Scope.READ)
        own = ["spiffe://experts.example/booking"]
        outcomes = {
            "its URI": (door.authority.client_named("CN=x", uris=own), "EXPERT_NOT_FOUND"),
            "its subject": (door.authority.client_named("CN=booking,O=Experts"), "EXPERT_NOT_FOUND"),
            "half of it": (door.authority.client_named("CN=booking"), "CREDENTIALS_MISSING"),
            "more than it": (
                door.authority.client_named("CN=booking,O=Experts,OU=x"),
                "CREDENTIALS_MISSING",
            ),
            "a URI in the subject": (
                door.authority.client_named("CN=spiffe://experts.example/booking"),
                "CREDENTIALS_MISSING",
            ),
            "a longer URI": (
                door.authority.client_named("CN=x", uris=[own[0] + "/more"]),
                "CREDENTIALS_MISSING",
            ),
            "names of two callers": (
                door.authority.client_named("CN=x", uris=[*own, "spiffe://experts.example/other"]),
                "CREDENTIALS_INVALID",
            ),
        }
        for what, (credentials, reason) in outcomes.items():
            async with door.channel(credentials=credentials) as channel:
                assert (await _get_expert(channel, [])).reason == reason, what


async def test_certificates_of_another_authority_and_none_get_no_connection(
    world: World, tmp_path: Path
) -> None:
    from tests.support.callers import Authority

    async with guarded(world, tmp_path, of_clients=True) as door:
        await door.certify("reports", "DNS:reports.internal")
        stranger = Authority()
        forged = door.authority.client("reports.internal", issuer=stranger)
        for credentials in (forged, door.authority.client()):
            async with door.channel(credentials=credentials) as channel:
                assert await _code(channel) is grpc.StatusCode.UNAVAILABLE
        async with grpc.aio.insecure_channel(f"localhost:{door.port}") as channel:
            assert await _code(channel) is grpc.StatusCode.UNAVAILABLE


async def test_a_method_that_nobody_knows_is_no_way_in(door: Guarded, channel: grpc.aio.Channel) -> None:
    token = await door.token("booking")
    for path in (
        "/calendarsync.v1.ExpertService/Nonsense",
        "/calendarsync.v1.Nonsense/GetExpert",
        "/calendarsync.v1.ExpertService/getexpert",
        "//calendarsync.v1.ExpertService/GetExpert",
        "/calendarsync.v1.ExpertService/GetExpert/",
    ):
        for metadata in ([], [("authorization", f"Bearer {token}")]):
            call: Any = channel.unary_unary(path)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(b"", metadata=metadata)
            assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED, path


async def test_what_was_good_is_not_good_for_longer_than_its_credential(
    door: Guarded, channel: grpc.aio.Channel
) -> None:
    token = await door.token("booking")
    metadata = [("authorization", f"Bearer {token}")]
    assert [(await _get_expert(channel, metadata)).reason for _ in range(3)] == ["EXPERT_NOT_FOUND"] * 3

    await door.revoke(token)

    assert (await _get_expert(channel, metadata)).reason == "CREDENTIALS_INVALID"


async def test_calls_at_once_from_callers_of_all_kinds_keep_apart(door: Guarded, logs: Logs) -> None:
    """Who calls is known to a call by its context, and to nobody else's."""
    tokens = {name: await door.token(name, Scope.READ) for name in ("one", "two", "three")}
    async with door.channel() as channel:
        call: Any = channel.unary_unary("/calendarsync.v1.AvailabilityService/ListBusyTimes")
        request = ListBusyTimesRequest(expert_id=EXPERT).SerializeToString()
        await asyncio.gather(
            *(
                failure_of(
                    call(request, metadata=[("authorization", f"Bearer {token}"), ("x-request-id", name)])
                )
                for name, token in tokens.items()
                for _ in range(10)
            )
        )
    lines = await logs.until("call", times=30)
    assert all(line["caller"] == line["request_id"] for line in lines)


async def _get_expert(channel: grpc.aio.Channel, metadata: Pairs) -> Failure:
    call: Any = channel.unary_unary(GET_EXPERT)
    request = GetExpertRequest(expert_id="nobody").SerializeToString()
    return await failure_of(call(request, metadata=metadata))


async def _called(channel: grpc.aio.Channel, path: str, method: MethodDescriptor, token: str) -> Failure:
    """With a request that is none, which is found out after who calls."""
    request = b"\xff\xff"
    metadata = [("authorization", f"Bearer {token}")]
    if method.server_streaming:
        stream: Any = channel.unary_stream(path)
        return await failure_of(stream(request, metadata=metadata).read())
    call: Any = channel.unary_unary(path)
    return await failure_of(call(request, metadata=metadata))


async def _reflected(channel: grpc.aio.Channel, version: str) -> grpc.StatusCode:
    either: Any = channel
    ask = either.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    call = ask(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
    try:
        async for _ in call:
            pass
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def _code(channel: grpc.aio.Channel) -> grpc.StatusCode:
    call: Any = channel.unary_unary(GET_EXPERT)
    try:
        await call(b"", timeout=10)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK
