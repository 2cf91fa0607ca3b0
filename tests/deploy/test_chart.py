"""The chart renders for every example, is valid Kubernetes, and refuses what cannot work."""

from __future__ import annotations

import copy
from typing import Any

import kubernetes_validate
import pytest
from helm_python import HelmError, lint
from songreel_kit.interceptors.named_clients import NamedClients
from songreel_kit.server.server import ServerSettings
from songreel_render.identity_grants import METHODS

from . import custom_resources
from .chart import (
    CHART,
    NAMESPACE,
    RELEASE,
    SERVICES,
    VALUES,
    Manifest,
    chart,
    component,
    example,
    named,
    rendered,
    templates,
    values_of,
)

# The oldest that Chart.yaml allows, and the newest that the validator knows.
VERSIONS = ("1.30", "1.37")


@pytest.mark.parametrize("name", VALUES)
def test_helm_lint_finds_nothing(name: str) -> None:
    report = lint(CHART, values_of(name), strict=True, namespace=NAMESPACE)
    # Severity 1 is information: the chart has no icon.
    assert [each for each in report["messages"] if each["severity"] > 1] == []
    assert not report["errors"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", VALUES)
def test_every_object_is_valid(name: str, version: str) -> None:
    for manifest in example(name):
        if manifest["apiVersion"].split("/")[0] in custom_resources.GROUPS:
            custom_resources.validate(manifest)
        else:
            kubernetes_validate.validate(manifest, version, strict=True)
    for name_, template in templates(example(name)).items():
        pod = {"apiVersion": "v1", "kind": "Pod", **copy.deepcopy(template)}
        pod["metadata"]["name"] = name_.replace(":", "-")
        kubernetes_validate.validate(pod, version, strict=True)


@pytest.mark.parametrize("name", VALUES)
def test_no_object_is_there_twice_and_all_are_in_the_releases_namespace(name: str) -> None:
    seen = [(each["kind"], each["metadata"]["name"]) for each in example(name)]
    assert len(seen) == len(set(seen))
    assert {each["metadata"]["namespace"] for each in example(name)} == {NAMESPACE}
    assert not named(example(name), "Secret")


@pytest.mark.parametrize("name", VALUES)
def test_pods_cannot_do_more_than_they_need(name: str) -> None:
    for part, template in templates(example(name)).items():
        pod = template["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        # Only Ray's autoscaler, in the head, asks Kubernetes anything.
        assert pod["automountServiceAccountToken"] is (part == "render-ray")
        for container in pod["containers"]:
            limits = container["securityContext"]
            assert limits["readOnlyRootFilesystem"] is True
            assert limits["allowPrivilegeEscalation"] is False
            assert limits["capabilities"] == {"drop": ["ALL"]}
            assert {"cpu", "memory"} <= set(container["resources"]["limits"])
            # A read-only root: whatever is written goes to a volume.
            mounted = {each["mountPath"] for each in container["volumeMounts"]}
            assert "/tmp" in mounted


@pytest.mark.parametrize("name", VALUES)
def test_names_that_objects_call_each_other_by_exist(name: str) -> None:
    manifests = example(name)
    workloads = {
        (each["kind"], each["metadata"]["name"]): each
        for each in manifests
        if each["kind"] in ("Deployment", "StatefulSet")
    }
    accounts = {each["metadata"]["name"] for each in named(manifests, "ServiceAccount")}
    for each in workloads.values():
        assert each["spec"]["template"]["spec"]["serviceAccountName"] in accounts
    for scaler in named(manifests, "HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        assert "replicas" not in workloads[target["kind"], target["name"]]["spec"]
    for service in named(manifests, "Service"):
        pods = [
            each["spec"]["template"]
            for each in workloads.values()
            if service["spec"]["selector"].items()
            <= each["spec"]["template"]["metadata"]["labels"].items()
        ]
        assert len(pods) == 1, service["metadata"]["name"]
        offered = {port["name"] for port in pods[0]["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= offered
    for workload in workloads.values():
        if "serviceName" in workload["spec"]:
            (service,) = named(manifests, "Service", workload["spec"]["serviceName"])
            assert service["spec"]["clusterIP"] == "None"
    for route in named(manifests, "GRPCRoute"):
        (reference,) = route["spec"]["rules"][0]["backendRefs"]
        (service,) = named(manifests, "Service", reference["name"])
        assert reference["port"] in {port["port"] for port in service["spec"]["ports"]}


def test_the_service_monitor_finds_every_services_metrics_once() -> None:
    manifests = example("production")
    (monitor,) = named(manifests, "ServiceMonitor")
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    found = [
        component(each)
        for each in named(manifests, "Service")
        if wanted <= each["metadata"]["labels"].items()
        and endpoint["port"] in {port["name"] for port in each["spec"]["ports"]}
    ]
    assert sorted(found) == ["audio", "gateway-pods", "prompt", "render"]


@pytest.mark.parametrize("service", ["gateway", "audio", "prompt", "render"])
def test_each_service_is_upgraded_alone(service: str) -> None:
    before = rendered(values_of("trial"))
    values = values_of("trial")
    values.setdefault(service, {})["image"] = {"tag": "9.9.9"}
    after = rendered(values)
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [(component(each), each["kind"]) for each in changed] == [
        (service, "StatefulSet" if service == "gateway" else "Deployment")
    ]


def test_a_new_chart_version_starts_no_pod_anew() -> None:
    for template in templates(example("production")).values():
        assert chart().version not in str(template["metadata"])


@pytest.mark.parametrize("service", ["gateway", "audio", "prompt", "render"])
def test_each_service_can_be_left_out(service: str) -> None:
    values = values_of("trial")
    values.setdefault(service, {})["enabled"] = False
    left = rendered(values)
    assert {component(each) for each in left}.isdisjoint({service})
    others = {name for name in SERVICES if name not in (service, "identity", "score")}
    assert others <= {component(each) for each in left}


def test_two_releases_stand_side_by_side() -> None:
    one = rendered(values_of("trial"), release="one")
    two = rendered(values_of("trial"), release="two")
    names = [(each["kind"], each["metadata"]["name"]) for each in one + two]
    assert len(names) == len(set(names))
    (policy,) = named(one, "NetworkPolicy", "one-audio")
    (rule,) = policy["spec"]["ingress"]
    (peer,) = rule["from"]
    assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/instance"] == "one"


def test_a_stopping_pod_has_time_for_its_calls() -> None:
    values = values_of("trial") | {"render": {"graceSeconds": 100}}
    for part, template in templates(rendered(values)).items():
        if part not in SERVICES:
            continue
        pod = template["spec"]
        variables = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
        grace = float(variables[f"SONGREEL_{part.upper()}_GRACE_SECONDS"])
        sleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        stop = grace + ServerSettings().tidy_seconds  # after that it ends, whatever holds it
        assert pod["terminationGracePeriodSeconds"] > sleep + stop


def test_gateways_keep_their_names_and_are_not_scaled_in() -> None:
    (gateway,) = named(example("production"), "StatefulSet")
    (executor,) = [
        each
        for each in gateway["spec"]["template"]["spec"]["containers"][0]["env"]
        if each["name"] == "SONGREEL_GATEWAY_EXECUTOR_ID"
    ]
    assert executor["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    (scaler,) = named(example("production"), "HorizontalPodAutoscaler", f"{RELEASE}-gateway")
    assert scaler["spec"]["behavior"]["scaleDown"]["selectPolicy"] == "Disabled"


def test_a_gpu_is_asked_for_by_whoever_draws() -> None:
    def gpus(template: Manifest) -> int | None:
        return template["spec"]["containers"][0]["resources"]["limits"].get("nvidia.com/gpu")

    alone = templates(example("gpu"))
    assert gpus(alone["render"]) == 1
    on_ray = templates(example("ray"))
    assert (gpus(on_ray["render"]), gpus(on_ray["render-ray:draw"])) == (None, 1)
    (deployment,) = named(example("gpu"), "Deployment", f"{RELEASE}-render")
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"gateway": {"replica": 2}}, "replica"),
    ({"gateway": {"replicas": "two"}}, "replicas"),
    ({"audio": {"settings": {"max_secnds": 5}}}, "max_secnds"),
    ({"audio": {"settings": {"max_seconds": "long"}}}, "max_seconds"),
    ({"audio": {"settings": {"max_seconds": 0.5}}}, "max_seconds"),
    ({"render": {"settings": {"dtype": "float8"}}}, "dtype"),
    ({"render": {"settings": {"threads": 4}}}, "threads"),
    ({"prompt": {"settings": {"llm_api_key": "sk-1"}}}, "llm_api_key"),
    ({"render": {"backend": "slurm"}}, "backend"),
    ({"render": {"image": {"digest": "sha256:12"}}}, "digest"),
    ({"store": {"endpoint": "https://s3.example.com"}}, "endpoint"),
    ({"render": {"resources": {"limits": {"cpu": "two", "memory": "1Gi"}}}}, "cpu"),
    ({"store": {"endpoint": ""}}, "store.endpoint is needed"),
    ({"store": {"peers": []}}, "store.peers is needed"),
    ({"database": {"peers": []}}, "database.peers is needed"),
    ({"prompt": {"llm": {"model": "m"}}}, "prompt.llm.peers is needed"),
    ({"identity": {"enabled": True}}, "identity.keysClaim is needed"),
    ({"gateway": {"database": "sqlite", "replicas": 2}}, "one replica"),
    ({"gateway": {"database": "sqlite", "autoscaling": {"enabled": True}}}, "one replica"),
    (
        {"render": {"backend": "ray", "ray": {"importPath": ""}}},
        "render.ray.importPath is needed",
    ),
    ({"render": {"backend": "ray"}}, "networkPolicy.kubernetesApi is needed"),
    ({"render": {"settings": {"ray_max_replicas": 3}}}, "ray_max_replicas"),
]


@pytest.mark.parametrize(("wrong", "said"), WRONG, ids=[str(wrong) for wrong, _ in WRONG])
def test_what_cannot_work_is_refused_with_its_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(HelmError) as caught:
        rendered(chart().merge_values(merged(values_of("gpu"), wrong)))
    assert said in str(caught.value)


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`, object by object."""
    result = dict(base)
    for key, value in over.items():
        inner = result.get(key)
        both = isinstance(inner, dict) and isinstance(value, dict)
        result[key] = merged(inner, value) if both else value
    return result


def test_the_renderers_certificate_may_do_at_identity_what_a_renderer_does() -> None:
    pods = templates(example("full")).values()
    (pod,) = [each for each in pods if component(each) == "identity"]
    (container,) = pod["spec"]["containers"]
    given = {each["name"]: each.get("value", "") for each in container["env"]}
    clients = given["SONGREEL_IDENTITY_TLS_CLIENTS"].split(",")
    methods = "+".join(METHODS)
    assert clients == [f"{RELEASE}-gateway", f"{RELEASE}-render={methods}"]
    NamedClients(clients)
