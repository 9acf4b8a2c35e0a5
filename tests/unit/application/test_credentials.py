"""Credentials made and revoked, and callers identified by them."""

from collections.abc import Collection
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.callers.add_credential import AddCredential, Added
from application.callers.known_callers import TRUSTED_FOR, CredentialsInvalid, KnownCallers
from application.callers.list_credentials import ListCredentials
from application.callers.revoke_credential import RevokeCredential
from application.callers.tokens import read_token
from application.ports.callers import MOST_VALID
from application.ports.store import StoreUnavailable
from domain.caller import RESERVED, CertificateName, CredentialNotFound, CredentialRefused, Scope
from server.runtime.id_source import RandomIds
from tests.builders import a_certificate_name, a_credential
from tests.fakes.callers import FakeCredentials
from tests.fakes.clock import MovableClock

SECOND = timedelta(seconds=1)


class Callers:
    """The use-cases over one fake store."""

    def __init__(self) -> None:
        self.credentials, self.clock = FakeCredentials(), MovableClock()
        self.known = KnownCallers(credentials=self.credentials, clock=self.clock)
        self._add = AddCredential(credentials=self.credentials, clock=self.clock, ids=RandomIds())
        self.list = ListCredentials(credentials=self.credentials, clock=self.clock)
        self.revoke = RevokeCredential(credentials=self.credentials, clock=self.clock)

    async def add(
        self,
        name: str = "booking",
        *scopes: Scope,
        certificate: CertificateName | None = None,
        lifetime: timedelta | None = None,
        limits_times: int = 1,
    ) -> Added:
        return await self._add(
            name,
            scopes or (Scope.READ,),
            certificate=certificate,
            lifetime=lifetime,
            limits_times=limits_times,
        )

    async def token(self, name: str = "booking", *, lifetime: timedelta | None = None) -> str:
        token = (await self.add(name, lifetime=lifetime)).token
        assert token is not None
        await self.known.refresh()
        return token


@pytest.fixture
def callers() -> Callers:
    return Callers()


async def test_a_token_identifies_its_caller(callers: Callers) -> None:
    added = await callers.add("booking", Scope.READ, Scope.WRITE, limits_times=3)
    await callers.known.refresh()

    identity = callers.known.by_token(added.token or "")

    assert identity.caller.name == "booking"
    assert identity.caller.scopes == {Scope.READ, Scope.WRITE}
    assert identity.credential_id == added.credential.credential_id
    assert identity.limits_times == 3


async def test_nothing_that_is_kept_lets_anybody_in(callers: Callers) -> None:
    token = await callers.token()

    (row,) = callers.credentials.rows.values()

    assert token not in repr(row)
    assert token[-43:] not in repr(row)
    assert row.credential_id in token


async def test_several_credentials_of_a_caller_are_valid_at_once(callers: Callers) -> None:
    old, new = await callers.token(), await callers.token()

    assert callers.known.by_token(old).caller == callers.known.by_token(new).caller


async def test_who_is_revoked_is_refused_from_the_next_refresh_on(callers: Callers) -> None:
    token, other = await callers.token(), await callers.token()
    withdrawn: list[Collection[str]] = []
    callers.known.tell_of_withdrawn(withdrawn.append)
    credential_id = callers.known.by_token(token).credential_id
    await callers.revoke(credential_id)
    assert callers.known.by_token(token).caller.name == "booking"

    await callers.known.refresh()
    await callers.known.refresh()

    with pytest.raises(CredentialsInvalid):
        callers.known.by_token(token)
    assert callers.known.by_token(other).caller.name == "booking"
    assert withdrawn == [{credential_id}]


async def test_who_has_expired_is_refused_also_while_the_database_is_away(callers: Callers) -> None:
    token, lasting = await callers.token(lifetime=SECOND), await callers.token()
    assert callers.known.by_token(token).caller.name == "booking"
    callers.clock.advance(SECOND)
    callers.credentials.away = True

    with pytest.raises(StoreUnavailable):
        await callers.known.refresh()

    with pytest.raises(CredentialsInvalid):
        callers.known.by_token(token)
    assert callers.known.by_token(lasting).caller.name == "booking"


async def test_what_was_known_counts_for_a_minute_without_the_database_and_no_longer(
    callers: Callers,
) -> None:
    """It may be revoked by now, and nobody can tell."""
    token = await callers.token()
    withdrawn: list[Collection[str]] = []
    callers.known.tell_of_withdrawn(withdrawn.append)
    callers.credentials.away = True
    callers.clock.advance(TRUSTED_FOR)
    with pytest.raises(StoreUnavailable):
        await callers.known.refresh()
    identity = callers.known.by_token(token)

    callers.clock.advance(SECOND)
    with pytest.raises(StoreUnavailable):
        await callers.known.refresh()

    with pytest.raises(StoreUnavailable):
        callers.known.by_token(token)
    assert withdrawn == [{identity.credential_id}]
    callers.credentials.away = False
    await callers.known.refresh()
    assert callers.known.by_token(token) == identity


def test_nobody_is_let_in_before_anything_is_known(callers: Callers) -> None:
    with pytest.raises(StoreUnavailable):
        callers.known.by_certificate([a_certificate_name()])


async def test_only_the_very_token_is_accepted(callers: Callers) -> None:
    token = await callers.token()
    credential_id, secret = token[8:20], token[21:]
    changed = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    others = [
        "",
        f"calsync_{credential_id}_{changed}",
        f"calsync_{credential_id}_",
        f"calsync_000000000000_{secret}",
        token + "=",
        token + "\n",
        " " + token,
        token.upper(),
        token.replace("calsync", "cal\u017fync"),
        token[:-1] + "\u0660",
        f"{token}, {token}",
        "x" * 100_000,
    ]
    for other in others:
        with pytest.raises(CredentialsInvalid):
            callers.known.by_token(other)


@given(st.text())
def test_any_text_is_a_token_or_none(text: str) -> None:
    assert read_token(text) is None


async def test_a_certificate_identifies_its_caller(callers: Callers) -> None:
    name = a_certificate_name("URI:spiffe://experts.example/reports")
    added = await callers.add("reports", certificate=name)
    await callers.known.refresh()

    identity = callers.known.by_certificate([a_certificate_name("DNS:other.example"), name])

    assert added.token is None
    assert identity is not None
    assert identity.caller.name == "reports"
    assert callers.known.by_certificate([a_certificate_name("DNS:experts.example")]) is None


async def test_a_certificate_with_the_names_of_two_callers_identifies_nobody(callers: Callers) -> None:
    names = [a_certificate_name("DNS:one.example"), a_certificate_name("DNS:two.example")]
    for caller, name in zip(("one", "two"), names, strict=True):
        await callers.add(caller, certificate=name)
    await callers.known.refresh()

    with pytest.raises(CredentialsInvalid):
        callers.known.by_certificate(names)


async def test_names_of_hosts_are_compared_in_small_letters() -> None:
    assert a_certificate_name("DNS:Booking.Internal") == a_certificate_name("DNS:booking.internal")
    assert a_certificate_name("URI:spiffe://A/b") != a_certificate_name("URI:spiffe://a/b")


async def test_the_largest_multiple_of_a_callers_credentials_counts_for_all_of_them(callers: Callers) -> None:
    small, large = await callers.add(limits_times=1), await callers.add(limits_times=5)
    await callers.known.refresh()

    assert callers.known.by_token(small.token or "").limits_times == 5
    assert callers.known.by_token(large.token or "").limits_times == 5


@pytest.mark.parametrize("name", [*sorted(RESERVED), "", "Booking", "a b", "a\n", "-a", "é", "a" * 64, 'a"b'])
async def test_refuses_names_that_mean_somebody_else_or_would_spoil_the_log(
    callers: Callers, name: str
) -> None:
    with pytest.raises(CredentialRefused):
        await callers.add(name)


@pytest.mark.parametrize("text", ["", "URI", "URI:", "EMAIL:a@b", "uri:x", "DNS:a\nb", "DNS:" + "a" * 501])
def test_refuses_what_names_no_certificate(text: str) -> None:
    with pytest.raises(CredentialRefused):
        CertificateName.parse(text)


async def test_refuses_credentials_of_no_use(callers: Callers) -> None:
    for refused in (
        callers.add("a", Scope.WATCH_ALL),
        callers.add("a", lifetime=timedelta()),
        callers.add("a", lifetime=timedelta.max),
        callers.add("a", limits_times=0),
        callers.add("a", limits_times=1001),
    ):
        with pytest.raises(CredentialRefused):
            await refused
    with pytest.raises(CredentialRefused):
        await callers._add("a", ())


async def test_a_certificate_is_given_once_until_it_is_revoked(callers: Callers) -> None:
    name = a_certificate_name()
    first = await callers.add("one", certificate=name)
    with pytest.raises(CredentialRefused):
        await callers.add("two", certificate=name)

    await callers.revoke(first.credential.credential_id)

    await callers.add("two", certificate=name)


async def test_there_are_no_more_than_every_process_can_keep(callers: Callers) -> None:
    for number in range(MOST_VALID):
        await callers.credentials.add(a_credential(f"{number:012x}"))

    with pytest.raises(CredentialRefused):
        await callers.add()
    await callers.revoke(f"{0:012x}")
    await callers.add()


async def test_the_newest_are_listed_first_also_those_that_are_no_longer_valid(callers: Callers) -> None:
    first = await callers.add("first", lifetime=SECOND)
    callers.clock.advance(SECOND)
    second = await callers.add("second")
    await callers.revoke(second.credential.credential_id)

    listed = await callers.list()

    assert [one.caller.name for one in listed.credentials] == ["second", "first"]
    assert [one.valid_at(listed.at) for one in listed.credentials] == [False, False]
    with pytest.raises(CredentialNotFound):
        await callers.revoke(first.credential.credential_id[::-1] + "0")
