"""The switches of the sandbox's iCloud."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

NamedProperties = Literal["honoured", "ignored"]
PutETag = Literal["left_out", "sent", "stale"]
Missing = Literal["status", "inner"]
Refusal = Literal["status", "unauthenticated"]
Hrefs = Literal["paths", "urls"]


@dataclass(slots=True, kw_only=True)
class ICloudSettings:
    """How iCloud behaves where that varies or nobody knows.

    `named_properties` of a query are honoured, or ignored: then every line comes. `finds_rdates` is whether a query
    finds events by their RDATE. With `lists_collection` a query's answer has the calendar itself among the events. A
    query may not begin before `oldest_query`. With `rewrites` the text of an event is written anew when stored. The
    ETag in the answer to a PUT is `put_etag`: left out, that of what was stored, or one that is wrong already. A
    PROPFIND of a missing event is answered 404, or 207 with the 404 inside (`missing_event`). `hrefs` are paths,
    or whole addresses on the partition. `omitted` properties are served nowhere.

    A password without its dashes is accepted with `accepts_without_dashes`. A refused one is answered 401, or to the
    question for the principal with "unauthenticated" (`refused_as`). An Apple ID has `password_limit` of them at most.
    Paths of another account, or of another partition, are answered `wrong_account_status`.

    More than `concurrency_limit` requests at once, or `requests_per_minute` (None: any number), of one account are
    answered `throttle_status` with `throttle_retry_after` (None: without the header). `delay_seconds` makes each
    request last. The calendars of an account hold `event_limit` events in all.
    """

    named_properties: NamedProperties = "honoured"
    finds_rdates: bool = True
    lists_collection: bool = True
    oldest_query: date | None = None
    rewrites: bool = True
    put_etag: PutETag = "left_out"
    missing_event: Missing = "status"
    hrefs: Hrefs = "paths"
    omitted: list[str] = field(default_factory=list)
    accepts_without_dashes: bool = False
    refused_as: Refusal = "status"
    password_limit: int = 25
    wrong_account_status: int = 403
    concurrency_limit: int = 8
    requests_per_minute: int | None = None
    throttle_status: int = 503
    throttle_retry_after: str | None = "1"
    delay_seconds: float = 0
    event_limit: int = 50_000
