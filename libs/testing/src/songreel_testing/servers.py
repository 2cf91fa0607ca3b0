"""Postgres and S3 for tests and benchmarks: real servers, in folders that go with them.

Each context manager starts one on a free loopback port and ends it. `NotInstalledError`
says what is missing: tests skip then, with that reason.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 60.0
_LOOK_SECONDS = 0.02


class NotInstalledError(Exception):
    """A server's program is not on this machine."""


@dataclass(frozen=True)
class PostgresServer:
    """A Postgres of our own."""

    port: int

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        """Where a database is; through another port, for example a proxy's, if given."""
        return f"postgresql+psycopg://songreel@127.0.0.1:{port or self.port}/{database}"

    def create_database(self) -> str:
        """A new, empty database; its name."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name}")
        return name

    def answers(self) -> bool:
        """Whether it takes queries; it listens a little earlier."""
        from psycopg import OperationalError

        try:
            self._execute("SELECT 1")
        except OperationalError:
            time.sleep(_LOOK_SECONDS)
            return False
        return True

    def _execute(self, statement: str) -> None:
        import psycopg  # the kit itself knows no database

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="songreel", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


@dataclass(frozen=True)
class S3Endpoint:
    """An S3 server of our own."""

    address: str
    """host:port"""

    access_key: str = "songreel"
    secret_key: str = "sesame-open"

    def environment(self, cache: Path, address: str | None = None) -> dict[str, str]:
        """The variables that lead a process there; through another address if given."""
        return {
            "SONGREEL_S3_ENDPOINT": address or self.address,
            "SONGREEL_S3_ACCESS_KEY": self.access_key,
            "SONGREEL_S3_SECRET_KEY": self.secret_key,
            "SONGREEL_S3_SECURE": "false",
            "SONGREEL_S3_CACHE": str(cache),
        }


def free_port() -> int:
    """A loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def temporary_postgres() -> Generator[PostgresServer]:
    """Postgres, as Debian's package `postgresql` brings it. Raises `NotInstalledError`.

    It refuses to run as root: then it runs as `postgres` or `nobody`.
    """
    initdb, server = _postgres_program("initdb"), _postgres_program("postgres")
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="songreel-postgres-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        subprocess.run(
            [
                initdb,
                "-D",
                data,
                "-U",
                "songreel",
                "-A",
                "trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--no-locale",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
            cwd=folder,
        )
        port = free_port()
        # What is lost with the machine does not matter here.
        fast = ["-c", "fsync=off", "-c", "full_page_writes=off"]
        command = [server, "-D", data, "-p", str(port), "-k", folder, "-c", "max_connections=200"]
        listen = ["-c", "listen_addresses=127.0.0.1"]
        ready = PostgresServer(port)
        with _running([*command, *listen, *fast], ready.answers, folder / "log", user):
            yield ready
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_rclone(folder: Path) -> Generator[S3Endpoint]:
    """Rclone's S3 server: verifies every signature. Raises `NotInstalledError`."""
    port = free_port()
    buckets = folder / "buckets"
    buckets.mkdir(parents=True)
    endpoint = S3Endpoint(f"127.0.0.1:{port}")
    command = [_beside_python("rclone"), "serve", "s3", "--addr", endpoint.address]
    command += ["--config", str(folder / "none.conf"), "--vfs-cache-mode", "off"]
    command += ["--auth-key", f"{endpoint.access_key},{endpoint.secret_key}", str(buckets)]
    with _running(command, lambda: _answers(port), folder / "log"):
        yield endpoint


@contextmanager
def temporary_moto(folder: Path) -> Generator[S3Endpoint]:
    """The S3 server of moto: knows the semantics, looks at no signature. Raises as above."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [_beside_python("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, lambda: _answers(port), folder / "log"):
        yield S3Endpoint(f"127.0.0.1:{port}")


@contextmanager
def _running(
    command: Sequence[str | Path], ready: Callable[[], bool], log: Path, user: str | None = None
) -> Generator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, user=user, cwd=log.parent)
    try:
        end = time.monotonic() + _START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text()}")
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        time.sleep(_LOOK_SECONDS)
        return False
    return True


def _postgres_program(name: str) -> str:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = shutil.which(name) or (str(installed[-1]) if installed else None)
    if found is None:
        raise NotInstalledError(f"Postgres's {name} is not here: apt-get install postgresql")
    return found


def _beside_python(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise NotInstalledError(f"{name} is not installed: see requirements-dev.txt")
    return found


def _unprivileged() -> str | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise NotInstalledError("Postgres does not run as root, and there is no other user here")
