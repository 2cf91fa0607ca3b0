"""Where the steps of a Dockerfile run: in a folder, or in a root file system of its own.

`FolderSandbox` has no requirements: absolute paths of the image become paths below the folder,
and programs are this machine's. `RootSandbox` is an overlay on a Debian root, entered by chroot
in its own namespace; the finished image runs there as its user with a read-only root, as in
the chart. Both must run as root, to set the owners of files.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

IGNORED = shutil.ignore_patterns("__pycache__", "tests", "*.egg-info")
WRITABLE = ("/tmp", "/data", "/cache")  # noqa: S108 - of the image, not of this machine

Environment = dict[str, str]


class Sandbox(ABC):
    """A file system with a way to start programs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, inside: str) -> Path:
        """The place of an image's path on this machine."""
        return self.folder / inside.lstrip("/")

    def copy(self, source: Path, inside: str) -> None:
        """Copies a file or the content of a folder, as COPY does."""
        target = self.path(inside)
        if source.is_dir():
            shutil.copytree(source, target, ignore=IGNORED, symlinks=True, dirs_exist_ok=True)
        else:
            if inside.endswith("/"):
                target = target / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)

    @abstractmethod
    def run(self, command: str, environment: Environment, workdir: str) -> None:
        """Runs a RUN instruction. Raises `CalledProcessError`."""

    @abstractmethod
    def start(
        self, command: list[str], environment: Environment, workdir: str, user: str
    ) -> subprocess.Popen[str]:
        """Starts a program of the finished image; its stdout is a pipe."""


class FolderSandbox(Sandbox):
    """Paths below a folder, programs of this machine."""

    def run(self, command: str, environment: Environment, workdir: str) -> None:
        """See `Sandbox.run`."""
        self.path(workdir).mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["/bin/sh", "-ec", self._moved(command)],
            cwd=self.path(workdir),
            env=self._variables(environment),
            check=True,
        )

    def start(
        self, command: list[str], environment: Environment, workdir: str, user: str
    ) -> subprocess.Popen[str]:
        """See `Sandbox.start`; the user is this process's own."""
        variables = self._variables(environment)
        program = shutil.which(command[0], path=variables["PATH"])
        assert program is not None, f"{command[0]} is not in the image"
        # The first line of an installed script names the image's own interpreter.
        script = not os.access(program, os.X_OK) or Path(program).read_bytes()[:2] == b"#!"
        python = shutil.which("python", path=variables["PATH"])
        start = [str(python), program] if script else [program]
        return subprocess.Popen(
            [*start, *command[1:]],
            cwd=self.path(workdir),
            env=variables,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _variables(self, environment: Environment) -> Environment:
        moved = {name: self._moved(value) for name, value in environment.items()}
        # This interpreter stands in for the base image's `python`.
        moved["PATH"] = (
            f"{moved.get('PATH', '')}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        )
        passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED)}
        return passed | moved

    def _moved(self, text: str) -> str:
        places = r"(?<![\w./-])/(opt/(?:build|songreel)|src|data|cache|models)\b"
        return re.sub(places, lambda found: str(self.path(found[0])), text)


PASSED = ("PIP_", "SSL_", "REQUESTS_CA", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")
"""Variables by which this machine reaches its package index."""


class RootSandbox(Sandbox):
    """An overlay on a base root; `binds` are folders of this machine that pip needs.

    The folder holds only what is not in the base. It is mounted where it is used, in a
    namespace that ends with the program.
    """

    def __init__(self, folder: Path, base: Path, binds: list[Path]) -> None:
        super().__init__(folder)
        self._base = base.resolve()
        self._binds = binds
        self._work = folder.with_name(f"{folder.name}.work")
        self._root = folder.with_name(f"{folder.name}.root")
        for each in (self._work, self._root):
            each.mkdir()
        # In a python image `python` is on the path; in Debian it has another name.
        python = self.path("/usr/local/bin/python")
        python.parent.mkdir(parents=True)
        python.write_text('#!/bin/sh\nexec /usr/bin/python3 "$@"\n')
        python.chmod(0o755)

    def run(self, command: str, environment: Environment, workdir: str) -> None:
        """See `Sandbox.run`."""
        inner = f'mkdir -p {workdir} && cd {workdir} && exec /bin/sh -ec "$STEP"'
        subprocess.run(
            self._entered([], ["/bin/sh", "-c", inner], writable=True),
            env=self._variables(environment) | {"STEP": command},
            check=True,
        )

    def start(
        self, command: list[str], environment: Environment, workdir: str, user: str
    ) -> subprocess.Popen[str]:
        """See `Sandbox.start`; the root is read-only."""
        inner = ["/bin/sh", "-c", f'cd {workdir} && exec "$@"', "sh", *command]
        return subprocess.Popen(
            self._entered([f"--userspec={user}"], inner, writable=False),
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _variables(self, environment: Environment) -> Environment:
        passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED)}
        path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        return {"PATH": path} | passed | environment

    def _entered(self, how: list[str], command: list[str], *, writable: bool) -> list[str]:
        """A command line that mounts what is needed, in a namespace of its own, and enters."""
        root = str(self._root)
        layers = f"lowerdir={self._base},upperdir={self.folder},workdir={self._work}"
        mounts = ["mount --make-rprivate /", f"mount -t overlay overlay -o {layers} {root}"]
        if writable:
            for each in self._binds:
                target = f"{root}{each}"
                make = "mkdir -p" if each.is_dir() else f"mkdir -p {root}{each.parent} && touch"
                mounts.append(f"{make} {target} && mount --bind {each} {target}")
                mounts.append(f"mount -o remount,ro,bind {target}")
        else:
            mounts.append(f"mount -o remount,ro {root}")
            mounts += [f"mount -t tmpfs -o mode=1777 tmpfs {root}{place}" for place in WRITABLE]
        mounts += [f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        script = " && ".join([*mounts, 'exec /usr/sbin/chroot "$@"'])
        return ["/usr/bin/unshare", "--mount", "/bin/sh", "-ec", script, "sh", *how, root, *command]
