"""A mailer that keeps what it was given to send."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from application.ports.mailer import MailDelayed, MailRefused, MailUncertain, ReconnectNotice
from tests.fakes.store import FakeStore


@dataclass(slots=True)
class RecordingMailer:
    """Delivers into `sent`, but not to addresses in `refused`, nor to anybody while `down`.

    `refuses_us` is why the server takes nothing from the service. While `silent` it never says that it did; with
    `hangs` it waits for that before anything else, `hung` mails at once. `then` happens as soon as it has taken a mail.
    """

    store: FakeStore | None = None
    sent: list[ReconnectNotice] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    down: bool = False
    refuses_us: str = ""
    silent: bool = False
    hangs: asyncio.Event | None = None
    hung: int = 0
    then: Callable[[ReconnectNotice], Awaitable[object]] | None = None

    async def send_reconnect_notice(
        self, notice: ReconnectNotice, *, before_handover: Callable[[], Awaitable[None]]
    ) -> None:
        assert self.store is None or not self.store.in_transaction, "no mail is sent inside a transaction"
        if self.hangs is not None:
            self.hung += 1
            try:
                await self.hangs.wait()
            finally:
                self.hung -= 1
        if self.down:
            raise MailDelayed(reason="not reachable")
        if self.refuses_us:
            raise MailDelayed(reason=self.refuses_us, code=535, ours=True)
        if notice.to in self.refused or "@" not in notice.to:
            raise MailRefused(code=550)
        await before_handover()
        self.sent.append(notice)
        if self.then is not None:
            await self.then(notice)
        if self.silent:
            raise MailUncertain
