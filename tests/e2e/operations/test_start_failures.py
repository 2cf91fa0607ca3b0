"""A service that cannot start says why in one line, whichever it is."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SERVICES = ("audio", "prompt", "render", "identity", "gateway")


def start(service: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m songreel_SERVICE` until it ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", f"songreel_{service}"],
        env=os.environ | {"SONGREEL_DATA": str(folder)} | settings,
        capture_output=True,
        text=True,
        timeout=120,
    )


def said(done: subprocess.CompletedProcess[str], service: str) -> str:
    """The one line on stderr; log lines of a start that got that far do not count."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"songreel-{service}: ")
    return last


@pytest.mark.parametrize(
    "service",
    [
        # These load their libraries first.
        pytest.param(each, marks=pytest.mark.slow) if each in ("audio", "render") else each
        for each in SERVICES
    ],
)
def test_a_taken_port_is_one_line(service: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = start(service, tmp_path, **{f"SONGREEL_{service.upper()}_BIND": address})
    assert f"cannot listen on {address}" in said(done, service)


@pytest.mark.parametrize("service", ["audio", "prompt", "render", "gateway"])
def test_a_store_that_is_none_is_one_line(service: str, tmp_path: Path) -> None:
    done = start(service, tmp_path, SONGREEL_STORE="ftp://nowhere/bucket")
    assert "names no artifact store" in said(done, service)


@pytest.mark.parametrize("service", SERVICES)
def test_a_setting_that_is_wrong_is_one_line(service: str, tmp_path: Path) -> None:
    done = start(service, tmp_path, **{f"SONGREEL_{service.upper()}_GRACE_SECONDS": "soon"})
    assert "grace_seconds" in said(done, service)
