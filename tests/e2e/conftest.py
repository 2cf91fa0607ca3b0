"""The real `songreel` command on real files, with a tiny checkpoint."""

import json
import os
import re
import signal
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from .checkpoint import write_checkpoint
from .songs import LYRICS, band, write_song

COMMAND = str(Path(sysconfig.get_path("scripts")) / "songreel")
# Small enough for two busy cores, large enough to be cut into several segments.
SMALL = ("--size", "64", "--steps", "1", "--fps", "6")
# Slow enough to be caught in the middle on a fast machine too.
SLOW = ("--size", "64", "--steps", "16", "--fps", "12", "--cadence", "0")


@dataclass
class Workspace:
    """A data folder and a folder for results, and the command that works in them."""

    folder: Path
    checkpoint: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(
        self, *arguments: str | Path, stderr: int | IO[str] = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Starts the command in a session of its own."""
        environment = {
            **os.environ,
            "SONGREEL_DATA": str(self.data),
            "SONGREEL_RENDER_CHECKPOINT": str(self.checkpoint),
            # Segments of two seconds would make most test songs a single one.
            "SONGREEL_RENDER_SEGMENT_FRAMES": "8",
        }
        process = subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            env=environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
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

    @contextmanager
    def serving(self) -> Iterator[str]:
        """A server on the data folder; yields its address, then it must end well.

        Commands find it. Without one each starts its own, which takes as long as
        loading torch does.
        """
        # A pipe that nobody reads would stop the server when it is full.
        with (self.folder / "server.log").open("a") as log:
            server = self.start("up", "--port", "0", "--json", stderr=log)
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["address"]
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=60) == 0

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
def workspace(checkpoint: Path) -> Iterator[Workspace]:
    """A data folder of the test's own, without a server."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder), checkpoint)
        yield workspace
        workspace.close()


@pytest.fixture(scope="package")
def studio(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A data folder whose server is up, for all tests that do nothing to the server."""
    workspace = Workspace(tmp_path_factory.mktemp("studio"), checkpoint)
    try:
        with workspace.serving():
            yield workspace
    finally:
        workspace.close()
