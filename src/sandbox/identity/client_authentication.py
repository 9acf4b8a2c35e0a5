"""How the app proves itself at the token endpoint: a secret, or a signed assertion."""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.identity.errors import OAuthError
from sandbox.world.world import World

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def authenticate(world: World, authority: str, form: Mapping[str, str], authorization: str) -> None:
    """Check the client's credential (client_secret_post, client_secret_basic or private_key_jwt).

    Raises OAuthError, with status 401 where the credential is wrong.
    """
    client_id, secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret"))
    if client_id != world.app.client_id:
        raise OAuthError("unauthorized_client", 700016, "Application was not found in the directory.")
    if form.get("client_assertion_type") == _ASSERTION:
        _check_assertion(world, authority, form.get("client_assertion", ""))
    elif secret is None:
        text = "The request body must contain the parameter 'client_assertion' or 'client_secret'."
        raise OAuthError("invalid_client", 7000218, text, status=401)
    elif not world.app.accepts(secret):
        raise OAuthError("invalid_client", 7000215, "Invalid client secret provided.", status=401)


def _check_assertion(world: World, authority: str, assertion: str) -> None:
    for pem in world.app.certificates:
        key = x509.load_pem_x509_certificate(pem).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            continue
        try:
            claims = jwt.decode(
                assertion,
                key,
                algorithms=["RS256", "PS256"],
                audience=f"{authority}/oauth2/v2.0/token",
                options={"require": ["exp", "aud", "iss", "sub"]},
            )
        except jwt.InvalidTokenError:
            continue
        if claims["iss"] == claims["sub"] == world.app.client_id:
            return
    raise OAuthError("invalid_client", 700027, "The client assertion is not valid.", status=401)


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.casefold() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(client_id), unquote_plus(secret)
