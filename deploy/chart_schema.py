"""Writes the chart's values.schema.json: `python deploy/chart_schema.py [--check]`.

What a service can be told below `settings` is read from its settings class, so that a
misspelt or mistyped setting fails at `helm install`.
"""

from __future__ import annotations

import importlib
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parent / "helm/songreel/values.schema.json"

SETTINGS = {
    "gateway": "GatewaySettings",
    "audio": "AudioSettings",
    "prompt": "PromptSettings",
    "identity": "IdentitySettings",
    "render": "RenderSettings",
}
"""Settings class in `songreel_<service>.settings`."""

MANAGED = {
    *("bind", "metrics_port", "store", "grace_seconds", "max_concurrent_calls"),
    *("data", "database_url", "executor_id"),
    *("audio_target", "prompt_target", "identity_target", "render_target", "score_target"),
    *("backend", "ray_address", "ray_min_replicas", "ray_max_replicas", "ray_max_queued"),
    *("ray_gpus", "ray_store_mib"),
    *("tls_certificate", "tls_key", "tls_client_authority", "tls_clients", "probe_bind"),
    *("access", "oidc_issuer", "oidc_audience", "oidc_jwks_url", "mutual_bind"),
    *("stage_authority", "stage_certificate", "stage_key"),
    *("identity_authority", "identity_certificate", "identity_key"),
    *("checkpoint", "threads", "llm_model", "llm_base_url"),
    *("signing_certificate", "signing_key", "database", "keys"),
}
"""Settings that the chart fills in from other values."""

Schema = dict[str, Any]


def text(about: str, **more: Any) -> Schema:
    """A string."""
    return {"description": about, "type": "string"} | more


def number(about: str, least: int, most: int | None = None) -> Schema:
    """An integer in a range."""
    limit = {} if most is None else {"maximum": most}
    return {"description": about, "type": "integer", "minimum": least} | limit


def share(about: str) -> Schema:
    """A number from 0 to 1."""
    return {"description": about, "type": "number", "minimum": 0, "maximum": 1}


def flag(about: str) -> Schema:
    """True or false."""
    return {"description": about, "type": "boolean"}


def listing(about: str, items: Schema | None = None) -> Schema:
    """A list."""
    return {"description": about, "type": "array", "items": items or {"type": "object"}}


def mapping(about: str) -> Schema:
    """Strings by name, as labels and annotations are."""
    return {"description": about, "type": "object", "additionalProperties": {"type": "string"}}


def closed(about: str, **properties: Schema) -> Schema:
    """An object of exactly these properties."""
    return {
        "description": about,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def reference(name: str, about: str) -> Schema:
    """What `$defs` has under a name."""
    return {"description": about, "$ref": f"#/$defs/{name}"}


QUANTITY = {"type": ["string", "number"], "pattern": "^[0-9.]+(m|[kKMGT]i?)?$"}

DEFINITIONS: Schema = {
    "image": closed(
        "Where an image comes from.",
        repository=text("Name, below imageRegistry for our own images.", minLength=1),
        tag=text("Tag; the chart's appVersion when empty."),
        digest=text("sha256:...; wins over the tag.", pattern="^(sha256:[0-9a-f]{64})?$"),
        pullPolicy=text("When to pull.", enum=["Always", "IfNotPresent", "Never"]),
    ),
    "resources": closed(
        "Requests and limits of a container.",
        requests=reference("amounts", "What it is given."),
        limits=reference("amounts", "What it may take at the most."),
    )
    | {"required": ["requests", "limits"]},
    "amounts": {
        "type": "object",
        "required": ["cpu", "memory"],
        "additionalProperties": QUANTITY,
    },
    "storage": closed(
        "A volume claim.",
        size=QUANTITY | {"description": "Size, as 5Gi."},
        className=text("Storage class; the cluster's default when empty."),
    ),
    "autoscaling": closed(
        "A HorizontalPodAutoscaler.",
        enabled=flag("Whether there is one; replicas is ignored then."),
        min=number("Fewest pods.", 1),
        max=number("Most pods.", 1),
        cpuPercent=number("Wanted CPU use, in percent of the request.", 1, 100),
        inFlight=number("Wanted calls in flight per pod (needs a metrics adapter); 0: off.", 0),
    ),
    "peers": listing("NetworkPolicy peers: podSelector, namespaceSelector or ipBlock."),
    "tolerations": listing("Tolerations of the pods."),
    "trialPart": closed(
        "A server inside the release.",
        enabled=flag("Whether it runs."),
        image=reference("image", "Its image; imageRegistry is not put before it."),
        storage=reference("storage", "Its volume."),
        resources=reference("resources", "Of its container."),
    ),
}


def service(name: str, about: str, **more: Schema) -> Schema:
    """The values that every service has, and its own."""
    return closed(
        about,
        enabled=flag("Whether it is installed."),
        image=reference("image", "Its image."),
        replicas=number("Pods, when autoscaling is off.", 0),
        resources=reference("resources", "Of its container."),
        autoscaling=reference("autoscaling", "Follows load."),
        maxConcurrentCalls=number("More calls at once are refused with RESOURCE_EXHAUSTED.", 1),
        graceSeconds=number("How long a stopping pod lets calls go on, in seconds.", 0, 3600),
        settings=service_settings(name),
        podAnnotations=mapping("Annotations of the pods."),
        nodeSelector=mapping("Labels of the nodes that it may run on."),
        tolerations=reference("tolerations", "Of its pods."),
        **more,
    )


def service_settings(name: str) -> Schema:
    """The settings that may be given by their names in the service's settings class."""
    about = f"Settings of songreel_{name}.settings by name."
    module = f"songreel_{name}"
    if find_spec(module) is None or find_spec(f"{module}.settings") is None:
        return {
            "description": about,
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        }
    settings = getattr(importlib.import_module(f"songreel_{name}.settings"), SETTINGS[name])
    described = settings.model_json_schema()
    properties = {
        field: schema
        for field, known in described["properties"].items()
        if field not in MANAGED and (schema := plain(known, described)) is not None
    }
    return closed(about, **properties)


def plain(known: Schema, described: Schema) -> Schema | None:
    """A setting's schema as Helm needs it; None for secrets, which are no values."""
    options = known.get("anyOf", [known])
    options = [each for each in options if each.get("type") != "null"]
    if len(options) != 1 or "$ref" in options[0]:
        # Lists and nested objects are one JSON text in the environment.
        return text("JSON, as the environment takes it.")
    chosen = options[0]
    if chosen.get("format") == "password" or chosen.get("writeOnly"):
        return None
    kept = ("type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    schema = {key: chosen[key] for key in kept if key in chosen}
    if schema.get("type") in ("array", "object"):
        schema = {"type": "string"}
    about = " ".join(str(known.get("description", "")).split())
    return ({"description": about} if about else {}) | schema


def whole() -> Schema:
    """The schema of all values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Values of the songreel chart",
        "$defs": DEFINITIONS,
    } | closed(
        "Made by deploy/chart_schema.py.",
        imageRegistry=text("Put before our images' repositories."),
        imagePullSecrets=listing("Secrets for the registry, as [{name: ...}]."),
        secretName=text("The Secret with all keys; you make it beforehand.", minLength=1),
        store=closed(
            "The artifact store, any S3 endpoint.",
            endpoint=text("host[:port]", pattern="^[A-Za-z0-9.:-]*$"),
            port=number("Port that NetworkPolicy opens towards it.", 1, 65535),
            bucket=text("Bucket.", pattern="^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"),
            prefix=text("Prefix inside the bucket.", pattern="^[^/].*[^/]$|^[^/]?$"),
            region=text("Region."),
            secure=flag("Whether to speak TLS."),
            publicUrl=text(
                "Where partners reach it, if elsewhere; none: they do not.",
                pattern="^(none|https?://[A-Za-z0-9.:-]+)?$",
            ),
            createBucket=flag("Whether to make the bucket when it is missing."),
            cacheGiB=number("Local copies of artifacts per pod, in GiB.", 1),
            peers=reference("peers", "Where it is."),
        ),
        database=closed(
            "The gateway's Postgres.",
            port=number("Its port.", 1, 65535),
            peers=reference("peers", "Where it is."),
        ),
        tls=closed(
            "TLS between the services and towards partners.",
            services=flag("Whether gateway and services show each other certificates."),
            partners=text("Secret with the public API's certificate; plain text when empty."),
            partnerCertificates=flag("Whether partners have to show certificates."),
        ),
        gateway=service(
            "gateway",
            "The public API and the jobs.",
            database=text("Where jobs are kept.", enum=["sqlite", "postgres"]),
            storage=reference("storage", "Of the SQLite file."),
            access=text("Whether callers are checked here.", enum=["checked", "unguarded"]),
            oidc=closed(
                "An OpenID Connect provider.",
                issuer=text("Its issuer; none when empty.", pattern="^(https://.+)?$"),
                audience=text("What its tokens must be for."),
                jwksUrl=text("Where its keys are; discovered when empty."),
                port=number("Its port.", 1, 65535),
                peers=reference("peers", "Where it is."),
            ),
            clients=reference("peers", "Who may call it."),
            route=closed(
                "A GRPCRoute of the Gateway API.",
                enabled=flag("Whether there is one."),
                parentRefs=listing("Gateways that it belongs to."),
                hostnames=listing("Host names.", {"type": "string"}),
            ),
        ),
        audio=service("audio", "Hears songs."),
        prompt=service(
            "prompt",
            "Writes storyboards.",
            llm=closed(
                "A language model as storyteller.",
                model=text("Its name; none when empty."),
                baseUrl=text("An OpenAI-compatible server, http://.../v1."),
                key=flag("Whether the Secret holds llm-api-key."),
                port=number("Port of the server.", 1, 65535),
                peers=reference("peers", "Where it is."),
            ),
        ),
        identity=service(
            "identity",
            "Proves consent and keeps likenesses.",
            keysClaim=text("Volume claim for the vault's keys."),
        ),
        render=service(
            "render",
            "Draws videos.",
            backend=text("Where drawing happens.", enum=["deployment", "ray"]),
            checkpoint=text("Checkpoint folder or file in the container.", pattern="^/"),
            checkpointsClaim=text("Volume claim, mounted at /checkpoints."),
            signingSecret=text("Secret with tls.crt and tls.key for content credentials."),
            gpu=closed(
                "GPUs of a pod.",
                count=number("How many; 0 draws on the CPU.", 0, 16),
                resource=text("Resource name."),
            ),
            ray=closed(
                "KubeRay; with backend ray.",
                version=text("Ray's version in the image."),
                image=reference("image", "Image with Ray and the render service."),
                importPath=text("Serve application.", pattern="^([A-Za-z0-9_.]+:[A-Za-z0-9_]+)?$"),
                maxQueued=number("Segments that may wait for a replica.", 1),
                head=closed("The head.", resources=reference("resources", "Of the head.")),
                workers=closed(
                    "The workers.",
                    min=number("Fewest.", 0),
                    max=number("Most.", 1),
                    resources=reference("resources", "Of a worker."),
                    nodeSelector=mapping("Labels of their nodes."),
                    tolerations=reference("tolerations", "Of the workers."),
                ),
            ),
        ),
        networkPolicy=closed(
            "Who may talk to whom.",
            enabled=flag("Whether there are policies."),
            dns=reference("peers", "Name servers."),
            kubernetesApi=reference("peers", "The API server, for Ray's autoscaler."),
            prometheus=reference("peers", "Who reads metrics."),
        ),
        monitoring=closed(
            "What Prometheus and Grafana take.",
            serviceMonitor=closed(
                "A ServiceMonitor.",
                enabled=flag("Whether there is one."),
                interval=text("Time between two readings.", pattern="^[0-9]+(s|m)$"),
                labels=mapping("Labels that your Prometheus selects by."),
            ),
            rules=closed(
                "Alert rules.",
                enabled=flag("Whether they are installed."),
                labels=mapping("Labels that your Prometheus selects by."),
            ),
            dashboards=closed(
                "Dashboards as ConfigMaps.",
                enabled=flag("Whether they are installed."),
                labels=mapping("Labels that Grafana's sidecar selects by."),
            ),
        ),
        tracing=closed(
            "Traces, by OTLP over gRPC.",
            endpoint=text("A collector; no traces when empty.", pattern="^(https?://.+)?$"),
            port=number("Port that NetworkPolicy opens towards it.", 1, 65535),
            ratio=share("Of how many calls from outside a trace is kept."),
            peers=reference("peers", "Where it is."),
        ),
        trial=closed(
            "Servers inside the release, for trials only.",
            postgres=reference("trialPart", "Postgres."),
            store=reference("trialPart", "rclone serving S3."),
        ),
    )


def main() -> int:
    """Writes the file; with --check, 1 when it is not current."""
    written = json.dumps(whole(), indent=1) + "\n"
    if "--check" in sys.argv[1:]:
        return int(SCHEMA.read_text() != written)
    SCHEMA.write_text(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
