"""Tries a template with every kind of notice, so that what is wrong with it is known before a mail is due."""

import difflib
import traceback
from collections.abc import Iterator, Mapping
from typing import Final

from jinja2 import TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from markupsafe import escape

from adapters.mailer.catalogue import HTML, SUBJECT, Catalogue
from adapters.mailer.samples import LINK, samples
from adapters.mailer.words import one_line

VARIABLES: Final = frozenset({*next(samples()), "language"})
COMPILED: Final = "<template>"
"""What Jinja calls the file of a template that it didn't read itself."""


def faults_of(catalogue: Catalogue, name: str) -> Iterator[str]:
    """What is wrong with one of its templates, as sentences that name it."""
    try:
        parsed = catalogue.environment.parse(catalogue.sources[name])
        catalogue.environment.get_template(name)  # knows all its filters?
    except TemplateSyntaxError as error:
        yield f"{name}, line {error.lineno}: {one_line(error.message or 'is malformed')}"
        return
    except (RecursionError, SyntaxError):  # of what Jinja makes of it
        yield f"{name}: is nested too deeply"
        return
    if unknown := sorted(find_undeclared_variables(parsed) - VARIABLES):
        yield from (f"{name}: there is no variable {one}{_like(one)}" for one in unknown)
        return
    if (fault := _fault_when_filled(catalogue, name)) is not None:
        yield fault


def _fault_when_filled(catalogue: Catalogue, name: str) -> str | None:
    """The first: the same fault shows with many samples."""
    for words in samples():
        try:
            written = catalogue.part(name, words)
        except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
            kind, text = type(error).__name__, one_line(str(error))
            return f"{name}{_line_of(error)}: {kind}{f', {text}' if text else ''} (with {_told(words)})"
        if (fault := _lack_of(name, written)) is not None:
            return f"{name}: {fault} (with {_told(words)})"
    return None


def _lack_of(name: str, written: str) -> str | None:
    if name.endswith(SUBJECT):
        return None if one_line(written) else "is an empty subject"
    link = str(escape(LINK)) if name.endswith(HTML) else LINK
    return None if link in written else "doesn't show the link, {{ url }}"


def _line_of(error: Exception) -> str:
    lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == COMPILED]
    return f", line {lines[-1]}" if lines else ""


def _told(words: Mapping[str, object]) -> str:
    return ", ".join(f"{one}={words[one]!r}" for one in ("provider", "cause", "reminder", "waiting", "name"))


def _like(name: str) -> str:
    like = difflib.get_close_matches(name, VARIABLES, n=1)
    return f"; did you mean {like[0]}?" if like else ""
