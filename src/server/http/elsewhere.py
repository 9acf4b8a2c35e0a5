"""Sends browsers on whose link means something in another cell: its expert went there."""

from dataclasses import dataclass

from aiohttp import web

from application.cells.find_address import FindAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    find_address: FindAddress

    async def __call__(self, request: web.Request, secret: str) -> web.StreamResponse | None:
        """The redirect to the same page there, a form's with the form; None where the link leads nowhere."""
        address = await self.find_address(secret)
        if address is None:
            return None
        return web.Response(status=307, headers={"Location": address + request.rel_url.raw_path_qs})
