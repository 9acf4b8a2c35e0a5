"""The texts of the mails: a folder for each language, in it a template for each part of a mail.

Templates may come from an operator, and what they are filled with comes from strangers. So they run in a sandbox, and
none of them is looked for on disk: what was read and checked when the process began is what is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from adapters.mailer.dates import long_date
from adapters.mailer.words import one_line
from domain.language import nearest_language

SUBJECT: Final = "reconnect.subject.txt"
TEXT: Final = "reconnect.txt"
HTML: Final = "reconnect.html"
PARTS: Final = (SUBJECT, TEXT, HTML)
ENGLISH: Final = "en"
"""Is always there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A mail's parts in one language. The subject is one line."""

    language: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """`sources` are the templates, as `de/reconnect.txt`, all parts of each language. `default_language` is for those
    whose own isn't there."""

    sources: Mapping[str, str] = field(repr=False)
    default_language: str = ENGLISH
    environment: Environment = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "environment", _environment(self.sources))

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(name.partition("/")[0] for name in self.sources)

    def language_for(self, locale: str) -> str:
        """Of the mails to somebody with this BCP 47 tag; it may be empty."""
        wanted = (locale, self.default_language)
        near = (nearest_language(one, self.languages) for one in wanted)
        return next((one for one in near if one is not None), ENGLISH)

    def write(self, locale: str, words: Mapping[str, object]) -> Written:
        """Raises whatever a template raises that an operator wrote, which is nothing in particular."""
        language = self.language_for(locale)
        subject, text, html = (self.part(f"{language}/{one}", words) for one in PARTS)
        return Written(language=language, subject=one_line(subject), text=text, html=html)

    def part(self, name: str, words: Mapping[str, object]) -> str:
        """One template, filled. Raises as `write` does."""
        return self.environment.get_template(name).render(words, language=name.partition("/")[0])


def _environment(sources: Mapping[str, str]) -> Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader(sources),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["long_date"] = _long_date
    return environment


@pass_context
def _long_date(context: Context, day: date) -> str:
    language: Any = context["language"]
    return long_date(day, language)
