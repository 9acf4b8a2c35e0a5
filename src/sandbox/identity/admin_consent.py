"""An administrator approves the app for everybody in the organisation, step by step and without any HTTP.

Request and answers: Microsoft's page "Admin consent on the Microsoft identity platform".
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from sandbox.identity import scopes as scope_names
from sandbox.identity.errors import SignInRefused
from sandbox.identity.sign_in import candidates, may_redirect
from sandbox.world.model import Person
from sandbox.world.people import UnknownName
from sandbox.world.world import World


@dataclass(slots=True, kw_only=True)
class Approval:
    """A visit to the page: what the link asked for, and who came."""

    authority: str
    redirect_uri: str
    scope: str
    state: str | None
    person: Person | None = None
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def scopes(self) -> list[str]:
        """The permissions to approve, in alphabetical order."""
        return sorted(scope_names.grantable(scope_names.parse(self.scope), personal=False))


def read_request(world: World, authority: str, query: Mapping[str, str]) -> Approval:
    """Raises SignInRefused, which is shown as a page: for the shared authorities of personal accounts, an unknown app,
    a redirect URI that isn't the app's, or scopes that there are not."""
    if authority in ("common", "consumers"):
        raise SignInRefused(90009, "The endpoint needs a tenant, or 'organizations'.")
    if authority != "organizations":
        try:
            world.people.tenant(authority)
        except UnknownName:
            raise SignInRefused(90002, "Tenant not found.") from None
    if query.get("client_id") != world.app.client_id:
        raise SignInRefused(700016, "Application was not found in the directory.")
    if not may_redirect(query.get("redirect_uri", ""), world.app.redirect_prefixes):
        raise SignInRefused(50011, "The redirect URI does not match those of the app.")
    try:
        scope_names.parse(query.get("scope", ""))
    except scope_names.UnknownScope:
        raise SignInRefused(70011, "The value of the parameter 'scope' is not valid.") from None
    return Approval(
        authority=authority,
        redirect_uri=query["redirect_uri"],
        scope=query.get("scope", ""),
        state=query.get("state"),
    )


def pick(world: World, approval: Approval, key: str) -> None:
    """Who comes. Raises SignInRefused for anybody who is not an administrator there."""
    allowed = {one.key: one for one in candidates(world, approval.authority)}
    person = allowed.get(key)
    if person is None or not person.administrator:
        raise SignInRefused(90094, "Only an administrator of the organisation can approve an app.")
    approval.person = person


def approve(world: World, approval: Approval) -> str:
    """Approve for the administrator's organisation; the address they are sent to."""
    assert approval.person is not None
    tenant = approval.person.tenant
    world.people.change_tenant(tenant, approved=True)
    return _back(approval, {"admin_consent": "True", "tenant": tenant.id, "scope": approval.scope})


def decline(approval: Approval) -> str:
    """Nothing is approved; the address the browser is sent to."""
    text = "AADSTS65004: The resource owner or authorization server denied the request."
    return _back(approval, {"admin_consent": "True", "error": "consent_required", "error_description": text})


def _back(approval: Approval, parameters: dict[str, str]) -> str:
    state = {} if approval.state is None else {"state": approval.state}
    mark = "&" if "?" in approval.redirect_uri else "?"
    return f"{approval.redirect_uri}{mark}{urlencode(parameters | state)}"
