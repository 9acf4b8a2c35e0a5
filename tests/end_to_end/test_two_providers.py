"""A provider that isn't configured, or refuses us, disturbs no other."""

from typing import Any

import grpc.aio
import pytest

from sandbox import Sandbox
from tests.server.served import Logs, failure_of
from tests.support.calls import NOW, unread
from tests.support.cast import AT_APPLE, AT_GOOGLE, AT_MICROSOFT, Cast
from tests.support.running_service import open_service
from tests.support.service import Service, until

WITHOUT: dict[Cast, dict[str, Any]] = {
    AT_MICROSOFT: {"microsoft_client_id": None, "microsoft_client_secret": None},
    AT_GOOGLE: {"google_client_id": None, "google_client_secret": None},
    AT_APPLE: {"apple_calendars": "off"},
}


@pytest.mark.parametrize(
    ("there", "missing"),
    [(AT_MICROSOFT, AT_GOOGLE), (AT_GOOGLE, AT_MICROSOFT), (AT_GOOGLE, AT_APPLE), (AT_APPLE, AT_GOOGLE)],
    ids=str,
)
async def test_one_provider_alone_is_a_service(
    sandbox: Sandbox, dsn: str, logs: Logs, there: Cast, missing: Cast
) -> None:
    async with open_service(sandbox, dsn, logs=logs, **WITHOUT[missing]) as service:
        await service.put_expert()
        failure = await failure_of(service.start(provider=service.provider_of(missing.main)))
        assert (failure.reason, failure.metadata) == (
            "PROVIDER_NOT_AVAILABLE",
            {"provider": missing.provider.name},
        )
        assert (
            await service.open(f"/oauth/{missing.provider.name.lower()}/callback?state=a&code=b")
        ).status == 404
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await service.health(f"calendarsync.provider.{missing.provider.name}")
        assert unknown.value.code() is grpc.StatusCode.NOT_FOUND
        assert await service.health(f"calendarsync.provider.{there.provider.name}") == "SERVING"

        await service.connect(there.main)
        assert (await service.busy(max_age=NOW)).complete
        await service.put_session()
        await service.written()
        assert len(service.events(there.main)) == 1


async def test_what_google_has_against_us_is_known_of_google_alone(service: Service) -> None:
    await service.connect("anna")
    await service.connect("gina")
    app = service.sandbox.world.google.app
    secret = app.client_secret
    app.rotate_secret("another-secret")
    service.expire_access_tokens("gina")

    assert unread(await service.busy(max_age=NOW)) == ["SERVICE_MISCONFIGURED"]
    await until(service.alarms, lambda raised: raised == ["GOOGLE_MISCONFIGURED"])
    assert await service.health("calendarsync.provider.GOOGLE") == "NOT_SERVING"
    assert await service.health("calendarsync.provider.MICROSOFT") == "SERVING"
    await service.put_session()
    await service.written()
    assert len(service.events("anna")) == 1

    app.rotate_secret(secret)
    assert (await service.busy(max_age=NOW)).complete
    await until(service.alarms, lambda raised: raised == [])
    assert not service.sandbox.mails
