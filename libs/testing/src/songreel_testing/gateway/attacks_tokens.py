"""No token, forged tokens, expired tokens, tokens of others."""

from __future__ import annotations

import base64
import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from songreel.v1.video_service_pb2 import ListVideosRequest
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_gateway.access.tokens import Tokens

from songreel_testing.gateway.attacks import attack
from songreel_testing.gateway.checked_gateway import MINE, CheckedGateway, bearer

NOBODY, EXPIRED = "UNAUTHENTICATED UNAUTHENTICATED", "UNAUTHENTICATED TOKEN_EXPIRED"


async def list_videos(gateway: CheckedGateway, *headers: tuple[str, str]) -> None:
    """The plainest call of all, with these headers."""
    stub = VideoServiceStub(gateway.channel)
    await stub.ListVideos(ListVideosRequest(parent=MINE), metadata=headers)


def with_token(name: str, because: str, ends: str = NOBODY):
    """An attack with the token that the function makes."""

    def add(make):
        @attack("tokens", name, ends, because)
        async def run(gateway: CheckedGateway) -> None:
            await list_videos(gateway, bearer(make(gateway)))

        return make

    return add


@attack("tokens", "no token", NOBODY)
async def no_token(gateway: CheckedGateway) -> None:
    await list_videos(gateway)


@attack("tokens", "another scheme than Bearer", NOBODY)
async def basic(gateway: CheckedGateway) -> None:
    await list_videos(gateway, ("authorization", "Basic bWluZTptaW5l"))


@attack("tokens", "two authorization headers, the first one good", NOBODY)
async def two_headers(gateway: CheckedGateway) -> None:
    await list_videos(gateway, bearer(gateway.tokens["mine"]), bearer("x.y.z"))


@attack("tokens", "the API key itself instead of a token", NOBODY)
async def key_as_token(gateway: CheckedGateway) -> None:
    await list_videos(gateway, bearer(gateway.keys["mine"]))


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
