"""A sign-in without a browser: what a person would click, decided beforehand."""

from collections.abc import Iterable
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from sandbox.identity import sign_in
from sandbox.identity.errors import OAuthError
from sandbox.identity.scopes import parse
from sandbox.identity.sign_in import Redirect
from sandbox.world.model import Person
from sandbox.world.world import World

Decision = Literal["accept", "cancel", "admin"]


def authorize_as(
    world: World,
    authorization_url: str,
    who: str | Person,
    *,
    decision: Decision = "accept",
    grant: Iterable[str] | None = None,
) -> Redirect:
    """Walk the pages of an authorization URL as one person and return the way back to the app.

    "accept" takes the consent page with all boxes ticked, or only those of `grant`; "cancel" backs out of it;
    "admin" asks the administrator and then goes back (ValueError where no approval page is shown). A page that can't be
    accepted (approval required) is backed out of. Raises SignInRefused where the app would get no redirect,
    and ValueError for a person the authority doesn't admit.
    """
    parts = urlsplit(authorization_url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    request = sign_in.read_request(world, parts.path.split("/")[1], query)
    person = world.people.get(who)
    if person not in sign_in.candidates(world, request.authority):
        raise ValueError(f"{person.key} can't sign in through {request.authority}")
    under_way = sign_in.SignIn(request=request, person=person, password_given=True)
    try:
        sign_in.check_request(query)
        step = sign_in.proceed(world, under_way) if decision != "cancel" else sign_in.refuse(under_way)
        if isinstance(step, Redirect):
            return step
        if step == "approval" and decision == "admin":
            world.grants.request_approval(person)
        if step != "consent":
            return sign_in.refuse(under_way)
        if decision == "admin":
            raise ValueError(f"{person.key} has no administrator to ask: the consent page is shown")
        asked = sign_in.asked_of(under_way)
        granted = frozenset(asked) if grant is None else parse(" ".join(grant))
        return sign_in.accept(world, under_way, granted)
    except OAuthError as error:
        return sign_in.send_error(request, error)
