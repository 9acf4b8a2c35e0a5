"""App-specific passwords: made, revoked one by one, and all at once with a new Apple ID password."""

import hashlib
import hmac
from collections import Counter

from sandbox.world.icloud.settings import ICloudSettings
from sandbox.world.model import Person
from sandbox.world.people import People, UnknownName


class Passwords:
    """The passwords of every Apple ID. Revoked ones are refused from the next request on."""

    def __init__(self, people: People, settings: ICloudSettings) -> None:
        self._people = people
        self._settings = settings
        self._made: Counter[str] = Counter()

    def make(self, who: str | Person, label: str = "calendars") -> str:
        """A new password of this form: abcd-efgh-ijkl-mnop. Raises ValueError where the account can have none."""
        person = self._people.get(who)
        account = person.icloud_account
        if not account.two_factor:
            raise ValueError("app-specific passwords need two-factor authentication")
        if len(account.passwords) >= self._settings.password_limit:
            raise ValueError(f"no more than {self._settings.password_limit} app-specific passwords")
        self._made[person.key] += 1
        password = _letters(f"{person.key}/{self._made[person.key]}")
        account.passwords[password] = label
        return password

    def of(self, who: str | Person) -> str:
        """The oldest one in force; raises UnknownName where there is none."""
        for password in self._people.get(who).icloud_account.passwords:
            return password
        raise UnknownName("app-specific password")

    def revoke(self, who: str | Person, password: str) -> None:
        """Refuse one password from now on; raises UnknownName."""
        if self._people.get(who).icloud_account.passwords.pop(password, None) is None:
            raise UnknownName("app-specific password")

    def revoke_all(self, who: str | Person) -> None:
        """Refuse every password there is."""
        self._people.get(who).icloud_account.passwords.clear()

    def change_apple_id_password(self, who: str | Person, password: str) -> None:
        """Give the Apple ID another password of its own, which revokes every app-specific one."""
        self._people.get(who).icloud_account.apple_id_password = password
        self.revoke_all(who)

    def find(self, user: str, password: str) -> Person | None:
        """Who a user name and an app-specific password belong to."""
        person = self.named(user)
        if person is None:
            return None
        matching = [one for one in person.icloud_account.passwords if self._is(one, password)]
        return person if matching else None

    def named(self, user: str) -> Person | None:
        """Who has this Apple ID, whatever the password."""
        wanted = user.casefold()
        for person in self._people.all():
            if person.icloud is not None and person.email.casefold() == wanted:
                return person
        return None

    def _is(self, password: str, given: str) -> bool:
        forms = [password]
        forms += [password.replace("-", "")] if self._settings.accepts_without_dashes else []
        return any(hmac.compare_digest(form.encode(), given.encode()) for form in forms)


def _letters(seed: str) -> str:
    letters = "".join(chr(ord("a") + byte % 26) for byte in hashlib.sha256(seed.encode()).digest()[:16])
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))
