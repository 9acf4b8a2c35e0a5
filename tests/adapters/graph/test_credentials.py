"""Two credentials, while one takes the place of the other."""

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.graph.settings import ClientCertificate
from adapters.web.credentials import TRIED_EVERY
from domain.access import AccessLost, ProviderMisconfigured
from domain.ids import AccountId
from sandbox import Sandbox
from tests.sandbox.identity import self_signed
from tests.support.microsoft import Connected, connected_to

FIRST, NEXT = "MICROSOFT_CLIENT_SECRET", "MICROSOFT_NEXT_CLIENT_SECRET"
HOUR = TRIED_EVERY.total_seconds() + 1


async def _renew(connected: Connected, account: AccountId) -> int:
    """A renewed token; how many requests it took."""
    before = connected.token_requests()
    await connected.microsoft.directory.check_access(account)
    return connected.token_requests() - before


async def _renewals(connected: Connected, account: AccountId, number: int) -> list[int]:
    return [await _renew(connected, account) for _ in range(number)]


def _to(sandbox: Sandbox, next_credential: Any, **changes: Any) -> Any:
    return connected_to(sandbox, next_credential=next_credential, **changes)


async def test_a_secret_is_exchanged_without_a_refused_call(sandbox: Sandbox) -> None:
    app, first = sandbox.world.app, sandbox.client_secret
    async with _to(sandbox, app.add_secret()) as connected:
        account = await connected.connect("anna")
        assert await _renewals(connected, account, 3) == [1, 1, 1]
        app.drop_secret(first)
        assert await _renewals(connected, account, 3) == [2, 1, 1], "the one that works is remembered"
        assert connected.alarms.refused_credentials == {FIRST}
        assert await connected.sign_in("ben"), "a code that one of them could not redeem is not lost"
        assert not connected.alarms.history


async def test_a_sign_in_begins_with_the_one_that_works_and_tries_the_other(sandbox: Sandbox) -> None:
    app, first = sandbox.world.app, sandbox.client_secret
    async with _to(sandbox, app.add_secret()) as connected:
        app.drop_secret(first)
        before = connected.token_requests()
        await connected.sign_in("anna")
        await connected.sign_in("ben")
        assert connected.token_requests() - before == 3


async def test_a_refused_credential_is_noticed_while_the_other_still_works(sandbox: Sandbox) -> None:
    app = sandbox.world.app
    second = app.add_secret()
    async with _to(sandbox, second) as connected:
        account = await connected.connect("anna")
        assert await _renewals(connected, account, 2) == [1, 1]
        app.drop_secret(second)
        assert await _renewals(connected, account, 2) == [1, 1]
        sandbox.world.clock.advance(HOUR)
        assert await _renewals(connected, account, 2) == [2, 1]
        assert connected.alarms.refused_credentials == {NEXT}
        app.add_secret(second)
        assert await _renew(connected, account) == 1
        assert connected.alarms.refused_credentials == {NEXT}
        sandbox.world.clock.advance(HOUR)
        assert await _renew(connected, account) == 1
        assert not connected.alarms.refused_credentials
    assert not connected.alarms.history


async def test_a_mistyped_next_secret_is_noticed_at_once_and_stops_nobody(sandbox: Sandbox) -> None:
    async with _to(sandbox, "mistyped") as connected:
        account = await connected.connect("anna")
        assert await _renewals(connected, account, 2) == [2, 1]
        assert connected.alarms.refused_credentials == {NEXT}


async def test_one_request_at_a_time_tries_the_idle_credential(sandbox: Sandbox) -> None:
    async with _to(sandbox, "mistyped") as connected:
        accounts = [await connected.connect(person) for person in ("anna", "ben", "carla")]
        before = connected.token_requests()
        await asyncio.gather(*(connected.microsoft.directory.check_access(one) for one in accounts))
        assert connected.token_requests() - before == 4


async def test_where_both_are_refused_it_is_our_registration_that_is_refused(sandbox: Sandbox) -> None:
    app, first = sandbox.world.app, sandbox.client_secret
    async with _to(sandbox, "mistyped") as connected:
        account = await connected.connect("anna")
        app.rotate_secret()
        with pytest.raises(ProviderMisconfigured) as refused:
            await _renew(connected, account)
        assert refused.value.code == "invalid_client AADSTS7000215"
        assert not connected.alarms.refused_credentials
        app.rotate_secret(first)
        assert await _renew(connected, account) == 1


async def test_what_the_person_must_mend_is_not_asked_twice(sandbox: Sandbox) -> None:
    async with _to(sandbox, sandbox.world.app.add_secret()) as connected:
        account = await connected.connect("anna")
        await _renew(connected, account)
        sandbox.world.grants.revoke("anna")
        before = connected.token_requests()
        with pytest.raises(AccessLost):
            await _renew(connected, account)
        assert connected.token_requests() - before == 1


async def test_a_certificate_takes_the_place_of_a_secret(sandbox: Sandbox) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem, app = self_signed(key), sandbox.world.app
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    certificate = ClientCertificate(private_key=private, certificate=pem.decode())
    async with _to(sandbox, certificate) as connected:
        account = await connected.connect("anna")
        assert await _renewals(connected, account, 2) == [2, 1], "not registered yet"
        assert connected.alarms.refused_credentials == {"MICROSOFT_NEXT_CLIENT_CERTIFICATE_FILE"}
        app.certificates.append(pem)
        app.rotate_secret()
        assert await _renewals(connected, account, 2) == [2, 1]
        assert connected.alarms.refused_credentials == {FIRST}
