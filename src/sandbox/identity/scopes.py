"""Permission names: their canonical spelling, how people are told about them, and how they are printed."""

from collections.abc import Iterable

from sandbox.world.model import ScopeSpelling

GRAPH = "https://graph.microsoft.com/"
# Granted with the sign-in itself; the consent page has no checkbox for them.
SIGN_IN = frozenset({"openid", "profile", "email"})
OFFLINE = "offline_access"
_NOT_FOR_PERSONAL = frozenset({"Calendars.ReadWrite.Shared"})

DESCRIPTIONS = {
    "Calendars.ReadBasic": "Read basic details of events in your calendars",
    "Calendars.Read": "Read your calendars",
    "Calendars.ReadWrite": "Have full access to your calendars",
    "Calendars.Read.Shared": "Read your and shared calendars",
    "Calendars.ReadWrite.Shared": "Read and write your and shared calendars",
    "MailboxSettings.Read": "Read your mailbox settings",
    "MailboxSettings.ReadWrite": "Read and write your mailbox settings",
    "User.Read": "Read your profile",
    "offline_access": "Maintain access to data you have given it access to",
}
_CANONICAL = {name.casefold(): name for name in (*DESCRIPTIONS, *SIGN_IN)}


class UnknownScope(ValueError):
    """A scope that the sandbox's Graph doesn't have."""


def parse(text: str) -> frozenset[str]:
    """The canonical names of a space-separated scope parameter, in either spelling and any case."""
    found = set()
    for scope in text.split():
        bare = scope[len(GRAPH) :] if scope.casefold().startswith(GRAPH) else scope
        if bare.casefold() not in _CANONICAL:
            raise UnknownScope(scope)
        found.add(_CANONICAL[bare.casefold()])
    return frozenset(found)


def grantable(scopes: Iterable[str], *, personal: bool) -> frozenset[str]:
    """Those that an account of this kind can be asked to grant on the consent page."""
    return frozenset(scopes) - SIGN_IN - (_NOT_FOR_PERSONAL if personal else frozenset())


def printed(scopes: Iterable[str], spelling: ScopeSpelling) -> str:
    """The `scope` member of a token response; offline_access is never listed there."""
    return " ".join(_spelled(scope, spelling) for scope in sorted(set(scopes) - {OFFLINE}))


def _spelled(scope: str, spelling: ScopeSpelling) -> str:
    if spelling == "uri" and scope not in SIGN_IN:
        return GRAPH + scope
    return {"lower": scope.lower(), "upper": scope.upper()}.get(spelling, scope)
