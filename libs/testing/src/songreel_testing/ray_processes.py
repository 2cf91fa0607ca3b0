"""Ray's processes, and the data that they keep on disk and in shared memory."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil

SECONDS = 60


def descendants(process=None):
    """Process -> command line, of all live descendants of a process (default: this one)."""
    found = {}
    with suppress(psutil.Error):
        for each in (process or psutil.Process()).children(recursive=True):
            with suppress(psutil.Error):
                if each.status() != psutil.STATUS_ZOMBIE:
                    found[each] = " ".join(each.cmdline())
    return found


def all_ended(processes):
    return not psutil.wait_procs(processes, timeout=SECONDS)[1]


def ray_files(folder):
    """(path, content) of everything that Ray keeps on disk and in shared memory."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    for process, line in descendants().items():
        if "raylet" not in line:
            continue
        for link in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(OSError):
                target = str(link.readlink())
                if "plasma" in target:
                    yield target, link.read_bytes()
