"""A Google account: what a person is at Google, and the switches of it."""

from dataclasses import dataclass, field
from typing import Literal

Administrator = Literal["allows", "forbids", "internal_only"]
RefreshRefusal = Literal[
    "nothing", "revoked", "invalid_rapt", "rapt_required", "admin_policy_enforced", "access_denied"
]
CalendarService = Literal["on", "off"]


@dataclass(slots=True, kw_only=True)
class GoogleAccount:
    """`sub` is the identity, the same for ever. `hosted_domain` is the Workspace's, None for a personal account.

    What the `administrator` says of the app ends a sign-in on Google's own page. With `trusted` the consent page has
    no boxes. With `gives_refresh_token` off no sign-in brings one. `refuses` is what refreshing is answered.
    `withdrawn_scopes` are taken away at the next refresh. `access_ends_in_seconds` is access for a time: refresh
    tokens made under it die then. With `calendar` "off" every call is answered notACalendarUser.
    """

    sub: str
    hosted_domain: str | None = None
    administrator: Administrator = "allows"
    trusted: bool = False
    gives_refresh_token: bool = True
    refuses: RefreshRefusal = "nothing"
    withdrawn_scopes: list[str] = field(default_factory=list)
    access_ends_in_seconds: int | None = None
    calendar: CalendarService = "on"
