"""The answer about many experts, put together from the answers about each, which are bytes already."""

from collections.abc import Mapping, Sequence

from calendarsync.v1.availability_service_pb2 import BatchListBusyTimesResponse, ExpertBusyTimes
from domain.errors import DomainError
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from server.rpc.errors import ErrorAnswers
from server.rpc.mapping.wire import message_field

BUSY_TIMES = ExpertBusyTimes.DESCRIPTOR.fields_by_name["busy_times"].number
EXPERTS = BatchListBusyTimesResponse.DESCRIPTOR.fields_by_name["experts"].number


def batch_answer(
    expert_ids: Sequence[ExpertId],
    answers: Mapping[ExpertId, bytes],
    elsewhere: Mapping[ExpertId, DomainError],
    answer_to: ErrorAnswers,
) -> bytes:
    """A BatchListBusyTimesResponse; `answers` are ListBusyTimesResponses. Who has none is elsewhere, or nowhere."""

    def expert(expert_id: ExpertId) -> bytes:
        named = ExpertBusyTimes(expert_id=expert_id)
        if (answer := answers.get(expert_id)) is not None:
            return named.SerializeToString() + message_field(BUSY_TIMES, answer)
        named.error.CopyFrom(answer_to(elsewhere.get(expert_id) or ExpertNotFound()).status)
        return named.SerializeToString()

    return b"".join([message_field(EXPERTS, expert(one)) for one in expert_ids])
