"""Ending at the provider what a person has granted to us."""

from typing import Protocol

from domain.grant import Grant


class GiveBack(Protocol):
    async def give_back(self, grant: Grant) -> None:
        """From now on the grant is worth nothing, and so may be every other one that this person gave us, whichever
        account it is stored for.

        One that is worth nothing already counts as given back. Raises ProviderUnavailable, ProviderMisconfigured,
        InvalidAnswer.
        """
        ...
