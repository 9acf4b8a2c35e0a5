"""How a handler becomes a page: templates, escaped by themselves, in a frame that knows who is logged in."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from connected_calendars.beside_sandbox import SANDBOX
from connected_calendars.clock import day_name, hour_and_minute, in_zone
from connected_calendars.live import REREAD, SEEN
from connected_calendars.logins import FORM_FIELD, form_token, whoever
from connected_calendars.notices import take_notice
from connected_calendars.providers import CALENDARS, provider_key, provider_name
from connected_calendars.standing import account_name
from connected_calendars.wire import text_of

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
NAVIGATION: Final = (("/accounts", "Accounts"), ("/calendars", "Calendars"), ("/week", "Week"))
BESIDE_SANDBOX: Final = (("/trying", "Try it"),)
"""Addresses and names of the pages that somebody who is logged in goes between."""


def _version() -> str:
    """Changes with any of the static files, so that browsers may keep them for as long as they like."""
    newest = max(one.stat().st_mtime_ns for one in STATIC.iterdir())
    return f"{newest:x}"


TEMPLATES: Final = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals["static_version"] = _version()
TEMPLATES.filters["account_name"] = account_name
TEMPLATES.filters["in_zone"] = in_zone
TEMPLATES.filters["provider_name"] = provider_name
TEMPLATES.filters["provider_key"] = provider_key
TEMPLATES.filters["calendars_of"] = CALENDARS.get
TEMPLATES.filters["day_name"] = day_name
TEMPLATES.filters["hour_and_minute"] = hour_and_minute
TEMPLATES.filters["instant"] = text_of


def render(request: web.Request, template: str, *, status: int = 200, **content: Any) -> web.Response:
    """The page. Give `expert` where there is one: the frame shows whose page it is; and `here`, its own address,
    where a form may have led to it by another."""
    beside_sandbox = SANDBOX in request.app
    frame = {
        "expert": None,
        "path": request.path,
        "pages": NAVIGATION + (BESIDE_SANDBOX if beside_sandbox else ()),
        "notice": None if REREAD in request.headers else take_notice(request),
        "beside_sandbox": beside_sandbox,
        "here": "",
        "stream": f"/live?since={request[SEEN]}" if whoever(request) else "",
        "protect": lambda: _protection(request),
        "now": datetime.now(UTC),
    }
    text = TEMPLATES.get_template(template).render({**frame, **content})
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def _protection(request: web.Request) -> Markup:
    """Every form has it as its first line: `{{ protect() }}`."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, form_token(request))
