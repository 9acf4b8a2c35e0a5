"""Refusals told as what they are: one organisation's administrator, our own registration, somebody else's clock."""

import pytest

from calendarsync.v1.account_pb2 import (
    ACCOUNT_STATUS_ACTIVE,
    ACCOUNT_STATUS_RECONNECT_REQUIRED,
    RECONNECT_CAUSE_ACCOUNT_CLOSED,
    RECONNECT_CAUSE_ORGANISATION_DISALLOWS,
    RECONNECT_CAUSE_UNSPECIFIED,
    Account,
    ReconnectCause,
)
from sandbox.world.model import TenantRefusal
from tests.support.calls import unread
from tests.support.service import Service, until

MICROSOFT = "calendarsync.provider.MICROSOFT"
DISALLOWS, CLOSED = RECONNECT_CAUSE_ORGANISATION_DISALLOWS, RECONNECT_CAUSE_ACCOUNT_CLOSED
REFUSALS: dict[TenantRefusal, ReconnectCause.ValueType] = {
    "app_disabled": DISALLOWS,
    "app_missing": DISALLOWS,
    "tenant_gone": CLOSED,
    "not_subscribed": DISALLOWS,
    "graph_disabled": DISALLOWS,
    "not_assigned": DISALLOWS,
    "policy": DISALLOWS,
    "account_disabled": CLOSED,
}
WORDS = {DISALLOWS: "administrator", CLOSED: "no longer there"}


def refuse(service: Service, how: TenantRefusal, *tenants: str) -> None:
    """The organisations' administrators do this to us, and the access tokens we hold have run out."""
    for tenant in tenants:
        service.sandbox.world.people.change_tenant(tenant, refuses=how)
    service.sandbox.world.grants.expire_access_tokens()


async def the_account(service: Service, expert_id: str = "") -> Account:
    (account,) = await (service.list_accounts(expert_id) if expert_id else service.list_accounts())
    return account


async def another_organisation(service: Service) -> None:
    """Works all the time."""
    await service.put_expert("expert-2")
    await service.connect("carla", expert_id="expert-2")


@pytest.mark.parametrize("how", REFUSALS)
async def test_what_one_organisation_did_is_its_peoples_loss_and_nobody_elses(
    service: Service, how: TenantRefusal
) -> None:
    await service.connect("anna")
    await another_organisation(service)
    refuse(service, how, "contoso.example.com")

    assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]
    await service.put_session()
    await service.waits("RECONNECT_REQUIRED")
    account = await the_account(service)
    assert (account.status, account.reconnect_cause) == (ACCOUNT_STATUS_RECONNECT_REQUIRED, REFUSALS[how])

    async def mails() -> int:
        return len(service.sandbox.mails)

    await until(mails, lambda number: number == 1)
    (mail,) = service.sandbox.mails
    for body in (mail.text, mail.html):
        assert WORDS[REFUSALS[how]] in body
        assert "/reconnect/" in body
    assert (await service.busy(expert_id="expert-2")).complete
    assert (await the_account(service, "expert-2")).status == ACCOUNT_STATUS_ACTIVE
    assert await service.health(MICROSOFT) == "SERVING"
    assert await service.alarms() == []


async def test_everything_goes_on_once_the_administrator_allows_it_and_the_person_reconnects(
    service: Service,
) -> None:
    account_id = await service.connect("anna")
    await another_organisation(service)
    refuse(service, "app_disabled", "contoso.example.com")
    assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]
    await service.put_session()
    await service.waits("RECONNECT_REQUIRED")

    refuse(service, "nothing", "contoso.example.com")
    landed = await service.finish("anna", account_id=account_id)

    assert landed["outcome"] == "reconnected"
    account = await the_account(service)
    assert (account.status, account.reconnect_cause) == (ACCOUNT_STATUS_ACTIVE, RECONNECT_CAUSE_UNSPECIFIED)
    await service.written()
    assert len(service.events("anna")) == 1


async def test_what_strikes_several_organisations_is_ours_and_mails_nobody(service: Service) -> None:
    await service.connect("anna")
    await another_organisation(service)
    refuse(service, "app_missing", "contoso.example.com", "outlook.example.com")

    for _ in range(3):
        assert unread(await service.busy()) == ["SERVICE_MISCONFIGURED"]
        assert unread(await service.busy(expert_id="expert-2")) == ["SERVICE_MISCONFIGURED"]
    await service.put_session()
    await service.waits("SERVICE_MISCONFIGURED")
    await until(lambda: service.health(MICROSOFT), lambda health: health == "NOT_SERVING")
    assert await service.alarms() == ["MICROSOFT_MISCONFIGURED"]
    assert [one["code"] for one in service.logs.lines if one["level"] == "error"] == [
        "unauthorized_client AADSTS700016"
    ]
    assert (await the_account(service)).status == ACCOUNT_STATUS_ACTIVE
    assert not service.sandbox.mails

    refuse(service, "nothing", "contoso.example.com", "outlook.example.com")
    assert (await service.busy()).complete
    await until(lambda: service.health(MICROSOFT), lambda health: health == "SERVING")
    await service.hurry()
    await service.written()
    assert not service.sandbox.mails


async def test_an_answer_of_graph_does_not_clear_an_alarm_about_tokens(service: Service) -> None:
    await service.connect("anna")
    await another_organisation(service)
    world = service.sandbox.world
    world.app.rotate_secret()
    world.grants.expire_access_tokens("anna")
    assert unread(await service.busy()) == ["SERVICE_MISCONFIGURED"]

    assert (await service.busy(expert_id="expert-2")).complete, "with the access token that it still has"

    assert await service.alarms() == ["MICROSOFT_MISCONFIGURED"]


@pytest.mark.parametrize("minutes", [-4, -2, 2, 4])
async def test_clocks_a_few_minutes_apart_keep_nobody_out(service: Service, minutes: int) -> None:
    service.sandbox.world.settings.clock_offset_seconds = minutes * 60
    await service.connect("anna")
    assert await service.alarms() == []


async def test_a_wrong_clock_is_told_to_operators_and_not_blamed_on_the_person(service: Service) -> None:
    settings = service.sandbox.world.settings
    settings.clock_offset_seconds = 10 * 60
    landed = await service.finish("anna")
    assert landed == {"outcome": "failed", "reason": "CLOCK_DIFFERS"}
    assert await service.alarms() == ["CLOCK"]
    (line,) = [one for one in service.logs.lines if one["level"] == "error"]
    assert line["seconds"] == pytest.approx(600, abs=5)
    assert await service.health(MICROSOFT) == "SERVING"

    settings.clock_offset_seconds = 0
    await service.connect("anna")
    assert await service.alarms() == []


async def test_a_clock_that_is_ahead_of_microsofts_is_told_too_though_sign_ins_work(service: Service) -> None:
    service.sandbox.world.settings.clock_offset_seconds = -10 * 60
    await service.connect("anna")
    assert await service.alarms() == ["CLOCK"]
