"""Find out to which cell a link leads now that leads here no more."""

from dataclasses import dataclass

from application.ports.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class FindAddress:
    store: Store

    async def __call__(self, secret: str) -> str | None:
        """The public address of the cell in which the link with this secret means something, if there is one."""
        async with self.store.transaction() as tx:
            return await tx.moved.address_of(secret)
