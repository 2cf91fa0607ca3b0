"""What is not installed: stand-ins for the identity and score services, and a check."""

from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from songreel.identity.v1 import identity_service_pb2
from songreel.score.v1 import score_service_pb2
from songreel_kit.errors import FailedPrecondition, ModelMissing
from songreel_kit.server.service import Service

INSTALL_IDENTITY = "pip install 'songreel[identity]'"

INSTALL_SCORE = (
    "pip install 'songreel[score]', then pip install --no-deps scenedetect==0.7.2 "
    "tinysoundfont==0.3.7"
)
_SCORE = ("songreel_score", "scenedetect", "tinysoundfont")


def score_installed() -> bool:
    """Whether soundtracks can be made."""
    return all(find_spec(name) is not None for name in _SCORE)


def require_score() -> None:
    """Raises FailedPrecondition, with what to install, where soundtracks cannot be made."""
    if not score_installed():
        raise FailedPrecondition(f"soundtracks need more than is installed: {INSTALL_SCORE}")


def identity_installed() -> bool:
    """Whether the identity service can be loaded."""
    return find_spec("songreel_identity") is not None


def missing_identity() -> Service:
    """A service whose methods raise `ModelMissing` with what to install."""
    methods = identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"]
    return _missing(methods, "identity", INSTALL_IDENTITY)


def missing_score() -> Service:
    """The same for soundtracks."""
    methods = score_service_pb2.DESCRIPTOR.services_by_name["ScoreService"]
    return _missing(methods, "score", INSTALL_SCORE)


def _missing(methods: ServiceDescriptor, extra: str, install: str) -> Service:
    async def refuse(_requests: Any, _context: Any) -> AsyncIterator[bytes]:
        raise ModelMissing(
            f"this server has no {extra} service: it is not installed; {install} and start it "
            "again",
            extra=extra,
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
