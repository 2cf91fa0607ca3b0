"""The embedded server: found running on the data folder, or started as a child."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from songreel_kit.channel.channel import open_channel
from songreel_kit.errors import FailedPrecondition

from songreel_app.errors import ServerNotStarted
from songreel_app.server.record import ServerRecord, parse_record, read_record
from songreel_app.server.target import ServerTarget

LOG_NAME = "server.log"
LOG_LIMIT_BYTES = 4 * 1024 * 1024
# A first start imports torch from a cold disk; an old server may be draining.
START_SECONDS = 120.0
STOP_SECONDS = 30.0
HEALTH_SECONDS = 5.0
RETRY_SECONDS = 0.2
LAST_LOG_LINES = 20


@dataclass
class EmbeddedServer:
    """A server on this machine; `stop` ends it only if it was started here."""

    address: str
    child: Process | None
    """None when it was running before."""

    async def stop(self) -> None:
        """Stops the server if it is ours, gently at first."""
        child = self.child
        if child is None:
            return
        if child.returncode is None:
            child.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()
        if child.stdin is not None:
            child.stdin.close()


async def ensure_server(target: ServerTarget) -> EmbeddedServer:
    """A server on this data folder: the running one, else one started now.

    Of two commands that start at once, one server gets the lock of the data folder;
    the other command uses that server.

    Raises:
        ServerNotStarted: the server ended before it answered; the message has
            its last words, the log the rest.
        FailedPrecondition: the running one has another render backend.
    """
    data = target.data
    deadline = time.monotonic() + START_SECONDS
    while True:
        record = read_record(data)
        if record is not None and record.alive and await serves(record.address):
            check_backend(record, target.wanted_backend)
            return EmbeddedServer(record.address, None)
        child, log = await _start(target)
        answer = await _first_line(child, deadline)
        started = parse_record(answer)
        if started is not None:
            return EmbeddedServer(started.address, child)
        await EmbeddedServer("", child).stop()
        reason, message = _refusal(answer)
        # Another server holds the folder: it is about to answer, or to end.
        if reason == "DATA_FOLDER_BUSY" and time.monotonic() < deadline:
            await asyncio.sleep(RETRY_SECONDS)
            continue
        raise ServerNotStarted(f"{message or _last_words(log)}; the log is {log}", log=str(log))


def check_backend(record: ServerRecord, wanted: str) -> None:
    """Raises FailedPrecondition when a running server has another render backend."""
    if wanted and wanted != record.render:
        raise FailedPrecondition(
            f"the server on this data folder (process {record.pid}) draws with "
            f"--render {record.render}, not {wanted}: stop it, or leave the option out"
        )


async def serves(address: str) -> bool:
    """Whether the gateway at `address` says that it serves."""
    async with open_channel(address) as channel:
        # grpcio-health-checking has no types.
        stub = cast("Any", health_pb2_grpc.HealthStub(channel))
        try:
            answer = await stub.Check(
                health_pb2.HealthCheckRequest(service="songreel.v1.VideoService"),
                timeout=HEALTH_SECONDS,
            )
        except grpc.RpcError:
            return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


def find_server(data: Path) -> ServerRecord | None:
    """The server that the data folder's record names, if its process lives."""
    record = read_record(data)
    return record if record is not None and record.alive else None


async def _start(target: ServerTarget) -> tuple[Process, Path]:
    """Starts `songreel up` on a free port; it ends when our end of its stdin closes."""
    log = target.data / LOG_NAME
    backend = ("--render", target.backend) if target.backend else ()
    with _open_log(log) as stderr:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "songreel_app", "up", "--owned", "--json"),
            *("--port", "0", "--data", str(target.data), *backend),
            stdin=PIPE,
            stdout=PIPE,
            stderr=stderr,
            # Ctrl-C in the terminal is for us: the server has to live on until
            # the job is cancelled.
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    return child, log


def _open_log(log: Path) -> BinaryIO:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".old.log"))
        return log.open("ab")
    except OSError as error:
        raise ServerNotStarted(
            f"the data folder {log.parent} cannot be used ({error.strerror});"
            " choose another with --data or SONGREEL_DATA"
        ) from None


async def _first_line(child: Process, deadline: float) -> str:
    assert child.stdout is not None
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            return (await child.stdout.readline()).decode()
    except TimeoutError:
        return ""
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        raise


def _refusal(answer: str) -> tuple[str, str]:
    """Reason and message of the error that the child printed, if it did."""
    try:
        fields = cast("dict[str, Any]", json.loads(answer))["error"]
        return str(fields["reason"]), str(fields["message"])
    except (ValueError, KeyError, TypeError):
        return "", ""


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LAST_LOG_LINES:]
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    return f"the embedded server did not start: {last}"
