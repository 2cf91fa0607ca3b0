"""Keys, tokens and certificates, against a gateway that checks them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateVideoRequest
from songreel_client import ChannelTls, connect, credentials
from songreel_kit.errors import (
    FailedPrecondition,
    InvalidRequest,
    MediaNotFound,
    Unauthenticated,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def at_home(gateway) -> dict:
    return {"api_key": gateway.keys["mine"], "tls": ChannelTls(gateway.authority.path)}


async def test_a_key_is_all_that_a_partner_needs(gateway, tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"a song under TLS")
    async with connect(gateway.server.address, **at_home(gateway)) as client:
        assert client.parent == "projects/mine"
        song = await client.upload(tmp_path / "song.mp3")
        made = await client.create_video(CreateVideoRequest(video=Video(song=song.name)))
        video = await client.result(made.name, Video)
        assert video.name.startswith("projects/mine/videos/")
        quotas = {quota.metric: quota.used for quota in (await client.get_project()).quotas}
        assert quotas["uploads"] >= 1
        with pytest.raises(MediaNotFound):
            await client.get_media(gateway.song.name)


async def test_a_certificate_opens_the_mutual_port(gateway, tmp_path: Path) -> None:
    certificate, key = gateway.authority.issue("partner", "partner.example")
    shown = ChannelTls(gateway.authority.path, certificate, key)
    address = f"127.0.0.1:{gateway.server.mutual_port}"
    async with connect(address, api_key=gateway.keys["mine"], tls=shown) as client:
        assert [video async for video in client.list_videos("state = FAILED")] == []


async def test_tokens_are_renewed_in_time(gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(credentials, "RENEW_AFTER", 0.0)  # a token is old as soon as it is there
    async with connect(gateway.server.address, **at_home(gateway)) as client:
        tokens = client._tokens
        renewed = []
        renew = tokens._renew

        async def counted(refused: str) -> None:
            renewed.append(refused)
            await renew(refused)

        monkeypatch.setattr(tokens, "_renew", counted)
        await client.get_project()
        assert len(renewed) == 1
        monkeypatch.setattr(credentials, "RENEW_AFTER", 0.8)
        await client.get_project()
        await asyncio.gather(*(client.get_project() for _ in range(3)))
        assert len(renewed) == 2


async def test_a_token_that_is_refused_is_replaced(gateway) -> None:
    async with connect(gateway.server.address, **at_home(gateway)) as client:
        # As after a change of the server's signing key.
        head, _, signature = client._tokens._token.rpartition(".")
        client._tokens._token = f"{head}.{signature[::-1]}"
        assert (await client.get_project()).name == "projects/mine"
        client._tokens._token = "nonsense"
        assert [job.name async for job in client.list_operations("done = false")] == []


async def test_what_is_not_allowed_is_said(gateway) -> None:
    tls = ChannelTls(gateway.authority.path)
    for key in ("songreel_wrong", gateway.keys["revoked"] + "x"):
        with pytest.raises(Unauthenticated):
            async with connect(gateway.server.address, api_key=key, tls=tls):
                pass
    with pytest.raises(InvalidRequest, match="of the project 'mine'"):
        async with connect(gateway.server.address, project="theirs", **at_home(gateway)):
            pass
    with pytest.raises(FailedPrecondition, match="plain text"):
        async with connect("songreel.example:443", api_key="songreel_x"):
            pass
    async with connect(gateway.server.inner_address, project="mine") as client:
        with pytest.raises(Unauthenticated):
            await client.get_project()
