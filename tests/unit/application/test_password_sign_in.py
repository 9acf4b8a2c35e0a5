"""Signing in on our own page: a password goes in, and a redirect like any provider's comes out."""

import asyncio
from collections.abc import Hashable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from application.accounts.page_sign_in import PageFlow
from application.accounts.prove_password import TypedPassword
from application.accounts.try_limits import MOST_KEYS, TryLimits
from application.ports.sign_in import RedirectAnswer
from domain.access import ProviderMisconfigured, ProviderUnavailable
from domain.account import Account, Provider
from domain.connection import (
    AccountMismatch,
    ConnectionAttemptExpired,
    ConnectionAttemptNotFound,
    ConnectionAttemptOtherWay,
    MailboxNotServed,
    SignInCancelled,
    SignInRefused,
)
from domain.errors import DomainError
from domain.ids import ExpertId
from domain.password_sign_in import (
    CODE_LIFETIME,
    EXPERTS_WINDOW,
    TRIES_OF_ADDRESS,
    TRIES_OF_ATTEMPT,
    TRIES_OF_EXPERT,
    LooksLikeNormalPassword,
    TooManyTries,
    WrongPassword,
)
from tests.builders import EXPERT
from tests.fakes.provider import FakeProvider, Person
from tests.support.application import RETURN_URL, Application
from tests.support.wiring import an_application

AT = Provider.APPLE
CALLBACK = "https://calendars.example/oauth/apple/callback"
WRONG = "abcd-efgh-ijkl-mnop"


@pytest.fixture
def app() -> Application:
    return an_application(configured=(Provider.MICROSOFT, AT))


@pytest.fixture
def apple(app: Application) -> FakeProvider:
    return app.fakes[AT]


async def _start(app: Application, *, redirect_uri: str | None = None) -> str:
    await app.add_expert()
    return await app.start(provider=AT, redirect_uri=redirect_uri)


async def _prove(
    app: Application, state: str, name: str, password: str, *, form: str = "", address: Hashable = "here"
) -> str:
    form = form or PageFlow.of(app.store.tables.attempts[state]).form
    typed = TypedPassword(form=form, name=name, password=password)
    return await app.prove_password(state, typed, at=AT, address=address)


def _answer(url: str) -> RedirectAnswer:
    brought = {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
    return RedirectAnswer(
        state=brought["state"], code=brought.get("code", ""), error=brought.get("error", "")
    )


async def _come_back(app: Application, person: Person, password: str) -> str:
    state = await _start(app)
    return await _prove(app, state, person.email, password)


async def test_the_browser_is_sent_to_our_page_and_on_as_after_a_redirect(
    app: Application, apple: FakeProvider
) -> None:
    await app.add_expert()
    person = apple.add_person()
    started = await app.start_connection(expert_id=EXPERT, provider=AT, return_url=RETURN_URL)
    assert started.authorization_url == f"https://calendars.example/sign-in/apple?state={started.state}"

    url = await _prove(app, started.state, person.email, apple.app_password_for(person))

    assert url.startswith(CALLBACK + "?")
    outcome = await app.complete_connection(_answer(url), came_from=AT)
    assert (outcome.return_url, outcome.failure) == (RETURN_URL, None)
    assert outcome.token is not None
    connected = await app.confirm_connection(EXPERT, outcome.token)
    assert connected.account.identity == person.identity


async def test_a_caller_gets_state_and_code_and_completes_it(app: Application, apple: FakeProvider) -> None:
    person = apple.add_person()
    password = apple.app_password_for(person)
    state = await _start(app, redirect_uri=f"{RETURN_URL}?tab=2")

    url = await _prove(app, state, person.email, password)

    assert url.startswith(f"{RETURN_URL}?tab=2&state={state}&code=")
    assert password not in url
    outcome = await app.complete_connection(_answer(url), expert_id=EXPERT)
    assert outcome.account is not None
    assert outcome.account.identity == person.identity


async def test_the_code_is_good_once_and_no_other_is(app: Application, apple: FakeProvider) -> None:
    person = apple.add_person()
    answer = _answer(await _come_back(app, person, apple.app_password_for(person)))
    assert (await app.complete_connection(answer)).failure is None
    with pytest.raises(ConnectionAttemptNotFound):
        await app.complete_connection(answer)

    other = _answer(await _come_back(app, person, apple.app_password_for(person)))
    guessed = await app.complete_connection(RedirectAnswer(state=other.state, code=answer.code))
    assert isinstance(guessed.failure, SignInRefused)


async def test_without_a_proof_there_is_no_code(app: Application, apple: FakeProvider) -> None:
    state = await _start(app)
    outcome = await app.complete_connection(RedirectAnswer(state=state, code="anything"))
    assert isinstance(outcome.failure, SignInRefused)
    assert apple.calls["prove"] == 0


async def test_the_code_is_short_lived(app: Application, apple: FakeProvider) -> None:
    person = apple.add_person()
    answer = _answer(await _come_back(app, person, apple.app_password_for(person)))
    app.clock.advance(CODE_LIFETIME)
    assert isinstance((await app.complete_connection(answer)).failure, ConnectionAttemptExpired)


async def test_the_proof_makes_no_sign_in_last_longer(app: Application, apple: FakeProvider) -> None:
    person = apple.add_person()
    state = await _start(app)
    ends = app.store.tables.attempts[state].expires_at
    app.clock.advance(timedelta(minutes=9))
    await _prove(app, state, person.email, apple.app_password_for(person))
    assert app.store.tables.attempts[state].expires_at == ends


async def test_a_sign_in_for_the_callers_page_is_not_finished_here(
    app: Application, apple: FakeProvider
) -> None:
    person = apple.add_person()
    state = await _start(app, redirect_uri=RETURN_URL)
    answer = _answer(await _prove(app, state, person.email, apple.app_password_for(person)))
    with pytest.raises(ConnectionAttemptOtherWay):
        await app.complete_connection(answer, came_from=AT)
    assert (await app.complete_connection(answer, expert_id=EXPERT)).failure is None


async def test_a_wrong_password_leaves_the_sign_in_to_be_tried_again(
    app: Application, apple: FakeProvider
) -> None:
    person = apple.add_person()
    password, state = apple.app_password_for(person), await _start(app)
    with pytest.raises(WrongPassword):
        await _prove(app, state, person.email, WRONG)
    with pytest.raises(WrongPassword):
        await _prove(app, state, "somebody@else.example", password)
    assert _answer(await _prove(app, state, person.email, password)).state == state


async def test_a_normal_password_is_told_apart_and_sent_nowhere(
    app: Application, apple: FakeProvider
) -> None:
    state = await _start(app)
    with pytest.raises(LooksLikeNormalPassword) as told:
        await _prove(app, state, "maria@contoso.example", "Passw0rd-of-Maria")
    assert apple.calls["prove"] == 0
    assert told.value.provider is AT
    assert "Maria" not in repr(told.value) + str(told.value)


@pytest.mark.parametrize(
    ("fault", "alarmed"), [(ProviderUnavailable(), False), (ProviderMisconfigured(code="x"), True)]
)
async def test_a_fault_of_the_providers_leaves_it_too(
    app: Application, apple: FakeProvider, fault: DomainError, alarmed: bool
) -> None:
    person = apple.add_person()
    password, state = apple.app_password_for(person), await _start(app)
    apple.fail("prove", fault)
    with pytest.raises(type(fault)):
        await _prove(app, state, person.email, password)
    assert app.alarms.is_misconfigured(AT, "x") is alarmed
    assert await _prove(app, state, person.email, password)


async def test_who_has_no_calendar_is_told_and_may_type_another_name(
    app: Application, apple: FakeProvider
) -> None:
    person, state = apple.add_person(), await _start(app)
    person.served = False
    with pytest.raises(MailboxNotServed) as told:
        await _prove(app, state, person.email, apple.app_password_for(person))
    assert told.value.provider is AT
    assert (await app.look_at_page(state, at=AT)).form


async def test_going_back_is_a_cancelled_sign_in(app: Application) -> None:
    state = await _start(app)
    form = await app.look_at_page(state, at=AT)
    outcome = await app.complete_connection(_answer(form.cancel_url), came_from=AT)
    assert isinstance(outcome.failure, SignInCancelled)
    assert outcome.return_url == RETURN_URL


async def test_the_page_is_there_as_long_as_the_sign_in_is_open(
    app: Application, apple: FakeProvider
) -> None:
    person, state = apple.add_person(), await _start(app)
    for _ in range(2):
        assert (await app.look_at_page(state, at=AT)).name == ""
    for elsewhere in ((state, Provider.MICROSOFT), ("another", AT)):
        with pytest.raises(ConnectionAttemptNotFound):
            await app.look_at_page(elsewhere[0], at=elsewhere[1])
    await _prove(app, state, person.email, apple.app_password_for(person))
    with pytest.raises(ConnectionAttemptNotFound):
        await app.look_at_page(state, at=AT)


async def test_the_page_ends_with_the_sign_in(app: Application, apple: FakeProvider) -> None:
    person, state = apple.add_person(), await _start(app)
    app.clock.advance(timedelta(minutes=10))
    with pytest.raises(ConnectionAttemptNotFound):
        await app.look_at_page(state, at=AT)
    with pytest.raises(ConnectionAttemptNotFound):
        await _prove(app, state, person.email, apple.app_password_for(person))
    assert apple.calls["prove"] == 0


async def test_a_form_that_is_not_of_this_sign_in_counts_for_nothing(
    app: Application, apple: FakeProvider
) -> None:
    person, state = apple.add_person(), await _start(app)
    other = (await app.look_at_page(await app.start(provider=AT), at=AT)).form
    for form in (other, "x", "\ud800"):
        with pytest.raises(ConnectionAttemptNotFound):
            await _prove(app, state, person.email, apple.app_password_for(person), form=form)
    assert apple.calls["prove"] == 0
    assert PageFlow.of(app.store.tables.attempts[state]).tries == 0


async def test_of_two_who_prove_it_at_once_one_goes_on(app: Application, apple: FakeProvider) -> None:
    person, state = apple.add_person(), await _start(app)
    password = apple.app_password_for(person)
    urls = await asyncio.gather(
        *(_prove(app, state, person.email, password) for _ in range(2)), return_exceptions=True
    )
    assert {type(one) for one in urls} == {str, ConnectionAttemptNotFound}


async def test_a_sign_in_takes_so_many_tries_and_then_none(app: Application, apple: FakeProvider) -> None:
    person, state = apple.add_person(), await _start(app)
    for _ in range(TRIES_OF_ATTEMPT):
        with pytest.raises(WrongPassword):
            await _prove(app, state, person.email, WRONG)
    with pytest.raises(TooManyTries):
        await _prove(app, state, person.email, apple.app_password_for(person))
    with pytest.raises(TooManyTries):
        await app.look_at_page(state, at=AT)
    assert apple.calls["prove"] == TRIES_OF_ATTEMPT


async def test_many_tries_at_once_are_no_more_than_one_after_the_other(
    app: Application, apple: FakeProvider
) -> None:
    person, state = apple.add_person(), await _start(app)
    tries = (_prove(app, state, person.email, WRONG) for _ in range(TRIES_OF_ATTEMPT + 5))
    failed = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, TooManyTries) for one in failed) == 5
    assert apple.calls["prove"] == TRIES_OF_ATTEMPT


async def test_an_expert_has_so_many_tries_however_many_sign_ins(
    app: Application, apple: FakeProvider
) -> None:
    await app.add_expert()
    for number in range(TRIES_OF_EXPERT):
        state = await app.start(provider=AT)
        with pytest.raises(WrongPassword):
            await _prove(app, state, "maria@contoso.example", WRONG, address=number)
    person = apple.add_person()
    password = apple.app_password_for(person)
    state = await app.start(provider=AT)
    with pytest.raises(TooManyTries):
        await _prove(app, state, person.email, password, address="new")

    await app.add_expert("other")
    others = await app.start("other", provider=AT)
    assert await _prove(app, others, person.email, password, address="new")
    app.clock.advance(EXPERTS_WINDOW)
    assert await _prove(app, await app.start(provider=AT), person.email, password)


async def test_an_address_has_so_many_tries_however_many_experts(
    app: Application, apple: FakeProvider
) -> None:
    person = apple.add_person()
    password = apple.app_password_for(person)
    for number in range(TRIES_OF_ADDRESS):
        await app.add_expert(f"expert-{number}")
        with pytest.raises(WrongPassword):
            await _prove(app, await app.start(f"expert-{number}", provider=AT), person.email, WRONG)
    state = await _start(app)
    with pytest.raises(TooManyTries):
        await _prove(app, state, person.email, password)
    assert await _prove(app, state, person.email, password, address="elsewhere")


async def test_what_is_counted_takes_a_bounded_place(app: Application) -> None:
    limits = TryLimits(clock=app.clock, most=1, within=timedelta(minutes=1))
    for key in range(MOST_KEYS):
        limits.count(key)
    with pytest.raises(TooManyTries):
        limits.count(0)
    limits.count("one more")
    limits.count(0)
    with pytest.raises(TooManyTries):
        limits.count("one more")


async def _lost(app: Application, apple: FakeProvider) -> tuple[Account, str]:
    """An account that waits for a reconnect, and the token of its mail's link."""
    person = apple.add_person()
    url = await _come_back(app, person, apple.app_password_for(person))
    outcome = await app.complete_connection(_answer(url))
    assert outcome.token is not None
    account = (await app.confirm_connection(EXPERT, outcome.token)).account
    person.revoke()
    await app.refresh_calendars(account.account_id)
    await app.run_jobs()
    (mail,) = app.mailer.sent
    return account, mail.reconnect_url.rpartition("/")[2]


async def test_the_mails_link_leads_to_the_page_with_the_name_filled_in(
    app: Application, apple: FakeProvider
) -> None:
    account, token = await _lost(app, apple)
    url = await app.start_reconnect(token)
    assert url.startswith("https://calendars.example/sign-in/apple?state=")
    state = _answer(url).state
    assert (await app.look_at_page(state, at=AT)).name == account.email

    (person,) = apple.people.values()
    back = await _prove(app, state, person.email, apple.app_password_for(person))
    outcome = await app.complete_connection(_answer(back), came_from=AT)
    assert outcome.reconnected
    assert outcome.account is not None
    assert outcome.account.account_id == account.account_id


async def test_a_reconnect_as_somebody_else_is_refused(app: Application, apple: FakeProvider) -> None:
    _, token = await _lost(app, apple)
    jonas = apple.add_person("jonas")
    state = _answer(await app.start_reconnect(token)).state
    back = await _prove(app, state, jonas.email, apple.app_password_for(jonas))
    outcome = await app.complete_connection(_answer(back), came_from=AT)
    assert isinstance(outcome.failure, AccountMismatch)


async def test_an_erased_expert_has_no_page(app: Application) -> None:
    state = await _start(app)
    await app.delete_expert(ExpertId(EXPERT))
    with pytest.raises(ConnectionAttemptNotFound):
        await app.look_at_page(state, at=AT)


async def test_nothing_secret_is_in_what_may_be_printed(app: Application, apple: FakeProvider) -> None:
    person, state = apple.add_person(), await _start(app)
    password = apple.app_password_for(person)
    url = await _prove(app, state, person.email, password)
    attempt = app.store.tables.attempts[state]
    typed = TypedPassword(form="form-1", name=person.email, password=password)
    printed = repr(attempt) + repr(PageFlow.of(attempt)) + repr(typed) + repr(app.look_at_page)
    for secret in (password, person.email, state, _answer(url).code, "form-1", person.display_name):
        assert secret not in printed
