"""What a partner does with the client, against a gateway at work."""

from __future__ import annotations

from pathlib import Path

import pytest
from songreel.v1.video_pb2 import Storyboard, Video
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    AnalyzeSongResult,
    CreateScoreRequest,
    CreateScoreResult,
    CreateStoryboardRequest,
    CreateStoryboardResult,
    CreateVideoRequest,
)
from songreel_client import metadata_of
from songreel_kit.errors import (
    Cancelled,
    DataLoss,
    EtagMismatch,
    InvalidRequest,
    MediaNotFound,
    OperationNotFound,
    RequestIdReused,
    StoryboardNotFound,
    VideoExists,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def wish(song: str, **fields) -> CreateVideoRequest:
    return CreateVideoRequest(video=Video(song=song), **fields)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_a_song_becomes_a_video_in_a_file(client, tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"a song of a partner" * 40_000)
    sent = []
    song = await client.upload(path, lambda done, size: sent.append((done, size)))
    size = path.stat().st_size
    assert sent[-1] == (size, size)
    assert (song.display_name, song.artifact.media_type) == ("song.mp3", "audio/mpeg")
    assert await client.upload(path) == song

    operation = await client.create_video(wish(song.name))
    events = [event async for event in client.watch(operation.name)]
    assert [event.offset for event in events] == list(range(len(events)))
    assert events[-1].done
    assert [event async for event in client.watch(operation.name, len(events))] == []
    video = await client.result(operation.name, Video)
    assert video == await client.get_video(video.name)

    goal = tmp_path / "video.mp4"
    media = await client.download_file(video.media.video, goal)
    assert goal.stat().st_size == media.artifact.size
    assert names_in(tmp_path) == {"song.mp3", "video.mp4"}


async def test_a_download_goes_on_from_what_is_there(client, tmp_path: Path) -> None:
    data = bytes(range(256)) * 4000
    (tmp_path / "song.mp3").write_bytes(data)
    media = await client.upload(tmp_path / "song.mp3")
    goal = tmp_path / "back.mp3"
    part = tmp_path / f"back.mp3.{media.artifact.sha256[:12]}.part"
    part.write_bytes(data[:700_000])
    seen = []
    await client.download_file(media.name, goal, lambda done, size: seen.append(done))
    assert goal.read_bytes() == data
    assert min(seen) > 700_000
    # Left by something else: found out by the hash, and gone before the next attempt.
    part.write_bytes(b"x" * 700_000)
    with pytest.raises(DataLoss):
        await client.download_file(media.name, goal)
    await client.download_file(media.name, goal)
    assert goal.read_bytes() == data


async def test_stages_one_by_one(client, tmp_path: Path) -> None:
    (tmp_path / "s.mp3").write_bytes(b"a song in stages")
    song = await client.upload(tmp_path / "s.mp3")
    first = await client.analyze_song(AnalyzeSongRequest(song=song.name))
    analysis = (await client.result(first.name, AnalyzeSongResult)).analysis
    second = await client.create_storyboard(CreateStoryboardRequest(analysis=analysis.name))
    board = await client.result(second.name, CreateStoryboardResult)
    assert board.storyteller == "offline"
    with pytest.raises(DataLoss, match="not with"):
        await client.result(second.name, Video)


async def test_a_film_gets_its_music(client, local, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"pictures")
    film = await client.upload(tmp_path / "clip.mp4")
    asked = CreateScoreRequest(video=film.name, options={"style": "piano"})
    begun = await client.create_score(asked)
    made = await client.result(begun.name, CreateScoreResult)
    assert local.content(made.film.name) == b"pictures with piano music "


async def test_a_kept_storyboard_is_edited_and_drawn(client, local, tmp_path: Path) -> None:
    (tmp_path / "s.mp3").write_bytes(b"a song with a kept storyboard")
    song = await client.upload(tmp_path / "s.mp3")
    heard = await client.analyze_song(AnalyzeSongRequest(song=song.name))
    analysis = (await client.result(heard.name, AnalyzeSongResult)).analysis
    made = await client.create_storyboard(CreateStoryboardRequest(analysis=analysis.name))
    name = (await client.result(made.name, CreateStoryboardResult)).stored.name

    board = await client.get_storyboard(name)
    board.content.scenes[0].prompt = "a tin drum"
    tried = await client.update_storyboard(board, "content.scenes", validate_only=True)
    assert await client.get_storyboard(name) != board
    edited = await client.update_storyboard(board, "content.scenes")
    assert (edited.content, edited.etag) == (tried.content, tried.etag)
    with pytest.raises(EtagMismatch):
        await client.update_storyboard(board, "content.scenes")
    with pytest.raises(EtagMismatch):
        await client.create_video_of(board, wish(song.name))
    made = await client.create_video_of(edited, wish(song.name))
    video = await client.result(made.name, Video)
    assert local.content(video.media.video).startswith(b"video of a tin drum")

    again = await client.update_storyboard(edited, "content.scenes", request_id="edit 17")
    assert await client.update_storyboard(edited, "content.scenes", request_id="edit 17") == again
    part = await client.get_storyboard(name, ["etag"])
    assert part == Storyboard(etag=again.etag)
    listed = [each async for each in client.list_storyboards(["name"])]
    assert Storyboard(name=name) in listed
    seen = [each async for each in client.list_videos("state = READY", ["name", "state"])]
    assert Video(name=video.name, state=Video.STATE_READY) in seen
    assert (await client.get_video(video.name, ["frames"])) == Video(frames=video.frames)
    with pytest.raises(InvalidRequest, match="'colour' in read_mask"):
        await client.get_video(video.name, ["colour"])

    with pytest.raises(EtagMismatch):
        await client.delete_storyboard(name, board.etag)
    await client.delete_storyboard(name, again.etag)
    with pytest.raises(StoryboardNotFound):
        await client.get_storyboard(name)


async def test_the_same_request_id_is_the_same_job(client, tmp_path: Path) -> None:
    (tmp_path / "s.mp3").write_bytes(b"a song asked for twice")
    (tmp_path / "o.mp3").write_bytes(b"another song")
    song, other = [await client.upload(tmp_path / name) for name in ("s.mp3", "o.mp3")]
    first = await client.create_video(wish(song.name), "order-17")
    assert (await client.create_video(wish(song.name), "order-17")).name == first.name
    assert (await client.create_video(wish(song.name, request_id="order-17"))).name == first.name
    with pytest.raises(RequestIdReused):
        await client.create_video(wish(other.name), "order-17")
    assert (await client.create_video(wish(song.name))).name != first.name
    async for job in client.list_operations("done = false"):
        await client.wait(job.name)


async def test_a_video_can_be_checked_without_being_made(client, local, tmp_path: Path) -> None:
    (tmp_path / "s.mp3").write_bytes(b"a song to be checked")
    song = await client.upload(tmp_path / "s.mp3")
    before = local.control.calls()
    jobs = [job.name async for job in client.list_operations()]
    asked = wish(song.name, video_id="checked", request_id="checked once")
    video = await client.check_video(asked)
    assert (video.name, video.operation) == ("projects/local/videos/checked", "")
    assert (await client.check_video(wish(song.name))).name == ""
    assert [job.name async for job in client.list_operations()] == jobs
    assert local.control.calls() == before
    with pytest.raises(MediaNotFound):
        await client.check_video(wish(f"projects/local/media/{'0' * 64}"))
    # Neither the id nor the request id is taken.
    made = await client.create_video(asked)
    await client.wait(made.name)
    with pytest.raises(VideoExists):
        await client.check_video(wish(song.name, video_id="checked"))
    with pytest.raises(RequestIdReused):
        await client.check_video(wish(song.name, request_id="checked once"))


async def test_lists_filters_and_cancel(client, local, tmp_path: Path) -> None:
    (tmp_path / "s.mp3").write_bytes(b"a song that stops")
    song = await client.upload(tmp_path / "s.mp3")
    local.control.hold("render")
    operation = await client.create_video(wish(song.name))
    async for event in client.watch(operation.name):
        if event.metadata.step == "frames":
            break
    making = [video.name async for video in client.list_videos("state = MAKING")]
    assert making == [metadata_of(operation).video]
    running = [job.name async for job in client.list_operations("done = false")]
    assert running == [operation.name]
    await client.cancel_operation(operation.name)
    assert (await client.wait(operation.name)).done
    with pytest.raises(Cancelled):
        await client.result(operation.name, Video)
    local.control.let_go("render")
    cancelled = [video.name async for video in client.list_videos('state = "STATE_CANCELLED"')]
    assert cancelled == making
    assert making[0] in [video.name async for video in client.list_videos()]
    with pytest.raises(InvalidRequest):
        [video async for video in client.list_videos("colour = red")]
    with pytest.raises(OperationNotFound):
        [event async for event in client.watch("projects/local/operations/none")]
