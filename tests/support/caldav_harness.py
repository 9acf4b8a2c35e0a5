"""What is the same of Apple's adapter behind the handle of the contract suites, whatever server it talks to."""

from dataclasses import dataclass

from adapters.caldav.calendar_reader import AppleCalendarReader
from adapters.caldav.event_writer import AppleEventWriter
from adapters.caldav.grants import AppleGrants
from adapters.caldav.home_looks import HomeLooks
from application.ports.calendar_directory import CalendarDirectory
from application.ports.calendar_reader import CalendarReader
from application.ports.clock import Clock
from application.ports.event_writer import EventWriter
from application.ports.grant_vault import StoredGrant
from application.ports.push import Push
from application.ports.sign_in import RedirectAnswer, SignIn, StartedSignIn
from domain.access import AccessDoubted
from domain.calendar import RemoteCalendar
from domain.event_digest import APPEARANCE, EventPart
from domain.grant import Grant
from domain.ids import AccountId
from tests.support.caldav import OpenDav
from tests.support.providers import Human


def reader_on(dav: OpenDav, clock: Clock) -> CalendarReader:
    homes = HomeLooks(dav.client, dav.discovery, AppleGrants(vault=dav.store.vault), clock)
    return AppleCalendarReader(client=dav.client, homes=homes, meter=dav.meter)


def writer_on(dav: OpenDav, clock: Clock) -> EventWriter:
    grants = AppleGrants(vault=dav.store.vault)
    return AppleEventWriter(client=dav.client, discovery=dav.discovery, grants=grants, clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaldavHarness:
    """Passwords are typed, so there are no sign-in pages, permissions, or anything to give back."""

    dav: OpenDav
    reader: CalendarReader
    writer: EventWriter
    usual_color: str = ""
    """Of a calendar whose colour nobody chose."""

    @property
    def sign_in(self) -> SignIn:
        raise AssertionError("there are no sign-in pages")

    @property
    def directory(self) -> CalendarDirectory:
        return self.dav.directory

    @property
    def push(self) -> Push:
        raise AssertionError("iCloud notifies nobody but Apple's own devices")

    @property
    def give_back(self) -> None:
        return None

    @property
    def refused(self) -> type[AccessDoubted]:
        return AccessDoubted

    @property
    def remembers_deleted(self) -> bool:
        return False

    @property
    def appearance(self) -> frozenset[EventPart]:
        return APPEARANCE

    @property
    def always_has_primary(self) -> bool:
        return True

    @property
    def replaces_subscriptions(self) -> bool:
        return False

    @property
    def permissions(self) -> tuple[str, ...]:
        return ()

    @property
    def usual_scopes(self) -> set[str]:
        return set()

    def name_of(self, human: Human) -> str:
        return human.display_name

    def answer(
        self,
        started: StartedSignIn,
        name: str = "maria",
        *,
        cancels: bool = False,
        withholds: tuple[str, ...] = (),
    ) -> RedirectAnswer:
        raise AssertionError("there are no sign-in pages")

    def _described(self, calendar: str, title: str, *, owner_email: str, primary: bool) -> RemoteCalendar:
        """Nobody's name is told, and of other people's calendars not even the address."""
        return RemoteCalendar(
            remote_id=calendar,
            name=title,
            owner_name="",
            owner_email=owner_email,
            color=self.usual_color,
            primary=primary,
            writable=True,
            shared=False,
        )

    def _keep(self, grant: Grant, account_id: str) -> AccountId:
        """A second time for the same account id counts as a reconnect."""
        account, kept = AccountId(account_id), self.dav.store.tables.grants
        version = kept[account].grant_version + 1 if account in kept else 1
        kept[account] = StoredGrant(grant=grant, grant_version=version, rotation=0)
        return account

    async def grant_of(self, account_id: AccountId) -> Grant:
        return (await self.dav.store.vault.load(account_id)).grant

    def disconnect(self, account_id: AccountId) -> None:
        del self.dav.store.tables.grants[account_id]
