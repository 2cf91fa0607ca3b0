"""The partners' client, with calls that only the commands need."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc
from google.longrunning.operations_pb2 import Operation
from songreel.render.v1.render_service_pb2 import GetRendererRequest, GetRendererResponse
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel.v1 import identity_service_pb2 as people
from songreel.v1.identity_service_pb2_grpc import IdentityServiceStub
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
        self._people: Any = IdentityServiceStub(channel)

    async def all_operations(self) -> list[Operation]:
        """All jobs of the project, in the server's order."""
        return [operation async for operation in self.list_operations()]

    async def get_renderer(self) -> GetRendererResponse:
        """The renderer's device and checkpoint; only where the render service is on this port."""
        return await self._ask(self._renderer.GetRenderer, GetRendererRequest())

    async def get_identity(self, name: str) -> people.Identity:
        """The identity of a person."""
        request = people.GetIdentityRequest(name=name)
        return (await self._ask(self._people.GetIdentity, request)).identity

    async def all_identities(self) -> list[people.Identity]:
        """All people of the project, by name."""
        found: list[people.Identity] = []
        request = people.ListIdentitiesRequest(parent=self.parent)
        while True:
            page = await self._ask(self._people.ListIdentities, request)
            found += page.identities
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    async def withdraw_consent(self, name: str) -> str:
        """Withdraws a person's consent; the audit log's head."""
        request = people.WithdrawConsentRequest(name=name)
        return (await self._ask(self._people.WithdrawConsent, request)).audit_head

    async def erase_identity(self, name: str, *, videos: bool) -> people.EraseIdentityResponse:
        """Destroys what the vault keeps of a person, and the videos that show them if asked."""
        request = people.EraseIdentityRequest(name=name, videos=videos)
        return await self._ask(self._people.EraseIdentity, request)

    async def fresh_token(self) -> str:
        """A token of the key that is good for a while; empty where there is no key."""
        return "" if self._tokens is None else await self._tokens.ensure()

    async def measure_likeness(
        self, start: people.MeasureLikenessStart, pictures: Callable[[], Iterator[bytes]]
    ) -> people.MeasureLikenessResponse:
        """Counts in which pictures a person is recognised.

        Args:
            start: Names the person, and others to compare with.
            pictures: Gives JPEGs or PNGs; asked anew where a token had ended.
        """

        async def requests() -> AsyncIterator[people.MeasureLikenessRequest]:
            yield people.MeasureLikenessRequest(start=start)
            for picture in pictures():
                yield people.MeasureLikenessRequest(picture=picture)

        return await self._tried(lambda: self._people.MeasureLikeness(requests()))
