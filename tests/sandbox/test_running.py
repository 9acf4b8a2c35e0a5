"""What callers' tests do by the sandbox's package; docs/testing-your-integration.md is a whole project that does."""

import asyncio
from typing import Any

import pytest

from calendarsync_sandbox import DidNotStart, Refused, Running, running
from sandbox import Sandbox


@pytest.fixture
def theirs(sandbox: Sandbox) -> Running:
    return Running(grpc_address="", public_url="", control_url=sandbox.control_url)


async def test_enters_events_and_has_providers_fail(sandbox: Sandbox, theirs: Running) -> None:
    def live() -> tuple[list[Any], list[Any]]:
        theirs.add_event("anna", "team", start="2030-05-14T09:00", zone="UTC", subject="Dentist")
        theirs.fail(form="answer", status=503, path="calendarView", person="anna")
        return theirs.events("anna", "team"), theirs.control("GET", "/faults")

    events, faults = await asyncio.to_thread(live)
    assert "Dentist" in [one["subject"] for one in events]
    assert [one["path"] for one in faults] == ["calendarView"]
    await asyncio.to_thread(theirs.clear_faults)
    assert sandbox.world.faults.all() == []
    await asyncio.to_thread(theirs.reset)
    assert "Dentist" not in [one.subject for one in sandbox.world.events.all("anna", "team")]


async def test_says_why_something_can_not_be_done(theirs: Running) -> None:
    with pytest.raises(Refused, match="somebody"):
        await asyncio.to_thread(theirs.add_event, "somebody", start="2030-05-14T09:00")


def test_says_why_the_service_does_not_start() -> None:
    half = {"DATABASE_URL": "postgresql://127.0.0.1:1/none", "GOOGLE_CLIENT_ID": "id"}
    with pytest.raises(DidNotStart, match="CALENDARSYNC_GOOGLE_CLIENT_SECRET"), running(settings=half):
        pass
