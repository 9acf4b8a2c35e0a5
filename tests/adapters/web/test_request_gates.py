"""The limits of one mailbox."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from adapters.web.request_gates import AT_ONCE, FIRST_PAUSE, LONGEST_PAUSE, MailboxGates
from domain.access import ProviderUnavailable


@dataclass
class MovableClock:
    at: datetime = datetime(2026, 11, 22, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def test_without_a_wish_the_pause_doubles_up_to_a_minute() -> None:
    gates = MailboxGates(MovableClock())
    pauses = [gates.refused("mailbox", None) for _ in range(9)]
    assert pauses[:4] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4, FIRST_PAUSE * 8]
    assert pauses[-1] == LONGEST_PAUSE


def test_an_answer_ends_the_doubling() -> None:
    gates = MailboxGates(MovableClock())
    gates.refused("mailbox", None)
    gates.refused("mailbox", None)
    gates.accepted("mailbox")
    assert gates.refused("mailbox", None) == FIRST_PAUSE


async def test_a_shorter_wish_does_not_shorten_a_longer_silence() -> None:
    clock = MovableClock()
    gates = MailboxGates(clock)
    gates.refused("mailbox", timedelta(seconds=60))
    gates.refused("mailbox", timedelta(seconds=1))
    clock.at += timedelta(seconds=30)
    with pytest.raises(ProviderUnavailable) as caught:
        async with gates.passage("mailbox"):
            raise AssertionError("nobody may pass")
    assert caught.value.retry_after == timedelta(seconds=30)


async def test_the_gate_opens_when_the_time_has_come() -> None:
    clock = MovableClock()
    gates = MailboxGates(clock)
    gates.refused("mailbox", timedelta(seconds=60))
    clock.at += timedelta(seconds=60)
    async with gates.passage("mailbox"):
        passed = True
    assert passed


async def test_who_waits_for_a_place_hears_of_a_silence_ordered_meanwhile() -> None:
    gates = MailboxGates(MovableClock())
    async with AsyncExitStack() as held:
        for _ in range(AT_ONCE):
            await held.enter_async_context(gates.passage("mailbox"))
        waiting = asyncio.create_task(_pass(gates))
        await asyncio.sleep(0)
        gates.refused("mailbox", timedelta(seconds=60))
    with pytest.raises(ProviderUnavailable):
        await waiting


async def _pass(gates: MailboxGates) -> None:
    async with gates.passage("mailbox"):
        pass


async def test_mailboxes_that_rest_are_forgotten() -> None:
    gates = MailboxGates(MovableClock())
    for number in range(100):
        async with gates.passage(f"mailbox-{number}"):
            gates.accepted(f"mailbox-{number}")
    assert len(gates) == 0
