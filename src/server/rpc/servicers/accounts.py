"""AccountService."""

from dataclasses import dataclass

from application.accounts.complete_connection import CompleteConnection
from application.accounts.confirm_connection import ConfirmConnection
from application.accounts.disconnect_account import DisconnectAccount
from application.accounts.get_account import GetAccount
from application.accounts.list_accounts import ListAccounts
from application.accounts.list_incidents import ListedIncident, ListIncidents
from application.accounts.record_bounce import RecordBounce
from application.accounts.start_connection import StartConnection
from application.ports.incidents import IncidentPosition
from application.ports.sign_in import RedirectAnswer
from calendarsync.v1 import account_service_pb2 as pb
from calendarsync.v1.account_service_pb2_grpc import AccountServiceServicer
from domain.ids import AccountId, ExpertId, IncidentId
from server.rpc.mapping.accounts import account_message
from server.rpc.mapping.enums import PLANS, PROVIDERS
from server.rpc.mapping.incidents import incident_message
from server.rpc.mapping.times import put_instant
from server.rpc.paging import Position, page_size, page_token, position_of, time_in, time_text
from server.rpc.provider_pages import access_removal_url
from server.rpc.servicers import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts(AccountServiceServicer):
    start_connection: StartConnection
    complete_connection: CompleteConnection
    confirm_connection: ConfirmConnection
    get_account: GetAccount
    list_accounts: ListAccounts
    disconnect_account: DisconnectAccount
    list_incidents: ListIncidents
    record_bounce: RecordBounce

    async def StartConnection(
        self, request: pb.StartConnectionRequest, context: Context
    ) -> pb.StartConnectionResponse:
        destination = request.WhichOneof("destination")
        started = await self.start_connection(
            expert_id=ExpertId(request.expert_id),
            provider=PROVIDERS.inward(request.provider),
            account_id=AccountId(request.account_id) if request.account_id else None,
            return_url=request.return_url if destination == "return_url" else None,
            redirect_uri=request.redirect_uri if destination == "redirect_uri" else None,
        )
        response = pb.StartConnectionResponse(
            authorization_url=started.authorization_url,
            state=started.state,
            additional_permissions=[
                pb.AdditionalPermission(
                    permission=one.permission,
                    purpose=pb.PERMISSION_PURPOSE_WRITE_SHARED_CALENDAR,
                    calendar_id=one.calendar_id,
                )
                for one in started.additional
            ],
        )
        put_instant(response.expire_time, started.expires_at)
        return response

    async def CompleteConnection(
        self, request: pb.CompleteConnectionRequest, context: Context
    ) -> pb.CompleteConnectionResponse:
        answer = RedirectAnswer(
            state=request.state,
            code=request.code,
            error=request.error,
            error_subcode=request.error_subcode,
            error_description=request.error_description,
            iss=request.iss,
        )
        outcome = await self.complete_connection(answer, expert_id=ExpertId(request.expert_id))
        if outcome.failure is not None:
            raise outcome.failure
        response = pb.CompleteConnectionResponse(reconnected=outcome.reconnected)
        if outcome.account is not None:
            response.account.CopyFrom(account_message(outcome.account))
        return response

    async def ConfirmConnection(
        self, request: pb.ConfirmConnectionRequest, context: Context
    ) -> pb.ConfirmConnectionResponse:
        connected = await self.confirm_connection(ExpertId(request.expert_id), request.token)
        return pb.ConfirmConnectionResponse(
            account=account_message(connected.account), reconnected=connected.reconnected
        )

    async def GetAccount(self, request: pb.GetAccountRequest, context: Context) -> pb.GetAccountResponse:
        account = await self.get_account(ExpertId(request.expert_id), AccountId(request.account_id))
        return pb.GetAccountResponse(account=account_message(account))

    async def ListAccounts(
        self, request: pb.ListAccountsRequest, context: Context
    ) -> pb.ListAccountsResponse:
        listed = await self.list_accounts(ExpertId(request.expert_id))
        return pb.ListAccountsResponse(
            accounts=[account_message(account) for account in listed.accounts],
            plan=PLANS.outward(listed.use.plan),
            account_limit=listed.use.limit,
            over_limit=listed.use.over_limit,
        )

    async def DisconnectAccount(
        self, request: pb.DisconnectAccountRequest, context: Context
    ) -> pb.DisconnectAccountResponse:
        account = await self.disconnect_account(ExpertId(request.expert_id), AccountId(request.account_id))
        return pb.DisconnectAccountResponse(
            access_removal_url=access_removal_url(account.identity, account.kind)
        )

    async def ListIncidents(
        self, request: pb.ListIncidentsRequest, context: Context
    ) -> pb.ListIncidentsResponse:
        limit = page_size(request.page_size)
        found = await self.list_incidents(
            ExpertId(request.expert_id) if request.expert_id else None,
            with_urls=request.include_reconnect_urls,
            after=position_of(request, request.page_token, _page_end) if request.page_token else None,
            limit=limit + 1,  # one more than is shown tells whether there is more
        )
        shown = found[:limit]
        return pb.ListIncidentsResponse(
            incidents=[incident_message(one) for one in shown],
            next_page_token=_next_page_token(request, shown[-1]) if len(found) > limit else "",
        )

    async def RecordBounce(
        self, request: pb.RecordBounceRequest, context: Context
    ) -> pb.RecordBounceResponse:
        recorded = await self.record_bounce(message_id=request.message_id, recipient=request.recipient)
        return pb.RecordBounceResponse(recorded=recorded)


def _next_page_token(request: pb.ListIncidentsRequest, last: ListedIncident) -> str:
    incident = last.found.incident
    return page_token(request, [time_text(incident.opened_at), incident.incident_id])


def _page_end(position: Position) -> IncidentPosition:
    """The last incident of the page before. Raises ValueError or OverflowError."""
    match position:
        case [str(opened_at), str(incident_id)]:
            return IncidentPosition(time_in(opened_at), IncidentId(incident_id))
        case _:
            raise ValueError
