"""What the command answers when nothing is to be made."""

import json
import subprocess
import sys

import pytest

from .conftest import Workspace


def test_help_loads_no_networks() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "songreel_app", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert "typer" in loaded
    assert not loaded & {"torch", "librosa", "diffusers", "transformers", "av", "grpc", "numpy"}


def test_doctor_and_jobs_tell_scripts_what_is_there(studio: Workspace) -> None:
    address = json.loads((studio.data / "server.json").read_text())["address"]
    doctor = studio.run("doctor", "--json")
    jobs = studio.run("jobs", "--json")
    findings = {each["name"]: each for each in json.loads(doctor.stdout)["findings"]}
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert all(each["ok"] for each in findings.values())
    assert str(studio.checkpoint) in findings["checkpoint"]["value"]
    assert "64 px" in findings["checkpoint"]["value"]
    assert address in findings["server"]["value"]
    assert jobs.returncode == 0
    assert isinstance(json.loads(jobs.stdout)["jobs"], list)


def test_a_new_folder_has_no_jobs(workspace: Workspace) -> None:
    with workspace.serving():
        assert json.loads(workspace.run("jobs", "--json").stdout) == {"jobs": []}


@pytest.mark.slow
def test_doctor_says_which_checkpoint_is_missing(workspace: Workspace) -> None:
    workspace.checkpoint = workspace.folder / "absent"
    doctor = workspace.run("doctor", "--json")
    findings = {
        each["name"]: each for each in json.loads(doctor.stdout.splitlines()[0])["findings"]
    }
    assert doctor.returncode == 1
    assert not findings["checkpoint"]["ok"]
    assert "--checkpoint" in findings["checkpoint"]["advice"]
