"""The answer about many experts, put together from the answers about each, which are bytes already."""

from collections.abc import Mapping, Sequence

from calendarsync.v1.availability_service_pb2 import BatchListBusyTimesResponse, ExpertBusyTimes
from domain.errors import DomainError
from domain.expert import ExpertNotFound
from domain.ids import ExpertId
from server.rpc.errors import answer_to
from server.rpc.mapping.wire import message_field

BUSY_TIMES = ExpertBusyTimes.DESCRIPTOR.fields_by_name["busy_times"].number
EXPERTS = BatchListBusyTimesResponse.DESCRIPTOR.fields_by_name["experts"].number


def batch_answer(
    expert_ids: Sequence[ExpertId],
    answers: Mapping[ExpertId, bytes],
    elsewhere: Mapping[ExpertId, DomainError],
) -> bytes:
    """A BatchListBusyTimesResponse; `answers` are ListBusyTimesResponses. Who has none is elsewhere, or nowhere."""
    return b"".join(
        [message_field(EXPERTS, _expert(one, answers.get(one), elsewhere.get(one))) for one in expert_ids]
    )


def _expert(expert_id: ExpertId, answer: bytes | None, elsewhere: DomainError | None) -> bytes:
    if answer is None:
        return ExpertBusyTimes(
            expert_id=expert_id, error=answer_to(elsewhere or ExpertNotFound()).status
        ).SerializeToString()
    return ExpertBusyTimes(expert_id=expert_id).SerializeToString() + message_field(BUSY_TIMES, answer)
