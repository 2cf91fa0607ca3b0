"""The render service as a server takes it in."""

from __future__ import annotations

from collections.abc import Callable

import grpc.aio
from songreel.render.v1.render_service_pb2_grpc import add_RenderServiceServicer_to_server
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.server.service import Service

from songreel_render.backends.backend import DrawingBackend
from songreel_render.servicer import RenderServicer
from songreel_render.settings import RenderServiceSettings

NAME = "songreel.render.v1.RenderService"


def create_service(
    settings: RenderServiceSettings,
    store: ArtifactStore,
    backend: DrawingBackend | None = None,
    *,
    identity_target: Callable[[], str] | None = None,
) -> Service:
    """Make the service; loads no checkpoint and starts no Ray before the first render.

    Args:
        settings: of the service.
        store: where artifacts are read and kept.
        backend: where frames are drawn; by default the place that the settings name.
        identity_target: gives the identity service's gRPC target, where it is not known yet;
            by default the settings'.
    """
    servicer = RenderServicer(settings, store, backend, identity_target)

    def add(server: grpc.aio.Server) -> None:
        add_RenderServiceServicer_to_server(servicer, server)

    return Service(name=NAME, add_to_server=add, close=servicer.close)
