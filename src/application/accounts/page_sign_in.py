"""The sign-in on a page of the service's own, for providers that have none for us.

To those who begin and finish it, it is a sign-in like any other: an address to send the browser to, and a redirect with
a state and a one-time code. In between, `flow` keeps what the page needs to know, and then what was proven.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from application.ports.id_source import IdSource
from application.ports.sign_in import RedirectAnswer, SignedIn, StartedSignIn
from domain.account import AccountKind, Identity, Provider
from domain.connection import ConnectionAttempt, SignInCancelled, SignInRefused
from domain.grant import Grant
from domain.password_sign_in import TRIES_OF_ATTEMPT, TooManyTries

CANCELLED = "access_denied"
"""What a person who goes back from the page brings, as from a provider's (RFC 6749, section 4.1.2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFlow:
    """`name` is suggested to the person, `form` what only our own form brings back. `code_hash` and `signed_in` are
    there once the password was proven; then the page has nothing more to do."""

    redirect_uri: str = field(repr=False)
    name: str = field(default="", repr=False)
    form: str = field(repr=False)
    tries: int = 0
    code_hash: str = field(default="", repr=False)
    signed_in: SignedIn | None = None

    def is_form(self, form: str) -> bool:
        return compare_digest(self.form.encode(), form.encode(errors="replace"))

    def require_tries_left(self) -> None:
        """Raises TooManyTries."""
        if self.tries >= TRIES_OF_ATTEMPT:
            raise TooManyTries

    def tried(self) -> "PageFlow":
        """With one try more. Raises TooManyTries."""
        self.require_tries_left()
        return replace(self, tries=self.tries + 1)

    def proven(self, signed_in: SignedIn, code: str) -> "PageFlow":
        return replace(self, signed_in=signed_in, code_hash=_hash_of(code))

    def redeemed(self, code: str) -> SignedIn:
        """Raises SignInRefused unless it is the code that was given for the proof."""
        if self.signed_in is None or not compare_digest(self.code_hash, _hash_of(code)):
            raise SignInRefused
        return self.signed_in

    def to_bytes(self) -> bytes:
        """With the grant: to be sealed, as `flow` always is."""
        fields = {
            "redirect_uri": self.redirect_uri,
            "name": self.name,
            "form": self.form,
            "tries": self.tries,
            "code_hash": self.code_hash,
            "signed_in": None if self.signed_in is None else _to_fields(self.signed_in),
        }
        return json.dumps(fields).encode()

    @classmethod
    def of(cls, attempt: ConnectionAttempt) -> "PageFlow":
        return cls.from_bytes(attempt.flow)

    @classmethod
    def from_bytes(cls, flow: bytes) -> "PageFlow":
        fields = json.loads(flow)
        signed_in = fields.pop("signed_in")
        return cls(**fields, signed_in=None if signed_in is None else _from_fields(signed_in))


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSignIn:
    """`page_url` gives the address of our page for a state."""

    ids: IdSource
    page_url: Callable[[str], str]

    async def begin(
        self,
        *,
        redirect_uri: str,
        login_hint: str = "",
        reconnects: Identity | None = None,
        consent_afresh: bool = False,
        also: tuple[str, ...] = (),
    ) -> StartedSignIn:
        """Nothing is consented to on our page, and a password opens all or nothing."""
        del reconnects, consent_afresh, also
        state = self.ids.token()
        flow = PageFlow(redirect_uri=redirect_uri, name=login_hint, form=self.ids.token())
        return StartedSignIn(authorization_url=self.page_url(state), state=state, flow=flow.to_bytes())

    async def redeem(self, flow: bytes, answer: RedirectAnswer) -> SignedIn:
        if answer.error:
            raise SignInCancelled if answer.error == CANCELLED else SignInRefused
        return PageFlow.from_bytes(flow).redeemed(answer.code)


def way_back(redirect_uri: str, **brought: str) -> str:
    """Where the browser goes from the page: to `redirect_uri`, whose own query stays as it is."""
    parts = urlsplit(redirect_uri)
    query = "&".join(part for part in (parts.query, urlencode(brought)) if part)
    return urlunsplit(parts._replace(query=query))


def _hash_of(code: str) -> str:
    return hashlib.sha256(code.encode(errors="surrogatepass")).hexdigest()


def _to_fields(signed_in: SignedIn) -> dict[str, Any]:
    return {
        "identity": asdict(signed_in.identity) | {"provider": signed_in.identity.provider.value},
        "kind": signed_in.kind.value,
        "email": signed_in.email,
        "display_name": signed_in.display_name,
        "scopes": signed_in.grant.scopes,
        "secret": b64encode(signed_in.grant.secret).decode(),
    }


def _from_fields(fields: dict[str, Any]) -> SignedIn:
    identity = fields["identity"]
    return SignedIn(
        identity=Identity(**(identity | {"provider": Provider(identity["provider"])})),
        kind=AccountKind(fields["kind"]),
        email=fields["email"],
        display_name=fields["display_name"],
        grant=Grant(scopes=tuple(fields["scopes"]), secret=b64decode(fields["secret"])),
    )
