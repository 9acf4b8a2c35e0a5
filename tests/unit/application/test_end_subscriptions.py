"""Subscriptions that nobody needs any longer are taken back, and nobody waits for that."""

from datetime import timedelta

import pytest

from application.notifications import end_subscriptions
from domain.access import AccessDenied, InvalidAnswer, ProviderUnavailable
from domain.errors import DomainError
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.support.application import Application
from tests.unit.application.subscriptions import PRIMARY


async def test_disconnecting_takes_the_subscriptions_back(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    other = app.provider.add_person("second")
    await app.connect(other)
    await app.run_jobs()

    await app.disconnect_account(EXPERT, account.account_id)

    assert [one.person for one in app.push.live.values()] == [other]


@pytest.mark.parametrize("fault", [ProviderUnavailable(), AccessDenied(), InvalidAnswer(what="?")])
async def test_a_provider_that_keeps_them_does_not_block_disconnecting(
    app: Application, maria: Person, fault: DomainError
) -> None:
    side = maria.add_calendar("Side")
    account = await app.connect(maria)
    both = [(await app.calendar(one)).calendar_id for one in (PRIMARY, side)]
    await app.update_calendar_settings(EXPERT, conflict=both)
    await app.run_jobs()
    app.provider.fail("unsubscribe", fault)

    await app.disconnect_account(EXPERT, account.account_id)

    assert app.store.tables.accounts == {}
    assert len(app.push.live) == 1
    assert await app.take_notifications(app.push.delivery(PRIMARY, side)) == 0


async def test_a_provider_that_keeps_silent_is_not_waited_for_long(
    app: Application, maria: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_subscriptions, "COURTESY", timedelta(milliseconds=10))
    account = await app.connect(maria)
    await app.run_jobs()
    app.provider.hold("unsubscribe")

    await app.disconnect_account(EXPERT, account.account_id)

    assert app.store.tables.accounts == {}


async def test_erasing_an_expert_takes_the_subscriptions_of_all_accounts_back(
    app: Application, maria: Person
) -> None:
    for person in (maria, app.provider.add_person("second")):
        await app.connect(person)
    await app.run_jobs()
    assert len(app.push.live) == 2

    await app.delete_expert(EXPERT)

    assert app.push.live == {}


async def test_a_calendar_that_is_checked_no_longer_is_told_of_no_longer(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    both = [(await app.calendar(one)).calendar_id for one in (PRIMARY, side)]
    await app.update_calendar_settings(EXPERT, conflict=both)
    await app.run_jobs()
    assert len(app.push.live) == 2

    await app.update_calendar_settings(EXPERT, conflict=both[:1])
    await app.run_jobs()

    assert [one.calendar for one in app.push.live.values()] == [PRIMARY]
