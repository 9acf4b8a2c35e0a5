"""Which fields the contract marks as required."""

from typing import Any

import protovalidate
from google.api import field_behavior_pb2
from google.protobuf.message import Message

# The stubs don't say what an extension is.
BEHAVIOUR: Any = field_behavior_pb2.field_behavior


def is_required(request: Message, told: protovalidate.ViolationPb) -> bool:
    """Whether a violation is about a required field as a whole, and not about an item of it, or about a message."""
    elements = told.field.elements if told.field else ()
    if not elements or elements[-1].subscript:
        return False
    holder: Any = request.DESCRIPTOR
    for element in elements[:-1]:
        holder = holder.fields_by_name[element.field_name].message_type
    options = holder.fields_by_name[elements[-1].field_name].GetOptions()
    return field_behavior_pb2.REQUIRED in options.Extensions[BEHAVIOUR]
