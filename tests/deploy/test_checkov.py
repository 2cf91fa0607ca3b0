"""checkov finds nothing in the rendered chart beyond what is skipped with a reason.

checkov pins many packages, so it has an environment of its own below `build/`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .chart import REPOSITORY, VALUES, example

HERE = Path(__file__).parent
ENVIRONMENT = REPOSITORY / "build/checkov"

# What only some examples have is asked of the one that has it.
ONLY_HERE = {"production": {"CKV_K8S_15", "CKV_K8S_43", "CKV_K8S_8", "CKV_K8S_9", "CKV_K8S_40"}}


@pytest.fixture(scope="module")
def checkov() -> Path:
    """The program, installed on first use."""
    program = ENVIRONMENT / "bin/checkov"
    pinned = HERE / "checkov-requirements.txt"
    stamp = ENVIRONMENT / "installed.txt"
    if not stamp.exists() or stamp.read_text() != pinned.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        pip = [ENVIRONMENT / "bin/pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", pinned], check=True)
        stamp.write_text(pinned.read_text())
    return program


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", VALUES)
def test_checkov_finds_nothing(name: str, checkov: Path, tmp_path: Path) -> None:
    (tmp_path / "rendered.yaml").write_text(yaml.safe_dump_all(example(name), sort_keys=False))
    config = yaml.safe_load((HERE / "checkov.yaml").read_text())
    config["skip-check"] = sorted(set(config["skip-check"]) - ONLY_HERE.get(name, set()))
    (tmp_path / "checkov.yaml").write_text(yaml.safe_dump(config))
    asked = subprocess.run(
        [checkov, "-f", "rendered.yaml", "--config-file", "checkov.yaml", "-o", "json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(asked.stdout)
    assert report["summary"]["passed"] > 100, asked.stderr
    failed = report.get("results", {}).get("failed_checks", [])
    assert [(each["check_id"], each["resource"], each["check_name"]) for each in failed] == []
    assert report["summary"]["parsing_errors"] == 0
