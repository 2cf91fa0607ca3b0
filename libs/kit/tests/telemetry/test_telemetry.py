"""Logs go to stderr as JSON lines or for eyes, with their context, third parties quiet."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

PROGRAM = """
import logging
from songreel_kit.telemetry.logging import bind_context, configure_logging, get_logger
log = get_logger("songreel.test")
log.info("before it is configured nothing is said")
configure_logging({arguments})
bind_context(request_id="r-1", job_id="j-1")
log.info("song heard", seconds=1.5)
log.debug("too much")
logging.getLogger("numba.core").info("chatter")
logging.getLogger("some.library").warning("careful: %s", "hot")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("no luck")
print("result")
"""


def run(arguments: str = "", **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(arguments=arguments)],
        text=True,
        check=True,
        stdout=subprocess.PIPE,
        **({"stderr": subprocess.PIPE} | options),  # type: ignore[arg-type]
    )


def test_json_lines_when_nobody_looks_on() -> None:
    done = run()
    assert done.stdout == "result\n"
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["song heard", "careful: hot", "no luck"]
    assert all(line["request_id"] == "r-1" and line["job_id"] == "j-1" for line in lines)
    assert lines[0]["seconds"] == 1.5
    assert lines[0]["level"] == "info"
    assert lines[0]["logger"] == "songreel.test"
    assert lines[0]["timestamp"].endswith("Z")
    assert lines[1]["logger"] == "some.library"
    assert "ZeroDivisionError" in lines[2]["exception"]


def test_for_eyes_when_stderr_is_a_terminal() -> None:
    ours, theirs = pty.openpty()
    try:
        run(stderr=theirs)
        os.close(theirs)
        seen = os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
    assert "song heard" in seen
    assert not seen.lstrip().startswith("{")


def test_either_form_can_be_asked_for() -> None:
    assert "song heard" in run("json=False").stderr
    assert not run("json=False").stderr.startswith("{")


def test_the_level_can_be_set() -> None:
    assert "too much" in run('level="debug"').stderr
    assert "song heard" not in run('level="WARNING"').stderr
