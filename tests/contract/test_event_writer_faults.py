"""What every writer of events says when something stands in the way."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from domain.access import (
    AccessDenied,
    CalendarGone,
    ProviderUnavailable,
    WriteRefused,
)
from domain.account import AccountNotFound
from domain.connection import MailboxNotServed
from domain.errors import DomainError
from tests.support.bookings import Booked, book
from tests.support.providers import MAILBOX_ERRORS, PASSING, ProviderHarness, Trouble

pytest_plugins = ["tests.support.provider_fixtures"]
ALSO = ("apple_otherwise", "radicale")

Step = Callable[[Booked], Awaitable[object]]
WRITES: dict[str, Step] = {"create": Booked.create, "update": Booked.update, "delete": Booked.delete}
STEPS: dict[str, Step] = WRITES | {"find": Booked.find}
NAMED = [
    (name, trouble)
    for name in STEPS
    for trouble in MAILBOX_ERRORS
    if (name, trouble) != ("create", Trouble.NONSENSE)
]
"""Of a creation something was answered, so something may have been done: that has a test of its own."""


@pytest.mark.parametrize("step", [Booked.create, Booked.find], ids=["create", "find"])
async def test_a_calendar_that_is_gone_is_told(provider: ProviderHarness, step: Step) -> None:
    team = provider.add_calendar("Team")
    booked = await book(provider, calendar=team)
    provider.remove_calendar(team)
    with pytest.raises(CalendarGone):
        await step(booked)


@pytest.mark.parametrize("step", WRITES.values(), ids=WRITES.keys())
async def test_a_calendar_that_turned_read_only_denies_writes(provider: ProviderHarness, step: Step) -> None:
    team = provider.add_calendar("Team")
    booked = await book(provider, calendar=team)
    before = booked.written
    provider.make_read_only(team)
    with pytest.raises(AccessDenied):
        await step(booked)
    assert booked.written == before
    assert await booked.find() == booked.copy.place


@pytest.mark.parametrize("step", [Booked.create, Booked.update], ids=["create", "update"])
async def test_a_refusal_for_good_carries_the_providers_code(provider: ProviderHarness, step: Step) -> None:
    booked = await book(provider)
    code = provider.refuse_writes()
    with pytest.raises(WriteRefused) as caught:
        await step(booked)
    assert code
    assert caught.value.code == code


@pytest.mark.parametrize(("name", "trouble"), NAMED)
async def test_trouble_has_a_name(provider: ProviderHarness, name: str, trouble: Trouble) -> None:
    booked = await book(provider)
    provider.trouble(trouble)
    with pytest.raises(provider.error_of(trouble)):
        await STEPS[name](booked)


async def test_an_answer_that_makes_no_sense_leaves_the_outcome_of_a_creation_open(
    provider: ProviderHarness,
) -> None:
    booked = await book(provider)
    provider.trouble(Trouble.NONSENSE)
    with pytest.raises(ProviderUnavailable) as caught:
        await booked.create()
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
async def test_a_throttled_call_did_nothing_and_says_when_to_come_back(
    provider: ProviderHarness, step: Step
) -> None:
    booked = await book(provider)
    before = booked.written
    provider.trouble(Trouble.THROTTLING)
    with pytest.raises(ProviderUnavailable) as caught:
        await step(booked)
    fault = caught.value
    assert (fault.throttled, fault.outcome_unknown) == (True, False)
    assert fault.retry_after == timedelta(seconds=30)
    assert booked.written == before


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("trouble", PASSING)
async def test_trouble_passes(provider: ProviderHarness, trouble: Trouble, step: Step) -> None:
    booked = await book(provider)
    provider.trouble(trouble)
    with pytest.raises(DomainError):
        await step(booked)
    provider.mend()
    await step(booked)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
async def test_a_mailbox_that_was_taken_away_is_told(provider: ProviderHarness, step: Step) -> None:
    booked = await book(provider)
    provider.take_mailbox_away("maria")
    with pytest.raises(MailboxNotServed):
        await step(booked)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
async def test_lost_access_names_the_grant_it_was_seen_under(provider: ProviderHarness, step: Step) -> None:
    booked = await book(provider)
    await provider.connect()
    provider.revoke()
    with pytest.raises(provider.refused) as caught:
        await step(booked)
    assert (caught.value.account_id, caught.value.grant_version) == (booked.copy.account_id, 2)
    await provider.connect()
    await step(booked)


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
async def test_an_account_that_was_disconnected_is_not_found(provider: ProviderHarness, step: Step) -> None:
    booked = await book(provider)
    provider.disconnect(booked.copy.account_id)
    with pytest.raises(AccountNotFound):
        await step(booked)
