"""Storyboards in people's hands: edited, locked, rewritten, drawn, refused."""

import io
import json
import re
from pathlib import Path

import pytest
import yaml
from songreel.prompt.v1.prompt_service_pb2 import StoryboardOptions
from songreel.v1.video_pb2 import Video
from songreel.v1.video_service_pb2 import (
    AnalyzeSongRequest,
    AnalyzeSongResult,
    CreateStoryboardRequest,
    CreateStoryboardResult,
    CreateVideoRequest,
)
from songreel_client import Client, connect
from songreel_kit.errors import InvalidStoryboard
from songreel_prompt.storyboard.documents import format_storyboard, parse_storyboard

from .conftest import SMALL, Workspace


@pytest.fixture(scope="module")
def analysis(studio: Workspace, song: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("heard") / "a.json"
    assert studio.run("analyze", song, "-o", path).returncode == 0
    return path


@pytest.fixture(scope="module")
def written(studio: Workspace, analysis: Path) -> str:
    """The storyboard of the song as the command writes it."""
    board = analysis.with_name("s.yaml")
    done = studio.run("storyboard", analysis, "-o", board, "--protagonist-share", "1")
    assert done.returncode == 0, done.stderr
    return board.read_text()


@pytest.fixture
def board(written: str, tmp_path: Path) -> Path:
    """A copy of it to edit."""
    path = tmp_path / "s.yaml"
    path.write_text(written)
    return path


def blocks(path: Path) -> list[str]:
    """The text of each scene, as it stands in the file."""
    body = path.read_text().split("\nscenes:\n")[1].split("\nnotes:")[0]
    return re.split(r"\n(?=- )", body)


def edited(board: Path, scene: int, name: str, **fields: object) -> Path:
    document = parse_storyboard(board.read_text()).storyboard
    for field, value in fields.items():
        setattr(document.scenes[scene], field, value)
    target = board.with_name(name)
    target.write_text(format_storyboard(document))
    return target


def test_locked_scenes_survive_a_rewriting_byte_for_byte(
    studio: Workspace, analysis: Path, board: Path
) -> None:
    assert all(scene["protagonist"] for scene in yaml.safe_load(board.read_text())["scenes"])
    mine = edited(board, 1, "mine.yaml", prompt="sketch of  my own door, ajar", locked=True)
    again = board.with_name("again.yaml")
    done = studio.run("storyboard", analysis, "--from", mine, "-o", again, "--seed", "7")
    assert done.returncode == 0, done.stderr
    before, after = blocks(mine), blocks(again)
    assert after[1] == before[1]
    assert "prompt: sketch of  my own door, ajar" in after[1]
    old, new = (yaml.safe_load(path.read_text())["scenes"] for path in (mine, again))
    assert [(s["start"], s["end"]) for s in new] == [(s["start"], s["end"]) for s in old]
    changed = [
        a["prompt"] != b["prompt"] or a["seed"] != b["seed"] for a, b in zip(old, new, strict=True)
    ]
    assert changed == [index != 1 for index in range(len(old))]


def test_an_edited_storyboard_is_drawn_and_left_alone(
    studio: Workspace, board: Path, song: Path
) -> None:
    mine = edited(board, 0, "mine.yaml", prompt="cartoon of a lantern, night")
    text = mine.read_text()
    video = board.with_name("video.mp4")
    result = studio.make(song, video, "--storyboard", mine)
    assert video.exists()
    assert mine.read_text() == text
    assert "storyboard" not in result["files"]
    assert not video.with_suffix(".storyboard.yaml").exists()
    rewritten = studio.make(song, board.with_name("other.mp4"), "--from", mine, "--seed", "3")
    written = yaml.safe_load(Path(rewritten["files"]["storyboard"]).read_text())
    assert written["scenes"][0]["prompt"] != "cartoon of a lantern, night"
    assert mine.read_text() == text


def test_what_policy_blocks_is_refused_with_its_line(
    studio: Workspace, analysis: Path, board: Path, song: Path
) -> None:
    bad = edited(board, 1, "bad.yaml", prompt="cartoon of Anna Example on the road, naked")
    line = next(n for n, text in enumerate(bad.read_text().splitlines(), 1) if "Anna" in text)
    video = board.with_name("video.mp4")
    done = studio.run("make", song, "--storyboard", bad, "-o", video, *SMALL)
    assert done.returncode == 1
    assert f"bad.yaml:{line}: the prompt names 'Anna Example'" in done.stderr
    assert f"bad.yaml:{line}: the prompt asks for what is not drawn" in done.stderr
    assert not video.exists()
    named = edited(
        board, 1, "named.yaml", prompt="cartoon of Anna Example on the road", locked=True
    )
    again = board.with_name("again.yaml")
    rewrite = ("storyboard", analysis, "--from", named, "-o", again)
    assert studio.run(*rewrite).returncode == 1
    done = studio.run(*rewrite, "--protagonist", "Anna Example")
    assert done.returncode == 0, done.stderr
    assert blocks(again)[1] == blocks(named)[1]


def test_prompts_fit_the_checkpoint_that_draws(
    studio: Workspace, song: Path, tmp_path: Path
) -> None:
    """The tiny checkpoint counts letters, so that even a caption nearly fills its text encoder."""
    result = studio.make(song, tmp_path / "video.mp4", "--style", "watercolour")
    assert not [note for note in result["fallbacks"] if "token" in note or "prompt" in note]
    scenes = yaml.safe_load(Path(result["files"]["storyboard"]).read_text())["scenes"]
    assert all(len(scene["prompt"].replace(" ", "")) <= 75 for scene in scenes)
    assert all(scene["prompt"].startswith("realistic of ") for scene in scenes)


def test_options_that_contradict_each_other_are_wrong_usage(
    workspace: Workspace, song: Path
) -> None:
    done = workspace.run(
        "make", song, "--storyboard", "s.yaml", "--style", "noir", "--from", "s.yaml"
    )
    assert done.returncode == 2
    assert "takes no --style, --from" in done.stderr


async def test_a_kept_storyboard_is_held_to_the_storytellers_rules(
    studio: Workspace, song: Path
) -> None:
    address = json.loads((studio.data / "server.json").read_text())["address"]
    async with connect(address) as client:
        media = await client.upload(song)
        heard = await client.analyze_song(AnalyzeSongRequest(song=media.name))
        analysis = (await client.result(heard.name, AnalyzeSongResult)).analysis.name
        options = StoryboardOptions(style="cartoon", protagonist_name="Anna Example")
        asked = CreateStoryboardRequest(analysis=analysis, options=options)
        operation = await client.create_storyboard(asked)
        stored = (await client.result(operation.name, CreateStoryboardResult)).stored
        board = await client.get_storyboard(stored.name)
        assert len(board.content.scenes) > 1

        # What was written passes as it is; a prompt may name whoever agreed, and nobody else.
        board.content.title = "Harbour"
        titled = await client.update_storyboard(board, "content.title")
        assert list(titled.content.scenes) == list(board.content.scenes)
        titled.content.scenes[1].prompt = "cartoon of Anna Example on the road"
        named = await client.update_storyboard(titled)
        named.content.scenes[1].prompt = "cartoon of Jane Doe on the road, naked"
        named.content.scenes[0].shot = "sideways"
        named.content.scenes[-1].end += 5
        with pytest.raises(InvalidStoryboard) as caught:
            await client.update_storyboard(named)
        for fault in (
            "scene 2: the prompt names 'Jane Doe'",
            "scene 2: the prompt asks for what is not drawn",
            "scene 1: shot is 'sideways'",
            f"scene {len(named.content.scenes)}: ends at",
        ):
            assert fault in caught.value.message
        kept = await client.get_storyboard(named.name)
        assert kept.content.scenes[1].prompt == "cartoon of Anna Example on the road"
        document = yaml.safe_load(await _text(client, kept.document))
        assert document["title"] == "Harbour"

        wish = CreateVideoRequest(video=Video(song=media.name, stored_storyboard=kept.name))
        assert (await client.check_video(wish)).storyboard_etag == kept.etag


async def _text(client: Client, name: str) -> str:
    target = io.BytesIO()
    await client.download(name, target)
    return target.getvalue().decode()
