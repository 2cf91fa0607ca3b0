"""What cannot work ends with one line that says what to do, and leaves nothing."""

import os
import re
import shutil
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import SMALL, Workspace
from .songs import band, write_song


def silence(path: Path, seconds: float, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(2 * round(seconds * rate)))
    return path


def corrupt(path: Path, song: Path) -> Path:
    data = bytearray(song.read_bytes())
    for at in range(200, len(data)):
        data[at] = (at * 7919) % 251
    path.write_bytes(data)
    return path


def text(path: Path) -> Path:
    path.write_text("this is a shopping list, not a song\n" * 100)
    return path


def empty(path: Path) -> Path:
    path.touch()
    return path


BAD_SONGS = {
    "missing": (lambda folder, song: folder / "absent.mp3", "absent.mp3"),
    "not audio": (lambda folder, song: text(folder / "list.mp3"), "NOT_AUDIO"),
    "zero bytes": (lambda folder, song: empty(folder / "nothing.mp3"), "EMPTY_FILE"),
    "silence": (lambda folder, song: silence(folder / "mute.wav", 5), "SILENT_AUDIO"),
    "0.3 s": (lambda folder, song: silence(folder / "blip.wav", 0.3), "AUDIO_TOO_SHORT"),
    "3 hours": (lambda folder, song: silence(folder / "long.wav", 3 * 3600), "AUDIO_TOO_LONG"),
    "corrupt": (lambda folder, song: corrupt(folder / "torn.mp3", song), "AUDIO"),
}


def refused(workspace: Workspace, *arguments: str | Path) -> str:
    """Runs a command that must fail; returns its one line of error."""
    before = {path for path in workspace.folder.iterdir() if path != workspace.data}
    done = workspace.run(*arguments)
    assert done.returncode == 1, (done.returncode, done.stderr)
    # Besides progress ("12% ...") and notes there is one line.
    lines = [
        line
        for line in done.stderr.splitlines()
        if not re.match(r" *\d+% ", line) and not line.startswith("note: ")
    ]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert {path for path in workspace.folder.iterdir() if path != workspace.data} == before
    return lines[0]


@pytest.fixture
def shared(studio: Workspace) -> Workspace:
    """The one server for all of them: bad input must not hurt it either."""
    return studio


@pytest.mark.parametrize("name", BAD_SONGS)
def test_bad_song(shared: Workspace, song: Path, name: str) -> None:
    write, reason = BAD_SONGS[name]
    path = write(shared.folder, song)
    line = refused(shared, "make", path, "-o", shared.folder / "video.mp4", *SMALL)
    assert reason in line


def test_broken_lyrics(shared: Workspace, song: Path) -> None:
    lyrics = shared.folder / "broken.lrc"
    lyrics.write_text("[00:01.00]fine\n[00:xx.00]not a time\n")
    options = ("-o", shared.folder / "video.mp4", "--lyrics", lyrics, *SMALL)
    line = refused(shared, "make", song, *options)
    assert "BROKEN_LYRICS" in line
    assert "2" in line, "the line number is missing"


def test_unknown_style(shared: Workspace, song: Path) -> None:
    line = refused(shared, "make", song, "-o", shared.folder / "v.mp4", "--style", "cubist", *SMALL)
    assert "UNKNOWN_STYLE" in line
    assert "sketch" in line, "the styles that exist are not named"


def test_checkpoint_with_a_missing_part(shared: Workspace, song: Path) -> None:
    broken = shared.folder / "broken-model"
    shutil.copytree(shared.checkpoint, broken)
    shutil.rmtree(broken / "vae")
    options = ("-o", shared.folder / "v.mp4", "--checkpoint", broken, *SMALL)
    line = refused(shared, "make", song, *options)
    assert "CHECKPOINT_INCOMPLETE" in line
    assert "vae" in line


def test_edited_storyboard_with_a_mistake_names_the_line(shared: Workspace, song: Path) -> None:
    analysis, story = shared.folder / "a.json", shared.folder / "s.yaml"
    assert shared.run("analyze", song, "-o", analysis).returncode == 0
    assert shared.run("storyboard", analysis, "-o", story).returncode == 0
    good = story.read_text().splitlines()
    number = next(k for k, line in enumerate(good) if "camera:" in line)
    good[number] = good[number].split("camera:")[0] + "camera: dolly"
    story.write_text("\n".join(good))
    options = ("--analysis", analysis, "--storyboard", story, "-o", shared.folder / "v.mp4")
    line = refused(shared, "render", song, *options, *SMALL)
    assert "INVALID_STORYBOARD" in line
    assert f"s.yaml:{number + 1}" in line


def test_good_song_still_works_after_all_that(shared: Workspace) -> None:
    short = shared.folder / "short.mp3"
    write_song(short, band(2.0), "mp3")
    assert shared.make(short, shared.folder / "short.mp4")["frames"]


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """An empty folder on a disk of 64 KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    small = tmp_path / "disk"
    small.mkdir()
    mount = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=False
    )
    if mount.returncode:
        pytest.skip("this system lets nobody mount a tmpfs")
    yield small
    subprocess.run(["/bin/umount", "-l", small], check=True)


def test_full_disk(shared: Workspace, song: Path, full: Path) -> None:
    line = refused(shared, "make", song, "-o", full / "video.mp4", *SMALL)
    assert "DISK_FULL" in line
    assert not list(full.iterdir()), "something half-written was left"


def test_full_data_folder(workspace: Workspace, song: Path, full: Path) -> None:
    line = refused(
        workspace, "make", song, "-o", workspace.folder / "v.mp4", "--data", full, *SMALL
    )
    assert f"the disk of the data folder {full} is full" in line


def test_wrong_usage_is_2(workspace: Workspace, song: Path) -> None:
    assert workspace.run("make").returncode == 2
    assert workspace.run("make", song, "--nonsense").returncode == 2
