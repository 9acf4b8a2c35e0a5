"""The page on which an administrator approves the app, over HTTP."""

from aiohttp import web

from sandbox.identity import admin_consent
from sandbox.identity.admin_consent import Approval
from sandbox.identity.errors import SignInRefused
from sandbox.identity.pages import render
from sandbox.identity.scopes import DESCRIPTIONS
from sandbox.identity.sign_in import candidates
from sandbox.world.traffic import RequestEntry
from sandbox.world.world import World

_MOST_KEPT = 100


class Approvals:
    """Visits under way, each behind a ticket in its pages."""

    def __init__(self, world: World, app_name: str) -> None:
        self._world = world
        self._app_name = app_name
        self._under_way: dict[str, Approval] = {}

    def add_to(self, app: web.Application) -> None:
        """Serve below every tenant of an application."""
        app.router.add_get("/{authority}/v2.0/adminconsent", self.begin)
        app.router.add_post("/adminconsent", self.answer_page)

    def forget(self) -> None:
        """Drop the visits under way."""
        self._under_way.clear()

    async def begin(self, request: web.Request) -> web.Response:
        """The link was opened: who is it?"""
        try:
            approval = admin_consent.read_request(self._world, request.match_info["authority"], request.query)
        except SignInRefused as refusal:
            return self._logged(render("problem", status=400, text=refusal.description), approval=None)
        while len(self._under_way) >= _MOST_KEPT:
            self._under_way.pop(next(iter(self._under_way)))
        self._under_way[approval.ticket] = approval
        people = candidates(self._world, approval.authority)
        page = render("accounts", ticket=approval.ticket, people=people, action="/adminconsent")
        return self._logged(page, approval)

    async def answer_page(self, request: web.Request) -> web.Response:
        """What was chosen on a page."""
        form = await request.post()
        approval = self._under_way.get(str(form.get("ticket", "")))
        if approval is None:
            return render("problem", status=400, text="This page has expired. Please open the link again.")
        if form.get("decision") == "cancel":
            return self._end(approval, admin_consent.decline(approval))
        if form.get("decision") == "accept" and approval.person is not None:
            return self._end(approval, admin_consent.approve(self._world, approval))
        try:
            admin_consent.pick(self._world, approval, str(form.get("account", "")))
        except SignInRefused as refusal:
            return render("problem", status=403, text=refusal.description)
        return render(
            "adminconsent",
            ticket=approval.ticket,
            app=self._app_name,
            person=approval.person,
            scopes=approval.scopes,
            descriptions=DESCRIPTIONS,
        )

    def _end(self, approval: Approval, url: str) -> web.Response:
        del self._under_way[approval.ticket]
        return web.Response(status=302, headers={"Location": url, "Cache-Control": "no-store"})

    def _logged(self, page: web.Response, approval: Approval | None) -> web.Response:
        entry = RequestEntry(
            at=self._world.clock.now(),
            surface="adminconsent",
            method="GET",
            path="/{tenant}/v2.0/adminconsent",
            person=approval.person.key if approval and approval.person else None,
            status=page.status,
        )
        self._world.traffic.requests.append(entry)
        return page
