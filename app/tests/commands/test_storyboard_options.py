"""What `make` and `storyboard` say about storyboards before they start anything."""

from pathlib import Path

import pytest
from songreel_app.cli import run


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SONGREEL_DATA", str(tmp_path / "data"))
    for name in ("song.mp3", "a.json", "s.yaml"):
        (tmp_path / name).write_text("{}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["make", "song.mp3", "--storyboard", "s.yaml", "--style", "noir"], "takes no --style"),
        (["make", "song.mp3", "--storyboard", "s.yaml", "--from", "s.yaml"], "takes no --from"),
        (
            ["make", "song.mp3", "--storyboard", "s.yaml", "--protagonist-share", "0.5"],
            "takes no --protagonist-share",
        ),
        (["make", "song.mp3", "--protagonist-share", "1.5"], "--protagonist-share"),
        (["storyboard", "a.json", "--protagonist-share", "-1"], "--protagonist-share"),
    ],
)
def test_wrong_usage(arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert words in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["storyboard", "a.json", "--from", "absent.yaml"],
        ["make", "song.mp3", "--from", "absent.yaml"],
        ["make", "song.mp3", "--storyboard", "absent.yaml"],
    ],
)
def test_a_storyboard_that_is_not_there(
    arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 1
    error = capfd.readouterr().err
    assert "absent.yaml" in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "data").exists()
