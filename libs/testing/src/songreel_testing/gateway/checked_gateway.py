"""A gateway that checks its callers, an identity provider, certificates, and two partners."""

from __future__ import annotations

import datetime
import ipaddress
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc.aio
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from songreel.v1.access_service_pb2 import ExchangeKeyRequest
from songreel.v1.access_service_pb2_grpc import AccessServiceStub
from songreel.v1.media_pb2 import Media
from songreel.v1.video_pb2 import Storyboard
from songreel.v1.video_service_pb2 import CreateStoryboardRequest, CreateStoryboardResult
from songreel_gateway.access.callers import Role
from songreel_gateway.access.keys import NewKey, change_project, create_key, create_project
from songreel_gateway.db.schema import open_database
from songreel_gateway.service import Gateway, GatewaySettings, Targets
from songreel_kit.artifacts.store import ArtifactStore
from songreel_kit.channel.channel import open_channel
from songreel_kit.channel.tls import ChannelTls
from songreel_kit.database.database import Database
from songreel_kit.server.server import RunningServer, running_server

from songreel_testing.gateway.fake_stages import stage_services
from songreel_testing.gateway.local_gateway import Client, video_of
from songreel_testing.gateway.stage_control import StageControl
from songreel_testing.serving import temporary_store

MINE, THEIRS = "projects/mine", "projects/theirs"
AUDIENCE = "songreel"
TIGHT = {"running_jobs": 1, "rendered_seconds": 1, "stored_bytes": 64, "uploads": 3}


class Provider:
    """An OpenID Connect provider: its two documents over HTTP, and its signing key."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = rsa.generate_private_key(65537, 2048)
        self.fetched = 0

    def document(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        if path != "/keys":
            return None
        self.fetched += 1
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def token(self, key: Any = None, algorithm: str = "RS256", **changes: Any) -> str:
        """A good one for a partner of `mine`, with changes; None takes a claim away."""
        now = int(time.time())
        headers = changes.pop("headers", {"kid": "one"})
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "ann@example.com",
            "iat": now,
            "exp": now + 300,
            "songreel_project": "mine",
            "songreel_role": "partner",
        } | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, key or self.key, algorithm, headers=headers)


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider at work."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = served.document(self.path)
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Provider(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = folder / f"{name}.pem"
        made = self._built(self._name, self._key.public_key())
        made = made.add_extension(x509.BasicConstraints(True, 0), True)
        self.path.write_bytes(self._signed(made))

    def issue(self, name: str, dns: str = "localhost") -> tuple[Path, Path]:
        """Certificate and key for a DNS name, and 127.0.0.1."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = [x509.DNSName(dns), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = self._built(subject, key.public_key())
        made = made.add_extension(x509.SubjectAlternativeName(names), False)
        certificate, secret = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        certificate.write_bytes(self._signed(made))
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, secret

    def _built(self, subject: x509.Name, public: Any) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(hours=1))
        )

    def _signed(self, builder: x509.CertificateBuilder) -> bytes:
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass
class CheckedGateway:
    """The gateway, and what its strangers know or have stolen."""

    folder: Path
    settings: GatewaySettings
    server: RunningServer
    database: Database
    provider: Provider
    authority: Authority
    channel: grpc.aio.Channel
    """In plain text, on loopback, with no credentials of its own."""
    control: StageControl
    keys: dict[str, str]
    """What they are called here -> the keys' texts."""
    tokens: dict[str, str]
    song: Media
    """Of the other partner, as all that follows."""
    operation: str = ""
    video: str = ""
    storyboard: Storyboard = field(default_factory=Storyboard)

    def as_(self, who: str) -> Client:
        """A client with a token of this key."""
        return Client(self.open(self.tokens[who]))

    def open(self, token: str) -> grpc.aio.Channel:
        """A channel in plain text with this token; closed at the end."""
        channel = open_channel(self.server.inner_address, headers=lambda: [bearer(token)])
        self.opened.append(channel)
        return channel

    def secure(self, address: str, tls: ChannelTls, token: str = "") -> grpc.aio.Channel:
        """A channel with TLS."""
        channel = open_channel(
            address, tls=tls, headers=lambda: [bearer(token)] if token else [], idempotent=()
        )
        self.opened.append(channel)
        return channel

    def write(self, transaction: Any) -> Any:
        return self.database.run(transaction)

    async def exchange(self, key: str) -> str:
        stub: Any = AccessServiceStub(self.channel)
        return (await stub.ExchangeKey(ExchangeKeyRequest(key=key))).token

    def __post_init__(self) -> None:
        self.opened: list[grpc.aio.Channel] = []


def bearer(token: str) -> tuple[str, str]:
    return ("authorization", f"Bearer {token}")


PEOPLE = {
    "mine": NewKey("mine", Role.PARTNER),
    "creator": NewKey("mine", Role.CREATOR),
    "theirs": NewKey("theirs", Role.PARTNER),
    "operator": NewKey("operators", Role.OPERATOR),
    "revoked": NewKey("mine", Role.PARTNER),
    "closed": NewKey("closed", Role.PARTNER),
    "slow": NewKey("mine", Role.PARTNER, calls_per_minute=1),
    "tight": NewKey("tight", Role.PARTNER),
}


@asynccontextmanager
async def checked_gateway(
    folder: Path, store: ArtifactStore | None = None, **changes: Any
) -> AsyncIterator[CheckedGateway]:
    """All of it, in a folder; the other partner has a song, a video and its operation."""
    async with AsyncExitStack() as stack:
        issuer = stack.enter_context(provider())
        authority = Authority(folder, "authority")
        certificate, key = authority.issue("server")
        settings = GatewaySettings(
            data=folder / "data",
            access="checked",
            oidc_issuer=issuer.issuer,
            oidc_audience=AUDIENCE,
            access_cache_seconds=0,
            calls_per_minute=100_000,
            calls_at_once=4,
            exchanges_per_minute=100_000,
            upload_seconds=1.0,
            audit_seconds=0.05,
            allowed_checkpoints="house-style",
            tls_certificate=certificate,
            tls_key=key,
            tls_client_authority=authority.path,
            mutual_bind="127.0.0.1:0",
            event_seconds=0.001,
            retry_seconds=0.01,
        )
        settings = settings.model_copy(update=changes)
        store, control = store or temporary_store(folder), StageControl(folder / "control")
        stages = await stack.enter_async_context(running_server(stage_services(store, control)))
        gateway = Gateway(settings, store)
        server = await stack.enter_async_context(
            running_server(
                gateway.services(),
                replace(settings.server(), handshake_seconds=1.0),
                guards=gateway.guards(settings.bind),
            )
        )
        await stack.enter_async_context(gateway.running(Targets.all(stages.address)))
        database = open_database(settings.database())
        stack.callback(database.close)
        channel = await stack.enter_async_context(open_channel(server.inner_address))
        checked = CheckedGateway(
            folder, settings, server, database, issuer, authority, channel, control, {}, {}, Media()
        )
        await _populate(checked)
        try:
            yield checked
        finally:
            for each in checked.opened:
                await each.close()


async def _populate(checked: CheckedGateway) -> None:
    for project in ("mine", "theirs", "operators", "closed"):
        checked.write(lambda connection, project=project: create_project(connection, project, {}))
    checked.write(lambda connection: create_project(connection, "tight", TIGHT))
    for name, wanted in PEOPLE.items():
        _, text = checked.write(lambda connection, wanted=wanted: create_key(connection, wanted))
        checked.keys[name] = text
        checked.tokens[name] = await checked.exchange(text)
    checked.write(lambda connection: change_project(connection, "closed", "closed", closed=1))
    theirs = checked.as_("theirs")
    checked.song = await theirs.upload(b"a song of their own", parent=THEIRS)
    made = await theirs.create(checked.song, request_id="their-request", parent=THEIRS)
    done = await theirs.wait(made)
    checked.operation = done.name
    checked.video = video_of(done).name
    written = CreateStoryboardResult()
    asked = CreateStoryboardRequest(parent=THEIRS, analysis=video_of(done).media.analysis)
    done = await theirs.wait(await theirs.videos.CreateStoryboard(asked))
    assert done.response.Unpack(written)
    checked.storyboard = written.stored
