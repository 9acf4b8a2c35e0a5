"""Faults only an operator can mend."""

from typing import Protocol

from domain.account import Provider


class Alarms(Protocol):
    def provider_misconfigured(self, provider: Provider, code: str) -> None:
        """Our registration is refused: health says so until `provider_works`. `code` is the provider's own."""
        ...

    def unforeseen(self, fault: Exception) -> None:
        """Work failed for a reason that no rule knows, and goes on without it. Told by class and place, not by text."""
        ...

    def provider_works(self, provider: Provider) -> None: ...
