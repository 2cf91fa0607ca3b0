"""The real `songreel` command on real files, with a tiny checkpoint."""

import json
import os
import re
import signal
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .checkpoint import write_checkpoint
from .songs import LYRICS, band, write_song

COMMAND = str(Path(sysconfig.get_path("scripts")) / "songreel")
# Small enough for two busy cores, large enough to be cut into several segments.
SMALL = ("--size", "64", "--steps", "1", "--fps", "12")
# Slow enough to be caught in the middle on a fast machine too.
SLOW = ("--size", "64", "--steps", "12", "--fps", "12", "--cadence", "0")


@dataclass
class Desk:
    """A data folder and a folder for results, and the command that works in them."""

    folder: Path
    checkpoint: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Starts the command in a process group of its own."""
        environment = {
            **os.environ,
            "SONGREEL_DATA": str(self.data),
            "SONGREEL_RENDER_CHECKPOINT": str(self.checkpoint),
            # Segments of two seconds would make most test songs a single one.
            "SONGREEL_RENDER_SEGMENT_FRAMES": "16",
        }
        process = subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs the command to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=240)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def make(
        self, song: Path, video: Path, *options: str | Path, size: tuple[str, ...] = SMALL
    ) -> dict[str, Any]:
        """`songreel make --json` that must succeed."""
        done = self.run("make", song, "-o", video, "--json", *size, *options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start_until(self, pattern: str, *arguments: str | Path) -> subprocess.Popen[str]:
        """Starts the command and returns the moment it prints a line with `pattern`."""
        process = self.start(*arguments)
        assert process.stderr is not None
        seen = []
        for printed in process.stderr:
            seen.append(printed)
            if re.search(pattern, printed):
                return process
        pytest.fail(f"never printed {pattern!r}: {seen}")

    def kill_server(self) -> None:
        """Kills the server that holds the data folder."""
        record = self.data / "server.json"
        os.kill(json.loads(record.read_text())["pid"], signal.SIGKILL)

    def kill_at(self, pattern: str, *arguments: str | Path) -> None:
        """Starts the command and kills it and its server the moment `pattern` is printed."""
        process = self.start_until(pattern, *arguments)
        process.kill()
        self.kill_server()
        process.communicate()

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    write_checkpoint(folder)
    return folder


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An mp3 of ten seconds at 120 beats a minute with an `.lrc` beside it."""
    path = tmp_path_factory.mktemp("songs") / "harbour.mp3"
    write_song(path, band(), "mp3")
    path.with_suffix(".lrc").write_text(LYRICS)
    return path


@pytest.fixture
def desk(checkpoint: Path) -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), checkpoint)
        yield desk
        desk.close()
