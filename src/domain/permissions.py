"""What was really granted at a sign-in, whatever was asked for."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.connection import SignInFailed


@dataclass(kw_only=True, eq=False)
class PermissionsMissing(SignInFailed):
    """The person (or the provider) withheld permissions without which nothing works.

    `missing` are their names at the provider. `described` says in words for people what can't be done without them,
    such as "see when you are busy"; empty where there are no such words.
    """

    missing: tuple[str, ...]
    described: tuple[str, ...] = ()


def require_permissions(granted: Iterable[str], required: Iterable[str]) -> None:
    """Raises PermissionsMissing naming every required permission that is not among the granted.

    Both spellings count, bare (`Calendars.ReadWrite`) and as a URI (`https://graph.microsoft.com/Calendars.ReadWrite`),
    in any case: token responses use either.
    """
    if missing := lacking(granted, required):
        raise PermissionsMissing(missing=missing)


def lacking(granted: Iterable[str], required: Iterable[str]) -> tuple[str, ...]:
    """The required permissions that are not among the granted, in either spelling."""
    have = {_bare(scope) for scope in granted}
    return tuple(scope for scope in required if _bare(scope) not in have)


def _bare(scope: str) -> str:
    return scope.rsplit("/", 1)[-1].casefold()
