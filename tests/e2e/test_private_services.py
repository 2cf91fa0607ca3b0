"""What another process on this machine may ask of `songreel up`."""

import json

import pytest
from songreel.identity.v1 import identity_service_pb2 as inner
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub as InnerStub
from songreel.render.v1.render_service_pb2 import RenderRequest
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel.v1 import identity_service_pb2 as public
from songreel.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import PermissionDenied
from songreel_testing.serving import expect_error

from .conftest import Workspace

ANN = "projects/local/identities/ann"


@pytest.mark.parametrize("shown", [[], [("songreel-process", "guessed")]])
async def test_the_services_behind_the_gateway_answer_their_own_process_only(
    studio: Workspace, shown: list[tuple[str, str]]
) -> None:
    address = json.loads((studio.data / "server.json").read_text())["address"]
    async with open_channel(address, headers=lambda: shown) as channel:
        identity, render = InnerStub(channel), RenderServiceStub(channel)
        for call in (
            lambda: identity.GetIdentity(inner.GetIdentityRequest(identity=ANN)),
            lambda: identity.GrantUse(inner.GrantUseRequest(identity=ANN)),
            lambda: identity.OpenAdapter(inner.OpenAdapterRequest(use_id="1")).read(),
            lambda: render.Render(RenderRequest()).read(),
        ):
            with expect_error(PermissionDenied):
                await call()
        # The gateway's own way to it is open.
        text = await IdentityServiceStub(channel).GetConsentText(
            public.GetConsentTextRequest(name="projects/local/consentText")
        )
    assert text.version
