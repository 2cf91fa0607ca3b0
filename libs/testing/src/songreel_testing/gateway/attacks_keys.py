"""Keys that are unknown or revoked, certificates of others, too few rights."""

from __future__ import annotations

from google.longrunning.operations_pb2 import DeleteOperationRequest
from google.longrunning.operations_pb2_grpc import OperationsStub
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from songreel.render.v1.render_service_pb2 import GetRendererRequest
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel.v1.identity_service_pb2 import ListIdentitiesRequest
from songreel.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.v1.media_service_pb2 import GetMediaRequest
from songreel.v1.video_service_pb2 import (
    DeleteStoryboardRequest,
    DeleteVideoRequest,
    ListVideosRequest,
)
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_gateway.access.guard import certificate_sha256
from songreel_gateway.access.keys import NewKey, Role, create_key, revoke_key
from songreel_gateway.db.access_tables import api_keys
from songreel_kit.channel.channel import open_channel
from songreel_kit.channel.tls import ChannelTls

from songreel_testing.gateway.attacks import attack
from songreel_testing.gateway.attacks_tokens import NOBODY, list_videos
from songreel_testing.gateway.checked_gateway import MINE, Authority, CheckedGateway, bearer

DENIED = "PERMISSION_DENIED PERMISSION_DENIED"
AWAY = "UNAVAILABLE -"


@attack("keys", "a key that never was", NOBODY)
async def unknown_key(gateway: CheckedGateway) -> None:
    await gateway.exchange("songreel_0123456789ab_" + "A" * 43)


@attack("keys", "a key's id with another secret", NOBODY)
async def wrong_secret(gateway: CheckedGateway) -> None:
    await gateway.exchange(gateway.keys["mine"][:-4] + "AAAA")


@attack("keys", "an empty key", NOBODY)
async def empty_key(gateway: CheckedGateway) -> None:
    await gateway.exchange("")


@attack("keys", "a revoked key", NOBODY)
async def revoked_key(gateway: CheckedGateway) -> None:
    gateway.write(lambda connection: revoke_key(connection, gateway.keys["revoked"].split("_")[1]))
    await gateway.exchange(gateway.keys["revoked"])


@attack("keys", "a token whose key was revoked since", NOBODY)
async def revoked_token(gateway: CheckedGateway) -> None:
    gateway.write(lambda connection: revoke_key(connection, gateway.keys["revoked"].split("_")[1]))
    await list_videos(gateway, bearer(gateway.tokens["revoked"]))


@attack("keys", "a key that has ended", NOBODY)
async def ended_key(gateway: CheckedGateway) -> None:
    key_id, text = gateway.write(lambda c: create_key(c, NewKey("mine", Role.PARTNER, days=1)))
    past = api_keys.update().where(api_keys.c.id == key_id).values(expires=1)
    gateway.write(lambda connection: connection.execute(past))
    await gateway.exchange(text)


@attack("keys", "a key of a closed project", NOBODY)
async def closed_key(gateway: CheckedGateway) -> None:
    await gateway.exchange(gateway.keys["closed"])


@attack("keys", "a token of a closed project", NOBODY)
async def closed_token(gateway: CheckedGateway) -> None:
    await list_videos(gateway, bearer(gateway.tokens["closed"]))


async def bound(gateway: CheckedGateway) -> tuple[str, str, ChannelTls]:
    """A key that is bound to a certificate, a token for it, and the certificate."""
    certificate, key = gateway.authority.issue("partner", "partner.example")
    tls = ChannelTls(gateway.authority.path, certificate, key)
    fingerprint = certificate_sha256(certificate.read_bytes())
    new = NewKey("mine", Role.PARTNER, certificate_sha256=fingerprint)
    _, text = gateway.write(lambda connection: create_key(connection, new))
    with_certificate = gateway.secure(f"127.0.0.1:{gateway.server.mutual_port}", tls)
    gateway.channel, plain = with_certificate, gateway.channel
    try:
        return text, await gateway.exchange(text), tls
    finally:
        gateway.channel = plain


@attack("certificates", "a key that is bound to a certificate, without it", NOBODY)
async def unbound_key(gateway: CheckedGateway) -> None:
    text, _, _ = await bound(gateway)
    await gateway.exchange(text)


@attack("certificates", "a stolen token that is bound to a certificate, without it", NOBODY)
async def replayed_token(gateway: CheckedGateway) -> None:
    _, token, tls = await bound(gateway)
    partner = gateway.secure(f"127.0.0.1:{gateway.server.mutual_port}", tls, token)
    await VideoServiceStub(partner).ListVideos(ListVideosRequest(parent=MINE))  # its owner may
    await list_videos(gateway, bearer(token))


@attack("certificates", "the same with another genuine certificate", NOBODY)
async def other_certificate(gateway: CheckedGateway) -> None:
    _, token, _ = await bound(gateway)
    certificate, key = gateway.authority.issue("rival", "rival.example")
    tls = ChannelTls(gateway.authority.path, certificate, key)
    rival = gateway.secure(f"127.0.0.1:{gateway.server.mutual_port}", tls, token)
    await VideoServiceStub(rival).ListVideos(ListVideosRequest(parent=MINE))


@attack("certificates", "no certificate where one is asked for", AWAY)
async def no_certificate(gateway: CheckedGateway) -> None:
    port, tls = gateway.server.mutual_port, ChannelTls(gateway.authority.path)
    channel = gateway.secure(f"127.0.0.1:{port}", tls, gateway.tokens["mine"])
    await VideoServiceStub(channel).ListVideos(ListVideosRequest(parent=MINE), timeout=10)


@attack("certificates", "a certificate of another authority", AWAY)
async def foreign_certificate(gateway: CheckedGateway) -> None:
    certificate, key = Authority(gateway.folder, "impostor").issue("impostor-client")
    tls = ChannelTls(gateway.authority.path, certificate, key)
    channel = gateway.secure(f"127.0.0.1:{gateway.server.mutual_port}", tls, gateway.tokens["mine"])
    await VideoServiceStub(channel).ListVideos(ListVideosRequest(parent=MINE), timeout=10)


@attack("certificates", "plain text where TLS is spoken", AWAY)
async def plain_text(gateway: CheckedGateway) -> None:
    async with open_channel(f"127.0.0.1:{gateway.server.port}", idempotent=()) as channel:
        await VideoServiceStub(channel).ListVideos(ListVideosRequest(parent=MINE), timeout=10)


@attack("roles", "a creator deletes an operation", DENIED)
async def creator_deletes(gateway: CheckedGateway) -> None:
    stub = OperationsStub(gateway.open(gateway.tokens["creator"]))
    await stub.DeleteOperation(DeleteOperationRequest(name=f"{MINE}/operations/x"))


@attack("roles", "a creator deletes a storyboard", DENIED)
async def creator_forgets(gateway: CheckedGateway) -> None:
    stub = VideoServiceStub(gateway.open(gateway.tokens["creator"]))
    await stub.DeleteStoryboard(DeleteStoryboardRequest(name=f"{MINE}/storyboards/x"))


@attack("roles", "a creator deletes a video", DENIED)
async def creator_deletes_video(gateway: CheckedGateway) -> None:
    stub = VideoServiceStub(gateway.open(gateway.tokens["creator"]))
    await stub.DeleteVideo(DeleteVideoRequest(name=f"{MINE}/videos/x"))


@attack("roles", "a creator lists all people", DENIED)
async def creator_lists(gateway: CheckedGateway) -> None:
    stub = IdentityServiceStub(gateway.open(gateway.tokens["creator"]))
    await stub.ListIdentities(ListIdentitiesRequest(parent=MINE))


@attack("roles", "an operator looks at a song", DENIED)
async def operator_looks(gateway: CheckedGateway) -> None:
    await gateway.as_("operator").media.GetMedia(GetMediaRequest(name=gateway.song.name))


@attack("roles", "reflection without a token", NOBODY)
async def reflection(gateway: CheckedGateway) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(gateway.channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    async for _ in stub.ServerReflectionInfo(iter([asked])):
        pass


@attack("roles", "an internal service on the public port", "UNIMPLEMENTED -")
async def internal(gateway: CheckedGateway) -> None:
    stub = RenderServiceStub(gateway.open(gateway.tokens["mine"]))
    await stub.GetRenderer(GetRendererRequest())
