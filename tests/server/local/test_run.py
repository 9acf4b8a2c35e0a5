"""What a run on this machine takes and starts: which ports, and whether a stand-in for the providers."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.__main__ import _addresses as addresses_of
from server.addresses import Address
from server.local import run
from server.local.banner import Addresses, banner
from server.local.example_page import example_page
from server.local.run import _addresses
from server.local.stand_ins import StandIns, _settings_for, stand_ins
from server.runtime.settings import PREFIX, Settings

ADDRESSES = Addresses(
    page="http://127.0.0.1:4",
    grpc="127.0.0.1:1",
    public_url="http://localhost:2",
    operations="127.0.0.1:3",
    providers=("GOOGLE",),
)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Address]:
    """The usual address of gRPC, at which somebody else listens."""
    monkeypatch.delenv(f"{PREFIX}GRPC_ADDRESS", raising=False)
    monkeypatch.delenv(f"{PREFIX}HTTP_ADDRESS", raising=False)
    monkeypatch.delenv(f"{PREFIX}OPERATIONS_ADDRESS", raising=False)
    listening = Address("127.0.0.1", 0).bound()
    address = Address("127.0.0.1", listening.getsockname()[1])
    monkeypatch.setattr(Settings.model_fields["grpc_address"], "default", address)
    with listening:
        yield address


def test_a_taken_port_is_left_to_its_owner_and_told(taken: Address) -> None:
    addresses, told = _addresses(free_ports=False)
    assert addresses["grpc_address"] == Address("127.0.0.1", 0)
    assert taken in told
    started = StandIns(settings={}, sandbox=None, database="as configured")
    assert f"{taken} was taken" in banner(ADDRESSES, started, told)


def test_what_the_environment_says_is_not_changed(taken: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}GRPC_ADDRESS", str(taken))
    addresses, told = _addresses(free_ports=False)
    assert "grpc_address" not in addresses
    assert taken not in told


def test_free_ports_are_nobodys_and_nothing_is_told(taken: Address) -> None:
    addresses, told = _addresses(free_ports=True)
    assert {one.port for one in addresses.values()} == {0}
    assert told == []


def test_what_to_open_comes_first_where_there_is_something_to_open() -> None:
    started = StandIns(settings={}, sandbox=None, database="as configured")
    assert banner(ADDRESSES, started, []).strip().startswith("Open http://127.0.0.1:4 in a browser")
    assert "Open" not in banner(replace(ADDRESSES, page=None), started, [])


def test_the_page_leaves_a_taken_port_to_its_owner_too(
    taken: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PAGE_ADDRESS", taken)
    told: list[Address] = []
    assert run._for_page(False, told) == Address("127.0.0.1", 0)
    assert told == [taken]


async def test_the_page_is_also_what_people_read_last() -> None:
    """What stands between is longer than most windows are high."""
    async with Sandbox.start() as sandbox:
        started = StandIns(settings={}, sandbox=addresses_of(sandbox), database="embedded")
        told = await asyncio.to_thread(banner, ADDRESSES, started, [])
    assert told.splitlines()[-1].startswith("Open http://127.0.0.1:4 in a browser")
    assert "anna@contoso.example.com" in told


@pytest.mark.parametrize(
    ("in_environment", "given", "allowed"),
    [
        ("", {}, ()),
        ("https://one.example, https://two.example", {}, ("https://one.example", "https://two.example")),
        ("", {"return_urls": ("http://localhost:3000",)}, ("http://localhost:3000",)),
    ],
)
def test_the_page_is_a_way_back_beside_what_is_allowed_anyway(
    monkeypatch: pytest.MonkeyPatch, in_environment: str, given: dict[str, Any], allowed: tuple[str, ...]
) -> None:
    monkeypatch.setenv(f"{PREFIX}RETURN_URLS", in_environment)
    with example_page(Address("127.0.0.1", 0)) as page:
        assert page is not None
        assert run._with_page(given, page)["return_urls"] == (*allowed, page.url)
    assert run._with_page(given, None) == {}


def test_nobody_is_sent_to_a_page_that_did_not_come_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.local.example_page.PAGE", "nothing_of_the_kind")
    with example_page(Address("127.0.0.1", 0)) as page:
        assert page is not None
        assert not page.start(service="127.0.0.1:1", sandbox_control=None)


@pytest.mark.parametrize("elsewhere", ["", "https://shop.example/calendars"])
def test_pages_and_mails_lead_on_to_the_page_unless_they_lead_elsewhere(
    monkeypatch: pytest.MonkeyPatch, elsewhere: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}PRODUCT_URL", elsewhere)
    with example_page(Address("127.0.0.1", 0)) as page:
        assert page is not None
        assert run._with_page({}, page).get("product_url") == (None if elsewhere else page.url)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("GOOGLE_CLIENT_SECRET", "one"),
        ("GOOGLE_NEXT_CLIENT_SECRET", "one"),
        ("MICROSOFT_CLIENT_CERTIFICATE_FILE", "one"),
        ("APPLE_CALENDARS", "on"),
    ],
)
def test_half_a_registration_is_meant_for_a_real_provider(tmp_path: Path, given: str, value: str) -> None:
    """So that the settings can say which half is missing, where the stand-in would hide it."""
    database = {f"{PREFIX}DATABASE_URL": "postgresql://somewhere"}

    with stand_ins(tmp_path, {**database, f"{PREFIX}{given}": value}) as started:
        assert started.sandbox is None


@pytest.mark.parametrize(("given", "wanted"), [({}, "on"), ({f"{PREFIX}APPLE_CALENDARS": "off"}, None)])
def test_who_switches_apple_off_has_its_stand_in_left_alone(
    given: dict[str, str], wanted: str | None
) -> None:
    addresses: dict[str, str] = defaultdict(lambda: "http://localhost")
    assert _settings_for(addresses, given).get("apple_calendars") == wanted
