"""People of each provider's stand-in, for stories that are the same at all of them."""

from dataclasses import dataclass
from typing import Final

import pytest

from domain.account import Provider
from sandbox import Sandbox
from sandbox.world.model import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """`main` has a `primary` calendar and a `further` one; `other` is somebody else at the same provider."""

    provider: Provider
    main: str
    email: str
    name: str
    primary: str = "primary"
    further: str
    other: str

    def __str__(self) -> str:
        return self.provider.name

    @property
    def surface(self) -> str:
        """The stand-in's name for where calendars are asked for."""
        return _SURFACES[self.provider]

    @property
    def creation(self) -> dict[str, str]:
        """Which requests make events, in the words of faults."""
        if self.provider is Provider.APPLE:
            return {"surface": self.surface, "method": "PUT", "path": r"\.ics$"}
        return {"surface": self.surface, "method": "POST", "path": "/events$"}

    def slow_down(self, sandbox: Sandbox, seconds: float) -> None:
        """Let each request about calendars take so long."""
        world = sandbox.world
        match self.provider:
            case Provider.APPLE:
                world.icloud.settings.delay_seconds = seconds
            case Provider.GOOGLE:
                world.google.settings.delay_seconds = seconds
            case _:
                world.settings.delay_seconds = seconds

    def has_calendars(self, sandbox: Sandbox, has: bool) -> None:
        """Whether the main person is given calendars: without a licence, or with the service switched off, not."""
        people = sandbox.world.people
        match self.provider:
            case Provider.APPLE:
                people.change_icloud(self.main, state="active" if has else "without_calendars")
            case Provider.GOOGLE:
                people.change_google(self.main, calendar="on" if has else "off")
            case _:
                people.change(self.main, mailbox="online" if has else "unlicensed")

    def looks(self, *, private: bool, category: str, color: str | None, css: str) -> tuple[object, ...]:
        """How an event looks here: `color` is Google's number of a colour, `css` its name for iCalendar."""
        categories = [category] if category else []
        match self.provider:
            case Provider.APPLE:
                return private, categories, css
            case Provider.GOOGLE:
                return private, color
            case _:
                return private, categories

    def looks_of(self, event: Event) -> tuple[object, ...]:
        private = event.sensitivity == "private"
        match self.provider:
            case Provider.APPLE:
                return private, event.categories, event.color
            case Provider.GOOGLE:
                return private, event.google.get("colorId")
            case _:
                return private, event.categories

    def look(
        self, sandbox: Sandbox, event: Event, *, private: bool, category: str, color: str | None, css: str
    ) -> None:
        """What its owner makes of an event, as far as they can here."""
        sandbox.world.events.change(
            event,
            sensitivity="private" if private else "normal",
            categories=[category] if category else [],
            google=event.google | {"colorId": color} if self.provider is Provider.GOOGLE else event.google,
            color=css,
        )

    def reminder_minutes(self, event: Event) -> int | None:
        """Before it pops up."""
        if self.provider is Provider.GOOGLE:
            popups = event.google["reminders"]["overrides"]
            return int(popups[0]["minutes"]) if popups else None
        return event.reminder_minutes if event.reminder_on else None


AT_MICROSOFT: Final = Cast(
    provider=Provider.MICROSOFT,
    main="anna",
    email="anna@contoso.example.com",
    name="Anna Berg",
    further="team",
    other="ben",
)
AT_GOOGLE: Final = Cast(
    provider=Provider.GOOGLE,
    main="gina",
    email="gina@gmail.example.com",
    name="gina@gmail.example.com",  # its token has no name, unless one is asked for
    further="family",
    other="wilma",
)
AT_APPLE: Final = Cast(
    provider=Provider.APPLE,
    main="reminders",  # beside whose calendars stand old lists of reminders, which are none
    email="remo@icloud.example.com",
    name="Remo Minder",
    primary="home",
    further="work",
    other="ivan",
)
NOT_AT_APPLE: Final = pytest.mark.parametrize("cast", [AT_MICROSOFT, AT_GOOGLE], ids=str, indirect=True)
"""For stories of tokens that are refreshed, and of changes that are told."""
_SURFACES: Final = {Provider.MICROSOFT: "graph", Provider.GOOGLE: "google", Provider.APPLE: "icloud"}


@pytest.fixture(params=[AT_MICROSOFT, AT_GOOGLE, AT_APPLE], ids=str)
def cast(request: pytest.FixtureRequest) -> Cast:
    """Once at each provider."""
    which = request.param
    assert isinstance(which, Cast)
    return which
