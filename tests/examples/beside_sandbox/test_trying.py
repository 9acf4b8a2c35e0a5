"""What can be tried beside the sandbox: accounts of whoever is logged in, and mails to them, and nobody else's."""

import socket
from typing import Any

from calendarsync.v1.account_pb2 import ACCOUNT_STATUS_ACTIVE
from sandbox import Sandbox
from tests.examples.beside_sandbox.days_of_2030 import TUESDAY, WEEK, connect, only_expert, starts
from tests.examples.visitor import Seen, Visitor, address_of, serving_page, visiting
from tests.support.service import Service, until


async def test_taking_the_access_away_leads_to_a_mail_with_the_way_back(
    visitor: Visitor, service: Service
) -> None:
    await visitor.become(email="ada@experts.example")
    await connect(service, "anna")
    done = await visitor.send(await visitor.see("/trying"), "/trying/take-away")
    assert "The access is gone. As if anna@contoso.example.com had ended it at Microsoft." in done.text
    assert "Has to be connected again" in (await visitor.see("/accounts")).text
    await service.hurry()

    async def trying() -> Seen:
        return await visitor.see("/trying")

    mailed = await until(trying, lambda page: "Action required" in page.text)
    (link,) = [one for one in mailed.links.values() if one.startswith(service.process.public_url)]
    onward = await service.open(link)
    assert onward.location.startswith(service.sandbox.authority.removesuffix("/common"))


async def test_shows_mails_to_nobody_else(visitor: Visitor, service: Service) -> None:
    await visitor.become(email="ada@experts.example")
    await connect(service, "anna")
    await visitor.send(await visitor.see("/trying"), "/trying/take-away")
    await service.hurry()

    async def mails() -> list[Any]:
        return list(service.sandbox.mails)

    await until(mails, len)
    await visitor.become(email="other@experts.example")
    other = await visitor.see("/trying")
    assert "Mails to other@experts.example None yet." in other.text
    assert "Action required" not in other.text


async def test_what_is_entered_into_a_calendar_is_taken(visitor: Visitor, service: Service) -> None:
    await visitor.become(time_zone="Europe/Berlin")
    await connect(service, "gina")
    event = {"calendar": "primary", "start": f"{TUESDAY}T09:00", "minutes": "60", "show_as": "busy"}
    done = await visitor.send(await visitor.see("/trying"), "/trying/event", **event)
    assert "It is in the calendar." in done.text
    week = await visitor.see(f"{WEEK}&look=now")
    assert "Busy 09:00 to 10:00" in week.text
    assert "Entered by hand" not in week.html


async def test_an_outage_makes_times_unknown_until_it_ends(visitor: Visitor, service: Service) -> None:
    await visitor.become()
    await connect(service, "anna")
    down = await visitor.send(await visitor.see("/trying"), "/trying/outage")
    assert "Microsoft has an outage." in down.text
    assert not starts(await visitor.see(WEEK))
    up = await visitor.send(down, "/trying/end-outages")
    assert "All providers answer again." in up.text
    assert starts(await visitor.see(WEEK))


async def test_a_new_password_of_apples_connects_the_account_again(
    visitor: Visitor, service: Service, sandbox: Sandbox
) -> None:
    await visitor.become()
    await connect(service, "ida")
    page = await visitor.send(await visitor.see("/trying"), "/trying/take-away")
    passwords = sandbox.world.people.get("ida").icloud_account.passwords
    assert not passwords
    page = await visitor.send(page, "/trying/new-password")
    (password,) = passwords
    assert f"ida@icloud.example.com can connect with {password}" in page.text


async def test_only_accounts_of_ones_own_are_touched(visitor: Visitor, service: Service) -> None:
    await visitor.become()
    expert_id = await only_expert(service)
    await connect(service, "anna")
    (account,) = await service.list_accounts(expert_id)
    await visitor.become(display_name="Somebody Else")
    token = (await visitor.see("/week")).form("/logout").fields
    for action in ("take-away", "new-password", "event", "outage", "end-outages"):
        refused = await visitor.post(f"/trying/{action}", account_id=account.account_id, **token)
        assert refused.status == 404
    (account,) = await service.list_accounts(expert_id)
    assert account.status == ACCOUNT_STATUS_ACTIVE


async def test_a_form_that_no_page_sends_is_refused(visitor: Visitor, service: Service) -> None:
    await visitor.become()
    await connect(service, "anna")
    fields = (await visitor.see("/trying")).form("/trying/event").fields
    for name, told in (
        ("start", "soon"),
        ("start", "0001-01-01T00:00"),
        ("start", "9999-12-31T23:30"),
        ("minutes", "long"),
        ("show_as", "x"),
        ("calendar", ""),
        ("calendar", ".."),
    ):
        assert (await visitor.post("/trying/event", **{**fields, name: told})).status == 400, told


async def test_somebody_whom_the_sandbox_no_longer_knows_is_no_reason_to_fail(
    visitor: Visitor, service: Service, sandbox: Sandbox
) -> None:
    await visitor.become()
    await connect(service, "anna")
    sandbox.world.people.change("anna", email="renamed@contoso.example.com")
    page = await visitor.see("/trying")
    assert page.status == 200
    refused = await visitor.send(page, "/trying/take-away")
    assert "The sandbox refused." in refused.text


async def test_nothing_of_it_is_there_where_the_providers_are_real(service: Service) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        grpc = f"127.0.0.1:{service.process.grpc_port}"
        async with serving_page(bound, service=grpc), visiting(address_of(bound)) as visitor:
            await visitor.become()
            week = await visitor.see("/week")
            assert "/trying" not in week.links.values()
            assert (await visitor.see("/trying")).status == 404
