"""What every store of callers' credentials keeps to."""

import asyncio

import pytest

from application.ports.callers import Credentials, CredentialTaken
from domain.caller import CredentialNotFound, Scope
from tests.builders import NOW, a_certificate_name, a_credential, after

NAME = a_certificate_name()


async def test_credentials_come_back_by_value(credentials: Credentials) -> None:
    token = a_credential("aaaaaaaaaaaa", scopes=(Scope.READ, Scope.WATCH_ALL), limits_times=4)
    certificate = a_credential("bbbbbbbbbbbb", proof=NAME, expires_at=after(days=90))
    await credentials.add(certificate)
    await credentials.add(token)

    assert list(await credentials.valid(NOW)) == [token, certificate]


async def test_an_id_is_given_once(credentials: Credentials) -> None:
    await credentials.add(a_credential())
    with pytest.raises(CredentialTaken):
        await credentials.add(a_credential(caller="other"))
    assert list(await credentials.valid(NOW)) == [a_credential()]


async def test_a_certificate_identifies_one_caller_until_it_is_revoked(credentials: Credentials) -> None:
    await credentials.add(a_credential("aaaaaaaaaaaa", proof=NAME))
    second = a_credential("bbbbbbbbbbbb", caller="other", proof=NAME)
    with pytest.raises(CredentialTaken):
        await credentials.add(second)

    await credentials.revoke("aaaaaaaaaaaa", NOW)
    await credentials.add(second)

    assert list(await credentials.valid(NOW)) == [second]


async def test_of_two_that_take_a_certificate_at_once_one_gets_it(credentials: Credentials) -> None:
    both = [a_credential(one, caller=one, proof=NAME) for one in ("aaaaaaaaaaaa", "bbbbbbbbbbbb")]

    outcomes = await asyncio.gather(*map(credentials.add, both), return_exceptions=True)

    assert [type(one) for one in outcomes if one is not None] == [CredentialTaken]
    (valid,) = await credentials.valid(NOW)
    assert valid == both[outcomes.index(None)]


async def test_what_was_revoked_is_no_longer_valid_and_stays_listed(credentials: Credentials) -> None:
    await credentials.add(a_credential("aaaaaaaaaaaa"))
    await credentials.add(a_credential("bbbbbbbbbbbb", created_at=after(days=1)))

    revoked = await credentials.revoke("aaaaaaaaaaaa", after(days=2))
    again = await credentials.revoke("aaaaaaaaaaaa", after(days=3))

    assert revoked == again == a_credential("aaaaaaaaaaaa", revoked_at=after(days=2))
    assert [one.credential_id for one in await credentials.valid(after(days=2))] == ["bbbbbbbbbbbb"]
    newest = await credentials.newest(limit=10)
    assert [one.credential_id for one in newest] == ["bbbbbbbbbbbb", "aaaaaaaaaaaa"]
    assert list(await credentials.newest(limit=1)) == [newest[0]]


async def test_validity_ends_at_the_very_moment_of_expiry(credentials: Credentials) -> None:
    await credentials.add(a_credential(expires_at=after(hours=1)))

    assert await credentials.valid(after(hours=1, seconds=-0.001))
    assert not await credentials.valid(after(hours=1))


async def test_nothing_is_revoked_by_an_unknown_id(credentials: Credentials) -> None:
    await credentials.add(a_credential())
    with pytest.raises(CredentialNotFound):
        await credentials.revoke("cccccccccccc", NOW)
    assert await credentials.valid(NOW)
