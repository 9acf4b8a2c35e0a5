"""The few pages a person may see, as HTML without scripts or anything from elsewhere."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from server.http.languages import ENGLISH, Text, language_of

TEMPLATES: Final = Path(__file__).with_name("templates")
STYLE: Final = (TEMPLATES / "page.css.j2").read_text(encoding="utf-8")
STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def policy_of(*, form_action: str) -> str:
    return (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; "
        f"base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    )


CONTENT_SECURITY_POLICY: Final = policy_of(form_action="'none'")
_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Whom the pages speak for. `url` is its page of connected calendars, the way on from each of them. `language` is
    for browsers that ask for none of the pages' languages."""

    name: str
    url: str | None = None
    language: str = ENGLISH


WORDS: Final[Mapping[str, Text]] = {
    "on": Text(en="Go to your connected calendars", de="Zu Ihren verbundenen Kalendern"),
    "check": Text(en="Please check:", de="Bitte prüfen:"),
    "cancel": Text(en="Go back without connecting", de="Zurück, ohne zu verbinden"),
    "new_tab": Text(en="(in a new tab)", de="(in einem neuen Tab)"),
}
"""What templates say by themselves."""

PRODUCT: Final = web.AppKey("product", Product)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What happened, and what to do next. `links` are pairs of text and URL; to `go_on` the browser goes by itself."""

    title: Text
    what: Text
    next: Text
    links: Sequence[tuple[Text, str]] = ()
    status: int = 200
    good: bool = False
    go_on: str = ""


def page_response(request: web.Request, page: Page, *, retry_after: int | None = None) -> web.Response:
    """The page, signed by the product that the application was made for."""
    response = rendered(request, "page.html", page, status=page.status, policy=CONTENT_SECURITY_POLICY)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def rendered(request: web.Request, template: str, page: object, *, status: int, policy: str) -> web.Response:
    """A template's page, with `policy` for what it may do, in the language that the browser asks for."""
    product = request.app[PRODUCT]
    language = language_of(request.headers.get("Accept-Language", ""), product.language)
    text = _ENVIRONMENT.get_template(template).render(
        page=page,
        product=product,
        language=language,
        say=lambda said: said.within(language),
        words=WORDS,
        # As it is, since its hash is what the browser is told to accept.
        style=Markup(STYLE),  # noqa: S704
    )
    response = web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return response
