"""Without a token, with a forged one, with somebody else's, with too few rights."""

from __future__ import annotations

import base64
import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.longrunning.operations_pb2 import DeleteOperationRequest
from google.longrunning.operations_pb2_grpc import OperationsStub
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from songreel.render.v1.render_service_pb2 import GetRendererRequest
from songreel.render.v1.render_service_pb2_grpc import RenderServiceStub
from songreel.v1.identity_service_pb2 import ListIdentitiesRequest
from songreel.v1.identity_service_pb2_grpc import IdentityServiceStub
from songreel.v1.media_service_pb2 import GetMediaRequest
from songreel.v1.video_service_pb2 import DeleteStoryboardRequest, ListVideosRequest
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_gateway.access.guard import certificate_sha256
from songreel_gateway.access.keys import NewKey, Role, create_key, revoke_key
from songreel_gateway.access.tables import api_keys
from songreel_gateway.access.tokens import Tokens
from songreel_kit.channel.tls import ChannelTls

from songreel_testing.gateway.attempts import attempt
from songreel_testing.gateway.checked_gateway import MINE, Authority, Guarded, bearer

NOBODY, EXPIRED = "UNAUTHENTICATED UNAUTHENTICATED", "UNAUTHENTICATED TOKEN_EXPIRED"
DENIED = "PERMISSION_DENIED PERMISSION_DENIED"
AWAY = "UNAVAILABLE -"


async def knock(world: Guarded, *headers: tuple[str, str]) -> None:
    """The plainest call of all."""
    stub = VideoServiceStub(world.channel)
    await stub.ListVideos(ListVideosRequest(parent=MINE), metadata=headers)


def with_token(name: str, because: str, ends: str = NOBODY):
    """An attempt with the token that the function makes."""

    def add(make):
        @attempt("tokens", name, ends, because)
        async def run(world: Guarded) -> None:
            await knock(world, bearer(make(world)))

        return make

    return add


@attempt("tokens", "no token", NOBODY)
async def no_token(world: Guarded) -> None:
    await knock(world)


@attempt("tokens", "another scheme than Bearer", NOBODY)
async def basic(world: Guarded) -> None:
    await knock(world, ("authorization", "Basic bWluZTptaW5l"))


@attempt("tokens", "two authorization headers, the first one good", NOBODY)
async def two_headers(world: Guarded) -> None:
    await knock(world, bearer(world.tokens["mine"]), bearer("x.y.z"))


@attempt("tokens", "the API key itself instead of a token", NOBODY)
async def key_as_token(world: Guarded) -> None:
    await knock(world, bearer(world.keys["mine"]))


with_token("an empty token", "no JWT")(lambda world: "")
with_token("no JWT", "no JWT")(lambda world: "open sesame")
with_token("a token of 6.5 KiB", "longer than")(
    lambda world: world.provider.token(padding="x" * 4600)
)
with_token("expired", "expired", EXPIRED)(
    lambda world: world.provider.token(exp=int(time.time()) - 60)
)
with_token("issued in the future", "(iat)")(
    lambda world: world.provider.token(iat=int(time.time()) + 600)
)
with_token("not valid yet", "(nbf)")(lambda world: world.provider.token(nbf=int(time.time()) + 600))
with_token("for another service (aud)", "Audience")(
    lambda world: world.provider.token(aud="another")
)
with_token("of another issuer", "issuer is not one")(
    lambda world: world.provider.token(iss="https://evil.example")
)
with_token("without an expiry", '"exp"')(lambda world: world.provider.token(exp=None))
with_token("without an audience", '"aud"')(lambda world: world.provider.token(aud=None))
with_token("without a subject", '"sub"')(lambda world: world.provider.token(sub=None))
with_token("unknown key id", "not known here")(
    lambda world: world.provider.token(headers={"kid": "two"})
)
with_token("no key id", "which key")(lambda world: world.provider.token(headers={}))
with_token("without a project", "no songreel_project")(
    lambda world: world.provider.token(songreel_project=None)
)
with_token("of a project that does not exist", "project is not known")(
    lambda world: world.provider.token(songreel_project="nobody")
)
with_token("of a closed project", "or closed")(
    lambda world: world.provider.token(songreel_project="closed")
)
with_token("with a role that does not exist", "songreel_role is none")(
    lambda world: world.provider.token(songreel_role="admin")
)
with_token("signed by another RSA key under the provider's key id", "Signature")(
    lambda world: world.provider.token(rsa.generate_private_key(65537, 2048))
)


@with_token("alg: none", "alg value is not allowed")
def alg_none(world: Guarded) -> str:
    claims = jwt.decode(world.provider.token(), options={"verify_signature": False})
    head = {"alg": "none", "kid": "one", "typ": "JWT"}
    parts = (base64.urlsafe_b64encode(json.dumps(each).encode()) for each in (head, claims))
    return ".".join(part.rstrip(b"=").decode() for part in parts) + "."


@with_token("HS256 with the provider's public key as its secret", "alg value is not allowed")
def hmac_confusion(world: Guarded) -> str:
    # By hand: PyJWT refuses to sign with a public key.
    import hashlib
    import hmac

    public = world.provider.key.public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(world.provider.token(), options={"verify_signature": False})
    head = {"alg": "HS256", "kid": "one", "typ": "JWT"}
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()) for each in (head, claims)]
    text = b".".join(part.rstrip(b"=") for part in parts)
    signature = hmac.new(secret, text, hashlib.sha256).digest()
    return (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@with_token("brings its own key along (jwk header)", "Signature")
def own_jwk(world: Guarded) -> str:
    key = rsa.generate_private_key(65537, 2048)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return world.provider.token(key, headers={"kid": "one", "jwk": jwk})


@with_token("points to its own keys (jku header)", "not known here")
def own_jku(world: Guarded) -> str:
    headers = {"kid": "evil", "jku": world.provider.issuer + "/evil"}
    return world.provider.token(rsa.generate_private_key(65537, 2048), headers=headers)


@with_token("the gateway's own kind, signed by another key under its key id", "Signature")
def forged_own(world: Guarded) -> str:
    head = jwt.get_unverified_header(world.tokens["mine"])
    claims = jwt.decode(world.tokens["mine"], options={"verify_signature": False})
    return jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": head["kid"]})


@with_token("the provider's signature, the gateway's name as issuer", "not known here")
def borrowed_issuer(world: Guarded) -> str:
    return world.provider.token(iss="songreel.gateway", aud="songreel.v1", sub="mine")


@with_token("changed after it was signed", "Signature")
def changed(world: Guarded) -> str:
    head, _, signature = world.tokens["mine"].split(".")
    claims = jwt.decode(world.tokens["mine"], options={"verify_signature": False})
    claims["sub"] = world.keys["theirs"].split("_")[1]
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


@with_token("the gateway's own, expired", "expired", EXPIRED)
def own_expired(world: Guarded) -> str:
    pem = (world.settings.data / "token-key.pem").read_text()
    return Tokens(pem, seconds=-60.0).issue(world.keys["mine"].split("_")[1])[0]


@attempt("keys", "a key that never was", NOBODY)
async def unknown_key(world: Guarded) -> None:
    await world.exchange("songreel_0123456789ab_" + "A" * 43)


@attempt("keys", "a key's id with another secret", NOBODY)
async def wrong_secret(world: Guarded) -> None:
    await world.exchange(world.keys["mine"][:-4] + "AAAA")


@attempt("keys", "an empty key", NOBODY)
async def empty_key(world: Guarded) -> None:
    await world.exchange("")


@attempt("keys", "a revoked key", NOBODY)
async def revoked_key(world: Guarded) -> None:
    world.write(lambda connection: revoke_key(connection, world.keys["revoked"].split("_")[1]))
    await world.exchange(world.keys["revoked"])


@attempt("keys", "a token whose key was revoked since", NOBODY)
async def revoked_token(world: Guarded) -> None:
    world.write(lambda connection: revoke_key(connection, world.keys["revoked"].split("_")[1]))
    await knock(world, bearer(world.tokens["revoked"]))


@attempt("keys", "a key that has ended", NOBODY)
async def ended_key(world: Guarded) -> None:
    key_id, text = world.write(lambda c: create_key(c, NewKey("mine", Role.PARTNER, days=1)))
    past = api_keys.update().where(api_keys.c.id == key_id).values(expires=1)
    world.write(lambda connection: connection.execute(past))
    await world.exchange(text)


@attempt("keys", "a key of a closed project", NOBODY)
async def closed_key(world: Guarded) -> None:
    await world.exchange(world.keys["closed"])


@attempt("keys", "a token of a closed project", NOBODY)
async def closed_token(world: Guarded) -> None:
    await knock(world, bearer(world.tokens["closed"]))


async def bound(world: Guarded) -> tuple[str, str, ChannelTls]:
    """A key that is bound to a certificate, a token for it, and the certificate."""
    certificate, key = world.authority.issue("partner", "partner.example")
    tls = ChannelTls(world.authority.path, certificate, key)
    fingerprint = certificate_sha256(certificate.read_bytes())
    new = NewKey("mine", Role.PARTNER, certificate_sha256=fingerprint)
    _, text = world.write(lambda connection: create_key(connection, new))
    with_certificate = world.secure(f"127.0.0.1:{world.server.mutual_port}", tls)
    world.channel, plain = with_certificate, world.channel
    try:
        return text, await world.exchange(text), tls
    finally:
        world.channel = plain


@attempt("certificates", "a key that is bound to a certificate, without it", NOBODY)
async def unbound_key(world: Guarded) -> None:
    text, _, _ = await bound(world)
    await world.exchange(text)


@attempt("certificates", "a stolen token that is bound to a certificate, without it", NOBODY)
async def replayed_token(world: Guarded) -> None:
    _, token, tls = await bound(world)
    partner = world.secure(f"127.0.0.1:{world.server.mutual_port}", tls, token)
    await VideoServiceStub(partner).ListVideos(ListVideosRequest(parent=MINE))  # its owner may
    await knock(world, bearer(token))


@attempt("certificates", "the same with another genuine certificate", NOBODY)
async def other_certificate(world: Guarded) -> None:
    _, token, _ = await bound(world)
    certificate, key = world.authority.issue("rival", "rival.example")
    tls = ChannelTls(world.authority.path, certificate, key)
    rival = world.secure(f"127.0.0.1:{world.server.mutual_port}", tls, token)
    await VideoServiceStub(rival).ListVideos(ListVideosRequest(parent=MINE))


@attempt("certificates", "no certificate where one is asked for", AWAY)
async def no_certificate(world: Guarded) -> None:
    port, tls = world.server.mutual_port, ChannelTls(world.authority.path)
    channel = world.secure(f"127.0.0.1:{port}", tls, world.tokens["mine"])
    await VideoServiceStub(channel).ListVideos(ListVideosRequest(parent=MINE), timeout=10)


@attempt("certificates", "a certificate of another authority", AWAY)
async def foreign_certificate(world: Guarded) -> None:

    certificate, key = Authority(world.folder, "impostor").issue("impostor-client")
    tls = ChannelTls(world.authority.path, certificate, key)
    channel = world.secure(f"127.0.0.1:{world.server.mutual_port}", tls, world.tokens["mine"])
    await VideoServiceStub(channel).ListVideos(ListVideosRequest(parent=MINE), timeout=10)


@attempt("certificates", "plain text where TLS is spoken", AWAY)
async def plain_text(world: Guarded) -> None:
    from songreel_kit.channel.channel import open_channel

    async with open_channel(f"127.0.0.1:{world.server.port}", idempotent=()) as channel:
        await VideoServiceStub(channel).ListVideos(ListVideosRequest(parent=MINE), timeout=10)


@attempt("roles", "a creator deletes an operation", DENIED)
async def creator_deletes(world: Guarded) -> None:
    stub = OperationsStub(world.open(world.tokens["creator"]))
    await stub.DeleteOperation(DeleteOperationRequest(name=f"{MINE}/operations/x"))


@attempt("roles", "a creator deletes a storyboard", DENIED)
async def creator_forgets(world: Guarded) -> None:
    stub = VideoServiceStub(world.open(world.tokens["creator"]))
    await stub.DeleteStoryboard(DeleteStoryboardRequest(name=f"{MINE}/storyboards/x"))


@attempt("roles", "a creator lists all people", DENIED)
async def creator_lists(world: Guarded) -> None:
    stub = IdentityServiceStub(world.open(world.tokens["creator"]))
    await stub.ListIdentities(ListIdentitiesRequest(parent=MINE))


@attempt("roles", "an operator looks at a song", DENIED)
async def operator_looks(world: Guarded) -> None:
    await world.as_("operator").media.GetMedia(GetMediaRequest(name=world.song.name))


@attempt("roles", "reflection without a token", NOBODY)
async def reflection(world: Guarded) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(world.channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    async for _ in stub.ServerReflectionInfo(iter([asked])):
        pass


@attempt("roles", "an internal service on the public port", "UNIMPLEMENTED -")
async def internal(world: Guarded) -> None:
    stub = RenderServiceStub(world.open(world.tokens["mine"]))
    await stub.GetRenderer(GetRendererRequest())
