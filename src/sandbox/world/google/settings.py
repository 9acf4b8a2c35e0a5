"""The switches of the sandbox's Google as a whole."""

from dataclasses import dataclass, field
from typing import Any, Literal

ScopeSpelling = Literal["uri", "short"]
Issuer = Literal["https://accounts.google.com", "accounts.google.com"]
RedirectExtras = Literal["none", "usual", "with_issuer"]
ClientState = Literal["registered", "deleted", "unauthorized"]
RefusalForm = Literal["both", "errors", "details"]
UnknownFields = Literal["refused", "ignored"]
AllDayZone = Literal["calendar", "UTC"]
AvailabilityScope = Literal["stripped", "with_transparency", "refused"]
Owned = Literal["role", "data_owner"]
WriteRefusal = Literal["forbidden", "requiredAccessLevel"]
SpentId = Literal["duplicate", "forbidden"]
PatchOnCancelled = Literal["forbidden", "not_found", "revives"]
WatchRefusal = Literal["nothing", "push.webhookUrlUnauthorized", "pushNotSupportedForRequestedResource"]
ExpirationForm = Literal["string", "number"]
Pushes = Literal["sent", "silent"]
PushState = Literal["exists", "not_exists"]
UsageStatus = Literal[403, 429]
UsageReason = Literal[
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "quotaExceeded",
    "dailyLimitExceeded",
    "variableTermLimitExceeded",
    "calendarUsageLimitsExceeded",
]


@dataclass(slots=True, kw_only=True)
class GoogleSettings:
    """How Google behaves where its behaviour varies or is undocumented.

    Sign-in: boxes of the consent page start `boxes_ticked`. A redirect carries the `redirect_extras` beside code and
    state. `email` and `profile` come back in the `scope_spelling`, with `extra_scopes` that nobody asked for. Id
    tokens name the `issuer`; `id_token_claims` replace claims (None leaves one out), `id_token_key_id` names another
    key, and without `id_token_signed` the signature is wrong. Their clock is `clock_offset_seconds` ahead. Signing
    keys may be kept for `keys_max_age_seconds`.

    Tokens: an access token lives for `access_token_seconds`. The app is `client_state`, and while it is `in_testing`
    its refresh tokens last a week. One person has `refresh_token_limit` of them, one more ends the oldest. A
    revocation takes effect after `revocation_delay_seconds`.

    Calendars: refusals that have a newer form come in the `refusal_form`. An unknown member in `fields` is
    `unknown_fields`. The primary calendar's id follows its owner's address with `primary_id_follows_address`. No page
    holds more than `page_size` items (None: as many as asked for), and each list begins with `empty_pages`.

    Events: all-day events meet the window in the `all_day_zone`. Under `calendar.events.freebusy` alone events are
    shown as `availability_scope` says; the scopes of owned calendars open those of the `owned` kind. With
    `lists_cancelled_instances` deleted occurrences are listed although nobody asked; with `leaves_out_defaults` what
    is usual isn't said, with `leaves_out_empty_lists` a page without items has none.

    Free and busy: a query may span `freebusy_longest_days` and `freebusy_most_calendars`; what is tentative or
    unanswered counts with `freebusy_counts_maybe`.

    Writing: the reason of a refusal for want of a role is the `write_refusal`. Inserting under the id of a deleted
    event is answered as `spent_id` says, patching one as `patch_on_cancelled` says.

    Limits: each request lasts `delay_seconds` of real time. `requests_per_minute_and_person` and
    `requests_per_minute_and_project` count over the last sixty seconds; what is more gets `usage_status` with the
    `usage_reason`, and `usage_retry_after` for a header (None: without it).

    Channels: opening one is refused with `watch_refusal` and `watch_refusal_status`. It lasts for
    `longest_channel_seconds`, or `granted_channel_seconds` if that is less, and its end is printed in the
    `expiration_form`. The `sync` message comes before the answer with `sync_before_answer`. Changes are told unless
    `pushes` is "silent", except the next `lost_pushes` of them (it counts down), each `push_copies` times with numbers
    that rise by `push_number_step`, in the `push_state`, with `push_token` for the token (None: the right one; empty:
    left out). What is answered 500, 502, 503 or 504 is sent again after `push_retry_seconds` of real time, then twice
    as long, `push_attempts` in all.
    """

    boxes_ticked: bool = True
    redirect_extras: RedirectExtras = "usual"
    scope_spelling: ScopeSpelling = "uri"
    extra_scopes: list[str] = field(default_factory=list)
    issuer: Issuer = "https://accounts.google.com"
    id_token_claims: dict[str, Any] = field(default_factory=dict)
    id_token_key_id: str | None = None
    id_token_signed: bool = True
    clock_offset_seconds: float = 0
    keys_max_age_seconds: int = 23_000
    access_token_seconds: int = 3599
    client_state: ClientState = "registered"
    in_testing: bool = False
    refresh_token_limit: int = 100
    revocation_delay_seconds: float = 0
    refusal_form: RefusalForm = "both"
    unknown_fields: UnknownFields = "refused"
    primary_id_follows_address: bool = True
    page_size: int | None = None
    empty_pages: int = 0
    all_day_zone: AllDayZone = "calendar"
    availability_scope: AvailabilityScope = "stripped"
    owned: Owned = "role"
    lists_cancelled_instances: bool = False
    leaves_out_defaults: bool = False
    leaves_out_empty_lists: bool = False
    freebusy_longest_days: int = 92
    freebusy_most_calendars: int = 50
    freebusy_counts_maybe: bool = True
    write_refusal: WriteRefusal = "requiredAccessLevel"
    spent_id: SpentId = "duplicate"
    patch_on_cancelled: PatchOnCancelled = "forbidden"
    delay_seconds: float = 0
    requests_per_minute_and_person: int = 600
    requests_per_minute_and_project: int = 10_000
    usage_status: UsageStatus = 403
    usage_reason: UsageReason = "rateLimitExceeded"
    usage_retry_after: str | None = None
    watch_refusal: WatchRefusal = "nothing"
    watch_refusal_status: int = 400
    longest_channel_seconds: int = 604_800
    granted_channel_seconds: int | None = None
    expiration_form: ExpirationForm = "string"
    sync_before_answer: bool = True
    pushes: Pushes = "sent"
    lost_pushes: int = 0
    push_copies: int = 1
    push_number_step: int = 1
    push_state: PushState = "exists"
    push_token: str | None = None
    push_attempts: int = 4
    push_retry_seconds: float = 1
