"""A fake provider's ports in one bundle, as use-cases get them."""

from application.accounts.page_sign_in import PageSignIn
from application.ports.id_source import IdSource
from application.ports.provider import CalendarProvider
from application.ports.push import Push
from domain.account import Provider
from server.http.links import SignInPage
from tests.fakes.calendar_directory import FakeCalendarDirectory
from tests.fakes.calendar_reader import FakeCalendarReader
from tests.fakes.event_writer import FakeEventWriter
from tests.fakes.give_back import FakeGiveBack
from tests.fakes.password_sign_in import FakePasswordSignIn
from tests.fakes.provider import FakeProvider
from tests.fakes.sign_in import FakeSignIn


def ports_of(
    provider: FakeProvider,
    *,
    push: Push | None,
    answers_together: bool = False,
    gives_back: bool = False,
    page: PageSignIn | None = None,
) -> CalendarProvider:
    """With `page` people sign in there, with a password."""
    return CalendarProvider(
        sign_in=FakeSignIn(provider) if page is None else page,
        passwords=None if page is None else FakePasswordSignIn(provider),
        directory=FakeCalendarDirectory(provider),
        reader=FakeCalendarReader(provider),
        writer=FakeEventWriter(provider),
        push=push,
        give_back=FakeGiveBack(provider) if gives_back else None,
        answers_together=answers_together,
    )


def page_of(
    which: Provider, ids: IdSource, public_url: str = "https://calendars.example"
) -> PageSignIn | None:
    """Our own page, for the provider that has no sign-in pages for us."""
    page_url = SignInPage(public_url, which)
    return PageSignIn(ids=ids, page_url=page_url) if which is Provider.APPLE else None
