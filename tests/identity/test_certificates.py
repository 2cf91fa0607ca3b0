"""Renderer and identity service show each other certificates, as in a cluster."""

from __future__ import annotations

import pytest
from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel_identity.service import create_service
from songreel_kit import errors
from songreel_kit.channel.channel import open_channel
from songreel_kit.channel.tls import ChannelTls, ServerTls
from songreel_kit.likeness.grants import job_sha256
from songreel_kit.server.server import running_server
from songreel_kit.server.settings import ServerSettings
from songreel_render.identity_grants import METHODS, IdentityGrants
from songreel_testing.gateway.checked_gateway import Authority
from songreel_testing.identity.identity_server import ANN, IdentityServer
from songreel_testing.serving import expect_error


async def test_only_the_renderer_named_may_fetch_a_person(tmp_path):
    people, authority = IdentityServer(tmp_path), Authority(tmp_path, "authority")
    own = ServerTls(*authority.issue("identity"), authority.path)
    only = "render=" + "+".join(METHODS)
    settings = ServerSettings(tls=own, clients=("gateway", only))
    request = people.request(adapter=people.adapters[ANN])

    def shown_by(name: str, by: Authority = authority) -> ChannelTls:
        return ChannelTls(authority.path, *by.issue(f"{name}-client", name))

    async with running_server([create_service(people.settings)], settings) as server:
        async with open_channel(server.address, tls=shown_by("gateway")) as channel:
            granted = await IdentityServiceStub(channel).GrantUse(
                pb.GrantUseRequest(
                    identity=ANN,
                    adapter_sha256=people.adapters[ANN],
                    job_sha256=job_sha256(request),
                )
            )
        request.settings.loras[0].grant = granted.grant

        async def held(tls: ChannelTls | None) -> int:
            grants = IdentityGrants(lambda: server.address, tls)
            async with grants.redeemed(request) as grant:
                assert grant is not None
                return grants.adapters

        with pytest.raises(errors.PermissionDenied):
            await held(shown_by("audio"))
        for nobody in (
            None,
            ChannelTls(authority.path),
            shown_by("render", Authority(tmp_path, "x")),
        ):
            with pytest.raises(errors.ServiceUnavailable):
                await held(nobody)
        assert await held(shown_by("render")) == 1
        async with open_channel(server.address, tls=shown_by("render")) as channel:
            renderer = IdentityServiceStub(channel)
            with expect_error(errors.PermissionDenied):
                await renderer.ListIdentities(pb.ListIdentitiesRequest(project="local"))
            with expect_error(errors.PermissionDenied):
                await renderer.EraseIdentity(pb.EraseIdentityRequest(identity=ANN))
    assert people.log()[-1][0] == "end-use"
