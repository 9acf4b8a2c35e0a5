"""Alarms that are only written down."""

from dataclasses import dataclass, field
from datetime import timedelta

from domain.account import Provider


@dataclass(slots=True)
class RecordingAlarms:
    """`raised` holds the codes of the alarms that stand now, `history` every one there ever was.

    `refused_credentials` are the names of those that are refused while another is accepted. `refusing` are the
    providers that accept none of their own tokens, `refusing_all` those that refuse everybody, `silent` those that
    bring no notifications, and with what codes each time they said so, `spending` those whose day is nearly spent, and
    `days_spent` the requests of each time that this was told. `clock_off_by` is how far the clocks are apart when that
    is too far, `mail_refused_because` is why the mail server refuses us. `faults` are those that nobody foresaw.
    """

    raised: dict[Provider, str] = field(default_factory=dict)
    history: list[tuple[Provider, str]] = field(default_factory=list)
    refused_credentials: set[str] = field(default_factory=set)
    refusing: set[Provider] = field(default_factory=set)
    refusing_all: set[Provider] = field(default_factory=set)
    silent: dict[Provider, list[str]] = field(default_factory=dict)
    spending: set[Provider] = field(default_factory=set)
    days_spent: list[int] = field(default_factory=list)
    clock_off_by: timedelta | None = None
    mail_refused_because: str = ""
    faults: list[Exception] = field(default_factory=list)

    def provider_misconfigured(self, provider: Provider, code: str) -> None:
        self.raised[provider] = code
        self.history.append((provider, code))

    def is_misconfigured(self, provider: Provider, code: str) -> bool:
        return self.raised.get(provider) == code

    def provider_works(self, provider: Provider) -> None:
        self.raised.pop(provider, None)

    def credential_refused(self, provider: Provider, name: str) -> None:
        self.refused_credentials.add(name)

    def credential_accepted(self, provider: Provider, name: str) -> None:
        self.refused_credentials.discard(name)

    def tokens_refused(self, provider: Provider) -> None:
        self.refusing.add(provider)

    def tokens_accepted(self, provider: Provider) -> None:
        self.refusing.discard(provider)

    def all_refused(self, provider: Provider) -> None:
        self.refusing_all.add(provider)

    def are_all_refused(self, provider: Provider) -> bool:
        return provider in self.refusing_all

    def somebody_accepted(self, provider: Provider) -> None:
        self.refusing_all.discard(provider)

    def notifications_refused(self, provider: Provider, code: str) -> None:
        self.silent.setdefault(provider, []).append(code)

    def notifications_accepted(self, provider: Provider) -> None:
        self.silent.pop(provider, None)

    def day_nearly_spent(self, provider: Provider, *, requests: int, most: int) -> None:
        self.days_spent.append(requests)
        self.spending.add(provider)

    def day_begins_anew(self, provider: Provider) -> None:
        self.spending.discard(provider)

    def is_day_nearly_spent(self, provider: Provider) -> bool:
        return provider in self.spending

    def clock_differs(self, by: timedelta) -> None:
        self.clock_off_by = by

    def clock_agrees(self) -> None:
        self.clock_off_by = None

    def mail_misconfigured(self, reason: str) -> None:
        self.mail_refused_because = reason

    def mail_works(self) -> None:
        self.mail_refused_because = ""

    def unforeseen(self, fault: Exception) -> None:
        self.faults.append(fault)
