"""What happens to every call before and after its servicer: `wrapper` puts the parts around each method."""

from typing import Any

import grpc.aio

Context = grpc.aio.ServicerContext[Any, Any]
