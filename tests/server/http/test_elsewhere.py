"""Links of experts who went to another cell: browsers are sent on, with all that they brought."""

from domain.cell import MovedExpert
from domain.ids import ExpertId
from tests.builders import EXPERT, NOW
from tests.server.http.browser import Browser
from tests.server.served import World

WEST = "https://calendars.example/west"
TOKEN = "t" * 43


def _moves(world: World, secret: str, *, arrived: bool = True) -> None:
    expert_id = ExpertId(EXPERT)
    tables = world.store.tables
    tables.moved[expert_id] = MovedExpert(expert_id=expert_id, cell="west", moved_at=NOW, arrived=arrived)
    tables.moved_links[secret] = (expert_id, WEST)


async def test_the_link_of_a_mail_leads_on(world: World, browser: Browser) -> None:
    _moves(world, TOKEN)
    page = await browser.get(f"/reconnect/{TOKEN}")
    assert (page.status, page.headers["Location"]) == (307, f"{WEST}/reconnect/{TOKEN}")


async def test_a_sign_in_that_was_begun_here_is_finished_there(world: World, browser: Browser) -> None:
    _moves(world, "state-1")
    path = "/oauth/microsoft/callback?code=a%26b&state=state-1&session_state=x"
    page = await browser.get(path)
    assert (page.status, page.headers["Location"]) == (307, WEST + path)
    # With a form the browser sends the form again.
    posted = await browser.get("/oauth/microsoft/callback", "POST", data={"code": "abc", "state": "state-1"})
    assert (posted.status, posted.headers["Location"]) == (307, f"{WEST}/oauth/microsoft/callback")


async def test_links_that_lead_nowhere_do_so_still(world: World, browser: Browser) -> None:
    _moves(world, TOKEN, arrived=False)
    for path in (
        f"/reconnect/{TOKEN}",
        f"/reconnect/{'u' * 43}",
        "/oauth/microsoft/callback?code=a&state=other",
    ):
        assert (await browser.get(path)).status == 404
