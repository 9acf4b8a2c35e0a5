"""Templates that an operator puts in the place of ours, or adds in another language; all faults are told at once."""

import difflib
import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from adapters.mailer.catalogue import PARTS, Catalogue
from adapters.mailer.trials import faults_of

BUILT_IN: Final = Path(__file__).with_name("templates")
LANGUAGE: Final = re.compile(r"[a-z]{2,8}(-[A-Za-z0-9]{1,8})*")
MOST_BYTES: Final = 256 * 1024
"""Of one template: many times the longest of ours."""


class MailTemplatesInvalid(ValueError):
    """`faults` are sentences that name the file."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Our templates, and those of `folder` in their places. Raises MailTemplatesInvalid."""
    built_in = {name: path.read_text(encoding="utf-8") for name, path in _files(BUILT_IN)}
    if folder is None:
        return Catalogue(sources=built_in)
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
        raise MailTemplatesInvalid(["must be a folder that can be read"])
    try:
        given, faults = _read(folder)
    except OSError as error:
        raise MailTemplatesInvalid([f"{Path(error.filename or folder).name}: can't be read"]) from None
    catalogue = Catalogue(sources=built_in | given)
    faults += [
        *_left_out(catalogue),
        *_twice(catalogue),
        *(fault for name in given for fault in faults_of(catalogue, name)),
    ]
    if faults:
        raise MailTemplatesInvalid(faults)
    return catalogue


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """What stands in it and in its folders, by its path there. Raises OSError."""
    for entry in _shown(folder):
        for path in _shown(entry) if entry.is_dir() else [entry]:
            yield path.relative_to(folder).as_posix(), path


def _shown(folder: Path) -> list[Path]:
    """Without what is hidden: a mounted ConfigMap has its links there, and editors have their files."""
    return sorted(one for one in folder.iterdir() if not one.name.startswith("."))


def _read(folder: Path) -> tuple[dict[str, str], list[str]]:
    """The templates by name, and what is wrong with them as files."""
    sources, faults = dict[str, str](), list[str]()
    for name, path in _files(folder):
        try:
            _require_known(name)
            sources[name] = _content(path)
        except ValueError as fault:
            faults.append(f"{name}: {fault}")
    return sources, faults


def _require_known(name: str) -> None:
    language, _, part = name.rpartition("/")
    if part not in PARTS:
        like = difflib.get_close_matches(part, PARTS, n=1)
        raise ValueError("is no part of a mail" + (f"; did you mean {like[0]}?" if like else ""))
    if not LANGUAGE.fullmatch(language):
        raise ValueError("must stand in the folder of a language, such as de or de-AT")


def _content(path: Path) -> str:
    """Raises ValueError, whose text is a fault."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"is larger than {MOST_BYTES // 1024} KiB")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("must be UTF-8") from None
    except OSError:
        raise ValueError("can't be read") from None
    if "\0" in text:
        raise ValueError("must have no NUL in it, which mail servers refuse")
    return text


def _left_out(catalogue: Catalogue) -> Iterator[str]:
    for language in sorted(catalogue.languages):
        for part in PARTS:
            if f"{language}/{part}" not in catalogue.sources:
                yield f"{language}/{part}: is missing; a language that isn't built in needs all of {', '.join(PARTS)}"


def _twice(catalogue: Catalogue) -> Iterator[str]:
    for one, other in pairwise(sorted(catalogue.languages, key=lambda tag: (tag.casefold(), tag))):
        if one.casefold() == other.casefold():
            yield f"{other}: is the same language as {one}"
