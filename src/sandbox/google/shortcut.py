"""A sign-in at Google without a browser: what a person would click, decided beforehand."""

from collections.abc import Iterable
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from sandbox.google import sign_in
from sandbox.google.scopes import parse
from sandbox.google.sign_in import Redirect
from sandbox.world.model import Person
from sandbox.world.world import World

Decision = Literal["accept", "cancel"]


def authorize_as(
    world: World,
    authorization_url: str,
    who: str | Person,
    *,
    decision: Decision = "accept",
    grant: Iterable[str] | None = None,
) -> Redirect:
    """Walk the pages of an authorization URL as one person and return the way back to the app.

    "accept" takes the consent page with all boxes ticked, or only those of `grant`; "cancel" backs out. Raises
    SignInRefused where the sign-in ends on Google's own page, and ValueError for a person without a Google account.
    """
    query = dict(parse_qsl(urlsplit(authorization_url).query, keep_blank_values=True))
    request = sign_in.read_request(world, query)
    person = world.people.get(who)
    if person.google is None:
        raise ValueError(f"{person.key} has no Google account")
    under_way = sign_in.SignIn(request=request, person=person)
    if decision == "cancel":
        return sign_in.refuse(under_way)
    step = sign_in.proceed(world, under_way)
    if isinstance(step, Redirect):
        return step
    ticked = request.scopes if grant is None else parse(" ".join(grant))
    return sign_in.accept(world, under_way, ticked)
