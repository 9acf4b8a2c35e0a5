"""TLS and login on the way to the mail server."""

import ssl

import pytest
import trustme

from application.ports.mailer import MailDelayed
from tests.support.mailer import NOTICE, hand_over, smtp_mailer
from tests.support.smtp import PASSWORD, USER, mail_server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def theirs(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def ours(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_logs_in_after_starttls(theirs: ssl.SSLContext, ours: ssl.SSLContext) -> None:
    async with mail_server(tls=theirs, login=True) as server:
        mailer = smtp_mailer(f"smtp://{USER}:{PASSWORD}@localhost:{server.port}", tls=ours)
        await hand_over(mailer, NOTICE)
    assert (server.encrypted, server.users) == ([True], [USER])


async def test_logs_in_over_tls_from_the_start(theirs: ssl.SSLContext, ours: ssl.SSLContext) -> None:
    async with mail_server(tls=theirs, from_the_start=True, login=True) as server:
        mailer = smtp_mailer(f"smtps://{USER}:{PASSWORD}@localhost:{server.port}", tls=ours)
        await hand_over(mailer, NOTICE)
    assert server.users == [USER]


async def test_takes_the_encryption_it_is_offered(theirs: ssl.SSLContext, ours: ssl.SSLContext) -> None:
    async with mail_server(tls=theirs) as server:
        mailer = smtp_mailer(f"smtp://localhost:{server.port}", tls=ours)
        await hand_over(mailer, NOTICE)
    assert server.encrypted == [True]


async def test_sends_in_clear_where_told_so(theirs: ssl.SSLContext, ours: ssl.SSLContext) -> None:
    async with mail_server(tls=theirs) as server:
        mailer = smtp_mailer(f"smtp://localhost:{server.port}?starttls=never", tls=ours)
        await hand_over(mailer, NOTICE)
    assert server.encrypted == [False]


async def test_sends_nothing_where_required_encryption_is_not_offered(ours: ssl.SSLContext) -> None:
    async with mail_server() as server:
        mailer = smtp_mailer(f"smtp://localhost:{server.port}?starttls=required", tls=ours)
        with pytest.raises(MailDelayed) as delayed:
            await hand_over(mailer, NOTICE)
    assert server.received == []
    assert (delayed.value.reason, delayed.value.ours) == ("not usable as set up", True)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_sends_nothing_to_a_server_without_a_trusted_certificate(
    theirs: ssl.SSLContext, scheme: str
) -> None:
    stranger = ssl.create_default_context()
    trustme.CA().configure_trust(stranger)
    async with mail_server(tls=theirs, from_the_start=scheme == "smtps") as server:
        mailer = smtp_mailer(f"{scheme}://localhost:{server.port}", tls=stranger)
        with pytest.raises(MailDelayed) as delayed:
            await hand_over(mailer, NOTICE)
    assert server.received == []
    assert (delayed.value.reason, delayed.value.ours) == ("no trusted encryption", True)


async def test_blames_no_address_for_a_wrong_password(theirs: ssl.SSLContext, ours: ssl.SSLContext) -> None:
    async with mail_server(tls=theirs, login=True) as server:
        mailer = smtp_mailer(f"smtp://{USER}:wrong@localhost:{server.port}", tls=ours)
        with pytest.raises(MailDelayed) as delayed:
            await hand_over(mailer, NOTICE)
    assert (delayed.value.reason, delayed.value.code) == ("login refused", 535)
    assert delayed.value.ours


async def test_blames_no_address_where_a_login_is_missing(
    theirs: ssl.SSLContext, ours: ssl.SSLContext
) -> None:
    async with mail_server(tls=theirs, login=True) as server:
        mailer = smtp_mailer(f"smtp://localhost:{server.port}", tls=ours)
        with pytest.raises(MailDelayed) as delayed:
            await hand_over(mailer, NOTICE)
    assert delayed.value.code == 530
