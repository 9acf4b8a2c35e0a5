"""The ways a sign-in at Google can fail, as a redirect and over gRPC: a reason of its own, and nothing stored."""

import grpc
from google.rpc import error_details_pb2

from adapters.google.settings import LEAST_SCOPES
from calendarsync.v1.account_pb2 import PROVIDER_GOOGLE
from tests.end_to_end.test_failed_connections import UNTOUCHED, Failing
from tests.server.served import failure_of
from tests.support.calls import REDIRECT_URI, RETURN_URL
from tests.support.service import Service

FAILING = {
    "cancelled": Failing(person="gina", how={"decision": "cancel"}, reason="SIGN_IN_CANCELLED", helps=True),
    "a box left empty": Failing(
        person="gina", how={"grant": LEAST_SCOPES[:2]}, reason="PERMISSIONS_MISSING", helps=True
    ),
    "no lasting access": Failing(
        person="gina",
        beforehand=lambda world: world.people.change_google("gina", gives_refresh_token=False),
        reason="SIGN_IN_REFUSED",
    ),
    "Google Calendar switched off": Failing(person="nocalendar", reason="MAILBOX_NOT_SERVED"),
    "code refused": Failing(
        person="gina",
        beforehand=lambda world: world.faults.google_token_error("invalid_grant", times=None),
        reason="SIGN_IN_REFUSED",
    ),
    "the administrator's policy": Failing(
        person="walter",
        beforehand=lambda world: world.faults.google_token_error("admin_policy_enforced", times=None),
        reason="BLOCKED_BY_ORGANISATION",
        helps=True,
    ),
    "id token of somebody else": Failing(
        person="gina",
        beforehand=lambda world: world.google.settings.id_token_claims.update(aud="another-app"),
        reason="SIGN_IN_REFUSED",
    ),
    "id token of another issuer": Failing(
        person="gina",
        beforehand=lambda world: world.google.settings.id_token_claims.update(iss="https://example.com"),
        reason="SIGN_IN_REFUSED",
    ),
    "token endpoint down": Failing(
        person="gina",
        beforehand=lambda world: world.faults.html(503, surface="google-token", times=None),
        reason="SIGN_IN_INTERRUPTED",
        code=grpc.StatusCode.ABORTED,
    ),
    "calendars down": Failing(
        person="gina",
        beforehand=lambda world: world.faults.google_error(503, "backendError", times=None),
        reason="SIGN_IN_INTERRUPTED",
        code=grpc.StatusCode.ABORTED,
    ),
    "our secret expired": Failing(
        person="gina",
        beforehand=lambda world: world.google.app.rotate_secret("another-secret"),
        reason="PROVIDER_MISCONFIGURED",
        code=grpc.StatusCode.INTERNAL,
    ),
}


async def test_tells_both_the_browser_and_the_caller_how_a_sign_in_at_google_failed(
    service: Service,
) -> None:
    for name, case in FAILING.items():
        await service.sandbox.reset()
        case.beforehand(service.sandbox.world)
        started = await service.start(provider=PROVIDER_GOOGLE, return_url=RETURN_URL)
        landed = await service.open(await service.sign_in(started.authorization_url, case.person, **case.how))
        assert landed.outcome == {"outcome": "failed", "reason": case.reason}, name
        started = await service.start(provider=PROVIDER_GOOGLE, redirect_uri=REDIRECT_URI)
        brought = await service.sign_in(started.authorization_url, case.person, **case.how)
        failure = await failure_of(service.complete(brought))
        assert (failure.code, failure.reason) == (case.code, case.reason), name
        assert any(isinstance(one, error_details_pb2.Help) for one in failure.details) == case.helps, name
        assert await service.tables() == UNTOUCHED, name


async def test_names_the_boxes_that_were_left_empty_in_words_too(service: Service) -> None:
    started = await service.start(provider=PROVIDER_GOOGLE, redirect_uri=REDIRECT_URI)
    brought = await service.sign_in(started.authorization_url, "gina", grant=LEAST_SCOPES[:1])
    assert (await failure_of(service.complete(brought))).metadata == {
        "missing": "calendar.events.freebusy calendar.events.owned",
        "described": "see when you are busy; see the times of your events; add sessions to your calendar",
    }
