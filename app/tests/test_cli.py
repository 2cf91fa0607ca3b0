import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer.main
from songreel_app.cli import app, run

SONG = "song.mp3"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SONGREEL_DATA", str(tmp_path / "data"))
    (tmp_path / SONG).write_bytes(b"not really a song")
    (tmp_path / "folder").mkdir()


def one_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["make"], "Missing argument 'SONG'"),
        (["make", SONG, "--nonsense"], "--nonsense"),
        (["make", SONG, "--fps", "fast"], "not a frame rate"),
        (["make", SONG, "--fps", "0"], "not a frame rate"),
        (["make", SONG, "--fps", "1/0"], "not a frame rate"),
        (["make", SONG, "--seconds", "-1"], "--seconds"),
        (["make", SONG, "--size", "big"], "--size"),
        (["make", SONG, "-o", "clip.avi"], ".webm"),
        (["make", SONG, "--cadence", "2"], "--cadence"),
        (["render", SONG, "--analysis", "a.json"], "--storyboard"),
        (["up", "--port", "70000"], "--port"),
        (["up", "--render", "moon"], "not one of process, ray"),
        (["make", SONG, "--render", "ray", "--server", "127.0.0.1:1"], "embedded server"),
        (["jobs", "cancel"], "NAME"),
        (["nonsense"], "nonsense"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert words in one_line(captured.err)
    assert captured.out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["make", "missing.mp3"], "the song missing.mp3 does not exist"),
        (["make", "folder"], "is a folder"),
        (["make", SONG, "-o", f"{SONG}/clip.mp4"], "is not a folder"),
        (["make", SONG, "--lyrics", "missing.lrc"], "the lyrics file missing.lrc"),
        (["make", SONG, "--checkpoint", "missing"], "the checkpoint missing does not exist"),
        (["make", SONG, "--lora", "missing:0.5"], "the LoRA missing does not exist"),
        (["inspect", "missing.mp4"], "the video missing.mp4 does not exist"),
        (["inspect", "folder"], "is a folder"),
        (["make", SONG, "-o", "/proc/clip.mp4"], "nothing can be written"),
        (["analyze", "missing.mp3"], "does not exist"),
        (["analyze", SONG, "--plot", f"{SONG}/p.png"], "is not a folder"),
        (["storyboard", "missing.json"], "the analysis missing.json"),
        (["render", SONG, "--analysis", "missing.json", "--storyboard", SONG], "the analysis"),
        (["render", SONG, "--analysis", SONG, "--storyboard", "s.yaml"], "the storyboard s.yaml"),
    ],
)
def test_files_are_looked_at_before_anything_is_started(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 1
    captured = capsys.readouterr()
    line = one_line(captured.err)
    assert line.startswith("error: ")
    assert words in line
    assert captured.out == ""
    assert not (tmp_path / "data").exists()


def test_with_json_the_error_is_also_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["make", "missing.mp3", "--json"]) == 1
    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert error["code"] == "INVALID_ARGUMENT"
    assert error["reason"] == "INPUT_UNREADABLE"
    assert "missing.mp3" in error["message"]
    one_line(captured.err)


def test_the_song_is_never_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path(SONG).rename("song.mp4")
    assert run(["make", "song.mp4"]) == 1
    assert "is the song itself" in one_line(capsys.readouterr().err)
    assert Path("song.mp4").read_bytes() == b"not really a song"


def test_a_server_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    # Port 1 is reserved and nobody listens on it.
    assert run(["make", SONG, "--server", "127.0.0.1:1"]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "no songreel server answers at 127.0.0.1:1" in last


def test_a_data_folder_that_cannot_be_used_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["make", SONG, "--data", SONG]) == 1
    assert "the data folder" in capsys.readouterr().err.splitlines()[-1]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.strip() == version("songreel")


def test_help_names_the_commands_and_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from songreel_app.cli import run\n"
        "code = run(['--help'])\n"
        "heavy = {'torch', 'librosa', 'av', 'grpc', 'diffusers', 'numpy', 'dbos'}\n"
        "sys.exit(f'loaded {heavy & set(sys.modules)}' if heavy & set(sys.modules) else code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "100"},
    )
    assert done.returncode == 0, done.stderr
    for command in ("make", "analyze", "storyboard", "render", "up", "jobs", "doctor"):
        assert command in done.stdout


def commands(group: Any, *names: str) -> Iterator[tuple[str, Any]]:
    """The command or group, and all below it, with their full names."""
    yield " ".join(names), group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, *names, name)


COMMANDS = dict(commands(typer.main.get_command(app), "songreel"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_ends_with_an_example_that_can_be_typed(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert all(each.help for each in command.params if not getattr(each, "hidden", False))
    label, _, example = command.epilog.partition(": ")
    assert label == "Example"
    assert f"{example} ".startswith(f"{name} ")
    words = example.split()[1:]
    used = COMMANDS["songreel"]
    while words and words[0] in getattr(used, "commands", {}):
        used = used.commands[words.pop(0)]
    used.make_context("songreel", words)


def test_a_reader_that_goes_away_is_no_crash() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m songreel_app --help | true"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
