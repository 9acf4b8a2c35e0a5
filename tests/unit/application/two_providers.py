"""One expert with an account at each of two providers, as the tests of what keeps these apart see it."""

from dataclasses import dataclass
from datetime import timedelta

from domain.account import Account, Provider
from domain.availability import Availability, UnreadReason
from domain.ids import AccountId
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import FakeProvider, Person
from tests.support.application import BUDGET, Application

WINDOW = an_interval(starts=20, hours=40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Two:
    """Maria at Microsoft and Greta at Google; the calendars of both are checked, and Google's is written to."""

    app: Application
    maria: Person
    greta: Person
    microsofts: Account
    googles: Account

    @property
    def microsoft(self) -> FakeProvider:
        return self.app.fakes[Provider.MICROSOFT]

    @property
    def google(self) -> FakeProvider:
        return self.app.fakes[Provider.GOOGLE]

    def forget_calls(self) -> None:
        self.microsoft.calls.clear()
        self.google.calls.clear()

    async def look(self) -> Availability:
        """With everything looked at now."""
        return await self.app.look_up_availability(EXPERT, WINDOW, max_age=timedelta(), budget=BUDGET)

    async def unread(self) -> dict[AccountId, UnreadReason]:
        return {one.account_id: one.reason for one in (await self.look()).unread}


async def two_accounts(app: Application) -> Two:
    await app.add_expert()
    maria = app.fakes[Provider.MICROSOFT].add_person("maria")
    greta = app.fakes[Provider.GOOGLE].add_person("greta")
    microsofts, googles = await app.connect(maria), await app.connect(greta)
    both = [(await app.calendar(f"object-{one}/Calendar")).calendar_id for one in ("maria", "greta")]
    await app.update_calendar_settings(EXPERT, conflict=both, write=both[1])
    await app.run_jobs()
    app.clock.advance(timedelta(seconds=1))
    return Two(app=app, maria=maria, greta=greta, microsofts=microsofts, googles=googles)
