"""Ray for a part of a process: what it says where it cannot be had."""

from __future__ import annotations

import pytest
from songreel_kit.errors import FailedPrecondition

cluster = pytest.importorskip("songreel_kit.ray.cluster", reason="no songreel-kit[ray] here")


def test_another_parts_ray_is_left_alone(monkeypatch) -> None:
    place = cluster.Place(
        address="",
        cpus=1,
        store_mib=80,
        gpus=0,
        fewer_gpus="ask for less",
        taken="run it in a process of its own",
    )
    ours = cluster.Cluster(place, opened=lambda: pytest.fail("it was opened"))
    monkeypatch.setattr(cluster.ray, "is_initialized", lambda: True)
    monkeypatch.setattr(cluster.ray, "shutdown", lambda: pytest.fail("it was shut down"))
    with pytest.raises(FailedPrecondition, match="one only: run it in a process of its own"):
        ours.enter()
    ours.close()
