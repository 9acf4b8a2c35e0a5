"""The people the sandbox starts with. docs/sandbox.md lists what each is for."""

from datetime import date, datetime, time, timedelta

from sandbox.clock import Clock
from sandbox.world.calendars import Calendars
from sandbox.world.events import Events
from sandbox.world.people import People
from sandbox.world.recurrence import Recurrence

_BERLIN = "W. Europe Standard Time"


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
    _add_events(events, clock.now().date())


def _add_people(people: People) -> None:
    contoso = people.add_tenant("contoso.example.com", "Contoso")
    people.add_tenant("outlook.example.com", "Personal accounts", personal=True)
    strict = people.add_tenant("strict.example.com", "Strict Ltd", consent="admin")
    partner = people.add_tenant("partner.example.com", "Partner GmbH")
    people.add(
        "anna",
        "Anna Berg",
        "anna@contoso.example.com",
        contoso,
        time_zone=_BERLIN,
        about="Work account with a primary and a Team calendar",
    )
    people.add(
        "ben",
        "Ben Okafor",
        "ben@contoso.example.com",
        contoso,
        time_zone="Eastern Standard Time",
        about="Second person of the same organisation, shares two calendars",
    )
    people.add(
        "carla",
        "Carla Diaz",
        "carla@outlook.example.com",
        "outlook.example.com",
        mail=None,
        time_zone="Pacific Standard Time",
        email_claim=True,
        about="Personal Outlook.com account, mail is null",
    )
    people.add(
        "dora",
        "Dora Lind",
        "dora@contoso.example.com",
        contoso,
        time_zone="Europe/Stockholm",
        about="Has a shared read-only and a shared writable calendar",
    )
    people.add(
        "max", "Max Moreau", "max@contoso.example.com", contoso, about="Has 13 calendars, over one page"
    )
    people.add(
        "nadia",
        "Nadia Rossi",
        "nadia@contoso.example.com",
        contoso,
        time_zone="Customized Time Zone",
        about="No calendar is marked as primary; a time zone nobody can resolve",
    )
    people.add(
        "onprem",
        "Otto Premm",
        "otto@contoso.example.com",
        contoso,
        mailbox="on_premises",
        about="Mailbox on the organisation's own Exchange server",
    )
    people.add(
        "unlicensed",
        "Uma Nolan",
        "uma@contoso.example.com",
        contoso,
        mailbox="unlicensed",
        about="Work account without an Exchange licence",
    )
    people.add(
        "nomailbox",
        "Nils Onbox",
        "nils@contoso.example.com",
        contoso,
        mailbox="none",
        mail=None,
        about="No mailbox at all",
    )
    people.add(
        "approval",
        "Ada Proof",
        "ada@strict.example.com",
        strict,
        about="Organisation where an administrator must approve the app",
    )
    people.add(
        "administrator",
        "Adrian Minister",
        "adrian@strict.example.com",
        strict,
        mailbox="none",
        administrator=True,
        about="The administrator of that organisation",
    )
    people.add(
        "guest",
        "Greta Gast",
        "greta@partner.example.com",
        partner,
        mailbox="none",
        guest_of=contoso,
        about="Guest of Contoso; no mailbox there or at home",
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
