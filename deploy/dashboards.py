"""Writes the Grafana dashboards of the chart: `python deploy/dashboards.py [--check]`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "helm/songreel/monitoring"

Json = dict[str, Any]


@dataclass(frozen=True)
class Panel:
    """A panel: a graph, or a single number if `kind` is "stat"."""

    title: str
    queries: tuple[tuple[str, str], ...]
    """(PromQL, legend)"""
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 12
    """Of 24 columns."""


BY_METHOD = "sum by (service, grpc_method)"
SERVICE = '{service=~"$service"}'
METHOD = "{{service}} {{grpc_method}}"

JOBS = (
    Panel(
        "Open jobs",
        (("max by (state) (songreel_open_jobs)", "{{state}}"),),
        width=8,
    ),
    Panel(
        "Age of the oldest open job",
        (("max(songreel_oldest_open_job_seconds)", "oldest"),),
        unit="s",
        width=8,
    ),
    Panel(
        "Jobs at work per gateway",
        (("sum by (instance) (songreel_jobs_running)", "{{instance}}"),),
        width=8,
    ),
    Panel(
        "Jobs that wait for a service",
        (("max by (for, why) (songreel_waiting_jobs)", "{{for}}, {{why}}"),),
    ),
    Panel(
        "Longest wait for a service",
        (("max by (for, why) (songreel_longest_wait_seconds)", "{{for}}, {{why}}"),),
        unit="s",
    ),
    Panel(
        "Calls of services made again per minute",
        (
            (
                "sum by (service, why) (rate(songreel_stage_retries_total[5m])) * 60",
                "{{service}}, {{why}}",
            ),
        ),
    ),
    Panel(
        "Jobs begun and ended per minute",
        (
            ("sum by (kind) (rate(songreel_jobs_started_total[5m])) * 60", "{{kind}} begun"),
            (
                "sum by (kind, state) (rate(songreel_jobs_ended_total[5m])) * 60",
                "{{kind}} {{state}}",
            ),
        ),
    ),
    Panel(
        "Length of stages, median and 95 %",
        tuple(
            (
                f"histogram_quantile({share}, sum by (le, stage) "
                "(rate(songreel_stage_seconds_bucket[30m])))",
                f"{{{{stage}}}} {label}",
            )
            for share, label in ((0.5, "median"), (0.95, "95 %"))
        ),
        unit="s",
    ),
    Panel(
        "Stages ended per minute, by outcome",
        (
            (
                "sum by (stage, outcome) (rate(songreel_stage_seconds_count[5m])) * 60",
                "{{stage}} {{outcome}}",
            ),
        ),
    ),
    Panel(
        "Frames per second",
        (
            ("sum(rate(songreel_render_frames_drawn_total[1m]))", "all"),
            ("sum by (instance) (rate(songreel_render_frames_drawn_total[1m]))", "{{instance}}"),
        ),
    ),
    Panel(
        "Renders at work and waiting",
        (
            ("sum(songreel_render_working)", "at work"),
            ('max(songreel_waiting_jobs{for="render", why="full"})', "waiting"),
        ),
    ),
    Panel(
        "Uploaded bytes per second",
        (("sum(rate(songreel_uploaded_bytes_total[5m]))", "kept"),),
        unit="Bps",
    ),
    Panel(
        "Found in caches, share",
        (
            (
                'sum by (cache) (rate(songreel_cache_lookups_total{outcome="hit"}[30m]))'
                " / sum by (cache) (rate(songreel_cache_lookups_total[30m]))",
                "{{cache}}",
            ),
        ),
        unit="percentunit",
    ),
    Panel(
        "Models loaded per hour, and failures",
        (
            (
                "sum by (model) (rate(songreel_model_load_seconds_count[1h])) * 3600",
                "{{model}}",
            ),
            (
                "sum by (model) (rate(songreel_model_load_failures_total[1h])) * 3600",
                "{{model}} failed",
            ),
        ),
    ),
    Panel(
        "Time to load a model, 95 %",
        (
            (
                "histogram_quantile(0.95, sum by (le, model) "
                "(rate(songreel_model_load_seconds_bucket[6h])))",
                "{{model}}",
            ),
        ),
        unit="s",
    ),
)

CALLS = (
    Panel(
        "Rate",
        ((f"{BY_METHOD} (rate(grpc_server_started_total{SERVICE}[5m]))", METHOD),),
        unit="reqps",
        width=24,
    ),
    Panel(
        "Errors, share of calls",
        (
            (
                f"{BY_METHOD} (rate(grpc_server_handled_total"
                '{service=~"$service", grpc_code!="OK"}[5m]))'
                f" / {BY_METHOD} (rate(grpc_server_handled_total{SERVICE}[5m]))",
                METHOD,
            ),
        ),
        unit="percentunit",
    ),
    Panel(
        "Errors by code",
        (
            (
                "sum by (service, grpc_code) (rate(grpc_server_handled_total"
                '{service=~"$service", grpc_code!="OK"}[5m]))',
                "{{service}} {{grpc_code}}",
            ),
        ),
        unit="reqps",
    ),
    Panel(
        "Duration, 95 %",
        (
            (
                "histogram_quantile(0.95, sum by (le, service, grpc_method) "
                f"(rate(grpc_server_handling_seconds_bucket{SERVICE}[5m])))",
                METHOD,
            ),
        ),
        unit="s",
    ),
    Panel(
        "Calls in flight",
        ((f"{BY_METHOD} (grpc_server_in_flight{SERVICE})", METHOD),),
    ),
    Panel(
        "CPU, cores",
        (
            (
                f"sum by (service, instance) (rate(process_cpu_seconds_total{SERVICE}[5m]))",
                "{{service}} {{instance}}",
            ),
        ),
    ),
    Panel(
        "Memory",
        (
            (
                f"sum by (service, instance) (process_resident_memory_bytes{SERVICE})",
                "{{service}} {{instance}}",
            ),
        ),
        unit="bytes",
    ),
)

SERVICES: Json = {
    "name": "service",
    "type": "query",
    "datasource": {"type": "prometheus", "uid": "${datasource}"},
    "query": "label_values(grpc_server_started_total, service)",
    "includeAll": True,
    "multi": True,
    "refresh": 2,
    "current": {"text": "All", "value": "$__all"},
}


def dashboard(uid: str, title: str, panels: tuple[Panel, ...], *variables: Json) -> Json:
    """A dashboard with its panels placed from left to right."""
    placed: list[Json] = []
    x = y = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > 24:
            x, y = 0, y + 8
        placed.append(panel_json(panel, number, {"x": x, "y": y, "w": panel.width, "h": 8}))
        x += panel.width
    source = {"name": "datasource", "type": "datasource", "query": "prometheus"}
    return {
        "uid": uid,
        "title": title,
        "tags": ["songreel"],
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source, *variables]},
        "panels": placed,
    }


def panel_json(panel: Panel, number: int, place: Json) -> Json:
    """A panel in Grafana's JSON."""
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {
        "id": number,
        "title": panel.title,
        "type": panel.kind,
        "datasource": source,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "expr": expr, "legendFormat": legend}
            | {"datasource": source}
            for index, (expr, legend) in enumerate(panel.queries)
        ],
    }


DASHBOARDS = {
    "jobs.json": dashboard("songreel-jobs", "songreel: jobs and rendering", JOBS),
    "calls.json": dashboard("songreel-calls", "songreel: calls by service", CALLS, SERVICES),
}


def main() -> int:
    """Writes the files; with --check, 1 when one is not current."""
    stale = 0
    for name, content in DASHBOARDS.items():
        written = json.dumps(content, indent=1) + "\n"
        path = FOLDER / name
        if "--check" in sys.argv[1:]:
            stale |= int(not path.exists() or path.read_text() != written)
        else:
            path.write_text(written)
    return stale


if __name__ == "__main__":
    sys.exit(main())
