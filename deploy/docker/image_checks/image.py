"""Builds an image from a Dockerfile in sandboxes and starts its service."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .dockerfile import Stage, assignments, filled, read
from .sandboxes import Environment, Sandbox

READY_SECONDS = 600.0
STOP_SECONDS = 60.0

NewSandbox = Callable[[str], Sandbox]
"""Makes a sandbox with this name, empty or with a base image in it."""


class Image:
    """The last stage of a Dockerfile, built."""

    def __init__(
        self,
        dockerfile: Path,
        context: Path,
        new_sandbox: NewSandbox,
        given: Environment | None = None,
    ) -> None:
        """Runs all steps. Raises `CalledProcessError` if one fails.

        `given` sets values of ARGs, as `--build-arg` does.
        """
        self.service = dockerfile.name.partition(".")[0]
        sandboxes: dict[str, Sandbox] = {}
        stages = read(dockerfile)
        for number, stage in enumerate(stages):
            sandbox = new_sandbox(f"{self.service}-{stage.name or number}")
            _run_step(stage, sandbox, context, sandboxes, given or {})
            sandboxes[stage.name] = sandbox
        self.stage: Stage = stages[-1]
        self.sandbox: Sandbox = sandboxes[self.stage.name]

    @property
    def environment(self) -> Environment:
        """Environment of its programs."""
        return self.stage.environment

    @property
    def user(self) -> str:
        """User and group ids, "10001:10001"."""
        return self.stage.last("USER")

    def ask(self, program: str) -> str:
        """Output of a Python program run in the image."""
        started = self._start(["python", "-c", program], self.environment)
        answer, _ = started.communicate(timeout=READY_SECONDS)
        assert started.returncode == 0, f"{self.service}: the program failed: {program}"
        return answer.strip()

    @contextmanager
    def serving(self, port: int, metrics: int, more: Environment) -> Iterator[float]:
        """Runs the service on loopback; yields the seconds until it was healthy."""
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
        """Result of the image's own health check."""
        asked = self._start(["songreel-health", f"127.0.0.1:{port}"], self.environment)
        asked.communicate(timeout=READY_SECONDS)
        return asked.returncode == 0

    def size(self, inside: str = "/opt/songreel") -> int:
        """Bytes of a folder on disk."""
        folder = self.sandbox.path(inside)
        if not folder.exists():
            return 0
        return sum(
            each.lstat().st_blocks * 512 for each in folder.rglob("*") if not each.is_symlink()
        )

    def _start(self, command: list[str], environment: Environment) -> subprocess.Popen[str]:
        workdir = self.stage.last("WORKDIR")
        return self.sandbox.start(command, environment, workdir, self.user)


def metrics_of(port: int) -> str:
    """The metrics page of a running service."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
        return page.read().decode()


def _run_step(
    stage: Stage, sandbox: Sandbox, context: Path, sandboxes: dict[str, Sandbox], given: Environment
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
                sandbox.path(workdir).mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(step.text, sandbox, workdir, context, sandboxes)
            case "RUN":
                sys.stderr.write(f"{step.text}\n")
                sandbox.run(filled(step.text, arguments), environment, workdir)
            case _:
                pass


def _copy(
    text: str, sandbox: Sandbox, workdir: str, context: Path, sandboxes: dict[str, Sandbox]
) -> None:
    origin = re.match(r"--from=(\w+) ", text)
    words = text.split()[1 if origin else 0 :]
    target = words[-1] if words[-1].startswith("/") else f"{workdir}/{words[-1]}"
    for word in words[:-1]:
        source = sandboxes[origin[1]].path(word) if origin else context / word
        sandbox.copy(source, target)
