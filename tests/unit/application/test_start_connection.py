"""Starting a sign-in."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.access import ProviderUnavailable
from domain.account import AccountNotFound, Provider, ProviderNotAvailable
from domain.connection import ReturnUrlNotAllowed
from domain.expert import AccountLimitReached, ExpertNotFound, Plan
from domain.ids import AccountId, ExpertId
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.support.application import RETURN_URL, Application, callback_url


def query_of(url: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}


async def test_sends_the_browser_to_the_provider_with_the_state_of_the_attempt(app: Application) -> None:
    started = await app.start_connection(expert_id=EXPERT, provider=Provider.MICROSOFT, return_url=RETURN_URL)

    query = query_of(started.authorization_url)
    assert query["state"] == started.state
    assert query["redirect_uri"] == callback_url(Provider.MICROSOFT)
    assert started.expires_at == app.clock.now() + timedelta(minutes=10)


async def test_lets_an_allowed_page_finish_the_sign_in_itself(app: Application) -> None:
    started = await app.start_connection(
        expert_id=EXPERT, provider=Provider.MICROSOFT, redirect_uri=f"{RETURN_URL}/done"
    )

    assert query_of(started.authorization_url)["redirect_uri"] == f"{RETURN_URL}/done"


@pytest.mark.parametrize("field", ["return_url", "redirect_uri"])
async def test_refuses_urls_that_are_not_allowed_and_names_the_field(app: Application, field: str) -> None:
    with pytest.raises(ReturnUrlNotAllowed) as refusal:
        await app.start_connection(
            expert_id=EXPERT,
            provider=Provider.MICROSOFT,
            **{field: "https://elsewhere.example/"},  # type: ignore[arg-type]
        )

    assert refusal.value.field == field
    assert app.store.tables.attempts == {}


async def test_refuses_an_unknown_expert(app: Application) -> None:
    with pytest.raises(ExpertNotFound):
        await app.start_connection(
            expert_id=ExpertId("nobody"), provider=Provider.MICROSOFT, return_url=RETURN_URL
        )


@pytest.mark.parametrize("provider", [Provider.GOOGLE, Provider.APPLE])
async def test_refuses_providers_that_are_not_served_yet(app: Application, provider: Provider) -> None:
    with pytest.raises(ProviderNotAvailable) as refusal:
        await app.start_connection(expert_id=EXPERT, provider=provider, return_url=RETURN_URL)

    assert refusal.value.provider is provider


async def test_a_reconnect_asks_for_the_person_of_the_account(app: Application, maria: Person) -> None:
    account = await app.connect(maria)

    started = await app.start_connection(
        expert_id=EXPERT, provider=Provider.MICROSOFT, account_id=account.account_id, return_url=RETURN_URL
    )

    query = query_of(started.authorization_url)
    assert (query["login_hint"], query["reconnects"]) == (maria.email, account.identity.object_id)


async def test_refuses_to_reconnect_an_account_of_another_expert(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.add_expert("expert-2")

    for expert_id, account_id in (("expert-2", account.account_id), (EXPERT, AccountId("unknown"))):
        with pytest.raises(AccountNotFound):
            await app.start_connection(
                expert_id=ExpertId(expert_id),
                provider=Provider.MICROSOFT,
                account_id=account_id,
                return_url=RETURN_URL,
            )


async def test_the_limit_is_told_before_anybody_signs_in(app: Application) -> None:
    await app.add_expert(plan=Plan.GROWTH)
    for name in ("one", "two"):
        await app.connect(app.provider.add_person(name))
    begun = app.provider.calls["begin"]

    with pytest.raises(AccountLimitReached) as refusal:
        await app.start()

    assert (refusal.value.plan, refusal.value.limit, refusal.value.connected) == (Plan.GROWTH, 2, 2)
    assert app.provider.calls["begin"] == begun
    assert app.store.tables.attempts == {}


async def test_nothing_is_kept_of_a_sign_in_that_could_not_begin(app: Application) -> None:
    app.provider.fail("begin", ProviderUnavailable())

    with pytest.raises(ProviderUnavailable):
        await app.start()

    assert app.store.tables.attempts == {}
