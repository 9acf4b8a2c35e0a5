"""A sign-in is finished the way it was begun, and the wrong way leaves it for the right one."""

from dataclasses import replace

import pytest

from application.ports.sign_in import RedirectAnswer
from domain.account import Provider
from domain.connection import (
    Confirming,
    ConnectionAttemptNotFound,
    ConnectionAttemptOtherWay,
    DestinationRequired,
    Way,
)
from domain.ids import ExpertId
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.support.application import RETURN_URL, Application
from tests.support.wiring import an_application


async def test_one_begun_for_the_callers_page_is_not_finished_at_ours(
    app: Application, maria: Person
) -> None:
    state = await app.start(redirect_uri=RETURN_URL)
    answer = RedirectAnswer(state=state, code=app.provider.code_for(maria))

    with pytest.raises(ConnectionAttemptOtherWay) as refused:
        await app.complete_connection(answer)

    assert refused.value.begun is Way.REDIRECT_URI
    assert app.provider.calls["redeem"] == 0
    assert (app.store.tables.accounts, app.store.tables.pending) == ({}, {})
    assert (await app.complete_connection(answer, expert_id=EXPERT)).account is not None


async def test_one_begun_for_our_page_is_not_finished_at_the_callers(app: Application, maria: Person) -> None:
    state = await app.start()
    answer = RedirectAnswer(state=state, code=app.provider.code_for(maria))

    with pytest.raises(ConnectionAttemptOtherWay) as refused:
        await app.complete_connection(answer, expert_id=EXPERT)

    assert refused.value.begun is Way.RETURN_URL
    assert app.provider.calls["redeem"] == 0
    assert (app.store.tables.accounts, app.store.tables.pending) == ({}, {})
    assert (await app.complete_connection(answer)).token is not None


@pytest.mark.parametrize("error", ["access_denied", "server_error"])
async def test_an_error_the_wrong_way_burns_nothing_either(
    app: Application, maria: Person, error: str
) -> None:
    state = await app.start(redirect_uri=RETURN_URL)

    with pytest.raises(ConnectionAttemptOtherWay):
        await app.complete_connection(RedirectAnswer(state=state, error=error))

    answer = RedirectAnswer(state=state, code=app.provider.code_for(maria))
    assert (await app.complete_connection(answer, expert_id=EXPERT)).account is not None


async def test_another_expert_learns_nothing_of_the_way(app: Application) -> None:
    other = await app.add_expert("expert-2")
    state = await app.start()

    with pytest.raises(ConnectionAttemptNotFound):
        await app.complete_connection(RedirectAnswer(state=state, code="code"), expert_id=other)


async def test_the_wrong_way_counts_as_no_page_of_consent(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.disconnect_account(EXPERT, account.account_id)
    state = await app.start(redirect_uri=RETURN_URL)

    with pytest.raises(ConnectionAttemptOtherWay):
        await app.complete_connection(RedirectAnswer(state=state, code=app.provider.code_for(maria)))

    assert app.store.tables.consent_afresh == {(EXPERT, Provider.MICROSOFT)}


async def test_the_link_of_a_mail_is_finished_at_ours_and_nowhere_else(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    await app.run_jobs()
    await app.start_reconnect(app.mailer.sent[-1].reconnect_url.rpartition("/")[-1])
    (state,) = app.store.tables.attempts
    answer = RedirectAnswer(state=state, code=app.provider.code_for(maria))

    with pytest.raises(ConnectionAttemptOtherWay) as refused:
        await app.complete_connection(answer, expert_id=EXPERT)

    assert refused.value.begun is Way.RECONNECT_LINK
    assert (await app.complete_connection(answer)).account == await app.account(account.account_id)


async def test_a_sign_in_that_nobody_could_confirm_is_not_begun(app: Application) -> None:
    with pytest.raises(DestinationRequired):
        await app.start_connection(expert_id=EXPERT, provider=Provider.MICROSOFT)

    assert app.store.tables.attempts == {}
    assert app.provider.calls["begin"] == 0


@pytest.mark.parametrize("confirming", [Confirming.WITH_RETURN_URL, Confirming.OFF])
async def test_where_it_is_accepted_one_that_ends_nowhere_is_connected_at_once(
    confirming: Confirming,
) -> None:
    app = an_application(confirming=confirming)
    await app.add_expert()
    started = await app.start_connection(expert_id=EXPERT, provider=Provider.MICROSOFT)

    outcome = await app.come_back(started.state, app.provider.add_person())

    assert outcome.account is not None
    assert outcome.return_url is None


async def test_one_that_ends_nowhere_is_refused_by_a_process_that_confirms_all() -> None:
    """The setting may change while it is under way."""
    app = an_application(confirming=Confirming.OFF)
    await app.add_expert()
    started = await app.start_connection(expert_id=EXPERT, provider=Provider.MICROSOFT)
    stricter = replace(app.complete_connection, confirming=Confirming.REQUIRED)

    code = app.provider.code_for(app.provider.add_person())
    outcome = await stricter(RedirectAnswer(state=started.state, code=code))

    assert isinstance(outcome.failure, DestinationRequired)
    assert app.provider.calls["redeem"] == 0


async def test_where_it_is_off_the_callers_page_learns_of_a_finished_connection() -> None:
    app = an_application(confirming=Confirming.OFF)
    await app.add_expert()

    outcome = await app.come_back(await app.start(), app.provider.add_person())

    assert outcome.token is None
    assert outcome.account == (await app.list_accounts(ExpertId(EXPERT))).accounts[0]
    assert outcome.return_url == RETURN_URL
