"""Faults only an operator can mend."""

from typing import Protocol

from domain.account import Provider


class Alarms(Protocol):
    def provider_misconfigured(self, provider: Provider, code: str) -> None:
        """Our registration is refused: health says so until `provider_works`. `code` is the provider's own."""
        ...

    def provider_works(self, provider: Provider) -> None: ...
