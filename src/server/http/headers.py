"""The headers of every answer, whatever it answers: they keep what is secret where it is, and browsers from doing more
with an answer than it is for."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

NOTHING_ALLOWED: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
"""The policy of what is no page."""
ALWAYS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
ONLY_BY_HTTPS: Final = "max-age=31536000"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerHeaders:
    """`https` says whether browsers reach us by it, and should never try without."""

    https: bool = False

    async def on_prepare(self, _request: web.BaseRequest, answer: web.StreamResponse) -> None:
        """For the application's signal, which comes last of all: the library has added its name and version by then."""
        self.add_to(answer)
        answer.headers.popall("Server", None)

    def add_to(self, answer: web.StreamResponse) -> None:
        answer.headers.update(ALWAYS)
        answer.headers.setdefault("Content-Security-Policy", NOTHING_ALLOWED)
        if self.https:
            answer.headers["Strict-Transport-Security"] = ONLY_BY_HTTPS


ANSWER_HEADERS: Final = web.AppKey("answer_headers", AnswerHeaders)


def give_headers(app: web.Application, *, https: bool = False) -> None:
    """To every answer of the application."""
    app[ANSWER_HEADERS] = AnswerHeaders(https=https)
    app.on_response_prepare.append(app[ANSWER_HEADERS].on_prepare)


class Refusal(web.Response):
    """An answer to what never reached a route, where the application's signal is not sent: a status and no more."""

    def __init__(self, status: int, headers: AnswerHeaders, *, closing: bool = True) -> None:
        super().__init__(status=status, text=HTTPStatus(status).phrase)
        headers.add_to(self)
        if closing:
            self.force_close()

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Server", None)


def as_bytes(status: HTTPStatus, headers: AnswerHeaders) -> bytes:
    """The same for whoever hasn't sent a whole request, and gets no other answer on this connection."""
    refusal = Refusal(status, headers)
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{name}: {one}" for name, one in refusal.headers.items()),
    ]
    body = f"Content-Length: {len(status.phrase)}\r\nConnection: close\r\n\r\n{status.phrase}"
    return ("\r\n".join(lines) + "\r\n" + body).encode("ascii")
