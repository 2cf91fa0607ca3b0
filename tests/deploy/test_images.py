"""The Dockerfiles and the compose file: small, pinned, not root, each service alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requirements
import yaml
from image_checks.dockerfile import Stage, read
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .chart import REPOSITORY, chart
from .test_settings import readable

DOCKER = REPOSITORY / "deploy/docker"

SERVICES = sorted(path.name.partition(".")[0] for path in DOCKER.glob("*.Dockerfile"))
# What tells a program in the image where to write; no setting of ours.
SYSTEM = {"PATH", "HOME", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
SYSTEM |= {"NUMBA_CACHE_DIR", "MPLCONFIGDIR"}


def stages(service: str) -> list[Stage]:
    return read(DOCKER / f"{service}.Dockerfile")


def compose() -> dict[str, Any]:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


def test_every_service_has_a_dockerfile() -> None:
    folders = {path.parent.name for path in (REPOSITORY / "services").glob("*/pyproject.toml")}
    assert set(SERVICES) == folders | {"gateway"}


REQUIREMENTS = sorted(path.name for path in (DOCKER / "requirements").glob("*.txt"))


def test_there_is_a_requirements_file_for_all_that_is_installed() -> None:
    assert set(REQUIREMENTS) == set(requirements.files())


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_are_current_and_pinned(name: str) -> None:
    found = (DOCKER / "requirements" / name).read_text()
    written = requirements.written(requirements.files()[name])
    assert found == written, "run: python deploy/requirements.py"
    for line in found.splitlines()[1:]:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!-]+", line)


@pytest.mark.parametrize("service", SERVICES)
def test_direct_requirements_are_all_there(service: str) -> None:
    files = [name for name in REQUIREMENTS if re.match(rf"{service}(-nodeps)?\.txt$", name)]
    texts = [(DOCKER / "requirements" / name).read_text() for name in files]
    lines = [line for text in texts for line in text.splitlines()[1:]]
    names = {canonicalize_name(Requirement(line).name) for line in lines}
    asked = [*requirements.direct(f"songreel-{service}"), *requirements.direct("songreel-kit")]
    direct = {canonicalize_name(Requirement(each).name) for each in asked}
    assert {each for each in direct if not each.startswith("songreel-")} <= names


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_built_in_two_stages_on_a_pinned_base(service: str) -> None:
    build, final = stages(service)
    assert build.base == final.base
    assert re.search(r":\d+\.\d+\.\d+-", final.base)
    # Nothing is installed, and no source or pip is left, in what is shipped.
    assert not [step for step in final.steps if step.word == "RUN" and "pip" in step.text]
    brought = [step.text for step in final.steps if step.word == "COPY"]
    assert brought[0] == "--from=build /opt/songreel /opt/songreel"
    assert len(brought) == (2 if service == "render" else 1)


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_takes_only_its_own_service(service: str) -> None:
    build, _ = stages(service)
    folders = [step.text.split()[0] for step in build.steps if step.word == "COPY"]
    own = "gateway" if service == "gateway" else f"services/{service}"
    sources = {each for each in folders if not each.startswith("deploy/")}
    libraries = {"libs/contracts", "libs/kit"} | (
        {"libs/animatic"} if service == "render" else set()
    )
    assert sources == {*libraries, own}
    for each in folders:
        assert (REPOSITORY / each).exists()


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_runs_its_module_as_the_charts_user(service: str) -> None:
    _, final = stages(service)
    assert final.entrypoint == ["python", "-m", f"songreel_{service}"]
    user = final.last("USER")
    assert user == "10001:10001"
    security = (REPOSITORY / "deploy/helm/songreel/templates/_pods.tpl").read_text()
    assert f"runAsUser: {{{{ .uid | default {user.partition(':')[0]} }}}}" in security
    assert "songreel-health" in final.last("HEALTHCHECK")


@pytest.mark.parametrize("service", SERVICES)
def test_an_images_variables_are_settings_of_its_service(service: str) -> None:
    _, final = stages(service)
    assert set(final.environment) - SYSTEM <= readable(service)
    assert final.environment[f"SONGREEL_{service.upper()}_BIND"] == "0.0.0.0:50051"


def test_the_context_leaves_out_what_images_do_not_need() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}
    needed = {
        step.text.split()[0]
        for service in SERVICES
        for stage in stages(service)
        for step in stage.steps
        if step.word == "COPY" and not step.text.startswith("--from")
    }
    assert all(any(each.startswith(folder) for folder in kept) for each in needed)
    assert all(any(each.startswith(folder) for each in needed) for folder in kept)


def test_compose_has_all_images_with_settings_that_exist() -> None:
    found = compose()["services"]
    assert set(SERVICES) <= set(found)
    for service in SERVICES:
        environment = found[service]["environment"]
        assert set(environment) <= readable(service), service
        assert found[service]["build"]["dockerfile"] == f"deploy/docker/{service}.Dockerfile"
        assert found[service]["read_only"] is True
        assert found[service]["cap_drop"] == ["ALL"]


def test_compose_names_what_is_there() -> None:
    file = compose()
    volumes = {
        each.partition(":")[0]
        for service in file["services"].values()
        for each in service.get("volumes", ())
    }
    assert volumes == set(file["volumes"])
    networks = {each for service in file["services"].values() for each in service["networks"]}
    assert networks == set(file["networks"])
    example = (DOCKER / "compose.env.example").read_text()
    asked = set(re.findall(r"\$\{(\w+)", (DOCKER / "compose.yaml").read_text()))
    assert asked == set(re.findall(r"^(\w+)=", example, re.M))
    targets = {
        value.partition(":")[0]
        for name, value in file["services"]["gateway"]["environment"].items()
        if name.endswith("_TARGET")
    }
    assert targets == set(SERVICES) - {"gateway"}


def test_compose_and_chart_use_the_same_servers_for_trials() -> None:
    trial, file = chart().values["trial"], compose()["services"]
    for part, service in (("postgres", "database"), ("store", "store")):
        image = trial[part]["image"]
        assert file[service]["image"] == f"{image['repository']}:{image['tag']}"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(os.geteuid() != 0, reason="the Dockerfiles' steps set owners of files")
@pytest.mark.parametrize("service", SERVICES)
def test_each_service_installs_starts_and_answers_alone(service: str, tmp_path: Path) -> None:
    # An index of CPU builds of torch, where the registry has only the one with CUDA.
    index = os.environ.get("SONGREEL_TEST_TORCH_INDEX", "")
    command = [sys.executable, str(DOCKER / "check_images.py"), service, "--keep", str(tmp_path)]
    checked = subprocess.run(
        [*command, "--arg", f"TORCH_INDEX={index}"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr[-3000:]
    assert f"| {service} |" in checked.stdout
