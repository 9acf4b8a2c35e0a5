"""What exists in the sandbox: tenants, people, calendars and events."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

from sandbox.world.google.account import GoogleAccount
from sandbox.world.google.listing import GoogleListing
from sandbox.world.icloud.account import ICloudAccount
from sandbox.world.icloud.listing import ICloudListing
from sandbox.world.recurrence import Recurrence

ConsentPolicy = Literal["user", "admin", "admin_error"]
TenantRefusal = Literal[
    "nothing",
    "app_disabled",
    "app_missing",
    "tenant_gone",
    "not_subscribed",
    "graph_disabled",
    "not_assigned",
    "policy",
    "account_disabled",
]
MailboxKind = Literal["online", "on_premises", "not_supported", "unlicensed", "none", "full", "suspended"]
ScopeSpelling = Literal["bare", "uri", "lower", "upper"]
CalendarList = Literal["normal", "empty", "without_primary"]
DefaultCalendar = Literal["found", "not_found"]

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True, eq=False)
class Tenant:
    """An organisation, or the one tenant of all personal accounts.

    `consent` says what happens when one of its people is asked for permissions: "user" lets them decide,
    "admin" shows the approval page, "admin_error" sends them back with consent_required. `approved` is set
    once an administrator has consented for everybody. `refuses` is what an administrator has done to the app since:
    tokens are refused to it, and new sign-ins are sent back with the error.
    """

    id: str
    domain: str
    name: str
    consent: ConsentPolicy = "user"
    approved: bool = False
    refuses: TenantRefusal = "nothing"

    @property
    def is_personal(self) -> bool:
        """Whether this is the tenant of personal accounts."""
        return self.id == PERSONAL_TENANT


@dataclass(slots=True, kw_only=True, eq=False)
class Event:
    """A single event or a series, as its folder stores it.

    `start` and `end` are naive wall-clock times in `zone`; an all-day event runs from midnight to midnight
    (end exclusive). `exceptions` maps an occurrence's original date to its changed copy, or to None once
    deleted. `color` is a name of CSS, for iCalendar. `location` is its place in one line, `locations` the places in it,
    empty where there is just the line. `overrides` are properties printed as given, whatever the rest says; `omitted`
    ones are left out. `google` is the same for Google, where None leaves a member out, and `google_id` the id it has
    there if it was chosen. `icloud_text` is its whole iCalendar text where that says more than the fields can,
    `icloud_name` the name of its file, if chosen.
    """

    uid: str
    start: datetime
    end: datetime
    zone: str
    created: datetime
    modified: datetime
    organizer_name: str
    organizer_email: str
    all_day: bool = False
    subject: str = ""
    body: str = ""
    body_type: str = "html"
    location: str = ""
    locations: list[dict[str, Any]] = field(default_factory=list)
    show_as: str = "busy"
    sensitivity: str = "normal"
    importance: str = "normal"
    cancelled: bool = False
    response: str = "organizer"
    response_requested: bool = True
    hide_attendees: bool = False
    reminder_minutes: int = 15
    reminder_on: bool = True
    online_meeting: bool = False
    online_meeting_provider: str = "unknown"
    categories: list[str] = field(default_factory=list)
    color: str = ""
    attendees: list[dict[str, Any]] = field(default_factory=list)
    extended: dict[str, str] = field(default_factory=dict)
    transaction_id: str | None = None
    original_zone: str | None = None
    recurrence: Recurrence | None = None
    exceptions: dict[date, "Event | None"] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)
    omitted: set[str] = field(default_factory=set)
    google: dict[str, Any] = field(default_factory=dict)
    google_id: str = ""
    icloud_text: str = ""
    icloud_name: str = ""
    moves: int = 0
    changes: int = 1

    @property
    def meeting_url(self) -> str:
        """Where its meeting is joined, if it has one."""
        return f"https://meet.example.com/{self.uid}"

    @property
    def meeting_block(self) -> str:
        """What Outlook adds to the body of an event that is made a meeting."""
        return f'<div class="me-email-text"><a href="{self.meeting_url}">Join the meeting now</a></div>'


@dataclass(slots=True, kw_only=True, eq=False)
class Folder:
    """The events behind one or more calendar entries: a shared calendar is two entries on one folder.

    `address` is what Google calls the calendar, in everybody's list. `gone` are events that were deleted or moved away.
    `changes` counts what happened to its events.
    """

    address: str = ""
    events: dict[str, Event] = field(default_factory=dict)
    gone: dict[str, Event] = field(default_factory=dict)
    changes: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class Calendar:
    """A calendar as one mailbox lists it. `key` is the sandbox's own name for it, `id` is Graph's."""

    key: str
    id: str
    name: str
    owner_name: str
    owner_email: str
    folder: Folder
    is_default: bool = False
    can_edit: bool = True
    can_share: bool = True
    can_view_private: bool = True
    color: str = "auto"
    hex_color: str = ""
    changes: int = 1
    google: GoogleListing = field(default_factory=GoogleListing)
    icloud: ICloudListing = field(default_factory=ICloudListing)


@dataclass(slots=True, kw_only=True, eq=False)
class Person:
    """Someone who can sign in, with the mailbox they have or lack.

    `time_zone` is printed as it stands in the mailbox settings. An `administrator` may approve the app for their
    organisation. With `default_calendar` "not_found" the mailbox has
    lost its default calendar: `/me/calendar` answers 404, and the list marks none of the others. `guest_of` is a
    tenant that invited the person: signing in through that tenant's own authority yields `guest_oid` there.
    Somebody with a `google` account signs in there and not at Microsoft, somebody with an `icloud` account at neither.
    """

    key: str
    name: str
    email: str
    tenant: Tenant
    oid: str
    about: str = ""
    mail: str | None = None
    time_zone: str = "UTC"
    mailbox: MailboxKind = "online"
    scope_spelling: ScopeSpelling = "bare"
    calendar_list: CalendarList = "normal"
    default_calendar: DefaultCalendar = "found"
    email_claim: bool = False
    administrator: bool = False
    guest_of: Tenant | None = None
    guest_oid: str | None = None
    mailbox_moves: int = 0
    google: GoogleAccount | None = None
    icloud: ICloudAccount | None = None
    calendars: list[Calendar] = field(default_factory=list)

    @property
    def google_account(self) -> GoogleAccount:
        """Their account at Google; raises ValueError for somebody without one."""
        if self.google is None:
            raise ValueError(f"{self.key} has no Google account")
        return self.google

    @property
    def icloud_account(self) -> ICloudAccount:
        """Their account at iCloud; raises ValueError for somebody without one."""
        if self.icloud is None:
            raise ValueError(f"{self.key} has no iCloud account")
        return self.icloud
