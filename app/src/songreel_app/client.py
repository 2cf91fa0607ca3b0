"""The partners' client with what only the commands ask for."""

from typing import Any

import grpc
from google.longrunning.operations_pb2 import Operation
from songreel.render.v1.render_service_pb2 import GetRendererRequest, GetRendererResponse
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel_client import ONCE
from songreel_client import Client as PublicClient
from songreel_client.credentials import Tokens


class Client(PublicClient):
    """Calls of one connection; the session decides what to do when it breaks."""

    def __init__(
        self, channel: grpc.aio.Channel, *, project: str, tokens: Tokens | None = None
    ) -> None:
        super().__init__(channel, project=project, tokens=tokens, retrying=ONCE)
        self._renderer: Any = RenderServiceStub(channel)

    async def all_operations(self) -> list[Operation]:
        """All jobs of the project, in the server's order."""
        return [operation async for operation in self.list_operations()]

    async def get_renderer(self) -> GetRendererResponse:
        """What can be rendered with; only where the render service is on this port."""
        return await self._ask(self._renderer.GetRenderer, GetRendererRequest())
