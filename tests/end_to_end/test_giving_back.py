"""What becomes of a person's consent at the provider when an account is disconnected, or its expert erased."""

import asyncio
from datetime import timedelta

import pytest

from application import give_back_grants
from tests.server.served import Logs
from tests.support.calls import sources
from tests.support.service import Service, until

OTHER = "expert-2"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of after a minute."""
    monkeypatch.setattr(give_back_grants, "SETTLED_AFTER", timedelta())


def consented(service: Service) -> bool:
    return bool(service.sandbox.world.google.grants.consented("gina"))


def revocations(service: Service) -> int:
    return sum(one.surface == "google-revoke" for one in service.sandbox.world.traffic.requests)


async def told(logs: Logs, event: str) -> None:
    await until(lambda: _lines(logs, event), bool)


async def _lines(logs: Logs, event: str) -> list[object]:
    return [one for one in logs.lines if one["event"] == event]


async def nothing_under_way() -> None:
    tasks = [one for one in asyncio.all_tasks() if one.get_name() == "gives a grant back"]
    if tasks:
        await asyncio.wait(tasks, timeout=10)


async def test_disconnecting_ends_the_consent_at_google(service: Service, logs: Logs) -> None:
    account = await service.connect("gina")

    await service.disconnect(account)
    await told(logs, "a grant was given back")

    assert not consented(service)
    await service.connect("gina")
    assert consented(service)


async def test_erasing_an_expert_ends_it_once_nobody_else_has_the_account(
    service: Service, logs: Logs
) -> None:
    await service.put_expert(OTHER)
    await service.connect("gina", expert_id=OTHER)
    account = await service.connect("gina")

    await service.delete_expert(OTHER)
    await nothing_under_way()
    assert revocations(service) == 0
    assert sources(await service.busy(max_age=timedelta())) == {"LIVE"}

    await service.disconnect(account)
    await told(logs, "a grant was given back")
    assert not consented(service)


async def test_google_being_away_keeps_nobody_from_disconnecting(service: Service, logs: Logs) -> None:
    account = await service.connect("gina")
    service.sandbox.world.faults.add(surface="google-revoke", status=503, times=None)

    await service.disconnect(account)
    await told(logs, "a grant could not be given back")

    assert not await service.list_accounts()
    assert consented(service)
