"""Fresh tokens that Graph does not accept: after an hour of nothing else an operator hears of it."""

from datetime import timedelta

import pytest

from adapters.web.refused_tokens import FORGOTTEN_AFTER, MOST_MAILBOXES, PATIENCE, RefusedTokens
from domain.access import ProviderUnavailable
from domain.account import Provider
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.clock import MovableClock
from tests.support.microsoft import Connected

MICROSOFT = {Provider.MICROSOFT}
MOMENT = timedelta(minutes=10)


def refused_for(tokens: RefusedTokens, clock: MovableClock, mailbox: str, how_long: timedelta) -> None:
    for _ in range(how_long // MOMENT):
        tokens.refused(mailbox)
        clock.advance(MOMENT)
    tokens.refused(mailbox)


def test_an_hour_without_an_accepted_token_is_told() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(clock, alarms)
    refused_for(tokens, clock, "maria", PATIENCE - MOMENT)
    assert alarms.refusing == set()
    clock.advance(MOMENT)
    tokens.refused("maria")
    assert alarms.refusing == MICROSOFT


def test_two_refusals_with_nothing_known_of_the_time_between_prove_nothing() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(clock, alarms)
    tokens.refused("maria")
    clock.advance(PATIENCE)
    tokens.refused("maria")
    assert alarms.refusing == set()


def test_one_accepted_token_begins_the_hour_anew() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(clock, alarms)
    refused_for(tokens, clock, "maria", PATIENCE - MOMENT)
    tokens.accepted("maria")
    refused_for(tokens, clock, "maria", PATIENCE - MOMENT)
    assert alarms.refusing == set()


def test_another_mailbox_that_works_proves_nothing_about_this_one() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(clock, alarms)
    refused_for(tokens, clock, "maria", PATIENCE)
    tokens.accepted("jonas")
    assert alarms.refusing == MICROSOFT
    tokens.accepted("maria")
    assert alarms.refusing == set()


def test_a_mailbox_that_nobody_asks_for_any_more_is_forgotten() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(clock, alarms)
    refused_for(tokens, clock, "gone", PATIENCE)
    clock.advance(FORGOTTEN_AFTER)
    tokens.accepted("jonas")
    assert alarms.refusing == set()


def test_remembers_a_bounded_number_of_mailboxes() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(clock, alarms)
    for number in range(MOST_MAILBOXES):
        tokens.refused(f"mailbox-{number}")
    refused_for(tokens, clock, "one more", PATIENCE)
    assert alarms.refusing == set()
    refused_for(tokens, clock, "mailbox-0", PATIENCE)
    assert alarms.refusing == MICROSOFT


async def test_the_tokens_of_a_mailbox_that_graph_never_accepts_are_told_of(connected: Connected) -> None:
    account = await connected.connect("anna")
    world = connected.sandbox.world
    world.faults.answer(401, code="InvalidAuthenticationToken", person="anna", times=None)
    for _ in range(PATIENCE // MOMENT + 1):
        assert connected.alarms.refusing == set()
        with pytest.raises(ProviderUnavailable):
            await connected.microsoft.directory.list_calendars(account)
        world.clock.advance(MOMENT.total_seconds())
    assert connected.alarms.refusing == MICROSOFT
    assert connected.alarms.raised == {}
    world.faults.clear()
    await connected.microsoft.directory.list_calendars(account)
    assert connected.alarms.refusing == set()
