"""Faults only an operator can mend."""

from datetime import timedelta
from typing import Protocol

from domain.account import Provider


class Alarms(Protocol):
    """One alarm a kind, however often its fault is met. Each is cleared by a success of the very kind that failed."""

    def provider_misconfigured(self, provider: Provider, code: str) -> None:
        """Our registration is refused: health says so until `provider_works`. `code` is the provider's own."""
        ...

    def is_misconfigured(self, provider: Provider, code: str) -> bool:
        """Whether that alarm stands, and this very code has been met under it."""
        ...

    def provider_works(self, provider: Provider) -> None:
        """The provider gave us a token. Reported by adapters: nobody else sees where tokens come from."""
        ...

    def credential_refused(self, provider: Provider, name: str) -> None:
        """One of our credentials is refused while another is accepted: nothing fails yet, but once that one ends,
        everything will. `name` is that of its setting. Told by adapters."""
        ...

    def credential_accepted(self, provider: Provider, name: str) -> None:
        """This one is refused no more."""
        ...

    def tokens_refused(self, provider: Provider) -> None:
        """The provider has long accepted none of the fresh tokens it gives us for some mailbox. Told by adapters."""
        ...

    def tokens_accepted(self, provider: Provider) -> None:
        """The mailbox no longer exists."""
        ...

    def all_refused(self, provider: Provider) -> None:
        """The provider has long refused one person after the other: no expert is mailed."""
        ...

    def are_all_refused(self, provider: Provider) -> bool:
        """Whether that alarm stands."""
        ...

    def somebody_accepted(self, provider: Provider) -> None:
        """Somebody's calendars were read there."""
        ...

    def notifications_refused(self, provider: Provider, code: str) -> None:
        """The provider brings no notifications to our address, whatever calendar they are about, until an operator has
        acted: polling goes on without them. `code` is the provider's own. Told by adapters."""
        ...

    def notifications_accepted(self, provider: Provider) -> None:
        """It brings them."""
        ...

    def day_nearly_spent(self, provider: Provider, *, requests: int, most: int) -> None:
        """This process has made so many requests, of `most` that are its part of the provider's day. Told by adapters,
        once a day."""
        ...

    def day_begins_anew(self, provider: Provider) -> None:
        """The day that was nearly spent is over."""
        ...

    def is_day_nearly_spent(self, provider: Provider) -> bool: ...

    def clock_differs(self, by: timedelta) -> None:
        """Our clock and a provider's are too far apart; `by` is positive when the provider's is ahead."""
        ...

    def clock_agrees(self) -> None: ...

    def mail_misconfigured(self, reason: str) -> None:
        """The mail server refuses us, and not the experts' addresses. `reason` is a constant phrase."""
        ...

    def mail_works(self) -> None:
        """The mail server took a mail."""
        ...

    def unforeseen(self, fault: Exception) -> None:
        """Work failed for a reason that no rule knows, and goes on without it. Told by class and place, not by text."""
        ...
