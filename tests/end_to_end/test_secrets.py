"""Exchanging the service's own secrets while it serves."""

from datetime import timedelta
from http import HTTPStatus

from sandbox import Sandbox
from tests.server.served import Logs
from tests.support.calls import unread
from tests.support.running_service import open_service


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
        assert landed.outcome["outcome"] == "connected"
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
