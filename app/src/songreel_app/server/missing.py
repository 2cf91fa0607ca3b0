"""Stand-in for the identity service where its package is not installed."""

from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import Any

import grpc
from songreel.identity.v1 import identity_service_pb2
from songreel_kit.errors import ModelMissing
from songreel_kit.server.service import Service

INSTALL_IDENTITY = "pip install 'songreel[identity]'"


def identity_installed() -> bool:
    """Whether the identity service can be loaded."""
    return find_spec("songreel_identity") is not None


def missing_identity() -> Service:
    """A service whose methods raise `ModelMissing` with what to install."""
    methods = identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"]

    async def refuse(_requests: Any, _context: Any) -> AsyncIterator[bytes]:
        raise ModelMissing(
            f"this server has no identity service: it is not installed; "
            f"{INSTALL_IDENTITY} and start it again",
            extra="identity",
        )
        yield b""  # Makes it a stream; a unary call ends with the error all the same.

    handlers = {
        method.name: grpc.stream_stream_rpc_method_handler(refuse) for method in methods.methods
    }

    def add(server: grpc.aio.Server) -> None:
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(methods.full_name, handlers),)
        )

    return Service(name=methods.full_name, add_to_server=add)
