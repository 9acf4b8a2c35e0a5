"""People who walk providers' pages, so that states, codes and accounts are known."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import aiohttp
import grpc.aio
from google.protobuf.message import Message
from hypothesis import strategies as st
from yarl import URL

from calendarsync.v1.account_pb2 import Provider as AtProvider
from calendarsync.v1.account_service_pb2 import (
    CompleteConnectionRequest,
    CompleteConnectionResponse,
    StartConnectionRequest,
    StartConnectionResponse,
)
from domain.account import Provider
from sandbox import Sandbox
from sandbox.google.shortcut import authorize_as as authorize_at_google
from sandbox.google.sign_in import SignInRefused
from sandbox.identity.shortcut import authorize_as
from sandbox.world.world import World
from server.http.links import callback_path
from tests.fuzz.calls import NEVER
from tests.fuzz.known import Known
from tests.fuzz.values import EXPERTS
from tests.fuzz.visits import exchange, judged
from tests.support.calls import REDIRECT_URI, RETURN_URL, parameters
from tests.support.password_page import NotLedOn, PasswordPage

SERVICE: Final = "/calendarsync.v1.AccountService/"
AT_GOOGLE: Final = ("gina", "walter", "wilma", "nocalendar", "governed")
AT_APPLE: Final = ("ida", "ines", "subscriber", "oddhome", "onefactor")
AT_MICROSOFT: Final = ("anna", "ben", "carla", "dora", "nadia", "unlicensed", "onprem", "approval")
PEOPLE: Final = (*AT_MICROSOFT, *AT_GOOGLE, *AT_APPLE)
OF_THE_FIRST: Final = ("anna", "gina", "carla", "walter", "ida")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Finished where it says so; a call or a visit that picks its state and code may finish it otherwise."""

    expert_id: str
    person: str
    destination: Literal["", "return_url", "redirect_uri"]
    decision: Literal["accept", "cancel"]
    finished: bool

    async def make(
        self, channel: grpc.aio.Channel, http_port: int, sandbox: Sandbox, known: Known
    ) -> tuple[str, list[str]]:
        """How the last step of it ended, and what is wrong with that."""
        try:
            return await self._make(channel, http_port, sandbox, known)
        except grpc.aio.AioRpcError as error:
            return error.code().name, [f"failed with {error.code().name}"] if error.code() in NEVER else []

    async def _make(
        self, channel: grpc.aio.Channel, http_port: int, sandbox: Sandbox, known: Known
    ) -> tuple[str, list[str]]:
        started = await _send(channel, "StartConnection", self._request(), StartConnectionResponse)
        known.learn(started)
        try:
            back = await self._walk(started.authorization_url, http_port, sandbox.world)
        except (ValueError, SignInRefused, NotLedOn):
            return "no way back", []
        if not self.finished:
            known.learn_url(back)
            return "left open", []
        if self.destination == "redirect_uri":
            told = parameters(back)
            request = CompleteConnectionRequest(
                expert_id=self.expert_id,
                **{name: told.get(name, "") for name in ("state", "code", "error", "error_description")},
            )
            known.learn(await _send(channel, "CompleteConnection", request, CompleteConnectionResponse))
            return "completed", []
        query = back.partition("?")[2]
        path = callback_path(Provider[self._provider])
        raw = f"GET {path}?{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        return judged(await exchange(http_port, raw.encode()), known)

    async def _walk(self, url: str, http_port: int, world: World) -> str:
        if self.person in AT_APPLE:
            async with aiohttp.ClientSession() as http:
                base = f"http://127.0.0.1:{http_port}"
                walk = PasswordPage(http=http, base=base, world=world)
                page = base + URL(url).raw_path_qs
                return await walk(page, self.person, cancels=self.decision == "cancel")
        authorize = authorize_at_google if self.person in AT_GOOGLE else authorize_as
        return authorize(world, url, self.person, decision=self.decision).url

    @property
    def _provider(self) -> str:
        if self.person in AT_APPLE:
            return "APPLE"
        return "GOOGLE" if self.person in AT_GOOGLE else "MICROSOFT"

    def _request(self) -> StartConnectionRequest:
        provider = AtProvider.Value(f"PROVIDER_{self._provider}")
        request = StartConnectionRequest(expert_id=self.expert_id, provider=provider)
        if self.destination:
            setattr(
                request, self.destination, RETURN_URL if self.destination == "return_url" else REDIRECT_URI
            )
        return request


async def _send(channel: grpc.aio.Channel, method: str, request: Message, response: type[Message]) -> Any:
    send: Any = channel.unary_unary(SERVICE + method)
    return response.FromString(await send(request.SerializeToString(), timeout=30))


sign_ins: Final = st.builds(
    SignIn,
    expert_id=st.sampled_from(EXPERTS),
    person=st.sampled_from(PEOPLE),
    destination=st.sampled_from(["", "return_url", "return_url", "redirect_uri", "redirect_uri"]),
    decision=st.sampled_from(["accept", "accept", "accept", "cancel"]),
    finished=st.sampled_from([True, True, False]),
)
FIRST: Final = tuple(
    SignIn(expert_id=expert_id, person=person, destination="redirect_uri", decision="accept", finished=True)
    for expert_id, person in zip(EXPERTS, OF_THE_FIRST, strict=False)
)
"""Made before anything else."""
