"""The switches that hold for the whole sandbox."""

from dataclasses import dataclass, field
from typing import Any, Literal

TransactionMode = Literal["returns_first", "conflict", "duplicates"]


@dataclass(slots=True, kw_only=True)
class Settings:
    """How the sandbox behaves where Microsoft's behaviour varies or is undocumented.

    `concurrency_limit` requests per mailbox run at once, more are answered 429 with `throttle_retry_after`
    (None: without the header). `delay_seconds` makes each Graph request last. `transaction_mode` is the
    answer to a repeated transactionId. With `etag_settles` an event's etag moves on by itself right after
    it was created. `id_token_claims` replace claims of id tokens, and without `id_token_signed` their signature
    is wrong: for clients that must notice.
    """

    concurrency_limit: int = 4
    throttle_retry_after: str | None = "1"
    delay_seconds: float = 0
    transaction_mode: TransactionMode = "returns_first"
    etag_settles: bool = False
    access_token_seconds: int = 3600
    id_token_claims: dict[str, Any] = field(default_factory=dict)
    id_token_signed: bool = True
