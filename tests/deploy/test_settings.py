"""What the chart puts into a service's environment is what that service reads."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml
from chart_schema import SETTINGS
from songreel_kit.artifacts.s3.store import S3Settings
from songreel_kit.settings import ServiceSettings
from songreel_kit.telemetry.tracing import wanted_collector

from .chart import (
    REPOSITORY,
    SERVICES,
    VALUES,
    chart,
    example,
    named,
    rendered,
    templates,
    values_of,
)

# OpenTelemetry's own, and the pod's name, which is put into one of them.
TELEMETRY = {
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_POD_NAME",
}
# What `songreel_kit.settings` and `songreel_kit.telemetry.tracing` read by themselves.
SHARED = {"SONGREEL_STORE", "SONGREEL_DATA", *TELEMETRY}
# What Ray reads by itself.
RAYS_OWN = {"RAY_USAGE_STATS_ENABLED", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"}


def settings_class(service: str) -> type[ServiceSettings]:
    return getattr(importlib.import_module(f"songreel_{service}.settings"), SETTINGS[service])


def readable(service: str) -> set[str]:
    """Every variable that the service's settings have."""
    return SHARED | {
        f"{each.model_config['env_prefix']}{field}".upper()
        for each in (settings_class(service), S3Settings)
        for field in each.model_fields
    }


def environment(template: dict[str, Any], service: str) -> dict[str, str]:
    """A container's variables, with stand-ins for what only a cluster knows."""
    found = {}
    (container,) = template["spec"]["containers"]
    for each in container["env"]:
        source = each.get("valueFrom", {})
        if "secretKeyRef" in source:
            value = f"from-{source['secretKeyRef']['key']}"
        elif "fieldRef" in source:
            value = f"songreel-{service}-0"
        elif "resourceFieldRef" in source:
            value = "2"
        else:
            value = each["value"]
        found[each["name"]] = value
    return found


def pods(name: str) -> dict[str, dict[str, Any]]:
    """Pod templates of our own services, Ray's among them."""
    return {
        part: template
        for part, template in templates(example(name)).items()
        if part.partition("-")[0] in SERVICES
    }


@pytest.mark.parametrize("name", VALUES)
def test_every_variable_is_a_setting_of_that_service(name: str) -> None:
    for part, template in pods(name).items():
        given = environment(template, part)
        unknown = set(given) - readable(part.partition("-")[0])
        if name == "ray" and part.startswith("render"):
            unknown -= RAYS_OWN
        assert not unknown, f"{part} does not read {', '.join(sorted(unknown))}"


@pytest.mark.parametrize("name", VALUES)
def test_the_service_understands_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for part, template in pods(name).items():
        with monkeypatch.context() as patch:
            for variable in [each for each in os.environ if each.startswith("SONGREEL_")]:
                patch.delenv(variable)
            for variable, value in environment(template, part).items():
                patch.setenv(variable, value)
            settings = settings_class(part.partition("-")[0])()
            store = S3Settings()
        assert settings.bind == "0.0.0.0:50051"
        assert settings.metrics_port == 9464
        assert settings.store.startswith("s3://songreel")
        assert store.cache_bytes >= 8 * 1024**3
        assert store.access_key == "from-s3-access-key"


def test_the_chart_runs_the_application_that_the_render_service_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (ray_service,) = named(example("ray"), "RayService")
    (app,) = yaml.safe_load(ray_service["spec"]["serveConfigV2"])["applications"]
    replica = pytest.importorskip("songreel_render.backends.ray.replica")
    module, _, name = app["import_path"].partition(":")
    assert getattr(importlib.import_module(module), name) is replica.application
    assert app["name"] == replica.APPLICATION
    assert [each["name"] for each in app["deployments"]] == [replica.DEPLOYMENT]
    schema = importlib.import_module("ray.serve.schema")
    schema.ServeDeploySchema.model_validate({"applications": [app]})
    given = environment(pods("ray")["render"], "render")
    assert given["SONGREEL_RENDER_BACKEND"] == "ray"
    # The Service that KubeRay makes for the head of a RayService.
    head = f"{ray_service['metadata']['name']}-head-svc"
    assert given["SONGREEL_RENDER_RAY_ADDRESS"] == f"ray://{head}:10001"
    key = ray_service["spec"]["rayClusterConfig"]["authOptions"]["secretName"]
    (container,) = pods("ray")["render"]["spec"]["containers"]
    (token,) = [each for each in container["env"] if each["name"] == "RAY_AUTH_TOKEN"]
    assert token["valueFrom"]["secretKeyRef"] == {"name": key, "key": "auth_token"}
    assert container["image"].startswith("songreel-render-ray:")


def test_traces_go_where_the_values_say(monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.import_module("opentelemetry.sdk.environment_variables")
    assert {name for name in TELEMETRY if not hasattr(known, name)} == {"OTEL_POD_NAME"}
    for part, template in pods("production").items():
        given = environment(template, part)
        for name in TELEMETRY:
            monkeypatch.setenv(name, given[name])
        assert wanted_collector() == "http://collector.monitoring:4317"
        assert given["OTEL_SERVICE_NAME"] == f"songreel-{part}"
        sampler = importlib.import_module("opentelemetry.sdk.trace.sampling")
        assert "TraceIdRatioBased{0.1}" in sampler._get_from_env_or_default().get_description()
        # Kubernetes puts a variable into another only when it stands above it.
        (container,) = template["spec"]["containers"]
        names = [each["name"] for each in container["env"]]
        assert names.index("OTEL_POD_NAME") < names.index("OTEL_RESOURCE_ATTRIBUTES")
    assert not any(
        TELEMETRY & set(environment(template, part)) for part, template in pods("trial").items()
    )


def test_settings_by_name_arrive_as_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in environment(pods("production")["gateway"], "gateway").items():
        monkeypatch.setenv(variable, value)
    settings: Any = settings_class("gateway")()
    assert settings.max_upload_bytes == 1024**3
    assert settings.retry_seconds == 0.25
    assert settings.executor_id == "songreel-gateway-0"
    assert settings.render_target == "songreel-render:50051"


def test_nothing_secret_is_in_the_manifests_or_the_values() -> None:
    secret = re.compile(r"(KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL)$")
    for name in VALUES:
        for template in templates(example(name)).values():
            for container in template["spec"]["containers"]:
                for each in container["env"]:
                    if secret.search(each["name"]) and each["name"] != "RCLONE_AUTH_KEY":
                        # By reference, or the path of a file.
                        by_path = each.get("value", "").startswith("/")
                        assert by_path or "secretKeyRef" in each["valueFrom"], each["name"]
    (store,) = templates(example("trial"))["store"]["spec"]["containers"]
    (pair,) = [each for each in store["env"] if each["name"] == "RCLONE_AUTH_KEY"]
    assert pair["value"] == '"$(ACCESS_KEY),$(SECRET_KEY)"'


def test_the_schema_of_the_values_is_current() -> None:
    checked = subprocess.run(
        [sys.executable, "chart_schema.py", "--check"], cwd=REPOSITORY / "deploy", check=False
    )
    assert checked.returncode == 0, "run: python deploy/chart_schema.py"


def test_the_gateway_is_told_of_every_stage_that_it_can_call() -> None:
    given = environment(pods("full")["gateway"], "gateway")
    told = {name for name in given if name.endswith("_TARGET")}
    known = {name for name in readable("gateway") if name.endswith("_TARGET")}
    assert told == known


def test_partners_are_sent_to_the_store_only_where_they_reach_it() -> None:
    name = "SONGREEL_S3_PUBLIC_URL"
    values = values_of("production")
    values["store"]["publicUrl"] = "https://media.example.com:9000"
    told = {
        "trial": environment(pods("trial")["gateway"], "gateway"),
        "production": environment(pods("production")["gateway"], "gateway"),
        "elsewhere": environment(templates(rendered(values))["gateway"], "gateway"),
    }
    assert {each: given[name] for each, given in told.items()} == {
        "trial": "none",
        "production": "",
        "elsewhere": "https://media.example.com:9000",
    }
    assert name not in environment(pods("production")["render"], "render")


def test_identity_is_off_unless_asked_for() -> None:
    assert chart().values["identity"]["enabled"] is False
    assert "identity" not in pods("production")
