"""The examples do what they say."""

from __future__ import annotations

import importlib.util
from filecmp import cmp
from pathlib import Path
from typing import Any

import pytest
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import CreateVideoRequest
from songreel_testing.gateway.direct_client import front_in, store_at
from songreel_testing.servers import temporary_rclone

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLES = Path(__file__).parents[1] / "examples"


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture
def song(tmp_path: Path) -> Path:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"a song of an example, " + tmp_path.name.encode())
    return path


async def test_a_song_becomes_a_video(local, song: Path, tmp_path: Path, capsys) -> None:
    goal = tmp_path / "video.mp4"
    for _ in range(2):  # the second run joins the first one's job
        await example("make_video")(local.address, str(song), str(goal))
    assert goal.read_bytes().startswith(b"video of")
    assert "100% done" in capsys.readouterr().out
    assert local.control.calls()["render-made"] == 1


async def test_an_edited_storyboard_is_drawn(local, song: Path, tmp_path: Path) -> None:
    run = example("edit_storyboard")
    await run(local.address, str(song), str(tmp_path))
    board = tmp_path / "storyboard.yaml"
    assert board.read_text().startswith("prompt: ")
    board.write_text("prompt: a red kite over the sea\n")
    await run(local.address, str(song), str(tmp_path))
    assert b"a red kite" in (tmp_path / "video.mp4").read_bytes()


async def test_a_scene_of_a_kept_storyboard_is_edited(local, song: Path, capsys) -> None:
    run, goal = example("edit_scenes"), song.with_name("song.mp3.mp4")
    for prompt in ("a paper boat", "a paper lantern"):  # the second run edits what is there
        await run(local.address, str(song), prompt)
        assert goal.read_bytes().startswith(f"video of {prompt}".encode())
        goal.unlink()
    assert capsys.readouterr().out.count("projects/local/storyboards/s") == 2


async def test_old_jobs_are_cancelled(local, client, song: Path, capsys) -> None:
    media = await client.upload(song)
    local.control.hold("analyze")
    operation = await client.create_video(CreateVideoRequest(video=Video(song=media.name)))
    await example("tidy_up")(local.address, "60")
    assert not (await client.get_operation(operation.name)).done
    await example("tidy_up")(local.address, "0")
    assert (await client.get_operation(operation.name)).done
    local.control.let_go("analyze")
    assert "cancelled" in capsys.readouterr().out


async def test_a_large_file_goes_past_the_gateway(
    local, song: Path, tmp_path: Path, capsys
) -> None:
    copy = song.with_name("copy.mp3")
    await example("send_directly")(local.address, str(song), str(copy))
    assert cmp(song, copy, shallow=False)
    said = capsys.readouterr().out
    assert "use UploadMedia" in said  # the store of this gateway is a folder
    assert "through the gateway" in said
    with temporary_rclone(tmp_path) as endpoint:
        async with front_in(tmp_path, store_at(endpoint, tmp_path)) as front:
            await example("send_directly")(front.address, str(song), str(copy))
    assert "directly" in capsys.readouterr().out


async def test_every_example_is_tested() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {"make_video", "edit_storyboard", "edit_scenes", "tidy_up", "send_directly"}
