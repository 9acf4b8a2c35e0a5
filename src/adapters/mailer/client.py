"""The SMTP client, with a word before the mail itself is given away, and a memory of whether that was answered."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiosmtplib


class Client(aiosmtplib.SMTP):
    """`before_data` is awaited before the command DATA. `unanswered` is true from then until the server has replied."""

    def __init__(self, *, before_data: Callable[[], Awaitable[None]], **settings: Any) -> None:
        super().__init__(**settings)
        self._before_data = before_data
        self.unanswered = False

    async def data(self, message: str | bytes, **settings: Any) -> aiosmtplib.SMTPResponse:
        await self._before_data()
        self.unanswered = True
        try:
            response = await super().data(message, **settings)
        except aiosmtplib.SMTPDataError:
            self.unanswered = False
            raise
        self.unanswered = False
        return response
