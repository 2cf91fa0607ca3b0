import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from songreel_app.errors import OutputUnwritable
from songreel_app.files.outputs import check_output, outputs
from songreel_kit.errors import DiskFull


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_results_appear_together_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    with outputs() as files:
        with files.open(tmp_path / "a") as file:
            file.write(b"one")
        with files.open(tmp_path / "b") as file:
            file.write(b"two")
        assert (tmp_path / "b").read_bytes() == b"old"
        assert not (tmp_path / "a").exists()
    assert names(tmp_path) == ["a", "b"]
    assert (tmp_path / "a").read_bytes() == b"one"
    assert (tmp_path / "b").read_bytes() == b"two"


def break_off_in(folder: Path) -> None:
    with outputs() as files:
        with files.open(folder / "a") as file:
            file.write(b"new")
        with files.open(folder / "b") as file:
            file.write(b"half")
            raise ValueError("half way")


def test_an_error_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(ValueError, match="half way"):
        break_off_in(tmp_path)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_results_may_be_read_by_whom_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with outputs() as files, files.open(tmp_path / "a") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    goal = tmp_path / "video.mp4"
    script = (
        "import os, pathlib, sys\n"
        "from songreel_app.files.outputs import outputs\n"
        "with outputs() as files, files.open(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(goal)], check=False)
    assert killed.returncode == -9
    assert len(names(tmp_path)) == 1
    with outputs() as files, files.open(goal) as file:
        file.write(b"whole")
    assert names(tmp_path) == ["video.mp4"]


def test_a_draft_that_somebody_still_writes_is_left_alone(tmp_path: Path) -> None:
    goal = tmp_path / "video.mp4"
    with outputs() as first, first.open(goal) as mine:
        mine.write(b"mine")
        with outputs() as second, second.open(goal) as other:
            other.write(b"other")
    assert goal.read_bytes() == b"mine"
    assert names(tmp_path) == ["video.mp4"]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("file/deeper/video.mp4", "not a folder"),
        ("file/video.mp4", "not a folder"),
        ("folder", "is a folder"),
    ],
)
def test_a_place_that_takes_no_file_is_named(tmp_path: Path, place: str, words: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputUnwritable, match=words):
        check_output(tmp_path / place, "-o")


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    check_output(tmp_path / "out" / "demo" / "video.mp4", "-o")
    assert names(tmp_path / "out" / "demo") == []


def test_a_folder_that_cannot_be_made_is_named() -> None:
    # The kernel's own file system takes no folders, not even from root.
    with pytest.raises(OutputUnwritable, match="cannot be made"):
        check_output(Path("/proc/missing/video.mp4"), "-o")


def test_a_folder_that_takes_no_files_is_refused_beforehand() -> None:
    # The kernel's own file system takes no files, not even from root.
    with pytest.raises(OutputUnwritable, match="nothing can be written"):
        check_output(Path("/proc/self/video.mp4"), "-o")


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(DiskFull), outputs() as files, files.open(tmp_path / "a"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert names(tmp_path) == []
