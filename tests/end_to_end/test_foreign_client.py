"""A client in another language: `buf curl`, written in Go, which learns the contract through reflection."""

import asyncio
import base64
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from google.rpc import error_details_pb2

from sandbox import Sandbox
from tests.server.served import Logs
from tests.support.calls import EXPERT, TITLE
from tests.support.running_service import open_service
from tests.support.service import Service, until

BUF = Path(sys.executable).with_name("buf")
README = Path(__file__).parents[2] / "README.md"
Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def ask(service: Service) -> Ask:
    """Call a method, such as `ExpertService/GetExpert`, with fields named as in JSON; its answer, or the error."""

    async def call(method: str, **request: Any) -> dict[str, Any]:
        name = method if "." in method else f"calendarsync.v1.{method}"
        output = await buf(service, name, "-d", json.dumps(request))
        answer: dict[str, Any] = json.loads(output)
        return answer

    return call


async def buf(service: Service, method: str, *arguments: str) -> str:
    address = f"http://127.0.0.1:{service.process.grpc_port}/{method}".rstrip("/")
    command = [str(BUF), "curl", "--protocol", "grpc", "--http2-prior-knowledge", *arguments, address]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 30)
    return (output or errors).decode()


async def test_connects_reads_and_writes(service: Service, ask: Ask) -> None:
    expert = {
        "expertId": "from-go",
        "plan": "PLAN_GROWTH",
        "email": "kim@experts.example",
        "displayName": "Kim",
        "timeZone": "Asia/Kathmandu",
    }
    put = (await ask("ExpertService/PutExpert", expert=expert))["expert"]
    assert put == {**expert, "createTime": put["createTime"], "updateTime": put["createTime"]}
    started = await ask(
        "AccountService/StartConnection",
        expertId="from-go",
        provider="PROVIDER_MICROSOFT",
        returnUrl="http://localhost:3000/",
    )
    landed = await service.open(await service.sign_in(started["authorizationUrl"], "anna"))
    token = landed.outcome["token"]
    confirmed = await ask("AccountService/ConfirmConnection", expertId="from-go", token=token)
    service.sandbox.world.events.add("anna", "2030-05-14T09:00", "2030-05-14T10:00", zone="UTC")
    window = {"startTime": "2030-05-14T00:00:00Z", "endTime": "2030-05-15T00:00:00Z"}
    busy = await ask("AvailabilityService/ListBusyTimes", expertId="from-go", window=window)
    assert busy["complete"]
    assert busy["busyTimes"] == [{"startTime": "2030-05-14T09:00:00Z", "endTime": "2030-05-14T10:00:00Z"}]
    put = await ask(
        "SessionService/PutSession",
        expertId="from-go",
        sessionId="s1",
        interval={"startTime": "2030-05-14T12:00:00Z", "endTime": "2030-05-14T13:00:00Z"},
        details={"title": TITLE},
    )
    assert (put["session"]["revision"], put["session"]["event"]["status"]) == ("1", "WRITE_STATUS_PENDING")
    written = await until(
        lambda: ask("SessionService/GetSession", expertId="from-go", sessionId="s1"),
        lambda answer: answer["session"]["event"]["status"] == "WRITE_STATUS_WRITTEN",
    )
    assert written["session"]["event"]["accountId"] == confirmed["account"]["accountId"]
    assert [one.subject for one in service.events("anna")] == [TITLE]


@pytest.fixture
async def as_made_to_run(sandbox: Sandbox, dsn: str, logs: Logs) -> AsyncIterator[Service]:
    """With what `make run` sets for a machine of one's own."""
    async with open_service(sandbox, dsn, logs=logs, confirm_connections="with_return_url") as service:
        yield service
        sandbox.world.settings.notifications = "silent"


async def test_the_readmes_first_conversation_works_as_pasted(as_made_to_run: Service) -> None:
    service = as_made_to_run
    before, after = first_conversation(service)
    started = await pasted(before)
    url = json.loads(started[-1])["authorizationUrl"]
    assert "connected" in (await service.open(await service.sign_in(url, "anna"))).text
    calendars, busy, put, got = [json.loads(answer) for answer in await pasted(after)]
    assert "Calendar" in {one["name"] for one in calendars["calendars"]}
    assert busy["complete"]
    assert put["session"]["revision"] == "1"
    assert got["session"]["details"]["title"] == "Coaching"


def first_conversation(service: Service) -> tuple[str, str]:
    """The commands before and after the sign-in, for this service."""
    section = README.read_text().partition("## A first conversation")[2].partition("\n## ")[0]
    block = "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))
    block = block.replace("127.0.0.1:50051", f"127.0.0.1:{service.process.grpc_port}")
    block = block.replace(".venv/bin/buf", str(BUF))
    before, _, after = block.partition("# Open the authorizationUrl")
    function = before.splitlines()[0]
    return before, f"{function}\n{after.partition(chr(10))[2]}"


async def pasted(commands: str) -> list[str]:
    """What each command prints, in a shell that stops at the first that fails."""
    process = await asyncio.create_subprocess_exec(
        "sh", "-e", "-c", commands, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    return output.decode().replace("\n}\n{", "\n}\0{").split("\0")


async def test_an_error_tells_code_reason_and_details(ask: Ask) -> None:
    failure = await ask("ExpertService/GetExpert", expertId="nobody")
    assert failure["code"] == "not_found"
    (detail,) = failure["details"]
    assert detail["type"] == "google.rpc.ErrorInfo"
    info = error_details_pb2.ErrorInfo.FromString(_unpadded(detail["value"]))
    assert (info.reason, info.domain) == ("EXPERT_NOT_FOUND", "calendarsync")


async def test_bad_input_is_refused_by_field(ask: Ask) -> None:
    failure = await ask(
        "SessionService/PutSession",
        expertId=EXPERT,
        sessionId="with a space",
        interval={"startTime": "2030-05-14T13:00:00Z", "endTime": "2030-05-14T12:00:00Z"},
        details={"title": ""},
    )
    assert failure["code"] == "invalid_argument"
    values = {one["type"]: _unpadded(one["value"]) for one in failure["details"]}
    request = error_details_pb2.BadRequest.FromString(values["google.rpc.BadRequest"])
    assert {one.field for one in request.field_violations} == {"session_id", "interval", "details.title"}


def _unpadded(value: str) -> bytes:
    """Go leaves the padding of base64 away."""
    return base64.b64decode(value + "=" * (-len(value) % 4))


async def test_finds_every_service_through_reflection(service: Service) -> None:
    methods = set((await buf(service, "", "--list-methods")).split())
    assert {one.rpartition("/")[0] for one in methods} == {
        "calendarsync.v1.AccountService",
        "calendarsync.v1.AvailabilityService",
        "calendarsync.v1.CalendarService",
        "calendarsync.v1.ChangeService",
        "calendarsync.v1.ExpertService",
        "calendarsync.v1.SessionService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    assert "calendarsync.v1.AvailabilityService/CheckTimes" in methods


@pytest.mark.parametrize("of", ["", "calendarsync.v1.SessionService", "calendarsync.provider.MICROSOFT"])
async def test_asks_for_health(ask: Ask, of: str) -> None:
    assert await ask("grpc.health.v1.Health/Check", service=of) == {"status": "SERVING"}
