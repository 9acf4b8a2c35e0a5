"""A fake provider's ports in one bundle, as use-cases get them."""

from application.ports.provider import CalendarProvider
from application.ports.push import Push
from tests.fakes.calendar_directory import FakeCalendarDirectory
from tests.fakes.calendar_reader import FakeCalendarReader
from tests.fakes.event_writer import FakeEventWriter
from tests.fakes.give_back import FakeGiveBack
from tests.fakes.provider import FakeProvider
from tests.fakes.sign_in import FakeSignIn


def ports_of(
    provider: FakeProvider, *, push: Push | None, answers_together: bool = False, gives_back: bool = False
) -> CalendarProvider:
    return CalendarProvider(
        sign_in=FakeSignIn(provider),
        directory=FakeCalendarDirectory(provider),
        reader=FakeCalendarReader(provider),
        writer=FakeEventWriter(provider),
        push=push,
        give_back=FakeGiveBack(provider) if gives_back else None,
        answers_together=answers_together,
    )
