"""What every mailer must do."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import pytest
import pytest_asyncio

from application.ports.mailer import MailDelayed, Mailer, MailRefused, MailUncertain
from tests.fakes.mailer import RecordingMailer
from tests.support.mailer import NOTICE, hand_over, smtp_mailer
from tests.support.smtp import MailServer, mail_server


class Post(Protocol):
    """A mailer with the mail server behind it."""

    @property
    def mailer(self) -> Mailer: ...

    def delivered_to(self) -> list[str]: ...

    def refuse(self, address: str) -> None: ...

    def go_down(self, *, down: bool) -> None: ...

    def fall_silent(self) -> None:
        """Takes mail from now on, and never says so."""
        ...


class FakePost:
    def __init__(self) -> None:
        self.mailer = RecordingMailer()

    def delivered_to(self) -> list[str]:
        return [notice.to for notice in self.mailer.sent]

    def refuse(self, address: str) -> None:
        self.mailer.refused.add(address)

    def go_down(self, *, down: bool) -> None:
        self.mailer.down = down

    def fall_silent(self) -> None:
        self.mailer.silent = True


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

    def fall_silent(self) -> None:
        self.server.silent_after_data = True


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
    await hand_over(post.mailer, NOTICE)
    assert post.delivered_to() == ["ann@example.com"]


async def test_says_when_the_address_is_refused_for_good(post: Post) -> None:
    post.refuse("ann@example.com")
    with pytest.raises(MailRefused):
        await hand_over(post.mailer, NOTICE)
    assert post.delivered_to() == []


async def test_refuses_what_is_no_address(post: Post) -> None:
    with pytest.raises(MailRefused):
        await hand_over(post.mailer, replace(NOTICE, to="nobody"))
    assert post.delivered_to() == []


async def test_delivers_what_was_delayed_when_it_is_tried_again(post: Post) -> None:
    post.go_down(down=True)
    with pytest.raises(MailDelayed):
        await hand_over(post.mailer, NOTICE)
    assert post.delivered_to() == []
    post.go_down(down=False)
    await hand_over(post.mailer, NOTICE)
    assert post.delivered_to() == ["ann@example.com"]


@dataclass
class Note:
    """What is done before the mail is given away."""

    post: Post
    fault: Exception | None = None
    delivered_before: list[list[str]] = field(default_factory=list)

    async def __call__(self) -> None:
        self.delivered_before.append(list(self.post.delivered_to()))
        if self.fault is not None:
            raise self.fault


async def test_says_so_before_it_hands_the_mail_over(post: Post) -> None:
    note = Note(post)
    await post.mailer.send_reconnect_notice(NOTICE, before_handover=note)
    assert note.delivered_before == [[]]
    assert post.delivered_to() == ["ann@example.com"]


async def test_hands_nothing_over_that_could_not_be_noted(post: Post) -> None:
    with pytest.raises(KeyError):
        await post.mailer.send_reconnect_notice(NOTICE, before_handover=Note(post, fault=KeyError("x")))
    assert post.delivered_to() == []


@pytest.mark.parametrize("why", ["refused", "down"])
async def test_notes_nothing_where_it_does_not_come_to_that(post: Post, why: str) -> None:
    if why == "refused":
        post.refuse("ann@example.com")
    else:
        post.go_down(down=True)
    note = Note(post)
    with pytest.raises((MailRefused, MailDelayed)):
        await post.mailer.send_reconnect_notice(NOTICE, before_handover=note)
    assert note.delivered_before == []


async def test_a_mail_that_was_taken_without_an_answer_is_uncertain(post: Post) -> None:
    post.fall_silent()
    with pytest.raises(MailUncertain):
        await hand_over(post.mailer, NOTICE)
    assert post.delivered_to() == ["ann@example.com"]


def test_a_notice_shows_nobody_in_its_repr() -> None:
    shown = repr(NOTICE)
    assert not any(secret in shown for secret in ("ann", "Ann", "contoso", "calendar.example"))
