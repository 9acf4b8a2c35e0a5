"""The limits of those in whose name we ask."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from adapters.web.request_gates import FIRST_PAUSE, LONGEST_PAUSE, RequestGates
from domain.access import ProviderUnavailable
from tests.fakes.clock import MovableClock


def test_without_a_wish_the_pause_doubles_up_to_a_minute() -> None:
    gates = RequestGates(MovableClock(), at_once=2)
    pauses = [gates.refused("anna", None) for _ in range(9)]
    assert pauses[:4] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4, FIRST_PAUSE * 8]
    assert pauses[-1] == LONGEST_PAUSE


def test_an_answer_ends_the_doubling() -> None:
    gates = RequestGates(MovableClock(), at_once=2)
    gates.refused("anna", None)
    gates.refused("anna", None)
    gates.accepted("anna")
    assert gates.refused("anna", None) == FIRST_PAUSE


async def test_a_shorter_wish_does_not_shorten_a_longer_silence() -> None:
    clock = MovableClock()
    gates = RequestGates(clock, at_once=2)
    gates.refused("anna", timedelta(seconds=60))
    gates.refused("anna", timedelta(seconds=1))
    clock.advance(timedelta(seconds=30))
    with pytest.raises(ProviderUnavailable) as caught:
        async with gates.passage("anna"):
            raise AssertionError("nobody may pass")
    assert caught.value.retry_after == timedelta(seconds=30)


async def test_the_gate_opens_when_the_time_has_come() -> None:
    clock = MovableClock()
    gates = RequestGates(clock, at_once=2)
    gates.refused("anna", timedelta(seconds=60))
    clock.advance(timedelta(seconds=60))
    async with gates.passage("anna"):
        passed = True
    assert passed


async def test_who_waits_for_a_place_hears_of_a_silence_ordered_meanwhile() -> None:
    gates = RequestGates(MovableClock(), at_once=2)
    async with AsyncExitStack() as held:
        for _ in range(2):
            await held.enter_async_context(gates.passage("anna"))
        waiting = asyncio.create_task(_pass(gates))
        await asyncio.sleep(0)
        gates.refused("anna", timedelta(seconds=60))
    with pytest.raises(ProviderUnavailable):
        await waiting


async def _pass(gates: RequestGates, name: str = "anna") -> None:
    async with gates.passage(name):
        pass


async def test_names_that_rest_are_forgotten() -> None:
    gates = RequestGates(MovableClock(), at_once=2)
    for number in range(100):
        async with gates.passage(f"person-{number}"):
            gates.accepted(f"person-{number}")
    assert len(gates) == 0


async def test_a_name_without_places_bounds_nobody_but_keeps_its_silence() -> None:
    gates = RequestGates(MovableClock(), at_once=None)
    async with AsyncExitStack() as held:
        for _ in range(100):
            await held.enter_async_context(gates.passage("project"))
    gates.refused("project", timedelta(seconds=60))
    with pytest.raises(ProviderUnavailable):
        await _pass(gates, "project")


async def test_so_many_a_minute_and_no_more_in_any_minute() -> None:
    clock = MovableClock()
    gates = RequestGates(clock, at_once=None, per_minute=3)
    for _ in range(3):
        await _pass(gates)
        clock.advance(timedelta(seconds=10))
    for left in (30, 20):
        with pytest.raises(ProviderUnavailable) as caught:
            await _pass(gates)
        assert (caught.value.retry_after, caught.value.throttled) == (timedelta(seconds=left), True)
        clock.advance(timedelta(seconds=10))
    await _pass(gates, "ben")
    clock.advance(timedelta(seconds=10))
    await _pass(gates)
    with pytest.raises(ProviderUnavailable):
        await _pass(gates)


async def test_the_rest_of_a_minute_is_waited_out_if_it_is_short() -> None:
    clock = MovableClock()
    gates = RequestGates(clock, at_once=None, per_minute=1)
    await _pass(gates)
    clock.advance(timedelta(seconds=59, milliseconds=999))
    waiting = [asyncio.create_task(_pass(gates)) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    clock.advance(timedelta(milliseconds=1))
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in done] == [type(None), ProviderUnavailable]


async def test_a_refused_request_counts_into_its_minute_as_well() -> None:
    clock = MovableClock()
    gates = RequestGates(clock, at_once=None, per_minute=1)
    with pytest.raises(LookupError):
        async with gates.passage("anna"):
            raise LookupError
    with pytest.raises(ProviderUnavailable):
        await _pass(gates)


async def test_names_are_forgotten_once_their_minute_is_over() -> None:
    clock = MovableClock()
    gates = RequestGates(clock, at_once=2, per_minute=600)
    for number in range(100):
        await _pass(gates, f"person-{number}")
    assert len(gates) == 100
    clock.advance(timedelta(minutes=1))
    for _ in range(51):
        await _pass(gates, "anna")
    assert len(gates) == 1


def test_a_provider_that_asks_for_too_little_is_left_alone_for_longer() -> None:
    gates = RequestGates(MovableClock(), at_once=2, first_pause=timedelta(seconds=2), doubts_wishes=True)
    wishes = [timedelta(seconds=1), timedelta(), None, timedelta(seconds=90)]
    got = [gates.refused("anna", wish).total_seconds() for wish in wishes]
    assert got == [2, 4, 8, 90]


def test_a_provider_may_have_pauses_of_its_own() -> None:
    first, longest = timedelta(seconds=3), timedelta(seconds=7)
    gates = RequestGates(MovableClock(), at_once=2, first_pause=first, longest_pause=longest)
    assert [gates.refused("anna", None) for _ in range(4)] == [first, first * 2, longest, longest]
