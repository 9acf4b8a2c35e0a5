"""A fake of giving grants back, at a provider that ends everything a person granted to us."""

from dataclasses import dataclass

from domain.grant import Grant
from tests.fakes.provider import FakeProvider


@dataclass(frozen=True, slots=True)
class FakeGiveBack:
    provider: FakeProvider

    async def give_back(self, grant: Grant) -> None:
        async with self.provider.call("give_back", token=False):
            person = self.provider.person_of(grant)
            if person.holds(grant):
                person.revoke()
