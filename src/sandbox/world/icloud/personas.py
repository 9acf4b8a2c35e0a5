"""The people the sandbox's iCloud starts with. docs/sandbox.md lists what each is for."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sandbox.clock import Clock
from sandbox.world.calendars import Calendars
from sandbox.world.events import Events
from sandbox.world.icloud.passwords import Passwords
from sandbox.world.people import People
from sandbox.world.recurrence import Recurrence

# fmt: off
_PEOPLE: Final[tuple[tuple[str, str, str, str, dict[str, Any]], ...]] = (
    ("ida", "Ida Ibsen", "ida@icloud.example.com",
     "Apple ID with two-factor authentication and an app-specific password", {}),
    ("ivan", "Ivan Ilves", "ivan@icloud.example.com",
     "Shares two calendars with Ines", {}),
    ("ines", "Ines Iriarte", "ines@icloud.example.com",
     "Has a shared read-only and a shared writable calendar", {}),
    ("subscriber", "Sven Abo", "sven@icloud.example.com",
     "Has subscribed calendars, and birthdays that may only be read", {}),
    ("reminders", "Remo Minder", "remo@icloud.example.com",
     "Has the shells of old lists of reminders", {}),
    ("oddhome", "Odd Hjem", "odd@icloud.example.com",
     "Calendars live below an odd path",
     {"home": "my calendars~2", "home_form": "without_slash"}),
    ("partitioned", "Parvati Tse", "parvati@icloud.example.com",
     "Calendars are served by their partition only",
     {"partition": 143, "front": "redirects"}),
    ("onefactor", "Owen Factor", "owen@icloud.example.com",
     "No two-factor authentication, so no app-specific password",
     {"two_factor": False}),
)
# fmt: on
"""Key, name, address, what each is for, switches of the account."""


def populate_icloud(
    people: People, calendars: Calendars, events: Events, passwords: Passwords, clock: Clock
) -> None:
    """Add the people of iCloud, their calendars, events and passwords."""
    for key, name, email, about, switches in _PEOPLE:
        person = people.add_icloud(key, name, email, about=about, time_zone="Europe/Berlin")
        people.change_icloud(person, **switches)
        calendars.add(key, "home", "Home", is_default=True, hex_color="#1badf8")
        calendars.add(key, "work", "Work", hex_color="#cc73e1")
        if person.icloud_account.two_factor:
            passwords.make(person)
    _add_calendars(calendars)
    _add_events(events, clock.now().date())


def _add_calendars(calendars: Calendars) -> None:
    calendars.add("ida", "nameless", "")
    calendars.add("ida", "emoji", "Familie 👨‍👩‍👧 & <Freunde>")
    calendars.add("ivan", "club", "Chess club")
    calendars.share("ivan", "work", "ines", key="ivan-readonly", name="Work (Ivan)")
    calendars.share("ivan", "club", "ines", key="ivan-writable", name="Chess club", can_edit=True)
    for key, name in (("holidays", "Holidays in Norway"), ("football", "Fixtures")):
        calendars.add("subscriber", key, name)
        source = f"webcal://feeds.example.com/{key}.ics"
        calendars.change_icloud("subscriber", key, kind="subscribed", source=source)
    calendars.add("subscriber", "birthdays", "Birthdays", can_edit=False)
    for key, name in (("tasks", "Reminders ⚠️"), ("groceries", "Groceries")):
        calendars.add("reminders", key, name)
        calendars.change_icloud("reminders", key, components=["VTODO"])


def _add_events(events: Events, today: date) -> None:
    def at(days: int, hour: int) -> datetime:
        return datetime.combine(today + timedelta(days=days), time(hour))

    events.add("ida", at(1, 9), at(1, 10), uid="ida-oncology", subject="Oncology, second opinion")
    events.add("ida", at(1, 12), at(1, 13), uid="ida-lunch", subject="Lunch with Nora", show_as="free")
    events.add(
        "ida",
        at(2, 15),
        uid="ida-offer",
        subject="Offer from the rival",
        response="notResponded",
        organizer_email="nora@rival.example.com",
    )
    day = today + timedelta(days=3)
    events.add("ida", day, uid="ida-name-day", subject="Name day of Nora", show_as="free")
    monday = today - timedelta(days=today.weekday() + 14)
    events.add(
        "ida",
        datetime.combine(monday, time(8, 30)),
        datetime.combine(monday, time(9)),
        uid="ida-board",
        calendar="work",
        subject="Insolvency plan",
        recurrence=Recurrence(kind="weekly", days=("monday", "wednesday")),
    )
    events.add("ivan", at(1, 10), uid="ivan-strike", calendar="work", subject="Strike ballot")
    events.add("subscriber", at(1, 18), uid="sven-match", calendar="football", subject="Cup final")
    events.add("partitioned", at(1, 11), uid="parvati-visa", subject="Visa interview")
