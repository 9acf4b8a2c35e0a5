"""Where the caller mails instead of the service: the feed says when, ListIncidents has the link, and the link works."""

from sandbox import Sandbox
from server.runtime.settings import Mail
from tests.server.served import Logs
from tests.support.calls import EXPERT, unread
from tests.support.running_service import open_service
from tests.support.watching import kind_of, watching


async def test_a_lost_account_is_told_and_its_link_brings_it_back(
    sandbox: Sandbox, dsn: str, logs: Logs
) -> None:
    async with open_service(sandbox, dsn, logs=logs, mail="off", smtp_url=None, mail_from=None) as service:
        assert (service.settings.mail, service.settings.smtp_url) == (Mail.OFF, None)
        await service.put_expert()
        account_id = await service.connect("anna")
        async with watching(service, EXPERT) as watch:
            sandbox.world.grants.revoke("anna", access_tokens=True)
            await service.put_session("session-1")
            assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]
            due = await watch.until("INCIDENT_NOTICE_DUE", account_id=account_id)
            await service.waits("RECONNECT_REQUIRED", "session-1")
            (incident,) = await service.incidents(include_reconnect_urls=True)
            assert (incident.incident_id, incident.account_id) == (due.incident_id, account_id)
            assert (incident.sessions_at_risk, incident.notice_count) == (1, 1)
            sign_in = await service.open(incident.reconnect_url)
            page = await service.open(await service.sign_in(sign_in.location, "anna"))
            assert page.status == 200
            await watch.until("INCIDENT_CLOSED", incident_id=incident.incident_id)
            await watch.until("SESSION_WRITTEN", session_id="session-1")
        assert await service.incidents() == []
        assert not sandbox.mails
        told = [kind_of(one) for one in watch.seen if one.incident_id]
        assert told == ["INCIDENT_OPENED", "INCIDENT_NOTICE_DUE", "INCIDENT_CLOSED"]
        assert incident.reconnect_url.rpartition("/")[2] not in logs.text
