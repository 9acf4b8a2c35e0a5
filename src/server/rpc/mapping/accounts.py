"""Accounts."""

from calendarsync.v1 import account_pb2
from domain.account import Account
from server.rpc.mapping.enums import ACCOUNT_KINDS, ACCOUNT_STATUSES, PROVIDERS, RECONNECT_CAUSES
from server.rpc.mapping.times import put_instant


def account_message(account: Account) -> account_pb2.Account:
    message = account_pb2.Account(
        account_id=account.account_id,
        expert_id=account.expert_id,
        provider=PROVIDERS.outward(account.identity.provider),
        kind=ACCOUNT_KINDS.outward(account.kind),
        status=ACCOUNT_STATUSES.outward(account.status),
        email=account.email,
        display_name=account.display_name,
        reconnect_cause=RECONNECT_CAUSES.outward(account.loss_cause),
    )
    put_instant(message.connect_time, account.connected_at)
    return message
