"""What every mailer must do."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Protocol

import pytest
import pytest_asyncio

from application.ports.mailer import MailDelayed, Mailer, MailRefused
from tests.fakes.mailer import RecordingMailer
from tests.support.mailer import NOTICE, smtp_mailer
from tests.support.smtp import MailServer, mail_server


class Post(Protocol):
    """A mailer with the mail server behind it."""

    @property
    def mailer(self) -> Mailer: ...

    def delivered_to(self) -> list[str]: ...

    def refuse(self, address: str) -> None: ...

    def go_down(self, *, down: bool) -> None: ...


class FakePost:
    def __init__(self) -> None:
        self.mailer = RecordingMailer()

    def delivered_to(self) -> list[str]:
        return [notice.to for notice in self.mailer.sent]

    def refuse(self, address: str) -> None:
        self.mailer.refused.add(address)

    def go_down(self, *, down: bool) -> None:
        self.mailer.down = down


class SmtpPost:
    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.mailer = smtp_mailer(f"smtp://127.0.0.1:{server.port}")

    def delivered_to(self) -> list[str]:
        return self.server.recipients

    def refuse(self, address: str) -> None:
        self.server.refused[address] = "550 5.1.1 no such user"

    def go_down(self, *, down: bool) -> None:
        self.server.sender_reply = "451 4.3.0 try again later" if down else "250 OK"


@asynccontextmanager
async def fake_post() -> AsyncIterator[Post]:
    yield FakePost()


@asynccontextmanager
async def smtp_post() -> AsyncIterator[Post]:
    async with mail_server() as server:
        yield SmtpPost(server)


@pytest_asyncio.fixture(params=[fake_post, smtp_post], ids=["fake", "smtp"])
async def post(request: pytest.FixtureRequest) -> AsyncIterator[Post]:
    make: Callable[[], AbstractAsyncContextManager[Post]] = request.param
    async with make() as made:
        yield made


async def test_delivers_to_the_expert_alone(post: Post) -> None:
    await post.mailer.send_reconnect_notice(NOTICE)
    assert post.delivered_to() == ["ann@example.com"]


async def test_says_when_the_address_is_refused_for_good(post: Post) -> None:
    post.refuse("ann@example.com")
    with pytest.raises(MailRefused):
        await post.mailer.send_reconnect_notice(NOTICE)
    assert post.delivered_to() == []


async def test_refuses_what_is_no_address(post: Post) -> None:
    with pytest.raises(MailRefused):
        await post.mailer.send_reconnect_notice(replace(NOTICE, to="nobody"))
    assert post.delivered_to() == []


async def test_delivers_what_was_delayed_when_it_is_tried_again(post: Post) -> None:
    post.go_down(down=True)
    with pytest.raises(MailDelayed):
        await post.mailer.send_reconnect_notice(NOTICE)
    assert post.delivered_to() == []
    post.go_down(down=False)
    await post.mailer.send_reconnect_notice(NOTICE)
    assert post.delivered_to() == ["ann@example.com"]


def test_a_notice_shows_nobody_in_its_repr() -> None:
    shown = repr(NOTICE)
    assert not any(secret in shown for secret in ("ann", "Ann", "contoso", "calendar.example"))
