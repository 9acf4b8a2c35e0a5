"""What the templates of a mail may say."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.ports.mailer import ReconnectNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who signs a mail: the product, and its own page of connected calendars where it has one."""

    name: str
    url: str | None = None


def words_of(notice: ReconnectNotice, signature: Signature) -> Mapping[str, object]:
    """The templates' variables, but for `language`."""
    return {
        "name": one_line(notice.display_name),
        "account": one_line(notice.account_email),
        "provider": one_line(notice.provider_name),
        "url": notice.reconnect_url,
        "lost_on": notice.lost_on,
        "waiting": notice.sessions_at_risk,
        "product": signature.name,
        "product_url": signature.url,
        "cause": notice.cause.value,
        "reminder": notice.reminder,
    }


def one_line(text: str) -> str:
    """Without line breaks and other control characters, which could forge headers or paragraphs."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
