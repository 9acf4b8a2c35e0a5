"""Losses of access: one incident from the first evidence to the reconnect, a notice to the expert, and reminders."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.access import LossCause
from domain.errors import DomainError
from domain.ids import AccountId, ExpertId, IncidentId

UNCERTAIN_PAUSE = timedelta(days=1)
"""How long to wait before mailing again if the mail may already have gone out."""
REMINDED_AFTER = (timedelta(days=3), timedelta(days=7), timedelta(days=14))
"""The first notice; whatever kept one back, the next keeps its distance from it."""
FIRST_MAIL_RETRY = timedelta(seconds=30)
LONGEST_MAIL_RETRY = timedelta(hours=1)


@dataclass(kw_only=True, eq=False)
class ReconnectLinkUnknown(DomainError):
    """No account is known that this link was for, or any more."""


@dataclass(kw_only=True, eq=False)
class ReconnectedAlready(DomainError):
    """The account that this link is for has access again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One loss of access to one account.

    `token` is the secret part of the reconnect link. `mail_due_at` is when the next notice is due, None for never;
    `notices` counts those sent, reminders included, or left to the caller where the service sends no mail.
    `mail_begun_at` is when the next one began to be handed over, as long as it is unknown what became of it.
    """

    incident_id: IncidentId
    account_id: AccountId
    expert_id: ExpertId
    cause: LossCause
    token: str = field(repr=False)
    opened_at: datetime
    closed_at: datetime | None = None
    notices: int = 0
    mail_failures: int = 0
    mail_due_at: datetime | None
    mail_begun_at: datetime | None = None

    @property
    def message_id(self) -> str:
        """Of the next notice, the same for every try of it."""
        return f"{self.incident_id}.{self.notices + 1}"

    @property
    def address_refused(self) -> bool:
        """Whether the expert's address refused the mail, so that nobody has notified them."""
        return self.mail_due_at is None and self.mail_failures > 0 and self.closed_at is None

    def closed(self, now: datetime) -> "Incident":
        return replace(self, closed_at=now, mail_due_at=None, mail_begun_at=None)

    def mail_begun(self, now: datetime) -> "Incident":
        """To be remembered before the mail server is given the mail."""
        return replace(self, mail_begun_at=now)

    def mail_uncertain(self, now: datetime) -> "Incident":
        """It was given the mail, or was about to be, and nobody knows whether it took it: sent again under the same
        Message-ID, and not before a day has passed."""
        begun = self.mail_begun_at or now
        return replace(self, mail_due_at=begun + UNCERTAIN_PAUSE, mail_begun_at=None)

    def because(self, cause: LossCause) -> "Incident":
        return replace(self, cause=cause)

    @property
    def reminds(self) -> bool:
        """Whether the next notice says what one has said before."""
        return self.notices > 0

    def notified(self, now: datetime) -> "Incident":
        """The next one is due after a pause, as long as there is one."""
        pause = _PAUSES[self.notices] if self.notices < len(_PAUSES) else None
        return replace(
            self,
            notices=self.notices + 1,
            mail_failures=0,
            mail_due_at=None if pause is None else now + pause,
            mail_begun_at=None,
        )

    def mail_delayed(self, now: datetime) -> "Incident":
        """To be tried again after a growing pause of 30 seconds to an hour."""
        pause = min(FIRST_MAIL_RETRY * (1 << min(self.mail_failures, 16)), LONGEST_MAIL_RETRY)
        return replace(
            self, mail_failures=self.mail_failures + 1, mail_due_at=now + pause, mail_begun_at=None
        )

    def mail_refused(self) -> "Incident":
        """The expert's mail address takes no mail: no use in trying again, but for another address."""
        return replace(self, mail_failures=self.mail_failures + 1, mail_due_at=None, mail_begun_at=None)

    def address_changed(self, now: datetime) -> "Incident":
        """Due at once if the former address took no mail; else as it was."""
        return replace(self, mail_failures=0, mail_due_at=now) if self.address_refused else self


_PAUSES = tuple(
    after - before for before, after in zip((timedelta(), *REMINDED_AFTER), REMINDED_AFTER, strict=False)
)
"""Between each notice and the one after it."""
