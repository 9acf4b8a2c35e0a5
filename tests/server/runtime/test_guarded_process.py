"""A process that identifies its callers, on PostgreSQL: what an operator does is known to it within seconds."""

from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from structlog.testing import capture_logs

from calendarsync.v1 import change_service_pb2 as changes
from calendarsync.v1.change_service_pb2_grpc import ChangeServiceStub
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from calendarsync.v1.expert_service_pb2_grpc import ExpertServiceStub
from domain.caller import Scope
from server.runtime.callers import managed_callers
from server.runtime.process import running
from server.runtime.process_failed import ProcessFailed
from server.runtime.settings import Role, Settings
from tests.server.runtime.test_process import process_settings
from tests.server.served import failure_of
from tests.support.callers import Authority
from tests.support.service import outcome, until


def _settings(dsn: str, folder: Path, authority: Authority, **changes: Any) -> Settings:
    files = authority.write(folder)
    return process_settings(
        dsn,
        grpc_certificate_file=str(files.chain),
        grpc_private_key_file=str(files.private_key),
        public_url="https://calendars.example",
        **changes,
    )


async def test_credentials_are_good_and_bad_within_seconds_in_a_running_process(
    dsn: str, tmp_path: Path
) -> None:
    authority = Authority()
    settings = _settings(dsn, tmp_path, authority)
    async with (
        running(settings, Role.API) as process,
        managed_callers(settings) as callers,
        grpc.aio.secure_channel(f"localhost:{process.grpc_port}", authority.client()) as channel,
    ):
        experts, feed = ExpertServiceStub(channel), ChangeServiceStub(channel)
        added = await callers.add("booking", (Scope.READ, Scope.WATCH_ALL))
        metadata = (("authorization", f"Bearer {added.token}"),)

        async def reason() -> str:
            return await outcome(
                _awaited(experts.GetExpert(GetExpertRequest(expert_id="x"), metadata=metadata))
            )

        await until(reason, lambda found: found == "EXPERT_NOT_FOUND")
        watch: Any = feed.WatchChanges(changes.WatchChangesRequest(), metadata=metadata)
        assert (await watch.read()).cursor

        await callers.revoke(added.credential.credential_id)

        await until(reason, lambda found: found == "CREDENTIALS_INVALID")
        ended = await failure_of(watch.read())
        assert (ended.code, ended.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_INVALID")


async def test_a_process_says_loudly_what_its_operator_has_accepted(dsn: str) -> None:
    settings = process_settings(
        dsn,
        grpc_address="0.0.0.0:0",
        insecure_listen="yes",
        identify_callers="no",
        public_url="https://a.example",
    )
    with capture_logs() as logs:
        async with (
            running(settings, Role.API) as process,
            grpc.aio.insecure_channel(f"127.0.0.1:{process.grpc_port}") as channel,
        ):
            call = ExpertServiceStub(channel).GetExpert(GetExpertRequest(expert_id="x"))
            assert (await failure_of(call)).reason == "EXPERT_NOT_FOUND"
    warned = [line["event"] for line in logs if line["log_level"] == "warning"]
    assert [one.startswith("INSECURE: gRPC is reached from beyond") for one in warned] == [True, True]


async def test_files_of_no_use_are_said_in_one_line_before_anything_is_served(
    dsn: str, tmp_path: Path
) -> None:
    settings = _settings(dsn, tmp_path, Authority())
    Authority().write(tmp_path).chain.write_bytes(b"hunter2")

    with pytest.raises(ProcessFailed, match="must hold certificates as PEM") as failed:
        async with running(settings, Role.API):
            pass
    assert "hunter2" not in str(failed.value)


async def _awaited(call: Any) -> object:
    return await call
