"""Exchanging the service's own secrets while it serves."""

import base64
import hashlib
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest

from sandbox import Sandbox
from server.runtime.process import running
from server.runtime.process_failed import ProcessFailed
from tests.server.served import Logs
from tests.support.calls import TITLE, unread
from tests.support.programs import environment_of, program
from tests.support.running_service import open_service, settings_for


async def test_the_client_secret_is_exchanged_without_a_refused_call(
    sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    app, first = sandbox.world.app, sandbox.client_secret
    second = app.add_secret()
    async with open_service(sandbox, dsn, logs=logs, microsoft_next_client_secret=second) as service:
        await service.put_expert()
        await service.connect("anna")
        app.drop_secret(first)
        sandbox.world.grants.expire_access_tokens("anna")
        assert not unread(await service.busy(max_age=timedelta()))
        landed = await service.finish("ben")
        assert landed["outcome"] == "connected"
        assert await service.health() == "SERVING"
        assert await service.alarms() == ["MICROSOFT_CREDENTIAL_REFUSED"]
        assert (await service.open("/readyz")).status == HTTPStatus.OK
    refused = [one for one in logs.lines if "accepts another" in one["event"]]
    assert [one["setting"] for one in refused] == ["MICROSOFT_CLIENT_SECRET"]
    assert first not in logs.text
    assert second not in logs.text
    async with open_service(sandbox, dsn, logs=logs, microsoft_client_secret=second) as service:
        sandbox.world.grants.expire_access_tokens("anna")
        assert not unread(await service.busy(max_age=timedelta()))
        assert await service.alarms() == []


def _keys(*ids: str) -> str:
    return ",".join(
        f"{one}:{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}" for one in ids
    )


async def test_an_encryption_key_is_exchanged_while_sessions_are_booked(
    sandbox: Sandbox, dsn: str, logs: Logs, tmp_path: Path
) -> None:
    """What is out of order is refused: docs/decisions/0036."""
    old_only = settings_for(sandbox, dsn, encryption_keys=_keys("old"))
    async with open_service(sandbox, dsn, logs=logs, encryption_keys=_keys("old")) as service:
        await service.put_expert()
        await service.connect("anna")
        await service.put_session()
        await service.written()
        with pytest.raises(ProcessFailed, match=r"ENCRYPTION_KEYS: the first key, new, is not among those"):
            async with open_service(sandbox, dsn, logs=logs, encryption_keys=_keys("new", "old")):
                pass
    async with open_service(sandbox, dsn, logs=logs, encryption_keys=_keys("new", "old")) as service:
        both = environment_of(service.settings.model_copy(update={"public_url": "http://localhost"}))
        async with program("rotate-keys", folder=tmp_path, environment=both) as rotating:
            for number in range(3, 9):
                await service.put_session(f"session-{number}", start=14)
            assert await rotating.ended() == 0, rotating.errors
        assert rotating.errors[-2:] == [
            "No longer used, and may be taken out of ENCRYPTION_KEYS: old.\n",
            "Everything is sealed with new.\n",
        ]
    async with open_service(sandbox, dsn, logs=logs, encryption_keys=_keys("new")) as service:
        assert (await service.session()).details.title == TITLE
        assert (await service.session("session-8")).details.title == TITLE
        await service.put_session(start=16)
        await service.written(revision=2)
    with pytest.raises(ProcessFailed, match=r"keys are missing that were used to seal: new \(\d+ rows\)"):
        async with running(old_only):
            pass
