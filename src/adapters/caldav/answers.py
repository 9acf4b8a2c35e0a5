"""Answers to queries that tell everything they were asked for: what is left out would read as free."""

from http import HTTPStatus

from adapters.caldav.errors import refusal_of
from adapters.caldav.multistatus import Resource
from adapters.caldav.paths import decoded, path_in
from domain.access import InvalidAnswer


def require_told(resource: Resource, asked: str) -> None:
    """A member that is gone may be told as such. Any other error inside an answer leaves something out: raises
    InvalidAnswer for one, and DavRefusal where what was `asked` is not there itself."""
    if resource.status is None or resource.status < 400:
        return
    if resource.status != HTTPStatus.NOT_FOUND:
        raise InvalidAnswer(what="a part of the answer")
    if decoded(path_in(resource.href)) == decoded(asked):
        raise refusal_of(resource.status)
