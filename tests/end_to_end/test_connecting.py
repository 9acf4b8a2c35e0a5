"""Connecting accounts, both ways in: through the service's own redirect, and through the caller's page."""

import asyncio

import pytest

from calendarsync.v1.account_pb2 import (
    ACCOUNT_KIND_PERSONAL,
    ACCOUNT_KIND_WORK,
    ACCOUNT_STATUS_ACTIVE,
    PROVIDER_MICROSOFT,
    AccountKind,
)
from calendarsync.v1.account_service_pb2 import StartConnectionRequest
from calendarsync.v1.calendar_pb2 import (
    UNCHECKABLE_REASON_SUBSCRIBED,
    WRITE_CALENDAR_STATE_NO_WRITABLE_CALENDAR,
    WRITE_CALENDAR_STATE_READY,
)
from calendarsync.v1.calendar_service_pb2 import CALENDAR_ACCESS_ALL, CALENDAR_ACCESS_WRITABLE
from calendarsync.v1.expert_pb2 import PLAN_FREE
from sandbox import Sandbox
from tests.server.served import Logs, failure_of
from tests.support.calls import EXPERT, NOW, REDIRECT_URI, RETURN_URL, unread
from tests.support.cast import Cast
from tests.support.running_service import open_service
from tests.support.service import Service, until


async def test_connects_through_the_services_own_redirect_once_it_is_confirmed(
    service: Service, cast: Cast
) -> None:
    provider = service.provider_of(cast.main)
    started = await service.start(provider=provider, return_url=f"{RETURN_URL}?tab=outlook")
    landed = await service.open(await service.sign_in(started.authorization_url, cast.main))
    assert landed.status == 302
    assert landed.location.startswith(f"{RETURN_URL}?tab=outlook&")
    token = landed.outcome["token"]
    assert landed.outcome == {"tab": "outlook", "outcome": "pending", "token": token}
    assert await service.list_accounts() == []
    confirmed = await service.confirm(token)
    (account,) = await service.list_accounts()
    assert confirmed.account == account
    assert (account.status, account.provider) == (ACCOUNT_STATUS_ACTIVE, provider)
    assert (account.email, account.display_name) == (cast.email, cast.name)
    assert await service.confirm(token) == confirmed


@pytest.mark.parametrize(
    ("person", "kind"),
    [
        ("anna", ACCOUNT_KIND_WORK),
        ("carla", ACCOUNT_KIND_PERSONAL),
        ("walter", ACCOUNT_KIND_WORK),
        ("gina", ACCOUNT_KIND_PERSONAL),
        ("ida", ACCOUNT_KIND_PERSONAL),
        ("partitioned", ACCOUNT_KIND_PERSONAL),
    ],
)
async def test_connects_through_the_callers_own_page_once(
    service: Service, person: str, kind: AccountKind.ValueType
) -> None:
    started = await service.start(provider=service.provider_of(person), redirect_uri=REDIRECT_URI)
    brought = await service.sign_in(started.authorization_url, person)
    assert brought.startswith(REDIRECT_URI)
    completed = await service.complete(brought)
    assert completed.account.kind == kind
    assert completed.account.email == service.sandbox.world.people.get(person).email
    assert (await failure_of(service.complete(brought))).reason == "CONNECTION_ATTEMPT_NOT_FOUND"


async def test_shows_a_page_of_its_own_where_the_caller_has_none(
    sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    request = StartConnectionRequest(expert_id=EXPERT, provider=PROVIDER_MICROSOFT)
    async with open_service(sandbox, dsn, logs=logs, confirm_connections="with_return_url") as service:
        await service.put_expert()
        for words in ("Your calendar is connected", "Your calendar is connected again"):
            started = await service.accounts.StartConnection(request)
            landed = await service.open(await service.sign_in(started.authorization_url, "anna"))
            assert landed.status == 200
            assert words in landed.text
            assert "default-src 'none'" in landed.headers["Content-Security-Policy"]


async def test_the_old_way_connects_at_once_and_is_warned_of(sandbox: Sandbox, dsn: str, logs: Logs) -> None:
    async with open_service(sandbox, dsn, logs=logs, confirm_connections="off") as service:
        await service.put_expert()
        started = await service.start()
        landed = await service.open(await service.sign_in(started.authorization_url, "anna"))
        (account,) = await service.list_accounts()
        assert landed.outcome == {"outcome": "connected", "account_id": account.account_id}
    (warning,) = logs.of("anybody's browser counts as the expert's")
    assert (warning["level"], warning["setting"]) == ("warning", "CALENDARSYNC_CONFIRM_CONNECTIONS")


async def test_what_nobody_confirms_is_erased_and_never_read(service: Service) -> None:
    started = await service.start()
    landed = await service.open(await service.sign_in(started.authorization_url, "anna"))
    await service.idle()
    asked = {one.path for one in service.sandbox.world.traffic.requests if one.surface == "graph"}
    assert asked == {"/me", "/me/calendar", "/me/calendars"}
    kept = {"expert": 1, "known_version": 1, "audit_subject": 1, "change": 1, "pending_connection": 1}
    assert await service.tables() == kept
    await service.database.execute("UPDATE pending_connection SET expires_at = now()")
    await until(lambda: service.rows("SELECT FROM pending_connection"), lambda rows: not rows)
    failure = await failure_of(service.confirm(landed.outcome["token"]))
    assert failure.reason == "CONNECTION_ATTEMPT_NOT_FOUND"
    assert await service.list_accounts() == []


@pytest.mark.parametrize("dirt", ["\ud83d", "\0", "\x07", "x" * 5_000], ids=["half", "NUL", "bell", "long"])
async def test_text_that_nobody_could_pass_on_spoils_no_answer(service: Service, dirt: str) -> None:
    world = service.sandbox.world
    world.people.change("anna", name=f"Anna {dirt}", email=f"anna{dirt}@contoso.example.com")
    world.calendars.rename("anna", "team", f"Team {dirt}")

    account_id = await service.connect("anna")

    (listed,) = await service.list_accounts()
    assert listed.account_id == account_id
    assert listed.display_name.startswith("Anna")
    assert len(listed.display_name) <= 256
    assert listed.email == ""
    names = {one.name[:4] for one in await service.list_calendars(refresh=True)}
    assert names >= {"Cale", "Team"}


async def test_a_first_account_is_checked_and_written_by_default(service: Service, cast: Cast) -> None:
    account_id = await service.connect(cast.main)
    calendars = await service.list_calendars()
    (primary,) = [one.calendar_id for one in calendars if one.primary]
    assert {one.name for one in calendars if not one.primary} == {cast.further.title()}
    assert {one.account_id for one in calendars} == {account_id}
    settings = await service.calendar_settings()
    assert settings.conflict_calendar_ids == [primary]
    assert (settings.write_calendar_id, settings.effective_write_calendar_id) == ("", primary)
    assert settings.write_calendar_state == WRITE_CALENDAR_STATE_READY


async def test_a_second_account_is_checked_but_not_written(service: Service) -> None:
    await service.connect("anna")
    before = await service.calendar_settings()
    account_id = await service.connect("carla")
    (carlas,) = [one for one in await service.list_calendars() if one.account_id == account_id]
    after = await service.calendar_settings()
    assert set(after.conflict_calendar_ids) == {*before.conflict_calendar_ids, carlas.calendar_id}
    assert after.effective_write_calendar_id == before.effective_write_calendar_id


async def test_signing_in_again_is_a_reconnect_that_keeps_every_choice(service: Service, cast: Cast) -> None:
    account_id = await service.connect(cast.main)
    team = await service.calendar_id(cast.main, cast.further)
    chosen = await service.choose(conflict_calendar_ids=[team], write_calendar_id=team)
    calendars = await service.list_calendars()
    landed = await service.finish(cast.main)
    assert landed == {"outcome": "reconnected", "account_id": account_id}
    assert await service.list_calendars() == calendars
    settings = await service.calendar_settings()
    assert settings.conflict_calendar_ids == chosen.conflict_calendar_ids
    assert settings.write_calendar_id == team


@pytest.mark.parametrize("other", ["carla", "gina"])
async def test_two_sign_ins_at_once_take_the_last_place_once(service: Service, other: str) -> None:
    await service.put_expert(plan=PLAN_FREE)
    await service.connect("anna")
    ways_back = [
        await service.sign_in(
            (await service.start(provider=service.provider_of(person))).authorization_url, person
        )
        for person in ("ben", other)
    ]
    landed = await asyncio.gather(*(service.arrive(url) for url in ways_back))
    assert sorted(one.get("reason", "") for one in landed) == ["", "ACCOUNT_LIMIT_REACHED"]
    assert len(await service.list_accounts()) == 2


async def test_reconnects_at_the_limit(service: Service) -> None:
    await service.put_expert(plan=PLAN_FREE)
    await service.connect("anna")
    account_id = await service.connect("carla")
    assert (await failure_of(service.start())).reason == "ACCOUNT_LIMIT_REACHED"
    landed = await service.finish("carla", account_id=account_id)
    assert landed == {"outcome": "reconnected", "account_id": account_id}


async def test_two_experts_may_connect_the_same_account(service: Service) -> None:
    await service.put_expert("expert-2")
    first, second = await service.connect("anna"), await service.connect("anna", expert_id="expert-2")
    assert first != second
    assert [one.account_id for one in await service.list_accounts("expert-2")] == [second]


@pytest.mark.parametrize("spelling", ["bare", "uri", "lower", "upper"])
async def test_counts_permissions_in_every_spelling(service: Service, spelling: str) -> None:
    service.sandbox.world.people.change("anna", scope_spelling=spelling)
    await service.connect("anna")
    assert (await service.busy()).complete


async def test_lists_every_calendar_of_a_long_list(service: Service) -> None:
    await service.connect("max")
    assert len(await service.list_calendars(page_size=200)) == 13


async def test_preselects_nothing_where_no_calendar_is_primary(service: Service) -> None:
    await service.connect("nadia")
    settings = await service.calendar_settings()
    assert not settings.conflict_calendar_ids
    assert settings.write_calendar_state == WRITE_CALENDAR_STATE_NO_WRITABLE_CALENDAR


async def test_offers_and_accepts_only_writable_calendars_to_write_to(service: Service) -> None:
    await service.connect("dora")
    calendars = {one.name: one for one in await service.list_calendars()}
    offered = {one.name for one in await service.list_calendars(access=CALENDAR_ACCESS_WRITABLE)}
    assert set(calendars) - offered == {"Ben Okafor"}
    shared = calendars["Ben Okafor"]
    assert (shared.shared, shared.writable, shared.owner_name) == (True, False, "Ben Okafor")
    failure = await failure_of(service.choose(write_calendar_id=shared.calendar_id))
    assert failure.reason == "CALENDAR_NOT_WRITABLE"


async def test_a_feed_is_listed_as_what_can_not_be_checked_and_is_offered_to_nobody(service: Service) -> None:
    await service.connect("subscriber")
    offered = {one.name: one for one in await service.list_calendars()}
    everything = {one.name: one for one in await service.list_calendars(access=CALENDAR_ACCESS_ALL)}
    assert everything.keys() - offered.keys() == {"Fixtures", "Holidays in Norway"}
    feed = everything["Fixtures"]
    assert feed.uncheckable_reason == UNCHECKABLE_REASON_SUBSCRIBED
    failure = await failure_of(service.choose(conflict_calendar_ids=[feed.calendar_id]))
    assert failure.reason == "CALENDAR_NOT_CHECKABLE"
    failure = await failure_of(service.choose(write_calendar_id=feed.calendar_id))
    assert failure.reason == "CALENDAR_NOT_WRITABLE"


async def test_a_checked_calendar_that_becomes_a_feed_is_never_called_free(service: Service) -> None:
    await service.connect("ida")
    work = await service.calendar_id("ida", "work")
    await service.choose(conflict_calendar_ids=[work])
    feed = {"kind": "subscribed", "source": "webcal://feeds.example.com/work.ics"}
    service.sandbox.world.calendars.change_icloud("ida", "work", **feed)
    for refresh in (False, True):
        listed = {one.calendar_id for one in await service.list_calendars(refresh=refresh)}
        assert (work in listed) is not refresh
        busy = await service.busy(max_age=NOW)
        assert not busy.complete
        assert unread(busy) == ["CALENDAR_MISSING"]
