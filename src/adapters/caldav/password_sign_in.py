"""Signing in with an Apple ID and an app-specific password: the same two requests that tell whose it is prove it."""

import asyncio
from dataclasses import dataclass

from adapters.caldav.discovery import Discovered, Discovery
from adapters.caldav.errors import translated
from adapters.caldav.grants import first_grant
from adapters.caldav.login import Login, app_specific, login_from
from adapters.caldav.settings import AppleSettings
from adapters.web.outside_text import address_from
from application.ports.sign_in import SignedIn
from domain.access import AccessDenied, InvalidAnswer, ProviderUnavailable
from domain.account import AccountKind
from domain.password_sign_in import LooksLikeNormalPassword, WrongPassword


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplePasswordSignIn:
    discovery: Discovery
    settings: AppleSettings

    async def prove(self, name: str, password: str) -> SignedIn:
        """One refusal is enough here: nobody loses anything by it, and the person can try again."""
        if self.settings.app_specific_passwords and app_specific(password) is None:
            raise LooksLikeNormalPassword
        login = login_from(name, password)
        try:
            async with asyncio.timeout(self.settings.sign_in_timeout.total_seconds()):
                with translated(gone=ProviderUnavailable, password=WrongPassword()):
                    found = await self.discovery.walk(login)
        except (AccessDenied, InvalidAnswer, TimeoutError) as exc:
            raise ProviderUnavailable from exc
        return SignedIn(
            identity=found.identity,
            kind=AccountKind.PERSONAL,
            email=_address(login, found),
            display_name=found.display_name,
            grant=first_grant(login, found),
        )


def _address(login: Login, found: Discovered) -> str:
    """An Apple ID may be a telephone number."""
    candidates = (login.username, *found.addresses)
    return next((one for one in map(address_from, candidates) if "@" in one), "")
