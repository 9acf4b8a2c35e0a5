"""The app as it is registered at a provider."""

import hmac
import secrets
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class App:
    """The one registered application. An empty `redirect_prefixes` allows https and any loopback address.

    `other_secrets` are accepted beside the client secret, as at Microsoft, where an app may have several.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_prefixes: tuple[str, ...] = ()
    other_secrets: list[str] = field(default_factory=list, repr=False)
    certificates: list[bytes] = field(default_factory=list, repr=False)

    def as_new(self) -> "App":
        """The registration without the credentials that were added to it."""
        return App(
            client_id=self.client_id,
            client_secret=self.client_secret,
            redirect_prefixes=self.redirect_prefixes,
        )

    def rotate_secret(self, secret: str | None = None) -> str:
        """Replace the client secret, so that the old one is refused; returns the new one."""
        self.client_secret = secret or secrets.token_urlsafe(24)
        return self.client_secret

    def add_secret(self, secret: str | None = None) -> str:
        """Accept one more client secret; returns it."""
        self.other_secrets.append(secret or secrets.token_urlsafe(24))
        return self.other_secrets[-1]

    def drop_secret(self, secret: str) -> None:
        """Refuse this secret from now on, as if it had expired. Raises ValueError where it is none, or the last one."""
        if secret != self.client_secret:
            self.other_secrets.remove(secret)
        elif self.other_secrets:
            self.client_secret = self.other_secrets.pop(0)
        else:
            raise ValueError("it is the only client secret: rotate it instead")

    def accepts(self, secret: str) -> bool:
        """Whether this is one of the app's secrets."""
        valid = (self.client_secret, *self.other_secrets)
        return any(hmac.compare_digest(secret.encode(), one.encode()) for one in valid)
