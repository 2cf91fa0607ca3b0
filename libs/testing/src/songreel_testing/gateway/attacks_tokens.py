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
from songreel_gateway.access.tokens import Tokens
from songreel_gateway.db.access_tables import api_keys
from songreel_kit.channel.tls import ChannelTls

from songreel_testing.gateway.attacks import attack
from songreel_testing.gateway.checked_gateway import MINE, Authority, CheckedGateway, bearer

NOBODY, EXPIRED = "UNAUTHENTICATED UNAUTHENTICATED", "UNAUTHENTICATED TOKEN_EXPIRED"
DENIED = "PERMISSION_DENIED PERMISSION_DENIED"
AWAY = "UNAVAILABLE -"


async def knock(gateway: CheckedGateway, *headers: tuple[str, str]) -> None:
    """The plainest call of all."""
    stub = VideoServiceStub(gateway.channel)
    await stub.ListVideos(ListVideosRequest(parent=MINE), metadata=headers)


def with_token(name: str, because: str, ends: str = NOBODY):
    """An attack with the token that the function makes."""

    def add(make):
        @attack("tokens", name, ends, because)
        async def run(gateway: CheckedGateway) -> None:
            await knock(gateway, bearer(make(gateway)))

        return make

    return add


@attack("tokens", "no token", NOBODY)
async def no_token(gateway: CheckedGateway) -> None:
    await knock(gateway)


@attack("tokens", "another scheme than Bearer", NOBODY)
async def basic(gateway: CheckedGateway) -> None:
    await knock(gateway, ("authorization", "Basic bWluZTptaW5l"))


@attack("tokens", "two authorization headers, the first one good", NOBODY)
async def two_headers(gateway: CheckedGateway) -> None:
    await knock(gateway, bearer(gateway.tokens["mine"]), bearer("x.y.z"))


@attack("tokens", "the API key itself instead of a token", NOBODY)
async def key_as_token(gateway: CheckedGateway) -> None:
    await knock(gateway, bearer(gateway.keys["mine"]))


with_token("an empty token", "no JWT")(lambda gateway: "")
with_token("no JWT", "no JWT")(lambda gateway: "open sesame")
with_token("a token of 6.5 KiB", "longer than")(
    lambda gateway: gateway.provider.token(padding="x" * 4600)
)
with_token("expired", "expired", EXPIRED)(
    lambda gateway: gateway.provider.token(exp=int(time.time()) - 60)
)
with_token("issued in the future", "(iat)")(
    lambda gateway: gateway.provider.token(iat=int(time.time()) + 600)
)
with_token("not valid yet", "(nbf)")(
    lambda gateway: gateway.provider.token(nbf=int(time.time()) + 600)
)
with_token("for another service (aud)", "Audience")(
    lambda gateway: gateway.provider.token(aud="another")
)
with_token("of another issuer", "issuer is not one")(
    lambda gateway: gateway.provider.token(iss="https://evil.example")
)
with_token("without an expiry", '"exp"')(lambda gateway: gateway.provider.token(exp=None))
with_token("without an audience", '"aud"')(lambda gateway: gateway.provider.token(aud=None))
with_token("without a subject", '"sub"')(lambda gateway: gateway.provider.token(sub=None))
with_token("unknown key id", "not known here")(
    lambda gateway: gateway.provider.token(headers={"kid": "two"})
)
with_token("no key id", "which key")(lambda gateway: gateway.provider.token(headers={}))
with_token("without a project", "no songreel_project")(
    lambda gateway: gateway.provider.token(songreel_project=None)
)
with_token("of a project that does not exist", "project is not known")(
    lambda gateway: gateway.provider.token(songreel_project="nobody")
)
with_token("of a closed project", "or closed")(
    lambda gateway: gateway.provider.token(songreel_project="closed")
)
with_token("with a role that does not exist", "songreel_role is none")(
    lambda gateway: gateway.provider.token(songreel_role="admin")
)
with_token("signed by another RSA key under the provider's key id", "Signature")(
    lambda gateway: gateway.provider.token(rsa.generate_private_key(65537, 2048))
)


@with_token("alg: none", "alg value is not allowed")
def alg_none(gateway: CheckedGateway) -> str:
    claims = jwt.decode(gateway.provider.token(), options={"verify_signature": False})
    head = {"alg": "none", "kid": "one", "typ": "JWT"}
    parts = (base64.urlsafe_b64encode(json.dumps(each).encode()) for each in (head, claims))
    return ".".join(part.rstrip(b"=").decode() for part in parts) + "."


@with_token("HS256 with the provider's public key as its secret", "alg value is not allowed")
def hmac_confusion(gateway: CheckedGateway) -> str:
    # By hand: PyJWT refuses to sign with a public key.
    import hashlib
    import hmac

    public = gateway.provider.key.public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(gateway.provider.token(), options={"verify_signature": False})
    head = {"alg": "HS256", "kid": "one", "typ": "JWT"}
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()) for each in (head, claims)]
    text = b".".join(part.rstrip(b"=") for part in parts)
    signature = hmac.new(secret, text, hashlib.sha256).digest()
    return (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@with_token("brings its own key along (jwk header)", "Signature")
def own_jwk(gateway: CheckedGateway) -> str:
    key = rsa.generate_private_key(65537, 2048)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return gateway.provider.token(key, headers={"kid": "one", "jwk": jwk})


@with_token("points to its own keys (jku header)", "not known here")
def own_jku(gateway: CheckedGateway) -> str:
    headers = {"kid": "evil", "jku": gateway.provider.issuer + "/evil"}
    return gateway.provider.token(rsa.generate_private_key(65537, 2048), headers=headers)


@with_token("the gateway's own kind, signed by another key under its key id", "Signature")
def forged_own(gateway: CheckedGateway) -> str:
    head = jwt.get_unverified_header(gateway.tokens["mine"])
    claims = jwt.decode(gateway.tokens["mine"], options={"verify_signature": False})
    return jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": head["kid"]})


@with_token("the provider's signature, the gateway's name as issuer", "not known here")
def borrowed_issuer(gateway: CheckedGateway) -> str:
    return gateway.provider.token(iss="songreel.gateway", aud="songreel.v1", sub="mine")


@with_token("changed after it was signed", "Signature")
def changed(gateway: CheckedGateway) -> str:
    head, _, signature = gateway.tokens["mine"].split(".")
    claims = jwt.decode(gateway.tokens["mine"], options={"verify_signature": False})
    claims["sub"] = gateway.keys["theirs"].split("_")[1]
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


@with_token("the gateway's own, expired", "expired", EXPIRED)
def own_expired(gateway: CheckedGateway) -> str:
    pem = (gateway.settings.data / "token-key.pem").read_text()
    return Tokens(pem, seconds=-60.0).issue(gateway.keys["mine"].split("_")[1])[0]


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
    await knock(gateway, bearer(gateway.tokens["revoked"]))


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
    await knock(gateway, bearer(gateway.tokens["closed"]))


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
    await knock(gateway, bearer(token))


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
    from songreel_kit.channel.channel import open_channel

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
