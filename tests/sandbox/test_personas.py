"""The people the sandbox starts with, as the manual promises them."""

from datetime import timedelta
from pathlib import Path

from sandbox import Sandbox
from tests.sandbox.client import Graph

MANUAL = Path(__file__).parents[2] / "docs" / "sandbox.md"


def test_the_manual_names_every_persona(sandbox: Sandbox) -> None:
    manual = MANUAL.read_text()
    for person in sandbox.world.people.all():
        assert f"| `{person.key}` | {person.email} |" in manual


def test_every_address_is_an_example(sandbox: Sandbox) -> None:
    assert all(person.email.endswith(".example.com") for person in sandbox.world.people.all())


def test_identities_are_the_same_in_every_run_and_differ_between_people(sandbox: Sandbox) -> None:
    ids = {person.oid for person in sandbox.world.people.all()}
    assert len(ids) == len(sandbox.world.people.all())
    assert sandbox.world.people.get("anna").oid == "32394892-7d35-5ea8-8ea5-4b8a561c0cdc"


async def test_there_is_something_to_see_in_the_next_days(sandbox: Sandbox, anna: Graph) -> None:
    today = sandbox.world.clock.now().date()
    events = await anna.view(f"{today}T00:00:00Z", f"{today + timedelta(days=14)}T00:00:00Z")
    assert {event["showAs"] for event in events} == {"busy", "free", "tentative", "oof"}
    assert any(event["isAllDay"] for event in events)
    assert any(event["sensitivity"] == "private" for event in events)
