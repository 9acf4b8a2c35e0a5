"""What leaves Microsoft, what is stored and what is logged: times and status, and never whose or what about."""

import json
import re
from typing import Any

import pytest

from tests.support.calls import EXPERT_EMAIL, EXPERT_NAME, TITLE, at
from tests.support.event_properties import CREATE, LIST, VIEW, violations
from tests.support.service import Service, until

SECRET_TITLE = "Layoff planning, second round"
SESSION_TEXT = "Jonas wants to talk about his divorce"
PERSONAL = (
    SECRET_TITLE,
    SESSION_TEXT,
    TITLE,
    "Room of requirement",
    "https://meet.example.com/secret-room",
    EXPERT_EMAIL,
    EXPERT_NAME,
    "anna@contoso.example.com",
    "Anna Berg",
    "Quarterly figures",
    "Team",
)
"""Titles, texts, places, addresses and names that pass through, of the expert, the account and other people."""


@pytest.fixture
async def lived_through(service: Service) -> Service:
    """A service that has done everything once: read, written, lost an event, lost access, and mailed."""
    await service.connect("anna")
    await service.start()
    world = service.sandbox.world
    world.events.add("anna", at(9), at(10), subject=SECRET_TITLE, body=SECRET_TITLE, location=SECRET_TITLE)
    await service.list_calendars(refresh=True)
    details: dict[str, Any] = {
        "text": SESSION_TEXT,
        "place": "Room of requirement",
        "join_url": "https://meet.example.com/secret-room",
        "category": "Category of requirement",
    }
    world.faults.add(kind="cut", method="POST", path="/events$", perform=True)
    await service.put_session(**details)
    await service.waits("PROVIDER_UNAVAILABLE")
    await service.hurry()
    await service.written()
    await service.put_session(start=12, **details)
    await service.written(revision=2)
    await service.busy()
    await service.busy()
    world.grants.revoke("anna", access_tokens=True)
    await service.busy()
    await until(lambda: service.rows("SELECT notices FROM incident"), lambda rows: rows[0]["notices"] == 1)
    return service


async def everything_stored(service: Service) -> str:
    """All rows of all tables as text, with what is sealed or hashed read as the bytes it is."""
    texts = []
    tables = await service.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    for table in [one["tablename"] for one in tables]:
        cursor = await service.database.execute(f'SELECT t::text AS row FROM "{table}" AS t'.encode())
        texts += [row["row"] async for row in cursor]
    text = "\n".join(texts)
    sealed = re.findall(r"\\x([0-9a-f]*)", text)
    return text + "\n".join(bytes.fromhex(one).decode("latin-1") for one in sealed)


def secrets_of(service: Service) -> set[str]:
    """Every token, code and secret that passed through."""
    grants = service.sandbox.world.grants
    passed = {*grants.codes, *grants.access_tokens, *grants.refresh_tokens}
    return passed | {
        service.sandbox.client_secret,
        *re.findall(r"/reconnect/(\S+)", service.sandbox.mails[0].text),
    }


async def test_of_other_peoples_events_only_times_and_status_leave_microsoft(lived_through: Service) -> None:
    traffic = lived_through.sandbox.world.traffic
    assert {(one.method, one.path) for one in traffic.ledger()} >= {VIEW, LIST, CREATE}
    assert list(violations(traffic)) == []


async def test_microsoft_is_asked_for_nothing_but_what_is_needed(lived_through: Service) -> None:
    asked = {
        (one.method, one.path)
        for one in lived_through.sandbox.world.traffic.requests
        if one.surface == "graph"
    }
    kinds = {method: {path for kind, path in asked if kind == method} for method, _ in asked}
    assert kinds["GET"] <= {
        "/me",
        "/me/calendar",
        "/me/calendars",
        "/me/calendars/{calendar}/calendarView",
        "/me/calendars/{calendar}/events",
        "/me/calendars/{calendar}/events/{event}",
    }, kinds
    assert kinds["POST"] == {"/me/calendars/{calendar}/events", "/subscriptions"}
    assert kinds["PATCH"] == {"/me/calendars/{calendar}/events/{event}"}
    assert set(kinds) == {"GET", "POST", "PATCH"}


async def test_the_database_holds_nothing_personal_and_no_token_in_the_clear(lived_through: Service) -> None:
    stored = await everything_stored(lived_through)
    assert "session-1" in stored, "the dump itself works"
    for word in (*PERSONAL, *secrets_of(lived_through)):
        assert word not in stored
        assert json.dumps(word)[1:-1] not in stored


async def test_the_log_holds_nothing_personal_and_no_token(lived_through: Service) -> None:
    logged = lived_through.logs.text
    assert lived_through.logs.of("call")
    for word in (*PERSONAL, *secrets_of(lived_through)):
        assert word not in logged


async def test_an_answer_about_busy_times_holds_times_only(lived_through: Service) -> None:
    service = lived_through
    await service.finish("anna")
    answer = str(await service.busy())
    for word in PERSONAL:
        assert word not in answer
