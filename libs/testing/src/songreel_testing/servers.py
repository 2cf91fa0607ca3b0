"""Real Postgres and S3 servers for tests and benchmarks, in temporary folders.

Each context manager starts a server on a free loopback port and stops it at its end. It
raises `NotInstalledError` where the server's program is missing; tests then skip.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
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
    """A running Postgres."""

    port: int
    command: tuple[str, ...]
    """Starts it."""
    folder: Path
    user: str | None
    """Who runs it; None for whoever runs the tests."""

    @contextmanager
    def running(self) -> Generator[None]:
        """Runs it inside the block; used again, it goes on with the same databases."""
        # A fast stop: it ends its clients' connections instead of waiting for them.
        log = self.folder / "log"
        with _running(self.command, self.ready, log, self.user, stop=signal.SIGINT):
            yield

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        """URL of a database, by way of another port (a proxy's) if given."""
        return f"postgresql+psycopg://songreel@127.0.0.1:{port or self.port}/{database}"

    def create_database(self) -> str:
        """Creates an empty database and returns its name."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name}")
        return name

    def ready(self) -> bool:
        """Whether it answers queries; it listens a little earlier."""
        from psycopg import OperationalError

        try:
            self._execute("SELECT 1")
        except OperationalError:
            time.sleep(_LOOK_SECONDS)
            return False
        return True

    def _execute(self, statement: str) -> None:
        import psycopg  # an optional dependency of those who test

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="songreel", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


@dataclass(frozen=True)
class S3Endpoint:
    """A running S3 server."""

    address: str
    """host:port"""

    access_key: str = "songreel"
    secret_key: str = "sesame-open"

    def environment(self, cache: Path, address: str | None = None) -> dict[str, str]:
        """Environment variables that point a process here, or to another address (a proxy's)."""
        return {
            "SONGREEL_S3_ENDPOINT": address or self.address,
            "SONGREEL_S3_ACCESS_KEY": self.access_key,
            "SONGREEL_S3_SECRET_KEY": self.secret_key,
            "SONGREEL_S3_SECURE": "false",
            "SONGREEL_S3_CACHE": str(cache),
        }


def free_port() -> int:
    """A loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def temporary_postgres() -> Generator[PostgresServer]:
    """Runs Debian's `postgresql`. Raises `NotInstalledError`."""
    with stopped_postgres() as server, server.running():
        yield server


@contextmanager
def stopped_postgres() -> Generator[PostgresServer]:
    """Makes an empty Postgres that whoever tests starts and stops. Raises `NotInstalledError`.

    Postgres refuses to run as root; as root, it is started as `postgres` or `nobody`.
    """
    initdb, program = _postgres_program("initdb"), _postgres_program("postgres")
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="songreel-postgres-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        create = [initdb, "-D", data, "-U", "songreel", "-A", "trust", "--no-sync"]
        create += ["-E", "UTF8", "--no-locale"]
        subprocess.run(create, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)
        port = free_port()
        # Durability does not matter here.
        fast = ["-c", "fsync=off", "-c", "full_page_writes=off"]
        command = [program, "-D", data, "-p", str(port), "-k", folder, "-c", "max_connections=200"]
        listen = ["-c", "listen_addresses=127.0.0.1"]
        whole = tuple(str(each) for each in (*command, *listen, *fast))
        yield PostgresServer(port, whole, folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_rclone(folder: Path) -> Generator[S3Endpoint]:
    """Runs rclone's S3 server, which verifies signatures. Raises `NotInstalledError`."""
    port = free_port()
    buckets = folder / "buckets"
    buckets.mkdir(parents=True)
    endpoint = S3Endpoint(f"127.0.0.1:{port}")
    command = [_python_program("rclone"), "serve", "s3", "--addr", endpoint.address]
    command += ["--config", str(folder / "none.conf"), "--vfs-cache-mode", "off"]
    command += ["--auth-key", f"{endpoint.access_key},{endpoint.secret_key}", str(buckets)]
    with _running(command, lambda: _accepts(port), folder / "log"):
        yield endpoint


@contextmanager
def temporary_moto(folder: Path) -> Generator[S3Endpoint]:
    """Runs moto's S3 server: S3's semantics, no signatures. Raises `NotInstalledError`."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [_python_program("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, lambda: _accepts(port), folder / "log"):
        yield S3Endpoint(f"127.0.0.1:{port}")


@contextmanager
def _running(
    command: Sequence[str | Path],
    ready: Callable[[], bool],
    log: Path,
    user: str | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Generator[None]:
    with log.open("wb") as output:
        # Not Popen's own `user`: it forks instead of spawning, and a process with gRPC's threads
        # may hang in a fork.
        drop = (
            [
                "setpriv",
                "--reuid",
                user,
                "--regid",
                str(pwd.getpwnam(user).pw_gid),
                "--clear-groups",
            ]
            if user
            else []
        )
        process = subprocess.Popen([*drop, *command], stdout=output, stderr=output, cwd=log.parent)
    try:
        end = time.monotonic() + _START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text()}")
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _accepts(port: int) -> bool:
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


def _python_program(name: str) -> str:
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
