"""What an organisation's administrator can do to an app: the errors by which the app hears of it.

Errors and numbers: Microsoft's page "reference-error-codes" of the identity platform, as of August 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.identity.errors import OAuthError
from sandbox.world.model import Tenant, TenantRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """`at_sign_in` is the error of the redirect where that is another than the token endpoint's."""

    error: str
    number: int
    text: str
    at_sign_in: str = ""


_REFUSALS: Mapping[TenantRefusal, _Refusal] = {
    "app_disabled": _Refusal(
        error="unauthorized_client", number=7000112, text="The application is disabled in the directory."
    ),
    "app_missing": _Refusal(
        error="unauthorized_client", number=700016, text="Application was not found in the directory."
    ),
    "tenant_gone": _Refusal(error="invalid_request", number=90002, text="Tenant not found."),
    "not_subscribed": _Refusal(
        error="invalid_client", number=650052, text="The organization has not subscribed to the service."
    ),
    "graph_disabled": _Refusal(
        error="invalid_resource", number=500014, text="The service principal for the resource is disabled."
    ),
    "not_assigned": _Refusal(
        error="invalid_grant",
        number=50105,
        text="The signed in user is not assigned to a role for the application.",
        at_sign_in="access_denied",
    ),
    "policy": _Refusal(
        error="invalid_grant",
        number=53003,
        text="Access has been blocked by Conditional Access policies.",
        at_sign_in="access_denied",
    ),
    "account_disabled": _Refusal(
        error="invalid_grant", number=50057, text="The user account is disabled.", at_sign_in="access_denied"
    ),
}


def require_welcome(tenant: Tenant, *, at_sign_in: bool = False) -> None:
    """Raises OAuthError where the tenant's `refuses` says so."""
    refusal = _REFUSALS.get(tenant.refuses)
    if refusal is not None:
        error = refusal.at_sign_in if at_sign_in and refusal.at_sign_in else refusal.error
        raise OAuthError(error, refusal.number, refusal.text)
