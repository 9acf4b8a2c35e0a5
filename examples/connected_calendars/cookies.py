"""What browsers keep for us: values signed with this process's key, so that nobody makes one up or changes one.

Handlers `keep` and `drop` values; they become headers when the answer is sent, whatever kind of answer it is. What is
signed can still be read by whoever has the cookie.
"""

import base64
import binascii
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A cookie's text is the JSON of its name, when it was made, and its value; then a dot and their HMAC."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    clock: Callable[[], float] = time.time

    def signed(self, name: str, value: Any) -> str:
        # Not as ASCII, in which each character of some languages is six or twelve: browsers keep 4096 of them.
        content = _encoded(json.dumps([name, self.clock(), value], ensure_ascii=False).encode())
        return f"{content}.{self._signature(content)}"

    def read(self, name: str, text: str, *, lasts_seconds: float) -> Any:
        """The value; None for what isn't ours, has another name, or is older than that."""
        if not text.isascii():
            return None  # as none of ours is; bytes that are no text can't even be compared
        content, _, signature = text.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(content).encode()):
            return None
        try:
            signed_name, made, value = json.loads(_decoded(content))
        except (binascii.Error, ValueError):
            return None
        fresh = 0 <= self.clock() - made <= lasts_seconds
        return value if fresh and signed_name == name else None

    def _signature(self, content: str) -> str:
        return _encoded(hmac.digest(self.key, content.encode(), "sha256"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """`https` says how browsers reach us: then cookies travel by it alone, and belong to this host alone."""

    signer: Signer
    https: bool

    def name(self, name: str) -> str:
        return f"__Host-{name}" if self.https else name


JAR: Final = web.AppKey("jar", Jar)
CHANGES: Final = web.RequestKey("changes", dict[str, tuple[str, int]])
"""Text and life in seconds of each cookie that goes out with the answer."""


def kept(request: web.Request, name: str, *, lasts_seconds: int) -> Any:
    """What `keep` was given, in this request or an earlier one; None if there is nothing that holds."""
    jar = request.app[JAR]
    text = request.cookies.get(jar.name(name), "")
    if name in request.get(CHANGES, {}):
        text = request[CHANGES][name][0]
    return jar.signer.read(name, text, lasts_seconds=lasts_seconds) if text else None


def keep(request: web.Request, name: str, value: Any, *, lasts_seconds: int) -> None:
    """Has the browser send `value`, which is plain JSON, with each request until then."""
    _change(request, name, request.app[JAR].signer.signed(name, value), lasts_seconds)


def drop(request: web.Request, name: str) -> None:
    """Has the browser forget it."""
    if request.app[JAR].name(name) in request.cookies or name in request.get(CHANGES, {}):
        _change(request, name, "", 0)


async def write_cookies(request: web.Request, answer: web.StreamResponse) -> None:
    """For the application's signal `on_response_prepare`.

    `Lax` and not `Strict`: the way back from a provider is a link from elsewhere, and must find who is logged in.
    """
    jar = request.app[JAR]
    how = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if jar.https else "")
    for name, (text, seconds) in request.get(CHANGES, {}).items():
        # The library's `set_cookie` is done with by now: it has made its headers before it sends the signal.
        answer.headers.add("Set-Cookie", f"{jar.name(name)}={text}; Max-Age={seconds}{how}")


def _change(request: web.Request, name: str, text: str, seconds: int) -> None:
    if CHANGES not in request:
        request[CHANGES] = {}
    request[CHANGES][name] = (text, seconds)


def _encoded(content: bytes) -> str:
    """Without what cookies would have to quote."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
