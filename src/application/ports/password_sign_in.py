"""Proving who somebody is by a name and a password that they typed, where a provider has no sign-in pages for us."""

from typing import Protocol

from application.ports.sign_in import SignedIn


class PasswordSignIn(Protocol):
    async def prove(self, name: str, password: str) -> SignedIn:
        """Who this is, and the grant, which holds the password.

        Both are as they were typed, any text at all: blanks around, missing dashes and the like are forgiven here, and
        neither is in what is raised. What isn't shaped like the kind of password that is needed is not sent anywhere.

        Raises LooksLikeNormalPassword, WrongPassword, MailboxNotServed, PermissionsMissing, BlockedByOrganisation,
        ProviderUnavailable, ProviderMisconfigured.
        """
        ...
