"""The one page with a form: what it shows, and how it is allowed to send it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from server.http.languages import Text
from server.http.pages import policy_of, rendered
from server.http.password_texts import PasswordWords

FORMS_POLICY: Final = policy_of(form_action="'self'")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """`form` is its own secret, `name` is suggested. `problem` is about no field, `problems` are by field."""

    words: PasswordWords
    action: str = field(repr=False)
    form: str = field(repr=False)
    name: str = field(repr=False)
    cancel_url: str = field(repr=False)
    problem: Text | None = None
    problems: Mapping[str, Text] = field(default_factory=dict)
    status: int = 200

    @property
    def first_problem(self) -> str:
        """The field where the person goes on; empty where none has a problem."""
        return next(iter(self.problems), "")


def form_response(request: web.Request, page: FormPage) -> web.Response:
    return rendered(request, "password.html", page, status=page.status, policy=FORMS_POLICY)
