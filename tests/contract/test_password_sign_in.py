"""What everything that proves typed passwords keeps to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import pytest
import pytest_asyncio

from application.ports.password_sign_in import PasswordSignIn
from domain.access import ProviderUnavailable
from domain.account import Identity, Provider
from domain.connection import MailboxNotServed
from domain.password_sign_in import LooksLikeNormalPassword, WrongPassword
from sandbox import Sandbox
from tests.fakes.password_sign_in import FakePasswordSignIn
from tests.fakes.provider import FakeProvider
from tests.fakes.store import FakeStore
from tests.support.caldav import OpenDav, dav_on
from tests.support.microsoft import running_sandbox, sandbox

__all__ = ["running_sandbox", "sandbox"]

NORMAL = (
    "Passw0rd-of-Maria",
    "correct horse battery staple",
    "abcd-efgh-ijkl",
    "x",
    "ä" * 16,
    "\x00",
    "p" * 256,
)


class People(Protocol):
    """A provider where maria has an account, with what she and her provider do."""

    sign_in: PasswordSignIn
    name: str
    identity: Identity

    def make_password(self) -> str: ...
    def revoke(self, password: str) -> None: ...
    def close_mailbox(self) -> None: ...
    def be_out(self) -> None: ...
    def asked(self) -> int: ...


@dataclass(kw_only=True)
class FakePeople:
    provider: FakeProvider

    def __post_init__(self) -> None:
        self._maria = self.provider.add_person()
        self.sign_in: PasswordSignIn = FakePasswordSignIn(self.provider)
        self.name = self._maria.email
        self.identity = self._maria.identity

    def make_password(self) -> str:
        return self.provider.app_password_for(self._maria)

    def revoke(self, password: str) -> None:
        del self.provider.app_passwords[password]

    def close_mailbox(self) -> None:
        self._maria.served = False

    def be_out(self) -> None:
        self.provider.outage = True

    def asked(self) -> int:
        return self.provider.calls["prove"]


class ApplePeople:
    """The adapter, at the sandbox's iCloud."""

    def __init__(self, sandbox: Sandbox, dav: OpenDav) -> None:
        self._world = sandbox.world
        maria = self._world.people.add_icloud("maria", "Maria Keller", "maria@example.com")
        self.sign_in: PasswordSignIn = dav.passwords
        self.name = maria.email
        number = maria.icloud_account.number
        self.identity = Identity(provider=Provider.APPLE, tenant_id="localhost", object_id=number)

    def make_password(self) -> str:
        return self._world.icloud.passwords.make("maria")

    def revoke(self, password: str) -> None:
        self._world.icloud.passwords.revoke("maria", password)

    def close_mailbox(self) -> None:
        self._world.people.change_icloud("maria", state="without_calendars")

    def be_out(self) -> None:
        self._world.faults.dav_error(500, times=None)

    def asked(self) -> int:
        return sum(one.surface == "icloud" for one in self._world.traffic.requests)


@pytest.fixture(params=["fake", "apple"])
def their_sandbox(request: pytest.FixtureRequest) -> Sandbox | None:
    """None for the fake, for which nothing has to run."""
    if request.param == "fake":
        return None
    started: Sandbox = request.getfixturevalue("sandbox")
    return started


@pytest_asyncio.fixture
async def people(their_sandbox: Sandbox | None) -> AsyncIterator[People]:
    if their_sandbox is None:
        yield FakePeople(provider=FakeProvider(FakeStore(), Provider.APPLE))
        return
    async with dav_on(their_sandbox.icloud_url, their_sandbox.ca_file) as dav:
        yield ApplePeople(their_sandbox, dav)


async def test_who_it_is_is_told_by_value(people: People) -> None:
    signed_in = await people.sign_in.prove(people.name, people.make_password())
    assert signed_in.identity == people.identity
    assert signed_in.email == people.name
    assert signed_in.grant.secret


async def test_dashes_blanks_and_capitals_are_forgiven(people: People) -> None:
    password = people.make_password()
    typed = (password.replace("-", ""), f"  {password}\t", password.replace("-", " "), password.capitalize())
    for one in typed:
        assert (await people.sign_in.prove(f" {people.name} ", one)).identity == people.identity


@pytest.mark.parametrize("password", NORMAL)
async def test_what_is_shaped_otherwise_is_sent_nowhere(people: People, password: str) -> None:
    with pytest.raises(LooksLikeNormalPassword):
        await people.sign_in.prove(people.name, password)
    assert people.asked() == 0


async def test_a_wrong_name_and_a_wrong_password_are_told_alike(people: People) -> None:
    password = people.make_password()
    tried = [(people.name, "zzzz-zzzz-zzzz-zzzz"), ("nobody@example.com", password), ("a:b", password)]
    told = []
    for name, one in tried:
        with pytest.raises(WrongPassword) as wrong:
            await people.sign_in.prove(name, one)
        told.append((str(wrong.value), repr(wrong.value)))
    assert len(set(told)) == 1


async def test_a_revoked_password_is_wrong_and_others_are_not(people: People) -> None:
    first, second = people.make_password(), people.make_password()
    people.revoke(first)
    with pytest.raises(WrongPassword):
        await people.sign_in.prove(people.name, first)
    assert (await people.sign_in.prove(people.name, second)).identity == people.identity


async def test_an_account_without_a_calendar_is_told_as_such(people: People) -> None:
    people.close_mailbox()
    with pytest.raises(MailboxNotServed):
        await people.sign_in.prove(people.name, people.make_password())


async def test_an_outage_is_no_wrong_password(people: People) -> None:
    people.be_out()
    with pytest.raises(ProviderUnavailable):
        await people.sign_in.prove(people.name, people.make_password())


async def test_what_is_raised_and_what_is_printed_holds_no_password(people: People) -> None:
    password = people.make_password()
    signed_in = await people.sign_in.prove(people.name, password)
    printed = repr(signed_in)
    for one in (password, password.replace("-", ""), people.name):
        assert one not in printed
    for typed in ("Passw0rd-of-Maria", "zzzz-zzzz-zzzz-zzzz"):
        with pytest.raises((LooksLikeNormalPassword, WrongPassword)) as failed:
            await people.sign_in.prove(people.name, typed)
        assert typed not in repr(failed.value) + str(failed.value)
