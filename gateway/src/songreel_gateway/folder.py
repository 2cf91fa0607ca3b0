"""The data folder's lock: one gateway process works on it at a time."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout
from songreel_kit.errors import FailedPrecondition, from_os_error


class FolderLock:
    """Holds a data folder until `release` or the end of the process.

    Two processes on one folder would both take up the same unfinished jobs. The
    lock is the kernel's (flock), so it dies with a killed process.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the folder if missing and locks it.

        Raises `FailedPrecondition` when another process has it or it cannot be
        written to, `DiskFull`.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / "gateway.lock", thread_local=False)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise FailedPrecondition(
                f"another songreel process works in {folder}: stop it, talk to it with "
                "--server HOST:PORT, or choose another folder with --data",
                folder=str(folder),
            ) from error
        except OSError as error:
            raise from_os_error(error) or FailedPrecondition(
                f"the data folder {folder} cannot be used ({error.strerror}): "
                "choose another one with --data or SONGREEL_DATA",
                folder=str(folder),
            ) from error

    def release(self) -> None:
        """Lets go of the folder."""
        self._lock.release()
