"""Mutual TLS between a client and a server, with certificates made for the test."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from grpc_health.v1 import health_pb2, health_pb2_grpc
from songreel.type.v1.artifact_pb2 import Progress
from songreel_kit.channel.channel import open_channel
from songreel_kit.channel.tls import ChannelTls, ServerTls, is_loopback
from songreel_kit.errors import FailedPrecondition, PermissionDenied
from songreel_kit.interceptors.named_clients import NamedClients
from songreel_kit.server.server import ServerSettings, running_server
from songreel_kit.settings import ServiceSettings
from songreel_testing.serving import expect_error


class Authority:
    """Signs certificates into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.path = self.issue("authority", ca=True)[0]

    def issue(self, name: str, *, ca: bool = False) -> tuple[Path, Path]:
        key = self.key if ca else ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = (
            x509.CertificateBuilder(issuer, subject, key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        paths = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        paths[0].write_bytes(made.public_bytes(Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return paths


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def server(authority: Authority, probing: Any) -> AsyncIterator[Any]:
    """Serves only the client whose certificate is named gateway; health also in plain text."""

    async def echo(request: Progress, context: Any) -> Progress:
        return request

    settings = ServerSettings(
        tls=ServerTls(*authority.issue("audio"), authority.path),
        clients=("gateway",),
        probe_bind="127.0.0.1:0",
    )
    async with probing(settings=settings, unary_unary=echo) as probe:
        yield probe.server


async def ask(address: str, tls: ChannelTls | None) -> str:
    async with open_channel(address, tls=tls, idempotent=()) as channel:
        method = channel.unary_unary(
            "/songreel.test.v1.ProbeService/unary_unary",
            request_serializer=Progress.SerializeToString,
            response_deserializer=Progress.FromString,
        )
        return (await method(Progress(step="hello"), timeout=20)).step


async def test_a_service_serves_the_gateway_and_no_other_client(
    server: Any, authority: Authority, tmp_path: Path
) -> None:
    gateway = ChannelTls(authority.path, *authority.issue("gateway"))
    assert await ask(server.address, gateway) == "hello"
    with expect_error(PermissionDenied):
        await ask(server.address, ChannelTls(authority.path, *authority.issue("partner")))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    impostor = ChannelTls(authority.path, *Authority(elsewhere).issue("gateway"))
    for stranger in (None, ChannelTls(authority.path), impostor):
        with pytest.raises(grpc.RpcError) as caught:
            await ask(server.address, stranger)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    # And the client does not talk to a server that somebody else vouches for.
    with pytest.raises(grpc.RpcError) as caught:
        await ask(server.address, ChannelTls(Authority(elsewhere).path))
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("client", ["", "=ListJobs", "render=", "render=One+"])
def test_a_client_without_a_name_or_a_method_is_not_understood(client: str) -> None:
    with pytest.raises(FailedPrecondition):
        NamedClients(["gateway", client])


async def test_probes_ask_health_in_plain_text_and_get_nothing_else(server: Any) -> None:
    address = f"127.0.0.1:{server.probe_port}"
    async with open_channel(address) as channel:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        await ask(address, None)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    "given",
    [
        {"tls_certificate": "a.crt"},
        {"tls_key": "a.key"},
        {"tls_client_authority": "ca.pem"},
    ],
)
def test_half_of_a_certificate_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(FailedPrecondition, match="tls_"):
        ServiceSettings(**given).server()


@pytest.mark.parametrize("missing", ["nowhere.pem", "empty.pem"])
async def test_a_file_that_is_no_certificate_is_named(missing: str, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    settings = ServerSettings(tls=ServerTls(tmp_path / missing, tmp_path / missing))
    with pytest.raises(FailedPrecondition, match=missing):
        async with running_server([], settings):
            pass


def test_only_loopback_addresses_are_this_machines_own() -> None:
    for mine in ("127.0.0.1:0", "127.8.8.8:1", "localhost:5", "[::1]:0", "unix:/tmp/s"):
        assert is_loopback(mine)
    for others in ("0.0.0.0:1", "[::]:1", "10.0.0.1:1", ":1", "example.com:1", ""):
        assert not is_loopback(others)
