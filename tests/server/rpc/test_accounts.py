"""AccountService over a real channel."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from google.rpc import error_details_pb2

from application.accounts.complete_connection import ConnectionOutcome
from application.ports.sign_in import RedirectAnswer
from calendarsync.v1 import account_pb2, expert_pb2
from calendarsync.v1.account_service_pb2 import (
    CompleteConnectionRequest,
    ConfirmConnectionRequest,
    DisconnectAccountRequest,
    GetAccountRequest,
    ListAccountsRequest,
    StartConnectionRequest,
)
from domain.account import AccountKind
from domain.connection import SignInRefused
from server.rpc.mapping.times import instant
from tests.builders import EXPERT
from tests.fakes.provider import FakeProvider, Person
from tests.fakes.sign_in import ADMIN_CONSENT_URL
from tests.server.served import PUBLIC_URL, RETURN_URL, Api, Failure, failure_of


async def test_a_sign_in_goes_to_the_services_own_redirect(api: Api) -> None:
    await api.put_expert()

    started = await api.start(return_url=RETURN_URL)

    query = parse_qs(urlsplit(started.authorization_url).query)
    assert query["redirect_uri"] == [PUBLIC_URL + "/oauth/microsoft/callback"]
    assert query["state"] == [started.state]
    assert instant(started.expire_time) == api.world.clock.now() + timedelta(minutes=10)


async def test_a_sign_in_goes_to_the_callers_own_page_when_asked_to(api: Api) -> None:
    await api.put_expert()

    started = await api.start(redirect_uri=RETURN_URL + "/done")

    assert parse_qs(urlsplit(started.authorization_url).query)["redirect_uri"] == [RETURN_URL + "/done"]


@pytest.mark.parametrize("field", ["return_url", "redirect_uri"])
async def test_refuses_a_url_that_is_not_on_the_allow_list(api: Api, field: str) -> None:
    await api.put_expert()

    failure = await failure_of(api.start(**{field: "https://evil.example/calendars"}))

    assert failure.reason == "RETURN_URL_NOT_ALLOWED"
    assert failure.fields == {field: "RETURN_URL_NOT_ALLOWED"}


@pytest.mark.parametrize("provider", [account_pb2.PROVIDER_GOOGLE, account_pb2.PROVIDER_APPLE])
async def test_other_providers_are_not_available_yet(
    api: Api, provider: account_pb2.Provider.ValueType
) -> None:
    await api.put_expert()

    failure = await failure_of(api.start(provider=provider))

    assert failure.code.name == "UNIMPLEMENTED"
    assert failure.reason == "PROVIDER_NOT_AVAILABLE"
    assert failure.metadata == {"provider": account_pb2.Provider.Name(provider).removeprefix("PROVIDER_")}


async def test_connects_an_account(api: Api) -> None:
    await api.put_expert()
    person = api.world.provider.add_person("ann", kind=AccountKind.PERSONAL)

    completed = await api.connect(person)

    assert not completed.reconnected
    account = completed.account
    assert account.expert_id == EXPERT
    assert account.provider == account_pb2.PROVIDER_MICROSOFT
    assert account.kind == account_pb2.ACCOUNT_KIND_PERSONAL
    assert account.status == account_pb2.ACCOUNT_STATUS_ACTIVE
    assert account.email == person.email
    assert account.display_name == person.display_name
    got = await api.accounts.GetAccount(GetAccountRequest(expert_id=EXPERT, account_id=account.account_id))
    assert got.account == account


async def test_signing_in_again_is_a_reconnect(api: Api) -> None:
    await api.put_expert()
    person = api.world.provider.add_person()
    first = await api.connect(person)

    again = await api.connect(person)

    assert again.reconnected
    assert again.account.account_id == first.account.account_id


async def test_lists_accounts_with_the_limit_and_its_use(api: Api) -> None:
    await api.put_expert(plan=expert_pb2.PLAN_PRO)
    ids = [
        (await api.connect(api.world.provider.add_person(name))).account.account_id
        for name in ("ann", "bob", "cy")
    ]
    await api.put_expert(plan=expert_pb2.PLAN_GROWTH)

    listed = await api.accounts.ListAccounts(ListAccountsRequest(expert_id=EXPERT))

    assert [one.account_id for one in listed.accounts] == ids
    assert listed.plan == expert_pb2.PLAN_GROWTH
    assert listed.account_limit == 2
    assert listed.over_limit


async def test_refuses_an_account_beyond_the_limit(api: Api) -> None:
    await api.put_expert(plan=expert_pb2.PLAN_FREE)
    for name in ("ann", "bob"):
        await api.connect(api.world.provider.add_person(name))

    failure = await failure_of(api.start())

    assert failure.code.name == "FAILED_PRECONDITION"
    assert failure.reason == "ACCOUNT_LIMIT_REACHED"
    assert failure.metadata == {"plan": "FREE", "limit": "2", "connected": "2"}
    unmet = failure.detail(error_details_pb2.PreconditionFailure).violations[0]
    assert unmet.type == "ACCOUNT_LIMIT_REACHED"


async def test_a_reconnect_of_a_lost_account_starts_with_its_id(api: Api) -> None:
    await api.put_expert()
    person = api.world.provider.add_person()
    account_id = (await api.connect(person)).account.account_id
    await api.lose_access(account_id)
    request = GetAccountRequest(expert_id=EXPERT, account_id=account_id)
    lost = await api.accounts.GetAccount(request)
    assert lost.account.status == account_pb2.ACCOUNT_STATUS_RECONNECT_REQUIRED

    again = await api.connect(person, account_id=account_id)

    assert again.reconnected
    assert again.account.status == account_pb2.ACCOUNT_STATUS_ACTIVE


async def test_disconnects_an_account_once(api: Api) -> None:
    await api.put_expert()
    person = api.world.provider.add_person("ann", kind=AccountKind.PERSONAL)
    account_id = (await api.connect(person)).account.account_id
    request = DisconnectAccountRequest(expert_id=EXPERT, account_id=account_id)

    done = await api.accounts.DisconnectAccount(request)

    assert done.access_removal_url == "https://account.live.com/consent/Manage"
    assert (await failure_of(api.accounts.DisconnectAccount(request))).reason == "ACCOUNT_NOT_FOUND"


async def test_another_experts_account_is_not_found(api: Api) -> None:
    await api.put_expert()
    await api.put_expert("expert-2")
    account_id = (await api.connect(api.world.provider.add_person())).account.account_id
    theirs = {"expert_id": "expert-2", "account_id": account_id}

    got = await failure_of(api.accounts.GetAccount(GetAccountRequest(**theirs)))
    gone = await failure_of(api.accounts.DisconnectAccount(DisconnectAccountRequest(**theirs)))
    started = await failure_of(api.start("expert-2", account_id=account_id))

    assert got.reason == gone.reason == started.reason == "ACCOUNT_NOT_FOUND"


async def test_another_experts_sign_in_is_not_found(api: Api) -> None:
    await api.put_expert()
    await api.put_expert("expert-2")
    started = await api.start()

    failure = await failure_of(
        api.accounts.CompleteConnection(
            CompleteConnectionRequest(expert_id="expert-2", state=started.state, code="code-1")
        )
    )

    assert failure.code.name == "NOT_FOUND"
    assert failure.reason == "CONNECTION_ATTEMPT_NOT_FOUND"


async def test_a_sign_in_can_be_used_once(api: Api) -> None:
    await api.put_expert()
    started = await api.start()
    answer = CompleteConnectionRequest(expert_id=EXPERT, state=started.state, error="access_denied")

    first = await failure_of(api.accounts.CompleteConnection(answer))
    second = await failure_of(api.accounts.CompleteConnection(answer))

    assert (first.reason, second.reason) == ("SIGN_IN_CANCELLED", "CONNECTION_ATTEMPT_NOT_FOUND")


async def test_a_sign_in_ends_after_ten_minutes(api: Api) -> None:
    await api.put_expert()
    started = await api.start()
    api.world.clock.advance(timedelta(minutes=10))

    failure = await failure_of(
        api.accounts.CompleteConnection(
            CompleteConnectionRequest(expert_id=EXPERT, state=started.state, code="code-1")
        )
    )

    assert failure.reason == "CONNECTION_ATTEMPT_EXPIRED"


async def test_a_cancelled_sign_in_comes_with_help(api: Api) -> None:
    failure = await _redirected(api, error="access_denied", error_subcode="cancel")

    assert failure.code.name == "FAILED_PRECONDITION"
    assert failure.detail(error_details_pb2.Help).links[0].url.startswith("https://learn.microsoft.com/")


async def test_a_redirect_of_somebody_elses_is_refused(api: Api) -> None:
    failure = await _redirected(api, error="access_denied", iss="https://somebody-else.example")

    assert failure.reason == "SIGN_IN_REFUSED"


async def test_the_administrators_approval_comes_with_the_page_to_give_it_on(api: Api) -> None:
    failure = await _redirected(api, error="consent_required", error_description="AADSTS90094: x")

    assert failure.reason == "ADMIN_APPROVAL_REQUIRED"
    assert failure.detail(error_details_pb2.Help).links[0].url == ADMIN_CONSENT_URL


async def test_missing_permissions_are_named(api: Api) -> None:
    def untick(_: FakeProvider, person: Person) -> None:
        person.granted = ("User.Read",)

    failure = await _signed_in(api, untick)

    assert failure.reason == "PERMISSIONS_MISSING"
    assert failure.metadata == {"missing": "Calendars.ReadWrite"}


async def test_an_account_without_a_mailbox_is_refused(api: Api) -> None:
    def unlicensed(_: FakeProvider, person: Person) -> None:
        person.served = False

    assert (await _signed_in(api, unlicensed)).reason == "MAILBOX_NOT_SERVED"


async def test_a_refused_code_is_a_refused_sign_in(api: Api) -> None:
    def refuse(provider: FakeProvider, _: Person) -> None:
        provider.fail("redeem", SignInRefused())

    assert (await _signed_in(api, refuse)).reason == "SIGN_IN_REFUSED"


async def test_an_outage_of_the_provider_says_when_to_try_again(api: Api) -> None:
    await api.put_expert()
    api.world.provider.outage = True

    failure = await failure_of(api.start())

    assert failure.code.name == "UNAVAILABLE"
    assert failure.reason == "PROVIDER_UNAVAILABLE"
    assert failure.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta() > timedelta()


async def test_a_refused_registration_is_nobodys_fault_but_ours(api: Api) -> None:
    def misconfigure(provider: FakeProvider, _: Person) -> None:
        provider.misconfigured = "AADSTS7000222"

    failure = await _signed_in(api, misconfigure)

    assert failure.code.name == "INTERNAL"
    assert failure.reason == "PROVIDER_MISCONFIGURED"
    assert "AADSTS" not in str(failure)


async def test_a_reconnect_as_somebody_else_is_refused_with_help(api: Api) -> None:
    await api.put_expert()
    account_id = (await api.connect(api.world.provider.add_person("ann"))).account.account_id

    failure = await failure_of(api.connect(api.world.provider.add_person("bob"), account_id=account_id))

    assert failure.reason == "ACCOUNT_MISMATCH"
    assert failure.detail(error_details_pb2.Help).links


@pytest.mark.parametrize("destination", [{"return_url": ""}, {"redirect_uri": ""}])
async def test_an_empty_destination_breaks_the_rules_of_shape(api: Api, destination: dict[str, str]) -> None:
    await api.put_expert()

    failure = await failure_of(api.start(**destination))

    assert failure.reason == "INVALID_REQUEST"


async def test_a_sign_in_without_a_destination_is_refused(api: Api) -> None:
    await api.put_expert()
    request = StartConnectionRequest(expert_id=EXPERT, provider=account_pb2.PROVIDER_MICROSOFT)

    failure = await failure_of(api.accounts.StartConnection(request))

    assert (failure.code.name, failure.reason) == ("INVALID_ARGUMENT", "DESTINATION_REQUIRED")
    assert failure.fields == {"return_url": "DESTINATION_REQUIRED"}


async def test_a_sign_in_begun_another_way_says_which_and_goes_on(api: Api) -> None:
    await api.put_expert()
    started = await api.start(return_url=RETURN_URL)
    code = api.world.provider.code_for(api.world.provider.add_person())

    failure = await failure_of(
        api.accounts.CompleteConnection(
            CompleteConnectionRequest(expert_id=EXPERT, state=started.state, code=code)
        )
    )

    assert (failure.code.name, failure.reason) == ("FAILED_PRECONDITION", "CONNECTION_ATTEMPT_OTHER_WAY")
    assert failure.metadata == {"begun_with": "return_url"}
    assert (await _come_back(api, started.state, code)).token is not None


async def test_confirming_answers_with_the_account_again_and_again(api: Api) -> None:
    await api.put_expert()
    person = api.world.provider.add_person()
    started = await api.start(return_url=RETURN_URL)
    outcome = await _come_back(api, started.state, api.world.provider.code_for(person))
    request = ConfirmConnectionRequest(expert_id=EXPERT, token=outcome.token or "")

    first = await api.accounts.ConfirmConnection(request)

    assert first.account.email == person.email
    assert not first.reconnected
    assert first == await api.accounts.ConfirmConnection(request)


async def test_another_experts_token_is_not_found(api: Api) -> None:
    await api.put_expert()
    await api.put_expert("expert-2")
    started = await api.start(return_url=RETURN_URL)
    code = api.world.provider.code_for(api.world.provider.add_person())
    token = (await _come_back(api, started.state, code)).token or ""

    failure = await failure_of(
        api.accounts.ConfirmConnection(ConfirmConnectionRequest(expert_id="expert-2", token=token))
    )

    assert (failure.code.name, failure.reason) == ("NOT_FOUND", "CONNECTION_ATTEMPT_NOT_FOUND")
    assert token not in str(failure)
    await api.accounts.ConfirmConnection(ConfirmConnectionRequest(expert_id=EXPERT, token=token))


async def _come_back(api: Api, state: str, code: str) -> ConnectionOutcome:
    """To the service's own redirect."""
    return await api.world.container.complete_connection()(RedirectAnswer(state=state, code=code))


async def test_a_redirect_brings_a_code_or_an_error(api: Api) -> None:
    both = CompleteConnectionRequest(expert_id=EXPERT, state="s", code="c", error="e")
    neither = CompleteConnectionRequest(expert_id=EXPERT, state="s")

    for answer in (both, neither):
        failure = await failure_of(api.accounts.CompleteConnection(answer))
        assert failure.fields == {"": "COMPLETE_CONNECTION_CODE_OR_ERROR"}


async def _redirected(api: Api, **answer: str) -> Failure:
    await api.put_expert()
    started = await api.start()
    request = CompleteConnectionRequest(expert_id=EXPERT, state=started.state, **answer)
    return await failure_of(api.accounts.CompleteConnection(request))


async def _signed_in(api: Api, trouble: Callable[[FakeProvider, Person], None]) -> Failure:
    await api.put_expert()
    person = api.world.provider.add_person()
    trouble(api.world.provider, person)
    return await failure_of(api.connect(person))
