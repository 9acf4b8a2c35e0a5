"""The people and tenants of the sandbox, and the switches of each."""

import hashlib
import uuid
from dataclasses import fields
from typing import Any

from sandbox.world.choices import require_choices
from sandbox.world.google.account import GoogleAccount
from sandbox.world.icloud.account import ICloudAccount
from sandbox.world.model import PERSONAL_TENANT, Person, Tenant

_NAMESPACE = uuid.UUID("6f0c6c4e-2f7e-4a43-9c55-4b8a5d1f6c11")
_SETTINGS = frozenset(
    {
        "name",
        "email",
        "mail",
        "time_zone",
        "mailbox",
        "scope_spelling",
        "calendar_list",
        "default_calendar",
        "email_claim",
        "administrator",
    }
)


class UnknownName(LookupError):
    """Nobody and nothing has that key, e-mail address or id."""


class People:
    """Everybody who can sign in, by key (`"anna"`), e-mail address, object id, Google's `sub` or iCloud's number."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self._tenants: dict[str, Tenant] = {}

    def all(self) -> list[Person]:
        """Everybody, in the order of the account picker."""
        return list(self._people.values())

    def tenants(self) -> list[Tenant]:
        """Every tenant, that of personal accounts included."""
        return list(self._tenants.values())

    def get(self, who: str | Person) -> Person:
        """The person of a key, e-mail address or object id; raises UnknownName."""
        if isinstance(who, Person):
            return who
        wanted = who.casefold()
        for person in self._people.values():
            sub = person.google.sub if person.google else None
            number = person.icloud.number if person.icloud else None
            if wanted in (person.key, person.email.casefold(), person.oid, sub, number):
                return person
        raise UnknownName(who)

    def tenant(self, which: str | Tenant) -> Tenant:
        """The tenant of an id or domain; raises UnknownName."""
        if isinstance(which, Tenant):
            return which
        for tenant in self._tenants.values():
            if which.casefold() in (tenant.id, tenant.domain):
                return tenant
        raise UnknownName(which)

    def add_tenant(self, domain: str, name: str, *, personal: bool = False, **settings: Any) -> Tenant:
        """Add an organisation. Its id follows from its domain, so that it is the same in every run."""
        tenant_id = PERSONAL_TENANT if personal else str(uuid.uuid5(_NAMESPACE, domain))
        tenant = Tenant(id=tenant_id, domain=domain, name=name, **settings)
        self._tenants[tenant.id] = tenant
        return tenant

    def add(self, key: str, name: str, email: str, tenant: str | Tenant, **settings: Any) -> Person:
        """Add a person without calendars (see `Calendars.add`). `settings` are fields of `Person`."""
        home = self.tenant(tenant)
        oid = str(uuid.uuid5(_NAMESPACE, key))
        if home.is_personal:
            # Personal accounts have object ids of this form: only the last 16 digits are theirs.
            oid = f"00000000-0000-0000-{oid[19:]}"
        person = Person(key=key, name=name, email=email, tenant=home, oid=oid, **({"mail": email} | settings))
        if person.guest_of is not None:
            person.guest_oid = str(uuid.uuid5(_NAMESPACE, f"{key}@{person.guest_of.domain}"))
        self._people[key] = person
        return person

    def add_google(
        self, key: str, name: str, email: str, *, workspace: bool = False, **settings: Any
    ) -> Person:
        """Add a person with a Google account, a Workspace's or a personal one. `settings` are fields of `Person`."""
        domain = email.partition("@")[2]
        if domain not in {tenant.domain for tenant in self.tenants()}:
            self.add_tenant(domain, domain)
        sub = str(10**20 + int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]))
        account = GoogleAccount(sub=sub, hosted_domain=domain if workspace else None)
        return self.add(key, name, email, domain, google=account, **settings)

    def add_icloud(self, key: str, name: str, email: str, **settings: Any) -> Person:
        """Add a person with an iCloud account. `settings` are fields of `Person`."""
        domain = email.partition("@")[2]
        if domain not in {tenant.domain for tenant in self.tenants()}:
            self.add_tenant(domain, domain)
        number = str(10**9 + int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) % (9 * 10**9))
        account = ICloudAccount(number=number, addresses=[email])
        return self.add(key, name, email, domain, icloud=account, **settings)

    def change_icloud(self, who: str | Person, **settings: Any) -> Person:
        """Set switches of a person's iCloud account: the fields of `ICloudAccount` but `number` and `passwords`."""
        person = self.get(who)
        allowed = {field.name for field in fields(ICloudAccount)} - {"number", "passwords"}
        _assign(person.icloud_account, settings, frozenset(allowed))
        return person

    def change_google(self, who: str | Person, **settings: Any) -> Person:
        """Set switches of a person's Google account: the fields of `GoogleAccount` but `sub`."""
        person = self.get(who)
        allowed = {field.name for field in fields(GoogleAccount)} - {"sub"}
        _assign(person.google_account, settings, frozenset(allowed))
        return person

    def change(self, who: str | Person, **settings: Any) -> Person:
        """Set switches of a person: name, email, mail, time_zone, mailbox, scope_spelling, calendar_list,
        default_calendar, email_claim, administrator. Raises ValueError for another name."""
        person = self.get(who)
        _assign(person, settings, _SETTINGS)
        return person

    def change_tenant(self, which: str | Tenant, **settings: Any) -> Tenant:
        """Set `consent` ("user", "admin", "admin_error"), `approved` or `refuses` of a tenant."""
        tenant = self.tenant(which)
        _assign(tenant, settings, frozenset({"consent", "approved", "refuses"}))
        return tenant


def _assign(target: object, settings: dict[str, Any], allowed: frozenset[str]) -> None:
    if unknown := settings.keys() - allowed:
        raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
    require_choices(type(target), settings)
    for name, value in settings.items():
        setattr(target, name, value)
