"""The subscription of one calendar, as the tests of what keeps it see it."""

from datetime import timedelta

from domain.ids import CalendarId
from tests.fakes import tables
from tests.fakes.provider import Person
from tests.fakes.push import PushedSubscription
from tests.support.application import Application

PRIMARY = "object-maria/Calendar"
MOMENT = timedelta(seconds=1)
RETRY, RETRY_REFUSED = timedelta(minutes=10), timedelta(hours=6)


async def a_chosen_calendar(app: Application, maria: Person) -> CalendarId:
    """Maria's primary calendar, just chosen, without a subscription so far."""
    await app.connect(maria)
    return (await app.calendar(PRIMARY)).calendar_id


async def keep(app: Application, calendar_id: CalendarId) -> None:
    """As when it is due."""
    async with app.store.transaction() as tx:
        await tx.subscriptions.postpone(calendar_id, until=app.clock.now())
    await app.keep_subscription(calendar_id)


def row(app: Application, calendar_id: CalendarId) -> tables.SubscriptionRow:
    return app.store.tables.subscriptions[calendar_id]


def due_in(app: Application, calendar_id: CalendarId) -> timedelta:
    return row(app, calendar_id).due_at - app.clock.now()


def the_live_one(app: Application) -> PushedSubscription:
    (live,) = app.push.on(PRIMARY)
    return live
