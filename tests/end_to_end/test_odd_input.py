"""What anybody can send to the HTTP side, down to the real database and the real sign-in: never a fault of ours."""

import pytest

from tests.support.service import Service

ODD = ["%00", "%FF", "%ED%A0%80", "%EF%BF%BF", "a%0Ab", "%F0%9F%8D%95"]


@pytest.mark.parametrize("odd", ODD)
async def test_odd_links_and_redirects_are_pages(service: Service, odd: str) -> None:
    state = (await service.start()).state
    for path in (
        f"/reconnect/{odd}",
        f"/oauth/microsoft/callback?state={odd}&code=c",
        f"/oauth/microsoft/callback?state={odd}&error={odd}",
        f"/oauth/microsoft/callback?state={state}&code={odd}",
    ):
        assert (await service.open(path)).status in {200, 302, 400, 404}, path
    assert not [line for line in service.logs.lines if line["level"] == "error"]
