"""The services of the contract: message to value, use-case, value to message."""

from typing import Any

import grpc.aio

Context = grpc.aio.ServicerContext[Any, Any]
