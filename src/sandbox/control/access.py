"""Orders about signing in, access and faults."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox.control.order import Order, plain
from sandbox.google import shortcut as google
from sandbox.google.accounts_server import AUTHORIZE
from sandbox.google.sign_in import SignInRefused as GoogleRefused
from sandbox.identity.errors import SignInRefused
from sandbox.identity.shortcut import authorize_as as walk
from sandbox.world.faults import Fault


def authorize_as(order: Order) -> Any:
    """Walk the sign-in pages of either provider as one person, without a browser."""
    body = order.body
    if urlsplit(body["authorization_url"]).path == AUTHORIZE:
        return _authorize_at_google(order)
    try:
        redirect = walk(
            order.world,
            body["authorization_url"],
            body["person"],
            decision=body.get("decision", "accept"),
            grant=body.get("grant"),
        )
    except SignInRefused as refusal:
        raise ValueError(refusal.description) from None
    form = redirect.parameters if redirect.mode == "form_post" else None
    return {"redirect_url": redirect.url, "form": form}


def _authorize_at_google(order: Order) -> Any:
    body = order.body
    try:
        redirect = google.authorize_as(
            order.world,
            body["authorization_url"],
            body["person"],
            decision=body.get("decision", "accept"),
            grant=body.get("grant"),
        )
    except GoogleRefused as refusal:
        raise ValueError(refusal.description) from None
    return {"redirect_url": redirect.url, "form": None}


def revoke(order: Order) -> Any:
    """End a person's refresh tokens, and with `access_tokens` those too."""
    order.world.grants.revoke(order.person, access_tokens=bool(order.body.get("access_tokens")))
    return {}


def expire_access_tokens(order: Order) -> Any:
    """Make a person's access tokens unusable at once."""
    order.world.grants.expire_access_tokens(order.person)
    return {}


def remove_consent(order: Order) -> Any:
    """Take the app off a person's list of apps."""
    order.world.grants.remove_consent(order.person)
    return {}


def approval_requests(order: Order) -> Any:
    """Who asked their administrator to approve the app."""
    return order.world.grants.approval_requests


def rotate_secret(order: Order) -> Any:
    """Replace the client secret, as if the old one had expired."""
    return {"client_secret": order.world.app.rotate_secret(order.body.get("client_secret"))}


def add_secret(order: Order) -> Any:
    """Accept one more client secret beside those there are."""
    return {"client_secret": order.world.app.add_secret(order.body.get("client_secret"))}


def drop_secret(order: Order) -> Any:
    """Refuse one of several client secrets from now on."""
    order.world.app.drop_secret(order.body["client_secret"])
    return {"client_secret": order.world.app.client_secret}


def rotate_signing_key(order: Order) -> Any:
    """Sign id tokens with a new key; the old one is no longer published."""
    order.world.signing_keys.rotate()
    return {}


def add_certificate(order: Order) -> Any:
    """Register a certificate with which the app may sign its assertions."""
    order.world.app.certificates.append(order.body["pem"].encode())
    return {}


def faults(order: Order) -> Any:
    """The faults in force."""
    return [plain(fault) for fault in order.world.faults.all()]


def add_fault(order: Order) -> Any:
    """Order a fault: the fields of `Fault`, or one of the short forms of docs/sandbox.md."""
    details = dict(order.body)
    if "retry_after_date" in details:
        details["retry_after"] = order.world.clock.http_date(float(details.pop("retry_after_date")))
    if "codes" in details:
        details["codes"] = tuple(details["codes"])
    makers = order.world.faults
    forms: dict[str, Callable[..., Fault]] = {
        "any": makers.add,
        "answer": makers.answer,
        "html": makers.html,
        "error_inside_200": makers.error_inside_200,
        "claims_challenge": makers.claims_challenge,
        "token_error": makers.token_error,
        "google_error": makers.google_error,
        "google_token_error": makers.google_token_error,
        "authorize_error": makers.authorize_error,
        "dav_error": makers.dav_error,
        "redirect": makers.redirect,
        "doctype": makers.doctype,
    }
    return plain(forms[details.pop("form", "any")](**details))


def clear_faults(order: Order) -> Any:
    """Everything works again."""
    order.world.faults.clear()
    return {}
