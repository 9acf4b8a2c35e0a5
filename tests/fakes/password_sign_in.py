"""A fake of proving passwords: those that its people made are right, and anything of another shape is a normal one."""

import re

from application.ports.sign_in import SignedIn
from domain.password_sign_in import LooksLikeNormalPassword, WrongPassword
from tests.fakes.provider import FakeProvider

_LETTERS = re.compile(r"[a-z]{16}")


class FakePasswordSignIn:
    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider

    async def prove(self, name: str, password: str) -> SignedIn:
        letters = "".join(password.split()).replace("-", "").lower()
        if not _LETTERS.fullmatch(letters):
            raise LooksLikeNormalPassword
        async with self.provider.call("prove", token=False):
            groups = "-".join(letters[first : first + 4] for first in range(0, 16, 4))
            person = self.provider.app_passwords.get(groups)
            if person is None or person.email != name.strip().lower():
                raise WrongPassword
            person.require_mailbox()
            return SignedIn(
                identity=person.identity,
                kind=person.kind,
                email=person.email,
                display_name=person.display_name,
                grant=self.provider.grant_for(person),
            )
