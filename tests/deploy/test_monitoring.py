"""Dashboards and alerts ask for metrics that the services really export."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY, CollectorRegistry
from songreel_kit.interceptors.metrics import CallMetrics

from .chart import CHART, REPOSITORY, example, named

MONITORING = CHART / "monitoring"
ALERTS = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"][0]["rules"]
DASHBOARDS = sorted(MONITORING.glob("*.json"))
INCIDENTS = REPOSITORY / "docs/operate/incidents.md"

# Prometheus and the ServiceMonitor add these to every series.
TARGET_LABELS = {"job", "instance", "service", "namespace", "pod"}
# What Prometheus makes itself for each target.
OWN = {"up": set[str]()}
SUFFIXES = {
    "counter": {"_total": ()},
    "gauge": {"": ()},
    "histogram": {"_bucket": ("le",), "_count": (), "_sum": ()},
}


def exported_by(registry: CollectorRegistry) -> Iterator[tuple[str, set[str]]]:
    """Series names and their labels, of all collectors that name their labels."""
    for collector in list(registry._collector_to_names):
        described = getattr(collector, "describe", None)
        labels = getattr(collector, "_labelnames", None)
        for family in described() if described else collector.collect():
            names = set(labels if labels is not None else getattr(family, "_labelnames", ()))
            for suffix, more in SUFFIXES.get(family.type, {}).items():
                yield family.name + suffix, names | set(more)


@cache
def exported() -> dict[str, set[str]]:
    """What the services' own modules register, and what the kit's server does."""
    importlib.import_module("songreel_gateway.metrics")
    importlib.import_module("songreel_kit.telemetry.metrics")
    importlib.import_module("songreel_render.metrics")
    from songreel_gateway.db.schema import open_database
    from songreel_gateway.jobs.job_metrics import OpenJobsCollector

    calls = CollectorRegistry()
    CallMetrics(calls)
    jobs = CollectorRegistry()
    jobs.register(OpenJobsCollector(open_database("sqlite://")))
    return OWN | {
        name: labels for each in (REGISTRY, calls, jobs) for name, labels in exported_by(each)
    }


def selectors(expression: str) -> list[Any]:
    """Every series that a PromQL expression asks for."""
    # Grafana's own variables are no PromQL.
    parsed = promql_parser.parse(expression.replace("$service", ".*"))
    found: list[Any] = []

    def walk(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        if isinstance(node, promql_parser.MatrixSelector):
            walk(node.vector_selector)
        for name in ("expr", "lhs", "rhs", "param"):
            if (inner := getattr(node, name, None)) is not None:
                walk(inner)
        for inner in getattr(node, "args", ()):
            walk(inner)

    walk(parsed)
    return found


def check(expressions: Iterable[str]) -> set[str]:
    """Asserts that all that is asked for exists; returns the names."""
    names: set[str] = set()
    for expression in expressions:
        asked = selectors(expression)
        assert asked, f"asks for nothing: {expression}"
        for selector in asked:
            assert selector.name in exported(), f"no service exports {selector.name}"
            labels = exported()[selector.name] | TARGET_LABELS
            for matcher in selector.matchers.matchers:
                assert matcher.name in labels, f"{selector.name} has no label {matcher.name}"
            names.add(selector.name)
    return names


def test_alerts_ask_for_metrics_that_exist() -> None:
    check(rule["expr"] for rule in ALERTS)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboards_ask_for_metrics_that_exist(path: Path) -> None:
    content = json.loads(path.read_text())
    targets = [target for panel in content["panels"] for target in panel["targets"]]
    check(target["expr"] for target in targets)
    for target in targets:
        # A legend that names a label which the query does not keep is empty.
        for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
            kept = re.findall(r"by \(([^)]*)\)", target["expr"])
            assert any(label in each.split(", ") for each in kept), (label, target["expr"])


def test_every_metric_of_ours_is_looked_at_somewhere() -> None:
    asked = check(rule["expr"] for rule in ALERTS)
    for path in DASHBOARDS:
        panels = json.loads(path.read_text())["panels"]
        asked |= check(target["expr"] for panel in panels for target in panel["targets"])
    ours = {name for name in exported() if name.startswith("songreel_")}
    seen = {name.removesuffix("_bucket").removesuffix("_count") for name in asked}
    unseen = {
        name
        for name in ours
        if re.sub(r"_(bucket|count|sum)$", "", name) not in seen and name not in asked
    }
    assert not unseen


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_neither_overlap_nor_leave_the_page(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    panels = json.loads(path.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_the_dashboards_are_current() -> None:
    checked = subprocess.run(
        [sys.executable, "dashboards.py", "--check"], cwd=REPOSITORY / "deploy", check=False
    )
    assert checked.returncode == 0, "run: python deploy/dashboards.py"


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    headings = set(re.findall(r"^## (Songreel\w+)$", INCIDENTS.read_text(), re.M))
    assert headings == {rule["alert"] for rule in ALERTS}
    for rule in ALERTS:
        assert rule["annotations"]["runbook"].endswith(f"#{rule['alert'].lower()}")


def test_the_chart_installs_alerts_and_dashboards_as_they_are() -> None:
    manifests = example("production")
    (rules,) = named(manifests, "PrometheusRule")
    assert rules["spec"]["groups"][0]["rules"] == ALERTS
    maps = named(manifests, "ConfigMap")
    installed = {name: json.loads(text) for each in maps for name, text in each["data"].items()}
    assert installed == {path.name: json.loads(path.read_text()) for path in DASHBOARDS}


@pytest.fixture(scope="module")
def promtool() -> Path:
    """Prometheus' own checker: on the path, or unpacked from Debian's package."""
    found = shutil.which("promtool")
    unpacked = REPOSITORY / "build/prometheus/usr/bin/promtool"
    if found:
        return Path(found)
    if not unpacked.exists():
        if not shutil.which("apt-get"):
            pytest.skip("promtool is neither on the path nor to be had from Debian here")
        folder = REPOSITORY / "build/prometheus"
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "prometheus"], cwd=folder, check=True)
        (package,) = folder.glob("prometheus_*.deb")
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    return unpacked


@pytest.mark.slow
def test_alerts_fire_when_they_should(promtool: Path, tmp_path: Path) -> None:
    shutil.copy(MONITORING / "alerts.yaml", tmp_path)
    shutil.copy(Path(__file__).parent / "alert_tests.yaml", tmp_path)
    for command in (["check", "rules", "alerts.yaml"], ["test", "rules", "alert_tests.yaml"]):
        ran = subprocess.run(
            [promtool, *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_is_tried(tmp_path: Path) -> None:
    tried = (Path(__file__).parent / "alert_tests.yaml").read_text()
    assert not [rule["alert"] for rule in ALERTS if rule["alert"] not in tried]
