"""The sandbox as a whole: its servers, their addresses, and its life from start to stop."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from sandbox.answers import Hangs
from sandbox.control.server import ControlServer
from sandbox.delivery import Delivery
from sandbox.google import accounts_server as accounts
from sandbox.google.accounts_server import GoogleAccountsServer
from sandbox.google.calendar_server import BASE, GoogleCalendarServer
from sandbox.graph.server import GraphServer
from sandbox.https import authority, serve, serve_also_plain
from sandbox.icloud.server import HOSTS, ICloudServer
from sandbox.identity.server import IdentityServer
from sandbox.mail_sink import Mail, MailSink
from sandbox.world.app import App
from sandbox.world.world import World


class Sandbox:
    """A running stand-in for Microsoft, Google and iCloud. Open one with `async with Sandbox.start() as sandbox:`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hangs = Hangs()
        self.mail_sink = MailSink()
        self.delivery = Delivery(world)
        world.send = self.delivery.send
        world.send_ring = self.delivery.ring
        self.ca_file = Path()
        self.control_url = ""
        self.smtp_url = ""
        self._base = ""
        self._browsers_base = ""
        self.identity = IdentityServer(world, self.hangs, lambda: self._base, lambda: self._browsers_base)
        self.graph = GraphServer(
            world, self.hangs, lambda: self.authority, lambda: self.graph_url, self.delivery
        )

        self.google_accounts = GoogleAccountsServer(
            world, self.hangs, lambda: self._base, lambda: self._browsers_base
        )
        self.google_calendars = GoogleCalendarServer(world, self.hangs, self.delivery)
        self.icloud = ICloudServer(world, self.hangs)

    @property
    def authority(self) -> str:
        """The authority to configure, for work and personal accounts alike."""
        return f"{self._base}/common"

    @property
    def graph_url(self) -> str:
        """The base address of Graph."""
        return f"{self._base}/v1.0"

    @property
    def base_url(self) -> str:
        """The address of the identity platform without a tenant, for issuers and other authorities."""
        return self._base

    @property
    def client_id(self) -> str:
        """The id of the one registered app."""
        return self.world.app.client_id

    @property
    def client_secret(self) -> str:
        """The app's present secret."""
        return self.world.app.client_secret

    @property
    def google_authorization_url(self) -> str:
        """Where a sign-in at Google begins."""
        return self._browsers_base + accounts.AUTHORIZE

    @property
    def google_token_url(self) -> str:
        """Google's token endpoint."""
        return self._base + accounts.TOKEN

    @property
    def google_revocation_url(self) -> str:
        """Where a grant is given back to Google."""
        return self._base + accounts.REVOKE

    @property
    def google_keys_url(self) -> str:
        """Google's public signing keys."""
        return self._base + accounts.KEYS

    @property
    def google_userinfo_url(self) -> str:
        """Who a token of Google's is for."""
        return self._base + accounts.USERINFO

    @property
    def google_calendar_url(self) -> str:
        """The base address of Google's Calendar API."""
        return self._base + BASE

    @property
    def google_client_id(self) -> str:
        """The id of the one app registered at Google."""
        return self.world.google.app.client_id

    @property
    def google_client_secret(self) -> str:
        """That app's present secret."""
        return self.world.google.app.client_secret

    @property
    def icloud_url(self) -> str:
        """Where clients of iCloud begin."""
        return self.icloud.bases["front"]

    @property
    def icloud_partition_urls(self) -> list[str]:
        """The hosts that iCloud names in its answers, and that a client may send a password to."""
        return [self.icloud.bases["p37"], self.icloud.bases["p143"]]

    @property
    def foreign_url(self) -> str:
        """A host that is not Apple's, where a password must never arrive."""
        return self.icloud.bases["foreign"]

    @property
    def mails(self) -> list[Mail]:
        """Every mail that arrived, the oldest first."""
        return self.mail_sink.mails

    async def reset(self) -> None:
        """Back to the starting personas; faults, tokens, consents, subscriptions, records and mails are gone."""
        self.hangs.release()
        self.world.reset()
        await self.delivery.forget()
        self.identity.forget()
        self.google_accounts.forget()
        self.mail_sink.reset()

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        icloud_port: int = 0,
        control_port: int = 0,
        smtp_port: int = 0,
        ca_file: Path | None = None,
        client_id: str = "sandbox-client",
        client_secret: str = "sandbox-secret",  # noqa: S107 - the made-up secret of a made-up app
        google_client_id: str = "sandbox-google-client",
        google_client_secret: str = "sandbox-google-secret",  # noqa: S107 - likewise
        redirect_prefixes: tuple[str, ...] = (),
        plain_sign_in: bool = False,
    ) -> AsyncIterator["Sandbox"]:
        """Serve on free ports, or on those given; everything stops when the block ends.

        `ca_file` is where to write the authority's certificate (None: a temporary file). With `plain_sign_in`, browsers
        are led to sign-in pages without TLS on this machine, as they don't know that authority.
        """
        app = App(client_id=client_id, client_secret=client_secret, redirect_prefixes=redirect_prefixes)
        google_app = App(
            client_id=google_client_id,
            client_secret=google_client_secret,
            redirect_prefixes=redirect_prefixes,
        )
        sandbox = cls(World(app, google_app))
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="sandbox-")))
            sandbox.ca_file = ca_file or folder / "ca.pem"
            sandbox.ca_file.write_bytes(authority().pem)
            await sandbox.delivery.open()
            stack.push_async_callback(sandbox.delivery.close)
            await sandbox._open_providers(stack, host, port, plain_sign_in=plain_sign_in)
            await sandbox._open_control_and_mail(stack, host, control_port, smtp_port)
            await sandbox._open_icloud(stack, host, icloud_port)
            stack.callback(sandbox.hangs.release)
            yield sandbox

    async def _open_providers(
        self, stack: AsyncExitStack, host: str, port: int, *, plain_sign_in: bool
    ) -> None:
        public = web.Application()
        self.identity.add_to(public)
        self.graph.add_to(public)
        self.google_accounts.add_to(public)
        self.google_calendars.add_to(public)
        runner, port = await serve(public, host, port, tls=True)
        stack.push_async_callback(runner.cleanup)
        self._base = self._browsers_base = f"https://localhost:{port}"
        if plain_sign_in:
            self._browsers_base = f"http://localhost:{await serve_also_plain(runner)}"

    async def _open_control_and_mail(
        self, stack: AsyncExitStack, host: str, control_port: int, smtp_port: int
    ) -> None:
        control = web.Application()
        ControlServer(self.world, self.mail_sink, self.reset).add_to(control)
        # The control API can do anything, so it is never served beyond this machine.
        runner, port = await serve(control, "127.0.0.1", control_port, tls=False)
        stack.push_async_callback(runner.cleanup)
        self.control_url = f"http://127.0.0.1:{port}"

        port = await self.mail_sink.start(host, smtp_port)
        stack.push_async_callback(self.mail_sink.stop)
        self.smtp_url = f"smtp://127.0.0.1:{port}"

    async def _open_icloud(self, stack: AsyncExitStack, host: str, front_port: int) -> None:
        """Each of its hosts is a port of its own here."""
        for name in HOSTS:
            wanted = front_port if name == "front" else 0
            runner, port = await serve(self.icloud.app(name), host, wanted, tls=True)
            stack.push_async_callback(runner.cleanup)
            self.icloud.bases[name] = f"https://localhost:{port}"
