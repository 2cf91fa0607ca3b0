"""The render service as a server takes it in."""

from __future__ import annotations

import grpc.aio
from songreel.render.v1.render_service_pb2_grpc import add_RenderServiceServicer_to_server
from songreel_kit.artifacts import ArtifactStore
from songreel_kit.service import Service

from songreel_render.servicer import RenderServicer
from songreel_render.settings import RenderSettings

NAME = "songreel.render.v1.RenderService"


def create_service(settings: RenderSettings, store: ArtifactStore) -> Service:
    """Make the service; loads no checkpoint before the first render."""
    servicer = RenderServicer(settings, store)

    def add(server: grpc.aio.Server) -> None:
        add_RenderServiceServicer_to_server(servicer, server)

    return Service(name=NAME, add_to_server=add)
