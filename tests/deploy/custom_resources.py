"""Strict schemas of the custom resources that the chart uses, as far as it uses them.

Fields from the CRDs of prometheus-operator (monitoring.coreos.com/v1), the Gateway API
(gateway.networking.k8s.io/v1) and KubeRay (ray.io/v1). Unknown fields are refused, as
an API server would drop them without a word. Pod templates inside are checked by the
tests as pods.
"""

from __future__ import annotations

from typing import Any

import jsonschema

TEXT = {"type": "string", "minLength": 1}
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
DURATION = {"type": "string", "pattern": "^([0-9]+(ms|[smhdwy]))+$"}


def closed(required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def listing(items: dict[str, Any], least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


SERVICE_MONITOR = closed(
    "selector endpoints",
    selector=closed("matchLabels", matchLabels=LABELS),
    namespaceSelector=closed("matchNames", matchNames=listing(TEXT)),
    jobLabel=TEXT,
    endpoints=listing(
        closed(
            "port",
            port=TEXT,
            interval=DURATION,
            relabelings=listing(
                closed("sourceLabels targetLabel", sourceLabels=listing(TEXT), targetLabel=TEXT)
            ),
        )
    ),
)

PROMETHEUS_RULE = closed(
    "groups",
    groups=listing(
        closed(
            "name rules",
            name=TEXT,
            interval=DURATION,
            rules=listing(
                {
                    "oneOf": [
                        closed(
                            "alert expr labels annotations",
                            alert=TEXT,
                            expr=TEXT,
                            labels=LABELS,
                            annotations=LABELS,
                            **{"for": DURATION, "keep_firing_for": DURATION},
                        ),
                        closed("record expr", record=TEXT, expr=TEXT, labels=LABELS),
                    ]
                }
            ),
        )
    ),
)

GRPC_ROUTE = closed(
    "parentRefs rules",
    parentRefs=listing(closed("name", name=TEXT, namespace=TEXT, sectionName=TEXT)),
    hostnames=listing(TEXT),
    rules=listing(
        closed(
            "backendRefs",
            matches=listing(closed("method", method=closed("service", service=TEXT, method=TEXT))),
            backendRefs=listing(closed("name port", name=TEXT, port={"type": "integer"})),
        )
    ),
)

_TEMPLATE = {"type": "object", "required": ["metadata", "spec"]}
_START = {"type": "object", "additionalProperties": {"type": "string"}}

RAY_SERVICE = closed(
    "serveConfigV2 rayClusterConfig",
    serveConfigV2=TEXT,
    rayClusterConfig=closed(
        "rayVersion headGroupSpec workerGroupSpecs",
        rayVersion=TEXT,
        enableInTreeAutoscaling={"type": "boolean"},
        autoscalerOptions=closed(
            version={"enum": ["v1", "v2"]},
            idleTimeoutSeconds={"type": "integer"},
            resources={"type": "object"},
        ),
        authOptions=closed("mode", mode={"enum": ["token", "disabled"]}, secretName=TEXT),
        headGroupSpec=closed("template", rayStartParams=_START, template=_TEMPLATE),
        workerGroupSpecs=listing(
            closed(
                "groupName template",
                groupName=TEXT,
                replicas={"type": "integer"},
                minReplicas={"type": "integer"},
                maxReplicas={"type": "integer"},
                rayStartParams=_START,
                template=_TEMPLATE,
            )
        ),
    ),
)

SPECS = {
    ("monitoring.coreos.com/v1", "ServiceMonitor"): SERVICE_MONITOR,
    ("monitoring.coreos.com/v1", "PrometheusRule"): PROMETHEUS_RULE,
    ("gateway.networking.k8s.io/v1", "GRPCRoute"): GRPC_ROUTE,
    ("ray.io/v1", "RayService"): RAY_SERVICE,
}
GROUPS = {version.partition("/")[0] for version, _ in SPECS}


def validate(manifest: dict[str, Any]) -> None:
    """Raises when an object is not what its CRD takes."""
    spec = SPECS[manifest["apiVersion"], manifest["kind"]]
    whole = closed(
        "apiVersion kind metadata spec",
        apiVersion=TEXT,
        kind=TEXT,
        metadata=closed("name namespace", name=TEXT, namespace=TEXT, labels=LABELS),
        spec=spec,
    )
    jsonschema.validate(manifest, whole, cls=jsonschema.Draft202012Validator)
