"""The chart, rendered offline by Helm itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from helm_python import Chart

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "deploy/helm/songreel"
VALUES = sorted(path.stem for path in (CHART / "ci").glob("*.yaml"))
NAMESPACE = "studio"
RELEASE = "songreel"
SERVICES = ("gateway", "audio", "prompt", "identity", "render", "score")

Manifest = dict[str, Any]


@cache
def chart() -> Chart:
    """Loading takes a while; a chart does not change."""
    return Chart.load(CHART)


def values_of(name: str) -> dict[str, Any]:
    """One of the example values files."""
    return yaml.safe_load((CHART / "ci" / f"{name}.yaml").read_text())


def rendered(values: dict[str, Any], *, release: str = RELEASE) -> list[Manifest]:
    """All objects; what two documents of one template share is not lost."""
    files = chart().render(values, name=release, namespace=NAMESPACE)
    return [
        manifest
        for path, text in sorted(files.items())
        if path.endswith(".yaml")
        for manifest in yaml.load_all(text, Loader=_Strict)
        if manifest
    ]


@cache
def example(name: str) -> tuple[Manifest, ...]:
    """An example values file rendered; not to be changed."""
    return tuple(rendered(values_of(name)))


def named(manifests: Any, kind: str, name: str | None = None) -> list[Manifest]:
    """Objects of a kind."""
    return [
        each
        for each in manifests
        if each["kind"] == kind and (name is None or each["metadata"]["name"] == name)
    ]


def component(manifest: Manifest) -> str:
    """Which part of songreel an object belongs to."""
    return manifest["metadata"]["labels"]["app.kubernetes.io/component"]


def templates(manifests: Any) -> dict[str, Manifest]:
    """Pod templates by component."""
    found = {
        component(each): each["spec"]["template"]
        for each in manifests
        if each["kind"] in ("Deployment", "StatefulSet")
    }
    for each in named(manifests, "RayService"):
        cluster = each["spec"]["rayClusterConfig"]
        found["render-ray"] = cluster["headGroupSpec"]["template"]
        for group in cluster["workerGroupSpecs"]:
            found[f"render-ray:{group['groupName']}"] = group["template"]
    return found


class _Strict(yaml.SafeLoader):
    """Refuses a key given twice, which YAML loaders let pass and Kubernetes does not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"given twice: {twice} {node.start_mark}"
        return super().construct_mapping(node, deep)
