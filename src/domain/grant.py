"""What a provider gave us for an account. It is encrypted at rest and never leaves the service."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Tokens in the form their adapter wants them back, and the scopes actually granted."""

    scopes: tuple[str, ...]
    secret: bytes = field(repr=False)
