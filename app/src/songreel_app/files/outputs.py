"""Results on disk: all of them, whole, or none."""

import fcntl
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from songreel_kit.errors import from_os_error

from songreel_app.errors import OutputUnwritable


def check_output(path: Path, option: str) -> None:
    """Raises OutputUnwritable unless a file can be made at `path`.

    Asked before the job begins: nobody should wait for a video that has no place.
    A folder that does not exist is made.
    """
    folder = path.parent
    if path.is_dir():
        raise OutputUnwritable(f"{option} {path} is a folder; name a file in it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise OutputUnwritable(
            f"{folder} of {option} {path} is not a folder; choose another {option}"
        ) from None
    except OSError as error:
        raise OutputUnwritable(
            f"the folder {folder} cannot be made ({error.strerror}); choose another {option}"
        ) from None
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputUnwritable(
            f"nothing can be written to {folder} ({error.strerror}); choose another {option}"
        ) from None


@dataclass(frozen=True)
class _Draft:
    """A result that is still being written."""

    file: BinaryIO
    """Kept open: its lock says that somebody is at work on it."""
    path: Path
    goal: Path


@dataclass
class Outputs:
    """Files on their way: each is a hidden file beside its goal until all are whole."""

    _drafts: list[_Draft] = field(default_factory=list[_Draft])

    @contextmanager
    def open(self, goal: Path) -> Generator[BinaryIO]:
        """A new file that will be moved to `goal` when everything has succeeded."""
        with _disk_errors(goal):
            _remove_abandoned(goal)
            handle, name = tempfile.mkstemp(dir=goal.parent, prefix=_prefix(goal))
            draft = _Draft(os.fdopen(handle, "wb"), Path(name), goal)
            self._drafts.append(draft)
            fcntl.flock(draft.file, fcntl.LOCK_EX)
            yield draft.file
            draft.file.flush()
            os.fsync(draft.file.fileno())

    def keep(self) -> None:
        """Moves all to their goals, in the order in which they were opened."""
        # mkstemp makes files that only their owner may read.
        mode = 0o666 & ~_umask()
        while self._drafts:
            draft = self._drafts[0]
            with _disk_errors(draft.goal):
                draft.path.chmod(mode)
                draft.path.replace(draft.goal)
            draft.file.close()
            del self._drafts[0]

    def discard(self) -> None:
        """Removes what was not moved."""
        for draft in self._drafts:
            draft.path.unlink(missing_ok=True)
            # On a full disk the last buffered bytes cannot be written either.
            with suppress(OSError):
                draft.file.close()
        self._drafts.clear()


@contextmanager
def outputs() -> Generator[Outputs]:
    """Files that appear together at the end of the block, or not at all.

    Raises:
        DiskFull: the disk of the results is full.
        OutputUnwritable: any other trouble with writing.
    """
    files = Outputs()
    try:
        yield files
        files.keep()
    finally:
        files.discard()


def _prefix(goal: Path) -> str:
    return f".{goal.name}.part-"


def _remove_abandoned(goal: Path) -> None:
    """Removes drafts of the same goal whose writer was killed."""
    for path in goal.parent.iterdir():
        if not path.name.startswith(_prefix(goal)):
            continue
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


@contextmanager
def _disk_errors(goal: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        typed = from_os_error(error)
        if typed is not None:
            raise typed from error
        raise OutputUnwritable(f"{goal} cannot be written: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
