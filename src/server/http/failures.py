"""The page of a failed sign-in, in words for the person at the browser."""

from collections.abc import Sequence

from domain.account import Provider
from domain.connection import AccountMismatch, BlockedByOrganisation
from domain.permissions import PermissionsMissing
from server.http.english_from_elsewhere import from_elsewhere
from server.http.failure_texts import (
    AT,
    EVERYWHERE,
    LEFT_OUT,
    MEANT,
    MEANT_AT,
    OTHERWISE,
    PROVIDER_SAID,
    TITLE,
    Words,
)
from server.http.languages import Text
from server.http.pages import Page
from server.rpc.catalogue import help_links, reason_of


def failure_page(failure: Exception, provider: Provider) -> Page:
    """Nothing was stored: says why, and what helps."""
    what, after = words_of(failure, provider)
    if isinstance(failure, BlockedByOrganisation) and failure.code:
        after += PROVIDER_SAID.filled(provider=provider.value.title(), code=failure.code)
    if isinstance(failure, AccountMismatch) and failure.meant:
        after = MEANT_AT.get(provider, MEANT).filled(account=failure.meant)
    if isinstance(failure, PermissionsMissing) and failure.described:
        after += _left_out(failure.described)
    return Page(
        title=TITLE,
        what=what,
        next=after,
        links=[(from_elsewhere(text), url) for text, url in help_links(failure)],
    )


def words_of(failure: Exception, provider: Provider) -> Words:
    reason = reason_of(failure)
    what, after = AT.get(provider, {}).get(reason) or EVERYWHERE.get(reason, OTHERWISE)
    return what.filled(provider=provider.value.title()), after


def _left_out(described: Sequence[str]) -> Text:
    """What the missing ones are for, in the words of the provider's adapter."""
    *first, last = described
    english = f"{', '.join(first)} and {last}" if first else last
    return LEFT_OUT.filled(en=english, de="; ".join(from_elsewhere(one).de for one in described))
