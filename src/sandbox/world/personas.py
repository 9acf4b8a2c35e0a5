"""The people the sandbox starts with. docs/sandbox.md lists what each is for."""

from datetime import date, datetime, time, timedelta
from typing import Any

from sandbox.clock import Clock
from sandbox.world.calendars import Calendars
from sandbox.world.events import Events
from sandbox.world.people import People
from sandbox.world.recurrence import Recurrence

_TENANTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("contoso.example.com", "Contoso", {}),
    ("outlook.example.com", "Personal accounts", {"personal": True}),
    ("strict.example.com", "Strict Ltd", {"consent": "admin"}),
    ("partner.example.com", "Partner GmbH", {}),
)
"""Domain, name, settings."""

# fmt: off
_PEOPLE: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("anna", "Anna Berg", "anna@contoso.example.com",
     "Work account with a primary and a Team calendar",
     {"time_zone": "W. Europe Standard Time"}),
    ("ben", "Ben Okafor", "ben@contoso.example.com",
     "Second person of the same organisation, shares two calendars",
     {"time_zone": "Eastern Standard Time"}),
    ("carla", "Carla Diaz", "carla@outlook.example.com",
     "Personal Outlook.com account, mail is null",
     {"mail": None, "time_zone": "Pacific Standard Time", "email_claim": True}),
    ("dora", "Dora Lind", "dora@contoso.example.com",
     "Has a shared read-only and a shared writable calendar",
     {"time_zone": "Europe/Stockholm"}),
    ("max", "Max Moreau", "max@contoso.example.com",
     "Has 13 calendars, over one page", {}),
    ("nadia", "Nadia Rossi", "nadia@contoso.example.com",
     "No calendar is marked as primary; a time zone nobody can resolve",
     {"time_zone": "Customized Time Zone"}),
    ("onprem", "Otto Premm", "otto@contoso.example.com",
     "Mailbox on the organisation's own Exchange server",
     {"mailbox": "on_premises"}),
    ("unlicensed", "Uma Nolan", "uma@contoso.example.com",
     "Work account without an Exchange licence",
     {"mailbox": "unlicensed"}),
    ("nomailbox", "Nils Onbox", "nils@contoso.example.com",
     "No mailbox at all",
     {"mailbox": "none", "mail": None}),
    ("approval", "Ada Proof", "ada@strict.example.com",
     "Organisation where an administrator must approve the app", {}),
    ("administrator", "Adrian Minister", "adrian@strict.example.com",
     "The administrator of that organisation",
     {"mailbox": "none", "administrator": True}),
    ("guest", "Greta Gast", "greta@partner.example.com",
     "Guest of Contoso; no mailbox there or at home",
     {"mailbox": "none", "guest_of": "contoso.example.com"}),
)
# fmt: on
"""Key, name, address, what each is for, settings."""


# fmt: off
_GOOGLE_PEOPLE: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("gina", "Gina Gomez", "gina@gmail.example.com",
     "Personal Google account with a primary and a Family calendar",
     {"time_zone": "Europe/Berlin"}),
    ("walter", "Walter Wong", "walter@fabrikam.example.com",
     "Workspace account",
     {"time_zone": "America/New_York", "workspace": True}),
    ("wilma", "Wilma Weiss", "wilma@fabrikam.example.com",
     "Second person of the same Workspace",
     {"time_zone": "Europe/London", "workspace": True}),
    ("nocalendar", "Noel Calder", "noel@fabrikam.example.com",
     "Workspace account with Google Calendar switched off",
     {"workspace": True}),
    ("governed", "Greta Vern", "greta@governed.example.com",
     "Workspace whose administrator forbids the app",
     {"workspace": True}),
)
# fmt: on
"""As above, for those at Google."""


def populate(people: People, calendars: Calendars, events: Events, clock: Clock) -> None:
    """Fill an empty world with the starting tenants, people, calendars and events."""
    _add_people(people)
    for key in ("anna", "ben", "carla", "dora", "max", "nadia", "approval"):
        calendars.add(key, "primary", "Calendar", is_default=key != "nadia")
    calendars.add("anna", "team", "Team", color="lightGreen")
    calendars.share("ben", "primary", "dora", key="ben-readonly", can_edit=False)
    calendars.add("ben", "projects", "Projects", color="lightOrange")
    calendars.share("ben", "projects", "dora", key="ben-writable", name="Projects (Ben)", can_edit=True)
    for number in range(1, 13):
        calendars.add("max", f"extra-{number}", f"Customer {number:02}", color="lightTeal")
    calendars.add("nadia", "side", "Side projects")
    _add_google_calendars(calendars)
    _add_events(events, clock.now().date())
    _add_google_events(events, clock.now().date())


def _add_people(people: People) -> None:
    """Everybody is at home in the tenant of their address."""
    for domain, name, settings in _TENANTS:
        people.add_tenant(domain, name, **settings)
    for key, name, email, about, settings in _PEOPLE:
        guest_of = settings.get("guest_of")
        known = settings | ({"guest_of": people.tenant(guest_of)} if guest_of else {})
        people.add(key, name, email, email.partition("@")[2], about=about, **known)
    for key, name, email, about, settings in _GOOGLE_PEOPLE:
        people.add_google(key, name, email, about=about, **settings)
    people.change_google("nocalendar", calendar="off")
    people.change_google("governed", administrator="forbids")


def _add_google_calendars(calendars: Calendars) -> None:
    """Walter has one of each role, and holidays."""
    for key in ("gina", "walter", "wilma", "nocalendar", "governed"):
        calendars.add(key, "primary", "Calendar", is_default=True)
    calendars.add("gina", "family", "Family")
    calendars.add("walter", "own", "Side project")
    calendars.add("walter", "hidden", "Old project")
    calendars.change_google("walter", "hidden", hidden=True)
    for role in ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner"):
        calendars.add("wilma", f"for-{role}", f"Wilma, {role}")
        calendars.share("wilma", f"for-{role}", "walter", key=role, name=f"Wilma, {role}")
        calendars.change_google("walter", role, role=role)
    holidays = "en.german#holiday@group.v.calendar.google.com"
    calendars.add("walter", "holidays", "Holidays in Germany", address=holidays)
    calendars.change_google("walter", "holidays", role="reader", data_owner=holidays, watchable=False)


def _add_google_events(events: Events, today: date) -> None:
    def at(days: int, hour: int) -> datetime:
        return datetime.combine(today + timedelta(days=days), time(hour))

    events.add("gina", at(1, 9), at(1, 10), uid="gina-therapy", subject="Dr. Weiss, first session")
    events.add("gina", at(1, 12), at(1, 13), uid="gina-lunch", subject="Lunch with Tom", show_as="free")
    events.add(
        "gina", at(2, 15), uid="gina-maybe", subject="Interview elsewhere", response="tentativelyAccepted"
    )
    events.add("walter", at(1, 14), at(1, 15), uid="walter-merger", subject="Merger talks")
    for role in ("freeBusyReader", "reader"):
        uid = f"wilma-{role.casefold()}"
        events.add(
            "wilma", at(1, 16), at(1, 17), calendar=f"for-{role}", uid=uid, subject="Salary talks, Wilma"
        )


def _add_events(events: Events, today: date) -> None:
    def at(days: int, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(today + timedelta(days=days), time(hour, minute))

    events.add("anna", at(1, 9), at(1, 10, 30), uid="anna-review", subject="Quarterly figures with the board")
    events.add("anna", at(1, 13), at(1, 14), uid="anna-lunch", subject="Lunch with Eva", show_as="free")
    events.add(
        "anna", at(2, 11), at(2, 12), uid="anna-maybe", subject="Maybe: interview", show_as="tentative"
    )
    events.add(
        "anna",
        at(2, 15),
        at(2, 16),
        uid="anna-doctor",
        subject="Dr. Weiss, test results",
        sensitivity="private",
        location="Klinik am Park",
    )
    events.add(
        "anna",
        today + timedelta(days=9),
        today + timedelta(days=11),
        uid="anna-away",
        subject="Family matters",
        show_as="oof",
    )
    monday = today - timedelta(days=today.weekday() + 14)
    events.add(
        "anna",
        datetime.combine(monday, time(8, 30)),
        datetime.combine(monday, time(9)),
        uid="anna-standup",
        calendar="team",
        subject="Layoff planning stand-up",
        recurrence=Recurrence(kind="weekly", days=("monday", "wednesday")),
    )
    events.add("ben", at(1, 10), at(1, 11), uid="ben-budget", subject="Salary talks", sensitivity="private")
    events.add("ben", at(2, 14), at(2, 15), uid="ben-project", calendar="projects", subject="Project Falcon")
    events.add("carla", at(1, 17), at(1, 18), uid="carla-yoga", subject="Couples therapy")
    birthday = today + timedelta(days=4)
    events.add("carla", birthday, uid="carla-birthday", subject="Birthday of Tom", show_as="free")
    events.add("max", at(1, 9), at(1, 12), uid="max-site", calendar="extra-12", subject="Site visit, Acme")
