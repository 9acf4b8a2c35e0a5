"""The mail that tells an expert to sign in again."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from domain.access import LossCause


@dataclass(kw_only=True, eq=False)
class MailRefused(Exception):
    """This address accepts no mail from us, now or later. `code` is the server's SMTP reply, if it was asked."""

    code: int | None = None


@dataclass(kw_only=True, eq=False)
class MailDelayed(Exception):
    """The mail was surely not handed over; later it may be. `reason` is a constant phrase for an operator's log.

    `ours`: no waiting helps, and neither another address, but an operator: our login, our sender, encryption.
    """

    reason: str
    code: int | None = None
    ours: bool = False


@dataclass(kw_only=True, eq=False)
class MailUncertain(Exception):
    """The mail was given to the server, which never said whether it took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconnectNotice:
    """What the mail says, and to whom. `sessions_at_risk` sessions wait to be written because of the loss.

    A `reminder` says what a mail has said before. Access was `lost_on` that day where the expert lives. The mail is in
    the language nearest to `locale`, a BCP 47 tag or empty.

    `message_id` identifies a mail: the same for every try of one mail, so that a mail server or reader can drop
    the second copy when the answer to a first try was lost. Its form is that before the @ of a Message-ID.
    """

    to: str = field(repr=False)
    display_name: str = field(repr=False)
    account_email: str = field(repr=False)
    reconnect_url: str = field(repr=False)
    message_id: str
    provider_name: str
    cause: LossCause
    lost_on: date
    sessions_at_risk: int
    reminder: bool = False
    locale: str = ""


class Mailer(Protocol):
    async def send_reconnect_notice(
        self, notice: ReconnectNotice, *, before_handover: Callable[[], Awaitable[None]]
    ) -> None:
        """Hand the mail to the mail server. Raises MailRefused, MailDelayed, MailUncertain.

        `before_handover` is awaited when the server has accepted sender and recipient, and is about to be given the
        mail; what it raises is raised, and then the server is given nothing.
        """
        ...
