"""A person is erased, and the videos that show them: a search of the data folder finds nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from songreel.identity.v1 import identity_service_pb2 as pb
from songreel.identity.v1.identity_service_pb2_grpc import (
    IdentityServiceServicer,
    add_IdentityServiceServicer_to_server,
)
from songreel.v1.identity_service_pb2 import EraseIdentityRequest
from songreel.v1.identity_service_pb2_grpc import IdentityServiceStub as PublicStub
from songreel.v1.video_pb2 import VideoIdentity
from songreel.v1.video_service_pb2 import (
    CreateScoreRequest,
    CreateScoreResult,
    GetVideoRequest,
    JobMetadata,
)
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import VideoNotFound
from songreel_kit.server.service import Service
from songreel_testing.gateway.local_gateway import PARENT, LocalGateway, local_gateway, video_of
from songreel_testing.serving import expect_error

ANN, BEN = (f"{PARENT}/identities/{name}" for name in ("annabelle", "benedict"))


@dataclass
class Identity(IdentityServiceServicer):
    """Trains nobody, permits everybody and erases at once."""

    erased: list[str] = field(default_factory=list)

    async def TrainAdapter(self, request, context):
        yield pb.TrainAdapterResponse(result=pb.TrainAdapterResult(adapter_sha256="a" * 64))

    async def GrantUse(self, request, context):
        return pb.GrantUseResponse(grant="granted")

    async def EraseIdentity(self, request, context):
        self.erased.append(request.identity)
        return pb.EraseIdentityResponse(audit_head="b" * 64, objects=3)


def found_in(folder: Path, *texts: bytes) -> list[str]:
    """Files that hold one of these, anywhere in the folder."""
    return [
        f"{path}: {text.decode()}"
        for path in folder.rglob("*")
        if path.is_file()
        for text in texts
        if text in path.read_bytes() or text.decode() in path.name
    ]


async def scored(local: LocalGateway, video: str) -> str:
    """The film that a video becomes with music of its own."""
    asked = CreateScoreRequest(parent=PARENT, video=video)
    result = CreateScoreResult()
    done = await local.client.wait(await local.client.videos.CreateScore(asked))
    assert done.response.Unpack(result)
    return result.film.name


async def test_erasure_takes_every_video_that_shows_the_person(tmp_path) -> None:
    identity = Identity()
    add = partial(add_IdentityServiceServicer_to_server, identity)
    service = Service("songreel.identity.v1.IdentityService", add)
    async with local_gateway(tmp_path, also=[service], poll_seconds=0.05) as local:

        async def begin(name: str, person: str):
            song = await local.client.upload(name.encode(), display_name=f"{name}.mp3")
            shown = VideoIdentity(name=person, noun="woman")
            return await local.client.create(song, identity=shown)

        videos = [
            video_of(await local.client.wait(await begin(f"song {number}", ANN)))
            for number in range(2)
        ]
        other = video_of(await local.client.wait(await begin("song of ben", BEN)))
        films = [await scored(local, videos[0].media.video)]
        films.append(await scored(local, films[0]))
        theirs = await scored(local, other.media.video)
        local.control.hold("render")
        open_job = await begin("song in work", ANN)
        log = await local.client.reach(open_job, "render", "frames")
        metadata = JobMetadata()
        open_job.metadata.Unpack(metadata)
        plans = {video.media.plan for video in videos} | {log.metadata.media.plan}
        made = [*(video.media.video for video in videos), *films]
        hashes = [name.rpartition("/")[2].encode() for name in made]
        assert found_in(tmp_path / "data", b"annabelle")

        async with open_channel(local.address) as channel:
            request = EraseIdentityRequest(name=ANN, videos=True, request_id="erase")
            erased = await PublicStub(channel).EraseIdentity(request)
            assert await PublicStub(channel).EraseIdentity(request) == erased
        local.control.let_go("render")
        # Two videos, one in work, and the films that got their music from the first.
        assert (erased.videos, identity.erased) == (5, [ANN])
        names = [video.name for video in videos] + [metadata.video]
        for name in names:
            with expect_error(VideoNotFound):
                await local.client.videos.GetVideo(GetVideoRequest(name=name))
        calls = local.control.calls()
        assert all(calls[f"erased-{plan.rpartition('/')[2]}"] for plan in plans)
        assert await local.client.download(theirs)
        kept = await local.client.videos.GetVideo(GetVideoRequest(name=other.name))
        assert await local.client.download(kept.video.media.video)
        # While the gateway runs, and in every file of its folder and of the store.
        identifiers = [name.rpartition("/")[2].encode() for name in names]
        for folder in (tmp_path / "data", local.store.root):
            assert found_in(folder, b"annabelle", *hashes, *identifiers) == []


async def test_without_being_asked_videos_stay(tmp_path) -> None:
    identity = Identity()
    add = partial(add_IdentityServiceServicer_to_server, identity)
    service = Service("songreel.identity.v1.IdentityService", add)
    async with local_gateway(tmp_path, also=[service]) as local:
        song = await local.client.upload(b"a song that stays")
        shown = VideoIdentity(name=ANN)
        video = video_of(await local.client.wait(await local.client.create(song, identity=shown)))
        async with open_channel(local.address) as channel:
            erased = await PublicStub(channel).EraseIdentity(EraseIdentityRequest(name=ANN))
        assert erased.videos == 0
        assert await local.client.download(video.media.video)
