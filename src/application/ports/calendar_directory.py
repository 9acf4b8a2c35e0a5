"""The calendars an account has at its provider, and whether its mailbox can be served at all."""

from typing import Protocol

from domain.calendar import RemoteCalendar
from domain.grant import Grant
from domain.ids import AccountId


class CalendarDirectory(Protocol):
    """Where one refusal proves nothing, AccessDoubted is raised in the place of AccessLost: here and by the other ports
    of that provider."""

    async def first_look(self, grant: Grant) -> tuple[RemoteCalendar, ...]:
        """Probe the mailbox of a grant that is not stored yet and list its calendars, all pages.

        Raises MailboxNotServed, MailboxSuspended, AccessDenied, ProviderUnavailable, ProviderMisconfigured,
        InvalidAnswer.
        """
        ...

    async def list_calendars(self, account_id: AccountId) -> tuple[RemoteCalendar, ...]:
        """All calendars of a connected account.

        Raises AccessLost, AccessDoubted, AccessDenied, MailboxNotServed, MailboxSuspended, ProviderUnavailable,
        ProviderMisconfigured, InvalidAnswer, AccountNotFound.
        """
        ...

    async def check_access(self, account_id: AccountId) -> None:
        """Ask the provider itself, not a cached token, whether the grant still holds.

        Returns when it does. Raises AccessLost, AccessDoubted, ProviderUnavailable, ProviderMisconfigured,
        AccountNotFound.
        """
        ...
