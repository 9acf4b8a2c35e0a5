"""Fresh tokens that are never accepted: after an hour of nothing else an operator hears of it."""

from datetime import timedelta

from adapters.web.refused_tokens import FORGOTTEN_AFTER, MOST_MAILBOXES, PATIENCE, RefusedTokens
from domain.account import Provider
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.clock import MovableClock

GOOGLE = {Provider.GOOGLE}
MOMENT = timedelta(minutes=10)


def refused_for(tokens: RefusedTokens, clock: MovableClock, mailbox: str, how_long: timedelta) -> None:
    for _ in range(how_long // MOMENT):
        tokens.refused(mailbox)
        clock.advance(MOMENT)
    tokens.refused(mailbox)


def test_an_hour_without_an_accepted_token_is_told() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(Provider.GOOGLE, clock, alarms)
    refused_for(tokens, clock, "maria", PATIENCE - MOMENT)
    assert alarms.refusing == set()
    clock.advance(MOMENT)
    tokens.refused("maria")
    assert alarms.refusing == GOOGLE


def test_two_refusals_with_nothing_known_of_the_time_between_prove_nothing() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(Provider.GOOGLE, clock, alarms)
    tokens.refused("maria")
    clock.advance(PATIENCE)
    tokens.refused("maria")
    assert alarms.refusing == set()


def test_one_accepted_token_begins_the_hour_anew() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(Provider.GOOGLE, clock, alarms)
    refused_for(tokens, clock, "maria", PATIENCE - MOMENT)
    tokens.accepted("maria")
    refused_for(tokens, clock, "maria", PATIENCE - MOMENT)
    assert alarms.refusing == set()


def test_another_mailbox_that_works_proves_nothing_about_this_one() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(Provider.GOOGLE, clock, alarms)
    refused_for(tokens, clock, "maria", PATIENCE)
    tokens.accepted("jonas")
    assert alarms.refusing == GOOGLE
    tokens.accepted("maria")
    assert alarms.refusing == set()


def test_a_mailbox_that_nobody_asks_for_any_more_is_forgotten() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(Provider.GOOGLE, clock, alarms)
    refused_for(tokens, clock, "gone", PATIENCE)
    clock.advance(FORGOTTEN_AFTER)
    tokens.accepted("jonas")
    assert alarms.refusing == set()


def test_remembers_a_bounded_number_of_mailboxes() -> None:
    clock, alarms = MovableClock(), RecordingAlarms()
    tokens = RefusedTokens(Provider.GOOGLE, clock, alarms)
    for number in range(MOST_MAILBOXES):
        tokens.refused(f"mailbox-{number}")
    refused_for(tokens, clock, "one more", PATIENCE)
    assert alarms.refusing == set()
    refused_for(tokens, clock, "mailbox-0", PATIENCE)
    assert alarms.refusing == GOOGLE
