"""The services start with the environment that the chart gives them, and answer its probes.

The trial's S3 server is the real one, with the chart's own arguments.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from songreel_kit.artifacts.s3.store import S3ArtifactStore, S3Settings

from .chart import REPOSITORY, example, templates

SECRETS = {"s3-access-key": "songreel", "s3-secret-key": "sesame-open"}
# Loading torch from a cold disk on a busy machine.
START_SECONDS = 240.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def container(values: str, part: str) -> dict[str, Any]:
    (found,) = templates(example(values))[part]["spec"]["containers"]
    return found


def variables(asked: dict[str, Any]) -> dict[str, str]:
    """What Kubernetes would put into the container's environment."""
    found: dict[str, str] = {}
    for each in asked["env"]:
        source = each.get("valueFrom", {})
        if "secretKeyRef" in source:
            found[each["name"]] = SECRETS[source["secretKeyRef"]["key"]]
        elif "fieldRef" in source:
            found[each["name"]] = "songreel-gateway-0"
        elif "resourceFieldRef" in source:
            found[each["name"]] = asked["resources"]["limits"]["cpu"]
        else:
            found[each["name"]] = re.sub(r"\$\((\w+)\)", lambda name: found[name[1]], each["value"])
    return found


def until_open(port: int, process: subprocess.Popen[Any]) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, f"it ended with {process.returncode}"
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < end, "it does not listen"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The trial's S3 server, listening on loopback."""
    folder = tmp_path_factory.mktemp("store")
    for name in ("data", "tmp"):
        (folder / name).mkdir()
    server, port = container("trial", "store"), free_port()
    arguments = [
        f"127.0.0.1{each[:1]}{port}" if each == ":8080" else re.sub("^/", f"{folder}/", each)
        for each in server["args"]
    ]
    program = str(Path(sysconfig.get_path("scripts")) / "rclone")
    environment = os.environ | variables(server)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, *arguments], env=environment, stderr=log)
    try:
        until_open(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_the_trials_store_keeps_what_it_is_given(endpoint: str, tmp_path: Path) -> None:
    settings = S3Settings(
        endpoint=endpoint,
        access_key=SECRETS["s3-access-key"],
        secret_key=SECRETS["s3-secret-key"],  # pyright: ignore[reportArgumentType]
        secure=False,
        cache=tmp_path / "one",
    )
    artifact = S3ArtifactStore("songreel", "", settings).put_bytes(b"la" * 100_000, "audio/mpeg")
    elsewhere = settings.model_copy(update={"cache": tmp_path / "two"})
    found = S3ArtifactStore("songreel", "", elsewhere).read_bytes(artifact)
    assert found == b"la" * 100_000


def asked(port: int, service: str) -> int:
    """What a Kubernetes gRPC probe is told."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=30).status


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("prompt", "trial"),
        ("gateway", "single"),
        pytest.param("audio", "trial", marks=pytest.mark.slow),
        pytest.param("render", "trial", marks=pytest.mark.slow),
    ],
)
def test_a_service_serves_with_the_charts_environment(
    part: str, values: str, endpoint: str, tmp_path: Path
) -> None:
    pod = templates(example(values))[part]["spec"]
    asked_for = container(values, part)
    port, metrics = free_port(), free_port()
    prefix = f"SONGREEL_{part.upper()}_"
    environment = variables(asked_for) | {
        # What is another place here than in the cluster.
        f"{prefix}BIND": f"127.0.0.1:{port}",
        f"{prefix}METRICS_PORT": str(metrics),
        "SONGREEL_S3_ENDPOINT": endpoint,
        "SONGREEL_S3_SECURE": "false",
        "SONGREEL_S3_CREATE_BUCKET": "true",
        "SONGREEL_S3_CACHE": str(tmp_path / "cache"),
        "SONGREEL_DATA": str(tmp_path / "data"),
    }
    if part == "render":
        environment[f"{prefix}CHECKPOINT"] = str(REPOSITORY / "models/sprout")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SONGREEL_")}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", f"songreel_{part}"],
            env=kept | environment,
            stdout=log,
            stderr=log,
        )
    try:
        until_open(port, process)
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            wanted = asked_for[probe]["grpc"].get("service", "")
            assert asked(port, wanted) == health_pb2.HealthCheckResponse.SERVING
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=30) as page:
            assert b"grpc_server_handled_total" in page.read()
    finally:
        process.terminate()
        code = process.wait(pod["terminationGracePeriodSeconds"])
    assert code == 0, (tmp_path / "log").read_text()
