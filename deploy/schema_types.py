"""JSON schema of the kinds of values in the chart: strings, ranges, closed objects, `$defs`."""

from __future__ import annotations

from typing import Any

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
    """An object with these properties and no others."""
    return {
        "description": about,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def reference(name: str, about: str) -> Schema:
    """A reference to an entry of `$defs`."""
    return {"description": about, "$ref": f"#/$defs/{name}"}


QUANTITY: Schema = {"type": ["string", "number"], "pattern": "^[0-9.]+(m|[kKMGT]i?)?$"}

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
        requests=reference("amounts", "Requested."),
        limits=reference("amounts", "At most."),
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
