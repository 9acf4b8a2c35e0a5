"""The pages a person sees while signing in: plain HTML, no script, nothing from elsewhere.

Element ids and names are documented in docs/sandbox.md; browser tests rely on them. What all providers' pages share
is in this folder, what belongs to one in the folder `pages` of its own package.
"""

import secrets
from typing import Any

from aiohttp import web
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape


class Pages:
    """The pages of one provider."""

    def __init__(self, package: str, provider: str) -> None:
        self._provider = provider
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(package, "pages"), PackageLoader("sandbox", "pages")]),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, name: str, *, status: int = 200, **context: Any) -> web.Response:
        """One of the pages, with headers that allow its own style and nothing else."""
        nonce = secrets.token_urlsafe(16)
        template = self._templates.get_template(f"{name}.html")
        page = template.render(nonce=nonce, provider=self._provider, **context)
        # No form-action: browsers apply it to every redirect after a form, and where the app sends the person
        # after its redirect URI isn't known here.
        policy = f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
        headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(
            status=status, text=page, content_type="text/html", charset="utf-8", headers=headers
        )
