"""Database and bucket backed up and restored with the very commands of docs/operate/backup.md:
pg_dump and pg_restore of Debian's package, rclone between two remotes."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from songreel.v1.media_service_pb2 import DownloadMediaRequest
from songreel.v1.media_service_pb2_grpc import MediaServiceStub
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import ListVideosRequest, WatchOperationRequest
from songreel.v1.video_service_pb2_grpc import VideoServiceStub
from songreel_kit.channel.channel import open_channel
from songreel_testing.cluster.cluster import DRAIN_SECONDS, Cluster, GatewayProcess, running_cluster
from songreel_testing.cluster.load_clients import PARENT, LoadClients, VideoRequest
from songreel_testing.servers import (
    NotInstalledError,
    PostgresServer,
    temporary_postgres,
    temporary_rclone,
)

PAGE = Path(__file__).resolve().parents[3] / "docs/operate/backup.md"


def section(title: str) -> str:
    return PAGE.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]


def to_back_up() -> str:
    (block,) = re.findall(r"^```\n(.*?)^```$", section("Back up"), re.M | re.S)
    return block


def to_restore() -> str:
    """The numbered commands, without those for Kubernetes."""
    found = re.findall(r"^\d\. `(.+)`$", section("Restore"), re.M)
    return "\n".join(each for each in found if not each.startswith("kubectl"))


async def stop(gateway: GatewayProcess) -> None:
    gateway.send_signal(signal.SIGTERM)
    assert await gateway.wait_ended(DRAIN_SECONDS) == 0


def empty_database(postgres: PostgresServer, url: str) -> None:
    name = url.rpartition("/")[2]
    with psycopg.connect(plain(postgres.url()), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name}".encode())


def empty_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


async def videos_at(address: str) -> dict[str, tuple[int, bytes]]:
    """Name -> state, and the bytes of those that are ready."""
    async with open_channel(address) as channel:
        media: Any = MediaServiceStub(channel)
        videos: Any = VideoServiceStub(channel)
        listed = await videos.ListVideos(ListVideosRequest(parent=PARENT))
        found: dict[str, tuple[int, bytes]] = {}
        for each in listed.videos:
            data = b""
            if each.state == Video.STATE_READY:
                call = media.DownloadMedia(DownloadMediaRequest(name=each.media.video))
                data = b"".join([part.chunk async for part in call])
            found[each.name] = (each.state, data)
        return found


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_database_and_bucket_come_back_and_open_jobs_go_on(tmp_path: Path) -> None:
    try:
        with temporary_postgres() as postgres, temporary_rclone(tmp_path / "s3") as s3:
            async with running_cluster(
                1, tmp_path / "cluster", postgres, s3, proxied=False
            ) as cluster:
                (gateway,) = cluster.gateways
                bucket = gateway.environment["SONGREEL_STORE"].removeprefix("s3://")
                environment = {
                    "DATABASE_URL": plain(cluster.database_url),
                    "RCLONE_CONFIG": "",
                    "RCLONE_CONFIG_OBJECTS_TYPE": "s3",
                    "RCLONE_CONFIG_OBJECTS_PROVIDER": "Rclone",
                    "RCLONE_CONFIG_OBJECTS_ENDPOINT": f"http://{s3.address}",
                    "RCLONE_CONFIG_OBJECTS_ACCESS_KEY_ID": s3.access_key,
                    "RCLONE_CONFIG_OBJECTS_SECRET_ACCESS_KEY": s3.secret_key,
                    # The page calls the bucket songreel.
                    "RCLONE_CONFIG_STORE_TYPE": "combine",
                    "RCLONE_CONFIG_STORE_UPSTREAMS": f"songreel=objects:{bucket}",
                    "RCLONE_CONFIG_BACKUP_TYPE": "alias",
                    "RCLONE_CONFIG_BACKUP_REMOTE": str(tmp_path / "backup"),
                }
                await rehearse(cluster, postgres, tmp_path / "s3/buckets" / bucket, environment)
    except NotInstalledError as missing:
        pytest.skip(str(missing))


async def rehearse(
    cluster: Cluster, postgres: PostgresServer, bucket: Path, environment: dict[str, str]
) -> None:
    (gateway,) = cluster.gateways
    folder = gateway.folder

    def carry_out(script: str) -> None:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # rclone's wheel is there
        subprocess.run(
            ["/bin/sh", "-eu", "-c", script],
            cwd=folder,
            env=os.environ | environment | {"PATH": path},
            check=True,
            timeout=300,
        )

    clients = LoadClients(cluster.addresses)
    first = await clients.request_video("first")
    await clients.watch(first)
    assert not first.problem
    held = cluster.stages.control / "hold-render"
    held.touch()
    # Open while the backup is made.
    second = await clients.request_video("second")
    await drawing(gateway.address, second)
    carry_out(to_back_up())
    before = await videos_at(gateway.address)
    assert sorted(state for state, _ in before.values()) == [Video.STATE_MAKING, Video.STATE_READY]

    held.unlink()
    await clients.watch(second)
    since = await clients.request_video("since")
    await clients.watch(since)
    await clients.close()
    await stop(gateway)
    empty_database(postgres, cluster.database_url)
    carry_out("rclone delete store:songreel")
    assert not files_in(bucket)
    empty_folder(folder / "cache")
    carry_out(to_restore())
    await gateway.start()

    clients = LoadClients(cluster.addresses)
    second.log.clear()
    await clients.watch(second)  # nobody asks for it again
    assert not second.problem
    await clients.close()
    after = await videos_at(gateway.address)
    assert set(after) == set(before)  # what was asked for since the backup is lost
    assert all(state == Video.STATE_READY and data for state, data in after.values())
    for name, (state, data) in before.items():
        assert state != Video.STATE_READY or after[name][1] == data


async def drawing(address: str, video: VideoRequest) -> None:
    """Waits until the job is in its last stage."""
    async with open_channel(address) as channel:
        stub: Any = VideoServiceStub(channel)
        async for response in stub.WatchOperation(WatchOperationRequest(name=video.operation)):
            if response.event.metadata.step == "frames":
                return
