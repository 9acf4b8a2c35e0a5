"""Orders about Google, for callers in other processes."""

from sandbox import Sandbox
from tests.sandbox.client import Control, Http, parameters_of
from tests.sandbox.google.calendar import Calendars
from tests.sandbox.google.client import LIST, authorization_url, exchange, refresh, tokens, who


async def test_signs_in_as_a_person(control: Control, sandbox: Sandbox, http: Http) -> None:
    order = {"authorization_url": authorization_url(sandbox), "person": "gina", "grant": [LIST]}
    answer = await control("POST", "/authorize-as", **order)
    found = (await exchange(http, sandbox, parameters_of(answer["redirect_url"])["code"])).json
    assert LIST in found["scope"].split()
    assert len(found["scope"].split()) == 3
    refused = await control("POST", "/authorize-as", **order, decision="cancel")
    assert parameters_of(refused["redirect_url"])["error"] == "access_denied"


async def test_says_why_a_sign_in_ends_on_googles_page(control: Control, sandbox: Sandbox) -> None:
    order = {"authorization_url": authorization_url(sandbox), "person": "governed"}
    reply = await control.order("POST", "/authorize-as", **order)
    assert reply.status == 400
    assert "admin_policy_enforced" in reply.json["problem"]
    nobody = await control.order("POST", "/authorize-as", **order | {"person": "anna"})
    assert nobody.json == {"problem": "ValueError: anna has no Google account"}


async def test_people_of_each_provider_are_listed_apart(control: Control) -> None:
    at_google = {person["key"] for person in await control("GET", "/google/people")}
    at_microsoft = {person["key"] for person in await control("GET", "/people")}
    assert {"gina", "walter", "wilma", "nocalendar", "governed"} == at_google
    assert "anna" in at_microsoft
    assert not at_google & at_microsoft


async def test_switches_of_an_account(control: Control) -> None:
    changed = await control("PATCH", "/google/people/gina", refuses="invalid_rapt", trusted=True)
    assert (changed["refuses"], changed["trusted"]) == ("invalid_rapt", True)
    for wrong in ({"refuses": "to talk"}, {"sub": "1"}):
        assert (await control.order("PATCH", "/google/people/gina", **wrong)).status == 400
    assert (await control.order("PATCH", "/google/people/anna", trusted=True)).status == 400


async def test_ends_consents_and_tokens(control: Control, sandbox: Sandbox, http: Http) -> None:
    first = await tokens(sandbox, http)
    await control("POST", "/google/people/gina/expire-access-tokens")
    assert (await who(http, sandbox, first["access_token"])).status == 401
    assert (await refresh(http, sandbox, first["refresh_token"])).status == 200
    await control("POST", "/google/people/gina/end-consent")
    assert (await refresh(http, sandbox, first["refresh_token"])).json["error"] == "invalid_grant"


async def test_settings_secrets_and_keys(control: Control, sandbox: Sandbox, http: Http) -> None:
    assert (await control("PATCH", "/google/settings", in_testing=True))["in_testing"] is True
    assert (await control("GET", "/google/settings"))["refresh_token_limit"] == 100
    assert (await control.order("PATCH", "/google/settings", issuer="example.com")).status == 400
    added = await control("POST", "/google/client/add-secret")
    await control("POST", "/google/client/drop-secret", client_secret="sandbox-google-secret")
    assert sandbox.google_client_secret == added["client_secret"]
    rotated = await control("POST", "/google/client/rotate-secret", client_secret="fresh")
    assert rotated == {"client_secret": "fresh"}
    before = (await http.request("GET", sandbox.google_keys_url)).json["keys"]
    await control("POST", "/google/signing-keys/rotate")
    assert (await http.request("GET", sandbox.google_keys_url)).json["keys"][0] == before[1]


async def test_orders_faults_of_the_token_endpoint(control: Control, sandbox: Sandbox, http: Http) -> None:
    await control("POST", "/faults", form="google_token_error", error="invalid_grant", subtype="invalid_rapt")
    first = authorization_url(sandbox)
    answer = await control("POST", "/authorize-as", authorization_url=first, person="gina")
    reply = await exchange(http, sandbox, parameters_of(answer["redirect_url"])["code"])
    assert (reply.status, reply.json["error_subtype"]) == (400, "invalid_rapt")


async def test_every_address_is_named_by_the_discovery_document(sandbox: Sandbox, http: Http) -> None:
    base = sandbox.base_url
    found = (await http.request("GET", f"{base}/.well-known/openid-configuration")).json
    assert found["authorization_endpoint"] == sandbox.google_authorization_url
    assert found["token_endpoint"] == sandbox.google_token_url
    assert found["revocation_endpoint"] == sandbox.google_revocation_url
    assert found["jwks_uri"] == sandbox.google_keys_url
    assert found["userinfo_endpoint"] == sandbox.google_userinfo_url


async def test_calendars_and_how_they_stand_in_a_list(control: Control) -> None:
    listed = {one["key"]: one for one in await control("GET", "/google/people/walter/calendars")}
    assert listed["holidays"]["id"] == "en.german#holiday@group.v.calendar.google.com"
    assert listed["primary"]["role"] == "owner"
    path = "/google/people/walter/calendars/reader"
    changed = await control("PATCH", path, role="freeBusyReader", freebusy="left_out")
    assert (changed["role"], changed["freebusy"]) == ("freeBusyReader", "left_out")
    assert (await control.order("PATCH", path, freebusy="never")).status == 400
    assert (await control.order("PATCH", path, colour="red")).status == 400


async def test_mistakes_are_told(control: Control, gina: Calendars) -> None:
    await gina("GET", "/users/me/calendarList", {"showAll": "true"})
    (mistake,) = await control("GET", "/google/mistakes")
    assert mistake == {
        "person": "gina",
        "method": "GET",
        "path": "/users/me/calendarList",
        "mistake": "unknown parameter showAll",
    }
