"""The pages a person sees while signing in: plain HTML, no script, nothing from elsewhere.

Element ids and names are documented in docs/sandbox.md; browser tests rely on them.
"""

import secrets
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_templates = Environment(
    loader=PackageLoader("sandbox.identity", "pages"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(name: str, *, status: int = 200, **context: Any) -> web.Response:
    """One of the pages, with headers that allow its own style and nothing else."""
    nonce = secrets.token_urlsafe(16)
    page = _templates.get_template(f"{name}.html").render(nonce=nonce, **context)
    # No form-action: browsers apply it to every redirect after a form, and where the app sends the person
    # after its redirect URI isn't known here.
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(status=status, text=page, content_type="text/html", charset="utf-8", headers=headers)
