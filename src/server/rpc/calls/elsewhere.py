"""Whoever is not found here may live in another cell: then the call says where."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from application.cells.find_moved import FindMoved
from application.ports.store import StoreUnavailable
from domain.cell import ExpertMoving
from domain.ids import ExpertId
from server.rpc.catalogue import entry_of

Meaning = Callable[[bytes, Exception], Awaitable[Exception]]


def meaning_of_absence(parse: Callable[[bytes], Any] | None, find_moved: FindMoved) -> Meaning:
    """What a failure of one method means, given the raw request: itself, unless the expert it names lives elsewhere.

    All that belongs to an expert goes along: whatever is not found may be there.
    """

    async def meaning(raw: bytes, error: Exception) -> Exception:
        if parse is None or not _may_be_elsewhere(error) or not (expert_id := _expert_of(parse(raw))):
            return error
        return await _where(expert_id, error, find_moved)

    return meaning


async def meaning_about(expert_id: ExpertId, error: Exception, find_moved: FindMoved) -> Exception:
    """The same, of a failure that is about this expert."""
    return await _where(expert_id, error, find_moved) if _may_be_elsewhere(error) else error


def _may_be_elsewhere(error: Exception) -> bool:
    return entry_of(error).code is grpc.StatusCode.NOT_FOUND or isinstance(error, ExpertMoving)


async def _where(expert_id: ExpertId, error: Exception, find_moved: FindMoved) -> Exception:
    try:
        return (await find_moved([expert_id])).get(expert_id, error)
    except StoreUnavailable as unavailable:
        return unavailable


def _expert_of(request: Any) -> ExpertId:
    """Whom the request, or what is to be stored by it, is about; empty for those about nobody or everybody."""
    parts = [getattr(request, one.name) for one in request.DESCRIPTOR.fields if _is_part(one)]
    about = next((one for one in (request, *parts) if "expert_id" in one.DESCRIPTOR.fields_by_name), None)
    return ExpertId("" if about is None else about.expert_id)


def _is_part(field: Any) -> bool:
    return field.message_type is not None and not field.is_repeated
