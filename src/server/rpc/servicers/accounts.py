"""AccountService."""

from dataclasses import dataclass

from application.accounts.complete_connection import CompleteConnection
from application.accounts.disconnect_account import DisconnectAccount
from application.accounts.get_account import GetAccount
from application.accounts.list_accounts import ListAccounts
from application.accounts.start_connection import StartConnection
from application.ports.sign_in import RedirectAnswer
from calendarsync.v1 import account_service_pb2 as pb
from calendarsync.v1.account_service_pb2_grpc import AccountServiceServicer
from domain.ids import AccountId, ExpertId
from server.rpc.mapping.accounts import account_message
from server.rpc.mapping.enums import PLANS, PROVIDERS
from server.rpc.mapping.times import put_instant
from server.rpc.provider_pages import access_removal_url
from server.rpc.servicers import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts(AccountServiceServicer):
    start_connection: StartConnection
    complete_connection: CompleteConnection
    get_account: GetAccount
    list_accounts: ListAccounts
    disconnect_account: DisconnectAccount

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
            authorization_url=started.authorization_url, state=started.state
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
        )
        outcome = await self.complete_connection(answer, expert_id=ExpertId(request.expert_id))
        if outcome.failure is not None:
            raise outcome.failure
        response = pb.CompleteConnectionResponse(reconnected=outcome.reconnected)
        if outcome.account is not None:
            response.account.CopyFrom(account_message(outcome.account))
        return response

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
        return pb.DisconnectAccountResponse(access_removal_url=access_removal_url(account.kind))
