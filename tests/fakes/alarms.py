"""Alarms that are only written down."""

from dataclasses import dataclass, field

from domain.account import Provider


@dataclass(slots=True)
class RecordingAlarms:
    """`raised` holds the codes of the alarms that stand now, `history` every alarm there ever was.

    `faults` are those that nobody foresaw.
    """

    raised: dict[Provider, str] = field(default_factory=dict)
    history: list[tuple[Provider, str]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def provider_misconfigured(self, provider: Provider, code: str) -> None:
        self.raised[provider] = code
        self.history.append((provider, code))

    def unforeseen(self, fault: Exception) -> None:
        self.faults.append(fault)

    def provider_works(self, provider: Provider) -> None:
        self.raised.pop(provider, None)
