"""The data folder's lock: one gateway process works on it at a time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from songreel_kit.errors import DiskFull, FailedPrecondition, from_os_error

ROOM_BYTES: Final = 16 * 1024 * 1024
"""Free bytes without which no start is tried: the databases alone grow by more."""


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
            free = shutil.disk_usage(folder).free
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
        if free < ROOM_BYTES:
            self.release()
            raise DiskFull(
                f"the disk of the data folder {folder} is full ({free // 1024} KiB free): "
                "free some space, or choose another folder with --data or SONGREEL_DATA",
                folder=str(folder),
            )

    def release(self) -> None:
        """Lets go of the folder."""
        self._lock.release()
