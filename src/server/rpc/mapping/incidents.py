"""Losses of access."""

from application.accounts.list_incidents import ListedIncident
from calendarsync.v1 import incident_pb2
from server.rpc.mapping.enums import PROVIDERS, RECONNECT_CAUSES
from server.rpc.mapping.times import put_instant


def incident_message(listed: ListedIncident) -> incident_pb2.Incident:
    incident = listed.found.incident
    message = incident_pb2.Incident(
        incident_id=incident.incident_id,
        expert_id=incident.expert_id,
        account_id=incident.account_id,
        provider=PROVIDERS.outward(listed.found.provider),
        cause=RECONNECT_CAUSES.outward(incident.cause),
        sessions_at_risk=listed.found.sessions_at_risk,
        notice_count=incident.notices,
        address_refused=incident.address_refused,
        reconnect_url=listed.reconnect_url,
    )
    put_instant(message.open_time, incident.opened_at)
    return message
