"""The render service as a server takes it in; importing it loads no torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc.aio
from songreel.render.v1.render_service_pb2 import DESCRIPTOR
from songreel.render.v1.render_service_pb2_grpc import add_RenderServiceServicer_to_server
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.channel.channel import Headers
from songreel_kit.server.deferred import DeferredServicer
from songreel_kit.server.service import Service

from songreel_render.settings import RenderServiceSettings

if TYPE_CHECKING:
    from songreel_render.backends.backend import DrawingBackend
    from songreel_render.servicer import RenderServicer

NAME = "songreel.render.v1.RenderService"


def create_service(
    settings: RenderServiceSettings,
    store: ArtifactStore,
    backend: DrawingBackend | None = None,
    *,
    identity_target: Callable[[], str] | None = None,
    headers: Headers = tuple,
    deferred: bool = False,
) -> Service:
    """Make the service; loads no checkpoint and starts no Ray before the first render.

    Args:
        settings: of the service.
        store: where artifacts are read and kept.
        backend: draws frames; by default the one that the settings name.
        identity_target: gives the identity service's gRPC target, where it is not known yet;
            by default the settings'.
        headers: metadata for calls of the identity service.
        deferred: load torch and the other libraries at the first call, not now.
    """

    def make() -> RenderServicer:
        from songreel_render.servicer import RenderServicer

        return RenderServicer(settings, store, backend, identity_target, headers)

    service = DESCRIPTOR.services_by_name["RenderService"]
    servicer = DeferredServicer(service, make, lambda made: made.close()) if deferred else make()

    def add(server: grpc.aio.Server) -> None:
        add_RenderServiceServicer_to_server(servicer, server)

    return Service(name=NAME, add_to_server=add, close=servicer.close)
