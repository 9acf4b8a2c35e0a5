"""Notices of every kind that there is, to try templates with."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import product
from typing import Final

from adapters.mailer.words import Signature, words_of
from application.ports.mailer import ReconnectNotice
from domain.access import LossCause
from domain.account import Provider

LINK: Final = "https://calendars.example/reconnect/sample?a=1&b=2"
PEOPLE: Final = (
    ("Ada Beispiel-Lovelace", Signature(name="Sample & Sons", url="https://sample.example/calendars")),
    ("李雷", Signature(name="Sample")),
    ("", Signature(name="Sample")),
)


def samples() -> Iterator[Mapping[str, object]]:
    """What templates are filled with, but for `language`."""
    for provider, cause, reminder, waiting, (name, signature) in product(
        Provider, LossCause, (False, True), (0, 1, 3), PEOPLE
    ):
        notice = ReconnectNotice(
            to="ada@experts.example",
            display_name=name,
            account_email="ada@calendars.example",
            reconnect_url=LINK,
            message_id="sample",
            provider_name=provider.value.title(),
            cause=cause,
            lost_on=date(2027, 3, 1),
            sessions_at_risk=waiting,
            reminder=reminder,
        )
        yield words_of(notice, signature)
