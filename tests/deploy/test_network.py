"""The policies allow the arrows of the drawing and no others."""

from __future__ import annotations

import ipaddress
import itertools
import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from .chart import (
    NAMESPACE,
    REPOSITORY,
    Manifest,
    component,
    example,
    named,
    rendered,
    templates,
    values_of,
)

ANY = 31337  # stands for a port that nobody named
PORTS = (53, 443, 4317, 5432, 6443, 8000, 8080, 8265, 9464, 10001, 50051, ANY)
# Those who look on, and whom not every release has.
WATCHERS = {"prometheus", "trace-collector"}
NAMESPACE_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class End:
    """One end of a connection: a pod, or an address outside of the cluster."""

    name: str
    labels: dict[str, str] = field(default_factory=dict)
    namespace: str = NAMESPACE
    address: str = ""


# Who else there is, as the example values describe them; a stranger has no arrows.
OUTSIDE = (
    End("partner", {"songreel.io/client": "true"}),
    End("partner", {"app": "envoy"}, namespace="ingress"),
    End("prometheus", {"app.kubernetes.io/name": "prometheus"}, namespace="monitoring"),
    End(
        "trace-collector",
        {"app.kubernetes.io/name": "otel-collector"},
        namespace="monitoring",
    ),
    End("dns", {"k8s-app": "kube-dns"}, namespace="kube-system"),
    End("ray-operator", {"app.kubernetes.io/name": "kuberay-operator"}, namespace="kuberay"),
    End("store", address="198.51.100.20"),
    End("database", address="192.0.2.7"),
    End("language-model", address="203.0.113.9"),
    End("identity-provider", address="203.0.113.20"),
    End("kubernetes", address="192.0.2.100"),
    End("stranger", {"app": "shell"}),
    End("stranger", {"songreel.io/client": "true"}, namespace="default"),
    End("stranger", {"app.kubernetes.io/name": "songreel-gateway"}, namespace="default"),
    End("stranger", {"app": "debug"}, namespace="monitoring"),
    End("stranger", {"app": "other"}, namespace="kube-system"),
    End("stranger", address="8.8.8.8"),
    End("stranger", address="169.254.169.254"),
    End("stranger", address="10.0.0.1"),
)


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}, f"not understood here: {selector}"
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def matches(peer: dict[str, Any], end: End) -> bool:
    """Whether an end is what a NetworkPolicyPeer names (Kubernetes API, networking/v1)."""
    if "ipBlock" in peer:
        if not end.address:
            return False
        block, address = peer["ipBlock"], ipaddress.ip_address(end.address)
        return address in ipaddress.ip_network(block["cidr"]) and not any(
            address in ipaddress.ip_network(each) for each in block.get("except", ())
        )
    if end.address:
        return False
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], {NAMESPACE_NAME: end.namespace}):
            return False
    elif end.namespace != NAMESPACE:
        return False
    return selects(peer.get("podSelector", {}), end.labels)


def allowed(rules: list[Manifest], key: str, other: End, port: int) -> bool:
    """Whether one of the rules lets the other end in or out at a port."""
    return any(
        (not rule.get(key) or any(matches(peer, other) for peer in rule[key]))
        and ("ports" not in rule or any(each.get("port") == port for each in rule["ports"]))
        for rule in rules
    )


def passes(policies: list[Manifest], source: End, target: End, port: int) -> bool:
    """Whether the policies let a connection through at both ends."""
    for end, other, direction, key in (
        (source, target, "Egress", "to"),
        (target, source, "Ingress", "from"),
    ):
        if end.address or end.namespace != NAMESPACE:
            continue
        of_end = [
            policy["spec"]
            for policy in policies
            if direction in policy["spec"]["policyTypes"]
            and selects(policy["spec"]["podSelector"], end.labels)
        ]
        rules = [rule for spec in of_end for rule in spec.get(direction.lower(), [])]
        if of_end and not allowed(rules, key, other, port):
            return False
    return True


def arrows_of(manifests: tuple[Manifest, ...]) -> set[tuple[str, str, int]]:
    """Every connection that is let through, between pods of the release and all others."""
    policies = named(manifests, "NetworkPolicy")
    pods = [
        End(name.partition(":")[0], template["metadata"]["labels"])
        for name, template in templates(manifests).items()
    ]
    inside = {each.name for each in pods}
    # The trial brings its own store; the one outside is nobody's then.
    others = [each for each in OUTSIDE if each.name not in inside]
    return {
        (source.name, target.name, port)
        for source, target in itertools.product([*pods, *others], repeat=2)
        for port in PORTS
        if inside & {source.name, target.name} and passes(policies, source, target, port)
    }


def drawn() -> set[tuple[str, str, int]]:
    """The arrows of the drawing; "any" is every port."""
    page = (REPOSITORY / "docs/operate/network.md").read_text()
    found: set[tuple[str, str, int]] = set()
    for source, port, target in re.findall(r"^  ([\w-]+) -->\|(\w+)\| ([\w-]+)$", page, re.M):
        ports = PORTS if port == "any" else (int(port),)
        found |= {(source, target, each) for each in ports}
    return found


def test_the_drawing_is_read_whole() -> None:
    page = (REPOSITORY / "docs/operate/network.md").read_text()
    lines = [line for line in page.splitlines() if "-->" in line]
    assert (
        len(lines) == len({(a, b, p) for a, b, p in drawn() if (a, b) != ("render-ray",) * 2}) + 1
    )


def test_production_has_the_arrows_of_the_drawing_and_no_others() -> None:
    # Identity and score are not in this release, Ray and a provider neither.
    absent = {"identity", "score", "identity-provider", "render-ray"}
    assert arrows_of(example("production")) == {
        arrow for arrow in drawn() if not absent & set(arrow[:2])
    }


def test_with_identity_the_drawing_is_whole() -> None:
    assert arrows_of(example("full")) == {
        arrow for arrow in drawn() if "render-ray" not in arrow[:2]
    }


def test_the_trial_has_them_too_with_its_own_database_and_store() -> None:
    expected = {
        (
            source,
            "postgres" if target == "database" else target,
            8080 if target == "store" else port,
        )
        for source, target, port in drawn()
        if not {"identity", "score", "identity-provider", "render-ray", *WATCHERS, "language-model"}
        & {source, target}
    }
    found = arrows_of(example("trial"))
    # The trial's values let in pods of its own namespace only.
    assert found == expected


def test_ray_adds_its_own_arrows_and_no_others() -> None:
    absent = {"identity", "score", "identity-provider", "language-model", *WATCHERS}
    assert arrows_of(example("ray")) == {arrow for arrow in drawn() if not absent & set(arrow[:2])}


def test_with_identity_and_ray_all_of_both_drawings_are_there() -> None:
    whole, on_ray = values_of("full"), values_of("ray")
    whole["networkPolicy"] |= on_ray["networkPolicy"]
    found = arrows_of(tuple(rendered(whole | {"render": on_ray["render"]})))
    assert found == drawn()


@pytest.mark.parametrize("name", ["production", "trial", "single", "gpu", "ray"])
def test_every_pod_is_under_a_policy_of_both_directions(name: str) -> None:
    manifests = example(name)
    policies = named(manifests, "NetworkPolicy")
    for part, template in templates(manifests).items():
        labels = template["metadata"]["labels"]
        over = [p for p in policies if selects(p["spec"]["podSelector"], labels)]
        assert [component(each) for each in over] == [part.partition(":")[0]]
        assert over[0]["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_a_sqlite_gateway_has_no_arrow_to_a_database() -> None:
    found = arrows_of(example("single"))
    assert not [arrow for arrow in found if arrow[1] == "database"]
    assert ("gateway", "store", 443) in found
