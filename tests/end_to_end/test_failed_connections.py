"""Every way a sign-in can fail, on the HTTP redirect and over gRPC: a reason of its own, and nothing stored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from calendarsync.v1.account_pb2 import PROVIDER_APPLE, PROVIDER_MICROSOFT
from calendarsync.v1.account_service_pb2 import StartConnectionRequest
from calendarsync.v1.expert_pb2 import PLAN_FREE
from sandbox import Sandbox, World
from sandbox.world.model import TenantRefusal
from tests.server.served import Logs, failure_of
from tests.support.calls import EXPERT, REDIRECT_URI, RETURN_URL, unread
from tests.support.running_service import open_service
from tests.support.service import Service, until

UNTOUCHED = {"expert": 1, "audit_subject": 1, "known_version": 1, "change": 1}
"""The tables that are not empty when nothing was stored but the expert."""


def _nothing(_: World) -> None:
    """The world as it is."""


def _refused(how: TenantRefusal, world: World) -> None:
    """The person's organisation does this to us."""
    world.people.change_tenant("contoso.example.com", refuses=how)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """How a sign-in goes wrong, and what is told about it."""

    person: str
    reason: str
    code: grpc.StatusCode = grpc.StatusCode.FAILED_PRECONDITION
    how: dict[str, Any] = field(default_factory=dict)
    beforehand: Callable[[World], object] = _nothing
    helps: bool = False
    """Whether a page is named on which a person can act."""


FAILING = {
    "cancelled": Failing(person="ben", how={"decision": "cancel"}, reason="SIGN_IN_CANCELLED", helps=True),
    "backed out of the approval page": Failing(
        person="approval", how={"decision": "admin"}, reason="SIGN_IN_CANCELLED", helps=True
    ),
    "an administrator must approve": Failing(
        person="approval",
        beforehand=lambda world: world.people.change_tenant("strict.example.com", consent="admin_error"),
        reason="ADMIN_APPROVAL_REQUIRED",
        helps=True,
    ),
    **{
        f"blocked by the organisation: {refuses}": Failing(
            person="anna",
            beforehand=partial(_refused, refuses),
            reason="BLOCKED_BY_ORGANISATION",
            helps=True,
        )
        for refuses in ("not_assigned", "policy", "app_disabled", "not_subscribed")
    },
    "a permission unticked": Failing(
        person="anna", how={"grant": ("User.Read",)}, reason="PERMISSIONS_MISSING", helps=True
    ),
    "mailbox on premises": Failing(person="onprem", reason="MAILBOX_NOT_SERVED"),
    "mailbox not licensed": Failing(person="unlicensed", reason="MAILBOX_NOT_SERVED"),
    "no mailbox": Failing(person="nomailbox", reason="MAILBOX_NOT_SERVED"),
    "mailbox not served, in the other wording": Failing(
        person="anna",
        beforehand=lambda world: world.people.change("anna", mailbox="not_supported"),
        reason="MAILBOX_NOT_SERVED",
    ),
    "mailbox suspended": Failing(
        person="anna",
        beforehand=lambda world: world.people.change("anna", mailbox="suspended"),
        reason="MAILBOX_NOT_SERVED",
    ),
    "guest without a mailbox": Failing(person="guest", reason="MAILBOX_NOT_SERVED"),
    "code refused": Failing(
        person="anna",
        beforehand=lambda world: world.faults.token_error("invalid_grant", codes=(70008,)),
        reason="SIGN_IN_REFUSED",
    ),
    "id token of somebody else": Failing(
        person="anna",
        beforehand=lambda world: world.settings.id_token_claims.update(aud="another-app"),
        reason="SIGN_IN_REFUSED",
    ),
    "token endpoint down": Failing(
        person="anna",
        beforehand=lambda world: world.faults.html(503, surface="token", times=None),
        reason="SIGN_IN_INTERRUPTED",
        code=grpc.StatusCode.ABORTED,
    ),
    "Graph down": Failing(
        person="anna",
        beforehand=lambda world: world.faults.answer(503, code="ServiceUnavailable", times=None),
        reason="SIGN_IN_INTERRUPTED",
        code=grpc.StatusCode.ABORTED,
    ),
    "no calendar listed": Failing(
        person="anna",
        beforehand=lambda world: world.people.change("anna", calendar_list="empty"),
        reason="SIGN_IN_INTERRUPTED",
        code=grpc.StatusCode.ABORTED,
    ),
    "our secret expired": Failing(
        person="anna",
        beforehand=lambda world: world.app.rotate_secret(),
        reason="PROVIDER_MISCONFIGURED",
        code=grpc.StatusCode.INTERNAL,
    ),
}


@pytest.mark.parametrize("case", FAILING.values(), ids=FAILING)
async def test_sends_the_browser_back_with_the_reason(service: Service, case: Failing) -> None:
    case.beforehand(service.sandbox.world)
    started = await service.start(return_url=RETURN_URL)
    landed = await service.open(await service.sign_in(started.authorization_url, case.person, **case.how))
    assert landed.status == 302
    assert landed.location.startswith(RETURN_URL)
    assert landed.outcome == {"outcome": "failed", "reason": case.reason}
    assert await service.tables() == UNTOUCHED


@pytest.mark.parametrize("case", FAILING.values(), ids=FAILING)
async def test_tells_the_caller_the_reason(service: Service, case: Failing) -> None:
    case.beforehand(service.sandbox.world)
    started = await service.start(redirect_uri=REDIRECT_URI)
    brought = await service.sign_in(started.authorization_url, case.person, **case.how)
    failure = await failure_of(service.complete(brought))
    assert (failure.code, failure.reason) == (case.code, case.reason)
    links = [one for one in failure.details if isinstance(one, error_details_pb2.Help)]
    assert bool(links) == case.helps
    assert await service.tables() == UNTOUCHED


async def test_a_sign_in_into_a_throttled_mailbox_is_to_be_started_anew_and_not_to_be_repeated(
    service: Service,
) -> None:
    world = service.sandbox.world
    world.faults.answer(429, code="TooManyRequests", retry_after="1", times=None)
    started = await service.start(redirect_uri=REDIRECT_URI)
    brought = await service.sign_in(started.authorization_url, "anna")
    failure = await failure_of(service.complete(brought))
    assert (failure.code, failure.reason) == (grpc.StatusCode.ABORTED, "SIGN_IN_INTERRUPTED")
    assert not [one for one in failure.details if isinstance(one, error_details_pb2.RetryInfo)]
    assert (await failure_of(service.complete(brought))).reason == "CONNECTION_ATTEMPT_NOT_FOUND"
    world.faults.clear()
    await until(lambda: service.finish("anna"), lambda landed: landed["outcome"] == "connected")


async def test_a_throttled_mailbox_that_is_known_is_connected_again(service: Service) -> None:
    account_id = await service.connect("anna")
    world = service.sandbox.world
    world.grants.revoke("anna", access_tokens=True)
    assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]
    await service.put_session()
    await service.waits("RECONNECT_REQUIRED")
    world.faults.answer(429, code="TooManyRequests", retry_after="1", times=None)
    landed = await service.finish("anna", account_id=account_id)
    assert landed == {"outcome": "reconnected", "account_id": account_id}
    world.calendars.add("anna", "new", "Newly made")
    world.faults.clear()
    await until(service.list_calendars, lambda found: "Newly made" in {one.name for one in found})
    await service.written()


async def test_names_the_permissions_that_are_missing(service: Service) -> None:
    started = await service.start(redirect_uri=REDIRECT_URI)
    ticked = ("Calendars.Read", "User.Read", "offline_access")
    brought = await service.sign_in(started.authorization_url, "anna", grant=ticked)
    assert (await failure_of(service.complete(brought))).metadata == {"missing": "Calendars.ReadWrite"}


async def test_a_new_sign_in_succeeds_after_a_failed_one(service: Service) -> None:
    service.sandbox.world.faults.answer(500, surface="token", code="server_error")
    assert (await service.finish("anna"))["reason"] == "SIGN_IN_INTERRUPTED"
    await service.connect("anna")


async def test_refuses_another_person_on_a_reconnect(service: Service) -> None:
    account_id = await service.connect("anna")
    before = await service.tables()
    landed = await service.finish("ben", account_id=account_id)
    assert landed == {"outcome": "failed", "reason": "ACCOUNT_MISMATCH"}
    assert await service.tables() == before
    assert [one.email for one in await service.list_accounts()] == ["anna@contoso.example.com"]


async def test_checks_the_limit_again_when_a_sign_in_finishes(service: Service) -> None:
    await service.connect("anna")
    started = await service.start(return_url=RETURN_URL)
    await service.connect("ben")
    await service.put_expert(plan=PLAN_FREE)
    landed = await service.arrive(await service.sign_in(started.authorization_url, "carla"))
    assert landed == {"outcome": "failed", "reason": "ACCOUNT_LIMIT_REACHED"}
    assert len(await service.list_accounts()) == 2


async def test_refuses_a_sign_in_that_took_too_long(sandbox: Sandbox, dsn: str, logs: Logs) -> None:
    # The sweep would forget it before the browser is back.
    async with open_service(sandbox, dsn, logs=logs, sweep_seconds=100) as service:
        await service.put_expert()
        started = await service.start(return_url=RETURN_URL)
        way_back = await service.sign_in(started.authorization_url, "anna")
        await service.database.execute("UPDATE connection_attempt SET expires_at = now()")
        landed = await service.arrive(way_back)
        assert landed == {"outcome": "failed", "reason": "CONNECTION_ATTEMPT_EXPIRED"}
        assert await service.tables() == UNTOUCHED


async def test_a_redirect_serves_once(service: Service) -> None:
    started = await service.start(return_url=RETURN_URL)
    way_back = await service.sign_in(started.authorization_url, "anna")
    assert (await service.open(way_back)).outcome["outcome"] == "pending"
    again = await service.open(way_back)
    assert again.status == 404
    assert "This sign-in is not known" in again.text


async def test_a_state_is_good_for_its_own_expert_only(service: Service) -> None:
    await service.put_expert("expert-2")
    started = await service.start(redirect_uri=REDIRECT_URI)
    brought = await service.sign_in(started.authorization_url, "anna")
    stolen = await failure_of(service.complete(brought, expert_id="expert-2"))
    assert stolen.reason == "CONNECTION_ATTEMPT_NOT_FOUND"
    assert (await service.complete(brought)).account.expert_id == EXPERT


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?state=abc", 400),
        ("?code=abc", 400),
        ("?state=abc&code=x&error=y", 400),
        ("?state=abc&state=def&code=x", 400),
        ("?state=unknown&code=x", 404),
        ("?state=<script>alert(1)</script>&error=access_denied", 404),
    ],
)
async def test_answers_a_damaged_or_made_up_redirect_with_a_page(
    service: Service, query: str, status: int
) -> None:
    page = await service.open(f"/oauth/microsoft/callback{query}")
    assert page.status == status
    assert "<script" not in page.text


async def test_a_provider_that_nobody_configured_is_not_available(
    sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    async with open_service(sandbox, dsn, logs=logs, apple_calendars="off") as service:
        await service.put_expert()
        request = StartConnectionRequest(expert_id=EXPERT, provider=PROVIDER_APPLE, return_url=RETURN_URL)
        failure = await failure_of(service.accounts.StartConnection(request))
        assert (await service.open("/sign-in/apple")).status == HTTPStatus.NOT_FOUND
    assert (failure.code, failure.reason) == (grpc.StatusCode.UNIMPLEMENTED, "PROVIDER_NOT_AVAILABLE")


async def test_a_sign_in_needs_somebody_who_knows_whose_browser_it_is(service: Service) -> None:
    request = StartConnectionRequest(expert_id=EXPERT, provider=PROVIDER_MICROSOFT)
    failure = await failure_of(service.accounts.StartConnection(request))
    assert (failure.code, failure.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "DESTINATION_REQUIRED")
    assert await service.tables() == UNTOUCHED


async def test_sends_browsers_to_allowed_places_only(service: Service) -> None:
    failure = await failure_of(service.start(return_url="http://localhost:3000@evil.example/"))
    assert failure.reason == "RETURN_URL_NOT_ALLOWED"
    assert await service.tables() == UNTOUCHED
