"""The service's own sign-in page, gone through as by somebody who types."""

import html
import re
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from sandbox.world.world import World


class NotLedOn(Exception):
    """The page let nobody on: by its status, another try may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPage:
    """`base` is the address of our own side, to which the form is sent."""

    http: aiohttp.ClientSession
    base: str
    world: World

    async def __call__(self, url: str, person: str, *, cancels: bool = False) -> str:
        """Open the page, and type an app-specific password that is in force; where it leads on to then.

        Raises NotLedOn, and ValueError for somebody who can have no such password.
        """
        async with self.http.get(url) as answer:
            if answer.status != HTTPStatus.OK:
                raise NotLedOn(answer.status)
            page = await answer.text()
        if cancels:
            return _attribute(page, '<a id="cancel" href')
        typed = {"form": _attribute(page, 'name="form" value'), **self._login(person)}
        action = self.base + _attribute(page, '<form method="post" action')
        async with self.http.post(action, data=typed) as answer:
            if answer.status != HTTPStatus.OK:
                raise NotLedOn(answer.status)
            leads_on = _attribute(await answer.text(), '<meta http-equiv="refresh" content')
        return leads_on.partition("url=")[2]

    def _login(self, person: str) -> dict[str, str]:
        """A new password, if the last one was revoked."""
        who = self.world.people.get(person)
        password = next(iter(who.icloud_account.passwords), None) or self.world.icloud.passwords.make(who)
        return {"name": who.email, "password": password}


def _attribute(page: str, begins: str) -> str:
    """The value of the attribute that begins so, the first time that it stands on the page."""
    found = re.search(re.escape(begins) + '="([^"]*)"', page)
    assert found is not None, page
    return html.unescape(found[1])
