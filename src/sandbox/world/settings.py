"""The switches that hold for the whole sandbox."""

from dataclasses import dataclass, field
from typing import Any, Literal

MinimalAnswer = Literal["no_content", "empty", "ignored"]
TransactionMode = Literal["returns_first", "conflict", "duplicates"]
Notifications = Literal["sent", "silent"]


@dataclass(slots=True, kw_only=True)
class Settings:
    """How the sandbox behaves where Microsoft's behaviour varies or is undocumented.

    `concurrency_limit` requests per mailbox run at once, more are answered 429 with `throttle_retry_after`
    (None: without the header). `delay_seconds` makes each Graph request last. `transaction_mode` is the
    answer to a repeated transactionId. With `etag_settles` an event's etag moves on by itself right after
    it was created. Without `shared_events_in_mailbox` the events of calendars shared from somebody else are found
    below their calendar only, not below `/me/events`. A change that prefers return=minimal gets the
    `minimal_answer`: 204, an empty 200, or the event after all. `id_token_claims` replace claims of id tokens, and
    without `id_token_signed` their signature is wrong: for clients that must notice. With
    `refresh_tokens_used_once` a refresh token ends with its first use.

    The token endpoint's clock is `clock_offset_seconds` ahead, which id tokens and the Date of its answers show.

    With `shared_writes_need_scope` writing into a calendar shared from somebody else takes
    `Calendars.ReadWrite.Shared`, whatever the calendar's canEdit says.

    Private events of a calendar shared without them are listed without what they say, or not at all unless
    `lists_private_events`. By their ids they are never found.

    A calendar view with more than `largest_view_page` events to a page is answered 504, as by a mailbox too slow for
    it (None: none is). Links to next pages begin with `link_base` (None: with the sandbox's own address), as behind a
    proxy.

    Subscriptions may last `longest_subscription_minutes` (more is refused), number `subscription_limit` in a
    mailbox, and be for calendars shared from somebody else only with `shared_subscriptions`. None is granted more
    than `granted_subscription_minutes`, whatever was asked. An address has `validation_seconds` to answer
    `validation_token` (None: a new one each time), when `validate_renewals` on renewal too.

    Changes are notified unless `notifications` is "silent", except the next `lost_notifications` of them (it counts
    down). They leave `notification_delay_seconds` later, up to `notification_batch` in one delivery, each delivery
    `notification_copies` times, with `notification_client_state` for the clientState (None: the right one; empty:
    left out). A failed one is sent again after `notification_retry_seconds`, then twice as long and so on,
    `notification_attempts` in all. These are seconds of real time.
    """

    concurrency_limit: int = 4
    throttle_retry_after: str | None = "1"
    delay_seconds: float = 0
    transaction_mode: TransactionMode = "returns_first"
    etag_settles: bool = False
    shared_events_in_mailbox: bool = True
    lists_private_events: bool = True
    minimal_answer: MinimalAnswer = "no_content"
    largest_view_page: int | None = None
    link_base: str | None = None
    access_token_seconds: int = 3600
    clock_offset_seconds: float = 0
    id_token_claims: dict[str, Any] = field(default_factory=dict)
    id_token_signed: bool = True
    shared_writes_need_scope: bool = False
    refresh_tokens_used_once: bool = False
    longest_subscription_minutes: float = 10_070
    granted_subscription_minutes: float | None = None
    subscription_limit: int = 1000
    shared_subscriptions: bool = False
    validation_seconds: float = 10
    validation_token: str | None = None
    validate_renewals: bool = False
    notifications: Notifications = "sent"
    lost_notifications: int = 0
    notification_delay_seconds: float = 0
    notification_batch: int = 1
    notification_copies: int = 1
    notification_client_state: str | None = None
    notification_attempts: int = 8
    notification_retry_seconds: float = 1
