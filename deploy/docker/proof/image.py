"""An image made from a Dockerfile in boxes, and what it does."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .boxes import Box, Environment
from .dockerfile import Stage, assignments, filled, read

READY_SECONDS = 600.0
STOP_SECONDS = 60.0

NewBox = Callable[[str], Box]
"""Makes an empty box, or one with a base image in it, under a name."""


class Image:
    """The last stage of a Dockerfile, carried out."""

    def __init__(
        self, dockerfile: Path, context: Path, new_box: NewBox, given: Environment | None = None
    ) -> None:
        """Carries out all steps; raises `CalledProcessError` at the first that fails.

        `given` stands in for the values of ARGs, as `--build-arg` does.
        """
        self.service = dockerfile.name.partition(".")[0]
        boxes: dict[str, Box] = {}
        stages = read(dockerfile)
        for number, stage in enumerate(stages):
            box = new_box(f"{self.service}-{stage.name or number}")
            _carry_out(stage, box, context, boxes, given or {})
            boxes[stage.name] = box
        self.stage: Stage = stages[-1]
        self.box: Box = boxes[self.stage.name]

    @property
    def environment(self) -> Environment:
        """What its programs find."""
        return self.stage.environment

    @property
    def user(self) -> str:
        """Numbers of user and group."""
        return self.stage.last("USER")

    def ask(self, program: str) -> str:
        """What a Python program inside prints."""
        started = self._start(["python", "-c", program], self.environment)
        answer, _ = started.communicate(timeout=READY_SECONDS)
        assert started.returncode == 0, f"{self.service}: the program failed: {program}"
        return answer.strip()

    @contextmanager
    def serving(self, port: int, metrics: int, more: Environment) -> Iterator[float]:
        """The service at work on loopback; yields the seconds until it answered health."""
        prefix = f"SONGREEL_{self.service.upper()}_"
        environment = self.environment | more
        environment[f"{prefix}BIND"] = f"127.0.0.1:{port}"
        environment[f"{prefix}METRICS_PORT"] = str(metrics)
        began = time.monotonic()
        process = self._start(self.stage.entrypoint, environment)
        try:
            while not self.healthy(port):
                assert process.poll() is None, f"{self.service} ended: {process.returncode}"
                assert time.monotonic() < began + READY_SECONDS, f"{self.service} is not ready"
            yield time.monotonic() - began
        finally:
            process.terminate()
            try:
                code = process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        assert code == 0, f"{self.service} ended with {code} at SIGTERM"

    def healthy(self, port: int) -> bool:
        """What the image's own health check says."""
        asked = self._start(["songreel-health", f"127.0.0.1:{port}"], self.environment)
        asked.communicate(timeout=READY_SECONDS)
        return asked.returncode == 0

    def size(self, inside: str = "/opt/songreel") -> int:
        """Bytes that a folder takes on disk."""
        folder = self.box.path(inside)
        if not folder.exists():
            return 0
        return sum(
            each.lstat().st_blocks * 512 for each in folder.rglob("*") if not each.is_symlink()
        )

    def _start(self, command: list[str], environment: Environment) -> subprocess.Popen[str]:
        workdir = self.stage.last("WORKDIR")
        return self.box.start(command, environment, workdir, self.user)


def metrics_of(port: int) -> str:
    """The metrics page of a service at work."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
        return page.read().decode()


def _carry_out(
    stage: Stage, box: Box, context: Path, boxes: dict[str, Box], given: Environment
) -> None:
    environment: Environment = {}
    arguments: Environment = {}
    workdir = "/"
    for step in stage.steps:
        match step.word:
            case "ENV":
                environment |= assignments(step.text)
            case "ARG":
                asked = assignments(step.text)
                arguments |= asked | {name: given[name] for name in asked if name in given}
            case "WORKDIR":
                workdir = step.text
                box.path(workdir).mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(step.text, box, workdir, context, boxes)
            case "RUN":
                sys.stderr.write(f"{step.text}\n")
                box.run(filled(step.text, arguments), environment, workdir)
            case _:
                pass


def _copy(text: str, box: Box, workdir: str, context: Path, boxes: dict[str, Box]) -> None:
    origin = re.match(r"--from=(\w+) ", text)
    words = text.split()[1 if origin else 0 :]
    target = words[-1] if words[-1].startswith("/") else f"{workdir}/{words[-1]}"
    for word in words[:-1]:
        source = boxes[origin[1]].path(word) if origin else context / word
        box.copy(source, target)
